"""Brings the words of audited notes back: finds each note and makes sure that it is the one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePath

from opnote_audit.errors import InputError, OpnoteError
from opnote_audit.read import DEFAULT_MAX_BYTES, Note, note_from_bytes
from opnote_audit.read.documents import read_document
from opnote_audit.read.tables import TABLE_SUFFIXES, Row, Table, TableOptions, open_table


class Texts:
    """The texts of notes, by the source that their results name.

    Parameters
    ----------
    place
        The folder that the notes are in, or the table.
    options
        The columns of a table.
    max_bytes
        The largest note to read.

    Raises
    ------
    InputError
        No such folder or table.
    """

    def __init__(
        self,
        place: Path,
        options: TableOptions | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        self._place = place
        self._max_bytes = max_bytes
        self._table: Table | None = None
        if place.suffix.casefold() in TABLE_SUFFIXES and place.is_file():
            self._table = open_table(place, options or TableOptions())
        elif not place.is_dir():
            raise InputError(f"{place}: no such folder or table of notes; check --notes")
        self._rows: Iterator[Row] = iter(())
        self._at = 0

    def find(self, source: str | None, sha256: str | None) -> Note | None:
        """Return a note with its text, or ``None`` when it is not there or is not the same.

        Parameters
        ----------
        source
            What the result names: a path, or a table and a row (``notes.csv#17``).
        sha256
            The digest of the text that was audited; ``None`` takes any.
        """
        if source is None:
            return None
        notes = self._from_folder(source) if self._table is None else self._from_table(source)
        for note in notes:
            digest = hashlib.sha256(note.text.encode("utf-8", "surrogatepass")).hexdigest()
            if sha256 in (None, digest):
                return note
        return None

    def _from_folder(self, source: str) -> Iterator[Note]:
        # The folder may stand elsewhere by now: its own files first by their full path below
        # it, then by ever less of it.
        parts = PurePath(source).parts
        for at in range(len(parts)):
            if ".." in parts[at:] or PurePath(*parts[at:]).is_absolute():
                continue
            path = self._place.joinpath(*parts[at:])
            if path.is_file():
                try:
                    yield read_document(path, self._max_bytes)
                except OpnoteError:
                    continue

    def _from_table(self, source: str) -> Iterator[Note]:
        number = source.rpartition("#")[2]
        if not number.isdecimal():
            return
        data = self._row(int(number))
        if data is not None:
            try:
                yield note_from_bytes(data, source, source, self._max_bytes)
            except OpnoteError:
                return

    def _row(self, number: int) -> bytes | None:
        """Return a row's text; results come in the table's order, so rows are read on and on."""
        assert self._table is not None
        if number <= self._at:
            self._at = 0
        if self._at == 0:
            self._rows = self._table.rows()
        for row in self._rows:
            self._at = row.number
            if row.number == number:
                return row.data
        self._at = 0
        return None
