"""A claim file as it comes: its form told by its content, its claims read or refused."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from opnote_audit.claims.as_csv import is_header, read_csv_claims
from opnote_audit.claims.as_json import read_json_claims
from opnote_audit.claims.as_x12 import read_x12_claims
from opnote_audit.claims.book import ClaimBook
from opnote_audit.claims.model import Claim, ClaimProblem
from opnote_audit.claims.note_key import DEFAULT_NOTE_KEY, parse_note_key
from opnote_audit.errors import InputError
from opnote_audit.read import STDIN, decode, source_for

DEFAULT_MAX_BYTES = 100_000_000
"""The largest claim file that is read (100 MB): a clearinghouse sends a day's claims in one."""

# Not \s: it would take in the control characters 1C to 1F, which X12 uses as delimiters.
_BLANK = " \t\r\n"
_ISA = re.compile(rf"ISA[^0-9A-Za-z{_BLANK}]")
_FORMS = (
    'claims are read as JSON ({"claim_id": ...}), CSV (with a header line: claim_id, note_id, '
    "line, code, units, modifiers, diagnoses) or X12 837P (from its ISA segment on)"
)


def load_claims(
    path: str | os.PathLike[str],
    note_key: str = DEFAULT_NOTE_KEY,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> ClaimBook:
    """Read a file of claims; ``-`` is standard input.

    Parameters
    ----------
    path
        The file.
    note_key
        For X12: what holds the note id, ``CLM01`` or a REF qualifier such as ``EA``.
    max_bytes
        The largest size accepted.

    Returns
    -------
    ClaimBook
        The claims by note, the claims that cannot be used, and warnings.

    Raises
    ------
    InputError
        The file as a whole cannot be used: missing, empty, binary, of no known form, cut
        off. The message begins with the file's name and has the line or segment; it holds
        nothing of the file.
    """
    name = os.fspath(path)
    where = source_for(name)
    try:
        data = _read(name, max_bytes)
        if not data.strip():
            raise InputError(f"the claim file is empty; {_FORMS}")
        if len(data) > max_bytes:
            raise InputError(f"is larger than {max_bytes // 1_000_000} MB; split the file")
        return claims_from_text(_text(data), note_key, where)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def claims_from_text(
    text: str, note_key: str = DEFAULT_NOTE_KEY, source: str | None = None
) -> ClaimBook:
    """Read claims from a text, its form told by its content.

    Raises
    ------
    InputError
        The text as a whole cannot be used; the message has the line or segment.
    ValueError
        ``note_key`` is neither ``CLM01`` nor a REF qualifier.
    """
    key = parse_note_key(note_key)
    warnings: list[str] = []
    form, entries = _entries(text, key, warnings)
    claims, problems = [], []
    for entry in entries:
        if isinstance(entry, Claim):
            claims.append(entry)
        else:
            problems.append(entry)
    return ClaimBook(tuple(claims), tuple(problems), form, tuple(warnings), source)


def _entries(
    text: str, key: str, warnings: list[str]
) -> tuple[str, Iterator[Claim | ClaimProblem]]:
    start = text.lstrip("\ufeff" + _BLANK)
    if _ISA.match(start):
        return "x12", read_x12_claims(start, key, warnings.append)
    if start[:1] in ("{", "["):
        return "json", read_json_claims(text.lstrip("\ufeff"))
    head = start.split("\n", 1)[0]
    if is_header(head):
        return "csv", read_csv_claims(text.lstrip("\ufeff"))
    if re.match(rf"(?:ST|GS|CLM|BHT)[^0-9A-Za-z{_BLANK}]", start):
        raise InputError("begins within an X12 interchange; its ISA segment is missing")
    if start.startswith("<"):
        raise InputError(f"looks like XML; {_FORMS}")
    raise InputError(f"line 1: no form of a claim that is known here; {_FORMS}")


def _text(data: bytes) -> str:
    if data.lstrip(b"\xef\xbb\xbf" + _BLANK.encode()).startswith(b"ISA"):
        # Control characters as delimiters would make it binary data to decode().
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")
    text, _ = decode(data)
    return text


def _read(name: str, max_bytes: int) -> bytes:
    limit = max_bytes + 1
    try:
        if name == STDIN:
            return sys.stdin.buffer.read(limit)
        with Path(name).open("rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        raise InputError("no such claim file; check the name and the folder") from None
    except IsADirectoryError:
        raise InputError("is a folder, not a file of claims") from None
    except PermissionError:
        raise InputError("may not be read; check the file's permissions") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise InputError(f"cannot be read ({reason}); check the file") from None
