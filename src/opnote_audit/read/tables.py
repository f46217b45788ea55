"""Tables of notes, a note a row: CSV by the standard library, Parquet by PyArrow.

Both are read as a stream, so that a table may be larger than the memory. pandas reads no CSV
here: it drops or refuses rows that are too long or too short, and every row of a table must
come out as one result.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO

from opnote_audit.errors import InputError

_CSV_SUFFIXES = (".csv", ".tsv")
_PARQUET_SUFFIXES = (".parquet", ".pq")
TABLE_SUFFIXES = _CSV_SUFFIXES + _PARQUET_SUFFIXES
"""How the names of tables end, in lower case."""

_DELIMITERS = (",", ";", "\t", "|")
_LARGEST_FIELD = 100_000_000
"""Characters in a field before a CSV file counts as damaged: a quote that nothing closes."""
_PARQUET_ROWS = 64
_SHOWN_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which columns hold the notes' ids and texts, named as in the table's header."""

    id_column: str = "note_id"
    text_column: str = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number (the first below the header is 1), id, text and other columns.

    ``data`` is the text as bytes for :func:`opnote_audit.read.decode`: each row of a CSV file
    is decoded by itself, so that one row in another encoding spoils no other. A row that cannot
    be read has a ``problem``, in words for people, instead.
    """

    number: int
    note_id: str
    data: bytes | None = field(default=None, repr=False)
    columns: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    problem: str | None = None


class Table(Protocol):
    """A table whose header has been read and whose rows have been counted."""

    @property
    def count(self) -> int:
        """The number of rows below the header."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns carried through: all but the id and the text, each name once."""
        ...

    def rows(self) -> Iterator[Row]:
        """Yield every row in order, ``count`` of them, the same every time."""
        ...


def open_table(path: Path, options: TableOptions) -> Table:
    """Open a table: find its columns and count its rows.

    Raises
    ------
    InputError
        Unreadable, damaged, or without the columns; the message names those that it has.
    """
    if path.suffix.casefold() in _PARQUET_SUFFIXES:
        return ParquetTable(path, options)
    return CsvTable(path, options)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where in a record the id and the text stand, and the names of the other fields."""

    width: int
    id_at: int
    text_at: int
    carried: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, path: Path, header: Sequence[str], options: TableOptions) -> _Layout:
        wanted = {"--id-column": options.id_column, "--text-column": options.text_column}
        for option, name in wanted.items():
            if header.count(name) != 1:
                shown = ", ".join(header[:_SHOWN_COLUMNS]) or "none"
                what = "more than one column" if name in header else "no column"
                raise InputError(
                    f"{path}: has {what} named {name!r}; its columns are: {shown}. "
                    f"Name the right one with {option}"
                )
        id_at, text_at = header.index(options.id_column), header.index(options.text_column)
        others = [at for at in range(len(header)) if at not in (id_at, text_at)]
        names = _unique([header[at] for at in others])
        return cls(len(header), id_at, text_at, tuple(zip(others, names, strict=True)))


def _unique(names: Sequence[str]) -> list[str]:
    """Return the names with none twice: a second ``date`` becomes ``date.2``."""
    out: list[str] = []
    for name in names:
        base, number = name or "column", 1
        unique = base
        while unique in out:
            number += 1
            unique = f"{base}.{number}"
        out.append(unique)
    return out


class CsvTable:
    """A CSV file: comma, semicolon, tab or bar between fields, double quotes around them.

    The delimiter is the one with which the header has both columns. UTF-8, Windows-1252 and,
    with a byte order mark, UTF-16 and UTF-32.
    """

    def __init__(self, path: Path, options: TableOptions) -> None:
        self._path = path
        # Bytes kept as they are, a character each, until a row's own decoding.
        self._encoding, self._as_bytes = _csv_encoding(path)
        header: list[str] = []
        for delimiter in _DELIMITERS:
            self._delimiter = delimiter
            header = self._header()
            if options.id_column in header and options.text_column in header:
                break
        else:
            self._delimiter = ","
            header = self._header()
        self._layout = _Layout.of(path, header, options)
        self._count = sum(1 for _ in self._records())

    @property
    def count(self) -> int:
        """The number of rows below the header."""
        return self._count

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns carried through."""
        return tuple(name for _, name in self._layout.carried)

    def rows(self) -> Iterator[Row]:
        """Yield every row in order."""
        layout = self._layout
        for number, (fields, problem) in enumerate(self._records(), 1):
            if problem is None and len(fields) != layout.width:
                problem = (
                    f"row {number} of the table has {len(fields)} fields and the header "
                    f"{layout.width}; a quote or a delimiter is missing or too many there"
                )
            if problem is not None:
                yield Row(number, f"row-{number}", problem=problem)
                continue
            yield Row(
                number,
                note_id=self._text(fields[layout.id_at]).strip() or f"row-{number}",
                data=self._data(fields[layout.text_at]),
                columns=tuple((name, self._text(fields[at])) for at, name in layout.carried),
            )

    def _header(self) -> list[str]:
        fields, _ = next(self._records(header=True), ([], None))
        return [self._text(name).strip() for name in fields]

    def _records(self, *, header: bool = False) -> Iterator[tuple[list[str], str | None]]:
        """Yield the records that are not blank, each with what is wrong with it or ``None``."""
        # The module's own limit, 131,072 characters, is less than a long note; it is one limit
        # for the whole process, so it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), _LARGEST_FIELD))
        ended = False
        with _readable(self._path), self._open() as file:

            def lines() -> Iterator[str]:
                nonlocal ended
                yield from file
                ended = True

            reader = csv.reader(lines(), delimiter=self._delimiter)
            first = True
            while True:
                try:
                    fields = next(reader, None)
                except csv.Error:
                    yield [], _unreadable(reader.line_num)
                    return
                if fields is None:
                    return
                # The reader asks for one more line only in the middle of a record.
                cut = ended
                if not fields:
                    continue
                if not first or header:
                    yield fields, _unreadable(reader.line_num) if cut else None
                first = False

    def _open(self) -> TextIO:
        if not self._as_bytes:
            return self._path.open(encoding=self._encoding, errors="surrogatepass", newline="")
        file = self._path.open(encoding="latin-1", newline="")
        if self._encoding == "utf-8-sig":
            file.seek(len(codecs.BOM_UTF8))
        return file

    def _data(self, value: str) -> bytes:
        if self._as_bytes:
            return value.encode("latin-1")
        return value.encode("utf-8", "surrogatepass")

    def _text(self, value: str) -> str:
        if not self._as_bytes:
            return value
        data = value.encode("latin-1")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("windows-1252", "replace")


def _unreadable(line: int) -> str:
    return (
        f"the table is damaged: a quote before line {line} is opened and never closed; "
        "rows after it are not read"
    )


def _csv_encoding(path: Path) -> tuple[str, bool]:
    """Return a CSV file's encoding, and whether its bytes are to be kept for each row."""
    with _readable(path), path.open("rb") as file:
        start = file.read(4)
    for mark, name in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            return name, False
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8", True


@dataclass(frozen=True, slots=True)
class ParquetSlice:
    """Some rows of one row group: what a worker elsewhere reads by itself.

    ``first`` is the number in the table of the slice's first row, ``start`` and ``stop`` its
    rows counted from the row group's start.
    """

    path: str
    options: TableOptions
    group: int
    start: int
    stop: int
    first: int

    def rows(self) -> Iterator[Row]:
        """Yield the slice's rows; what cannot be read has a problem, and none is left out."""
        table = ParquetTable(Path(self.path), self.options)
        yield from table.rows_of(self)


class ParquetTable:
    """A Parquet file. Its text may be a string, a binary or a dictionary column."""

    def __init__(self, path: Path, options: TableOptions) -> None:
        self._path = path
        self._options = options
        with _readable(path), _parquet_errors(path), self._file() as file:
            names = list(file.schema_arrow.names)
            self._count = int(file.metadata.num_rows)
            self._groups = [
                int(file.metadata.row_group(at).num_rows)
                for at in range(file.metadata.num_row_groups)
            ]
        self._layout = _Layout.of(path, names, options)
        self._names = names

    @property
    def count(self) -> int:
        """The number of rows."""
        return self._count

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns carried through."""
        return tuple(name for _, name in self._layout.carried)

    def slices(self, size: int) -> Iterator[ParquetSlice]:
        """Yield the table in parts of at most ``size`` rows, none of two row groups."""
        first = 1
        for group, rows in enumerate(self._groups):
            for start in range(0, rows, size):
                stop = min(start + size, rows)
                yield ParquetSlice(
                    str(self._path), self._options, group, start, stop, first + start
                )
            first += rows

    def rows(self) -> Iterator[Row]:
        """Yield every row in order."""
        for part in self.slices(max(self._groups, default=1) or 1):
            yield from self.rows_of(part)

    def rows_of(self, part: ParquetSlice) -> Iterator[Row]:
        """Yield the rows of one slice."""
        done = 0
        wanted = part.stop - part.start
        try:
            for fields in self._fields(part):
                yield self._row(part.first + done, fields)
                done += 1
        except _DamagedError:
            # As many rows as the file says it has: each of them is an input.
            for number in range(part.first + done, part.first + wanted):
                yield Row(
                    number,
                    f"row-{number}",
                    problem=f"row {number} of the table cannot be read (the file is damaged)",
                )

    def ids(self) -> Iterator[str]:
        """Yield the id of every row, reading no other column."""
        for part in self.slices(max(self._groups, default=1) or 1):
            done = 0
            try:
                for (value,) in self._fields(part, [self._options.id_column]):
                    yield _shown(value).strip() or f"row-{part.first + done}"
                    done += 1
            except _DamagedError:
                for number in range(part.first + done, part.first + part.stop - part.start):
                    yield f"row-{number}"

    def _row(self, number: int, fields: Sequence[Any]) -> Row:
        layout = self._layout
        text = fields[layout.text_at]
        data = text if isinstance(text, bytes) else _shown(text).encode("utf-8", "surrogatepass")
        return Row(
            number,
            note_id=_shown(fields[layout.id_at]).strip() or f"row-{number}",
            data=data,
            columns=tuple((name, _shown(fields[at])) for at, name in layout.carried),
        )

    def _fields(
        self, part: ParquetSlice, names: Sequence[str] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        import pyarrow

        at = 0
        try:
            with self._file() as file:
                batches = file.iter_batches(
                    _PARQUET_ROWS,
                    row_groups=[part.group],
                    columns=list(names or self._names),
                    use_threads=False,
                )
                for batch in batches:
                    if at + batch.num_rows > part.start:
                        low = max(part.start - at, 0)
                        rows = batch.slice(low, min(part.stop - at, batch.num_rows) - low)
                        yield from zip(*(column.to_pylist() for column in rows), strict=True)
                    at += batch.num_rows
                    if at >= part.stop:
                        return
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _DamagedError from error

    def _file(self) -> Any:
        import pyarrow.parquet

        return pyarrow.parquet.ParquetFile(self._path)


class _DamagedError(Exception):
    """The rest of a row group cannot be read."""


def _shown(value: Any) -> str:
    """Return a cell as text: nothing for a null, ISO for a date."""
    if value is None or value != value:  # NaN is what pandas writes for a missing cell
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn a file that cannot be opened into words for people."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the name and the folder") from None
    except PermissionError:
        raise InputError(f"{path}: may not be read; check the file's permissions") from None
    except (UnicodeError, IsADirectoryError) as error:
        raise InputError(f"{path}: is no table that can be read ({type(error).__name__})") from None


@contextmanager
def _parquet_errors(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except pyarrow.ArrowException:
        raise InputError(
            f"{path}: is no Parquet file, or is damaged; export the table again"
        ) from None
