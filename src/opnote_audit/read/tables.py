"""Tables of notes, a note a row: CSV through the standard library, Parquet through PyArrow.

Both are read as a stream, so that a table may be larger than the memory. pandas is not used
here: its CSV reader drops or refuses rows that are too long or too short, and every row of a
table must come out as one result.
"""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TextIO

from opnote_audit.errors import InputError

_CSV_SUFFIXES = (".csv", ".tsv")
_PARQUET_SUFFIXES = (".parquet", ".pq")
TABLE_SUFFIXES = _CSV_SUFFIXES + _PARQUET_SUFFIXES
"""How the names of tables end, in lower case."""

_DELIMITERS = (",", ";", "\t", "|")
_PARQUET_ROWS = 64
_FIELD_LIMIT = 100_000_000
"""Characters in a field before a CSV file is given up as damaged: a quote never closed."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which columns hold the notes' ids and texts; names as in the table's header."""

    id_column: str = "note_id"
    text_column: str = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number (the first below the header is 1), id, text as bytes, other columns.

    A row that cannot be read has a ``problem`` instead of ``data``. The text is what
    :func:`opnote_audit.read.decode` takes: each row of a CSV file is decoded by itself, so that
    one row in another encoding spoils no other.
    """

    number: int
    note_id: str
    data: bytes | None = field(repr=False)
    columns: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    problem: str | None = None


class Table(Protocol):
    """A table whose header has been read and whose rows have been counted."""

    path: Path
    options: TableOptions
    count: int
    columns: tuple[str, ...]
    """The names of the columns carried through: all but the id and the text."""

    def rows(self) -> Iterator[Row]:
        """Yield every row in order; as many as ``count``."""
        ...


def open_table(path: Path, options: TableOptions) -> Table:
    """Open a table, find its columns and count its rows.

    Raises
    ------
    InputError
        Unreadable, damaged, or without the columns; the message names the table's columns.
    """
    if path.suffix.casefold() in _PARQUET_SUFFIXES:
        return ParquetTable(path, options)
    return CsvTable(path, options)


def _pick(
    path: Path, header: Sequence[str], options: TableOptions
) -> tuple[int, int, tuple[int, ...]]:
    """Return where the id, the text and the carried columns stand.

    Raises
    ------
    InputError
        A column is missing, or its name stands twice.
    """
    for option, name in (("--id-column", options.id_column), ("--text-column", options.text_column)):
        if header.count(name) != 1:
            shown = ", ".join(header[:20]) or "none"
            what = "no column" if name not in header else "more than one column"
            raise InputError(
                f"{path}: has {what} {name!r}; its columns are: {shown}. Name the right one "
                f"with {option}"
            )
    names = list(header)
    at = names.index(options.id_column), names.index(options.text_column)
    return *at, tuple(i for i in range(len(header)) if i not in at)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Return column names that differ: a second ``date`` becomes ``date.2``, none ``column``."""
    seen: set[str] = set()
    for name in names:
        base, number = name or "column", 1
        unique = base
        while unique in seen:
            number += 1
            unique = f"{base}.{number}"
        seen.add(unique)
        yield_name = unique
        names = names
        _ = yield_name
    return tuple(seen)


