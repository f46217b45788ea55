"""What survives ``kill -9``: an append-only file with the line of each note audited so far.

A line is written with its newline in one piece, after the note's page is on the disk. What a
kill tore is a last line without a newline; it is passed over, and its note audited again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from opnote_audit.batch.files import owner_fd


class _Place(NamedTuple):
    """A line of an earlier run: its fingerprint, and where it stands in which file."""

    fingerprint: str
    file: int
    offset: int


class Earlier:
    """The lines that earlier runs left, found by note, source and page.

    Only digests and places are held, some 300 bytes a line; lines are read when asked for.

    Parameters
    ----------
    paths
        Files of lines, the newest last; those that are not there are passed over.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = [path for path in paths if path.exists()]
        self._files = [path.open("rb") for path in self._paths]
        self._places: dict[bytes, _Place] = {}
        for number in range(len(self._files)):
            self._index(number)

    def __len__(self) -> int:
        """Return the number of notes that have a line."""
        return len(self._places)

    def fingerprint(self, note_id: str, source: str, page: str | None) -> str | None:
        """Return the fingerprint of a note's line, or ``None`` for a note without one."""
        place = self._places.get(_key(note_id, source, page))
        return place.fingerprint if place is not None else None

    def line(self, note_id: str, source: str, page: str | None) -> str:
        """Return a note's line, without the newline.

        Raises
        ------
        KeyError
            The note has none.
        """
        place = self._places[_key(note_id, source, page)]
        file = self._files[place.file]
        file.seek(place.offset)
        return file.readline().decode("ascii").rstrip("\n")

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def _index(self, number: int) -> None:
        offset = 0
        for line in self._files[number]:
            at, offset = offset, offset + len(line)
            if not line.endswith(b"\n") or not line.isascii():
                continue
            try:
                data = json.loads(line)
                mark = data["fingerprint"]
                key = _key(data["note_id"], data["source"], data["page"])
            except (ValueError, KeyError, TypeError):
                continue
            if isinstance(mark, str):
                self._places[key] = _Place(mark, number, at)


class Journal:
    """Appends lines; one piece for each chunk of notes.

    Parameters
    ----------
    path
        The file; made for the owner only, or continued.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = owner_fd(path)
        except FileExistsError:
            binary = getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | binary)
            self._mend()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def append(self, lines: Iterable[str]) -> None:
        """Write lines that have no newline in them."""
        data = "".join(f"{line}\n" for line in lines).encode("ascii")
        while data:
            data = data[os.write(self._descriptor, data) :]

    def _mend(self) -> None:
        """End the line that a kill tore, so that the next one starts on its own."""
        size = os.fstat(self._descriptor).st_size
        if size:
            os.lseek(self._descriptor, size - 1, os.SEEK_SET)
            if os.read(self._descriptor, 1) != b"\n":
                os.write(self._descriptor, b"\n")


def _key(note_id: str, source: str, page: str | None) -> bytes:
    text = json.dumps([note_id, source, page])
    return hashlib.blake2b(text.encode(), digest_size=12).digest()
