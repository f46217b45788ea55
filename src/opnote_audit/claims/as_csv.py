"""Claims as CSV: one row a service line, the rows of a claim under one ``claim_id``.

Columns: ``claim_id``, ``note_id`` (may be left out), ``line`` (may be left out), ``code``,
``units``, ``modifiers`` and ``diagnoses`` (the last two separated by spaces). Commas,
semicolons, tabs and bars are told apart by the header.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from opnote_audit.claims import fields
from opnote_audit.claims.model import Claim, ClaimLine, ClaimProblem
from opnote_audit.errors import InputError

_NEEDED = ("claim_id", "code", "units")
_OPTIONAL = ("note_id", "line", "modifiers", "diagnoses")
_SEPARATORS = ",;\t|"
_COLUMNS = "the columns are claim_id, note_id, line, code, units, modifiers, diagnoses"


def is_header(line: str) -> bool:
    """Tell whether a line could be the header of claims as CSV."""
    return _separator(line) is not None


def read_csv_claims(text: str) -> Iterator[Claim | ClaimProblem]:
    """Yield each claim of a CSV text, in the order of its first row, or what is wrong with it.

    Raises
    ------
    InputError
        No usable header, or the text breaks off within quotes; the message has the line.
    """
    stripped = text.lstrip()
    skipped = text[: len(text) - len(stripped)].count("\n")
    header = stripped.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(stripped, newline=""), delimiter=_separator(header) or ",", strict=True
    )
    columns: list[str] = []
    building: dict[str, _Rows] = {}
    rows = _rows(reader, skipped)
    for number, row in rows:
        if not columns:
            columns = [name.strip().casefold().replace(" ", "_") for name in row]
            _check_header(columns, number)
            continue
        if not any(value.strip() for value in row):
            continue
        read = _row(columns, row, number)
        key = read.claim_id or f"\0{number}"
        building.setdefault(key, _Rows(read.claim_id)).add(read, number)
    if not building:
        raise InputError(f"line {skipped + 1}: holds a header and no claim; {_COLUMNS}")
    for claim in building.values():
        yield claim.build()


class _Row(NamedTuple):
    """One row as read: ``line`` is ``None`` where ``problem`` says why."""

    claim_id: str | None
    note_id: str | None
    line: ClaimLine | None
    problem: str = ""


class _Rows:
    """The rows of one claim, gathered until the file has ended."""

    def __init__(self, claim_id: str | None) -> None:
        self._claim_id = claim_id
        self._note_id: str | None = None
        self._lines: dict[int, ClaimLine] = {}
        self._problem: str | None = None
        self._first = 0

    def add(self, row: _Row, number: int) -> None:
        self._first = self._first or number
        if row.note_id is not None and self._note_id not in (None, row.note_id):
            self._problem = self._problem or (
                f"line {number}: this claim's rows name two note ids; a claim bills for one note"
            )
        self._note_id = self._note_id or row.note_id
        line = row.line
        if line is None:
            self._problem = self._problem or row.problem
            return
        at = line.number or max(self._lines, default=0) + 1
        if at in self._lines:
            self._problem = self._problem or (
                f"line {number}: service line {at} stands twice on this claim; number each once"
            )
            return
        self._lines[at] = ClaimLine(
            at, line.code, line.units, line.modifiers, line.diagnoses, line.where
        )

    def build(self) -> Claim | ClaimProblem:
        if self._problem is not None or self._claim_id is None:
            return ClaimProblem(self._problem or "", self._claim_id, self._note_id)
        lines = tuple(self._lines[at] for at in sorted(self._lines))
        return Claim(self._claim_id, self._note_id, lines, f"line {self._first}")


def _rows(reader: Iterator[list[str]], skipped: int) -> Iterator[tuple[int, list[str]]]:
    try:
        for row in reader:
            yield skipped + reader.line_num, row  # type: ignore[attr-defined]
    except csv.Error as error:
        at = skipped + reader.line_num  # type: ignore[attr-defined]
        raise InputError(f"line {at}: not valid CSV ({error}); mend it there") from None


def _separator(line: str) -> str | None:
    for separator in _SEPARATORS:
        names = [part.strip().strip('"').casefold() for part in line.split(separator)]
        if "code" in names and len(names) > 1:
            return separator
    return None


def _check_header(columns: list[str], number: int) -> None:
    for name in _NEEDED:
        if name not in columns:
            raise InputError(f"line {number}: the column {name!r} is missing; {_COLUMNS}")
    for name in (*_NEEDED, *_OPTIONAL):
        if columns.count(name) > 1:
            raise InputError(f"line {number}: the column {name!r} stands twice; {_COLUMNS}")


def _row(columns: list[str], row: list[str], number: int) -> _Row:
    values = {name: value.strip() for name, value in zip(columns, row, strict=False)}
    claim_id = values.get("claim_id") or None
    note_id = values.get("note_id") or None
    if len(row) != len(columns):
        return _Row(
            claim_id,
            note_id,
            None,
            f"line {number}: {len(row)} values under {len(columns)} columns; "
            "separate modifiers and diagnoses by spaces, or quote them",
        )
    if claim_id is None:
        return _Row(
            None, note_id, None, f"line {number}: the claim_id is empty; every row needs one"
        )
    try:
        code, behind = fields.procedure(values["code"])
        line = ClaimLine(
            fields.units(values["line"], code) if values.get("line") else 0,
            code,
            fields.units(values["units"] or None, code),
            tuple(dict.fromkeys((*behind, *fields.modifiers(values.get("modifiers"))))),
            fields.diagnoses(values.get("diagnoses")),
            f"line {number}",
        )
    except fields.FieldError as error:
        return _Row(claim_id, note_id, None, f"line {number}: {error}; mend it")
    return _Row(claim_id, note_id, line)
