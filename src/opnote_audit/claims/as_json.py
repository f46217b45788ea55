"""Claims as JSON: one object, a list of them, ``{"claims": [...]}``, or an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from opnote_audit.claims import fields
from opnote_audit.claims.model import Claim, ClaimLine, ClaimProblem
from opnote_audit.errors import InputError

_SHAPE = (
    'a claim is {"claim_id": ..., "note_id": ..., "lines": [{"code": ..., "units": ..., '
    '"modifiers": [], "diagnoses": []}]}'
)


def read_json_claims(text: str) -> Iterator[Claim | ClaimProblem]:
    """Yield each claim of a JSON text, or what is wrong with it.

    Raises
    ------
    InputError
        Not JSON (the message has line and column), or no claim in it.
    """
    entries = list(_entries(text))
    if not entries:
        raise InputError(f"holds no claim; {_SHAPE}")
    for number, (where, entry) in enumerate(entries, 1):
        yield _claim(entry, where or f"claim {number}")


def _entries(text: str) -> Iterator[tuple[str, Any]]:
    try:
        data = _load(text)
    except json.JSONDecodeError as error:
        # One object a line is no single JSON text: the second line is "extra data".
        if error.msg.startswith("Extra data"):
            yield from _entries_by_line(text)
            return
        _refuse(error.lineno, error.colno, error.msg)
    if isinstance(data, dict) and "lines" not in data and isinstance(data.get("claims"), list):
        data = data["claims"]
    if isinstance(data, list):
        yield from (("", entry) for entry in data)
    else:
        yield "", data


def _entries_by_line(text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield f"line {number}", _load(line)
            except json.JSONDecodeError as error:
                _refuse(number, error.colno, error.msg)


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise InputError(f"is nested too deeply to be claims; {_SHAPE}") from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        # A number of thousands of digits.
        raise InputError(f"holds a number too long to be read; {_SHAPE}") from None


def _refuse(line: int, column: int, reason: str) -> NoReturn:
    raise InputError(
        f"line {line}, column {column}: not valid JSON ({reason}); mend it there"
    ) from None


def _claim(entry: Any, where: str) -> Claim | ClaimProblem:
    if not isinstance(entry, dict):
        return ClaimProblem(f"{where}: a JSON object was expected; {_SHAPE}")
    claim_id = note_id = None
    try:
        claim_id = fields.identifier(entry.get("claim_id"), "claim_id")
        note_id = fields.identifier(entry.get("note_id"), "note_id")
    except fields.FieldError as error:
        return ClaimProblem(f"{where}: {error}", claim_id, note_id)
    name = f"{where} (claim {claim_id})" if claim_id else where
    if claim_id is None:
        return ClaimProblem(f"{where}: 'claim_id' is missing; {_SHAPE}", None, note_id)
    lines = entry.get("lines")
    if not isinstance(lines, list) or not lines:
        return ClaimProblem(
            f"{name}: 'lines' must be a list with at least one service line; {_SHAPE}",
            claim_id,
            note_id,
        )
    out = []
    for number, line in enumerate(lines, 1):
        try:
            out.append(_line(line, number))
        except fields.FieldError as error:
            return ClaimProblem(f"{name}, line {number}: {error}; mend it", claim_id, note_id)
    return Claim(claim_id, note_id, tuple(out), where)


def _line(entry: Any, number: int) -> ClaimLine:
    if not isinstance(entry, dict):
        raise fields.FieldError("a service line must be a JSON object")
    code, behind = fields.procedure(entry.get("code"))
    return ClaimLine(
        number,
        code,
        fields.units(entry.get("units"), code),
        tuple(dict.fromkeys((*behind, *fields.modifiers(entry.get("modifiers"))))),
        fields.diagnoses(entry.get("diagnoses")),
        f"line {number}",
    )
