"""One note as it was read, and how to read it from a file or from standard input."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from opnote_audit.errors import InputError
from opnote_audit.read.decode import decode

STDIN = "-"
"""The name that stands for standard input."""

DEFAULT_MAX_BYTES = 5_000_000
"""The largest note that is read unless the caller allows more (5 MB)."""

_FOLDER = (
    "is a folder, not a note; name the files in it, or audit the whole folder with "
    "opnote-audit batch"
)


@dataclass(frozen=True, slots=True)
class Note:
    """A note: its exact text, and where it came from.

    ``note_id`` is the file's name without suffix (``stdin`` for standard input), ``source``
    the path as it was given, ``encoding`` how the bytes were decoded.
    """

    text: str
    note_id: str
    source: str | None = None
    encoding: str | None = None


def note_id_for(path: str | os.PathLike[str]) -> str:
    """Return the note id of a path: ``notes/op-7.txt`` gives ``op-7``, ``-`` gives ``stdin``."""
    name = os.fspath(path)
    return "stdin" if name == STDIN else Path(name).stem or name


def source_for(path: str | os.PathLike[str]) -> str:
    """Return how a path is shown to people: itself, or ``<stdin>`` for ``-``."""
    name = os.fspath(path)
    return "<stdin>" if name == STDIN else name


def read_note(path: str | os.PathLike[str], max_bytes: int = DEFAULT_MAX_BYTES) -> Note:
    """Read one note from a file, or from standard input for ``-``.

    Parameters
    ----------
    path
        A file, or ``-``.
    max_bytes
        The largest size accepted; nothing beyond it is ever held in memory.

    Returns
    -------
    Note
        The text exactly as in the file, newlines included.

    Raises
    ------
    InputError
        Missing, unreadable, a folder, too large, empty, binary or undecodable. The message
        says what is wrong and what to do; the caller knows, and names, the file.
    """
    data = read_bytes(os.fspath(path), max_bytes)
    return note_from_bytes(data, note_id_for(path), source_for(path), max_bytes)


def note_from_bytes(
    data: bytes, note_id: str, source: str | None = None, max_bytes: int = DEFAULT_MAX_BYTES
) -> Note:
    """Make a note of bytes that are already in hand.

    Raises
    ------
    InputError
        Larger than ``max_bytes``, empty, binary or undecodable.
    """
    if len(data) > max_bytes:
        raise InputError(
            f"is larger than the limit of {size_text(max_bytes)}; if it really is one note, "
            "raise the limit with --max-size"
        )
    text, encoding = decode(data)
    return Note(text=text, note_id=note_id, source=source, encoding=encoding)


def read_bytes(name: str, max_bytes: int) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``: at most one over the limit.

    Raises
    ------
    InputError
        Missing, unreadable or a folder.
    """
    # One byte over the limit is enough to know, so an endless input cannot fill the memory.
    limit = max_bytes + 1
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise InputError("standard input is closed; give a file, or pipe a note in")
            return _read_at_most(sys.stdin.buffer, limit)
        with Path(name).open("rb") as file:
            return _read_at_most(file, limit)
    except FileNotFoundError:
        raise InputError("no such file; check the name and the folder") from None
    except IsADirectoryError:
        raise InputError(_FOLDER) from None
    except PermissionError:
        # Windows says this of a folder too.
        if Path(name).is_dir():
            raise InputError(_FOLDER) from None
        raise InputError("may not be read; check the file's permissions") from None
    except (OSError, ValueError) as error:
        # strerror only: the exception's own text would repeat the path.
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise InputError(f"cannot be read ({reason}); check the file") from None


def _read_at_most(file: BinaryIO, limit: int) -> bytes:
    # A raw pipe may return less than asked for, so read until the limit or the end.
    parts: list[bytes] = []
    while limit > 0:
        part = file.read(limit)
        if not part:
            break
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def size_text(count: int) -> str:
    """Return a number of bytes as people say it: ``5000000`` gives ``5 MB``."""
    for unit, name in ((1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:g} {name}"
    return f"{count} bytes"
