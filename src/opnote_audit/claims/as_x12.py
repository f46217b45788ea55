"""Claims as X12 837P, the professional claim as clearinghouses send it.

pyx12 splits the interchange into segments and elements and checks its envelope; this module
knows where on an 837P the things stand that the checks ask for: CLM01 and REF of loop 2300
(the note id), HI (the diagnoses), LX and SV1 of loop 2400 (the service lines).

Source: ASC X12N 005010X222A1, loops 2300 and 2400. Messages name the segment by its number
in the file and its id, and repeat no element but the one that is wrong, cut short: a claim
holds the patient's data.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opnote_audit.claims import fields
from opnote_audit.claims.model import Claim, ClaimLine, ClaimProblem
from opnote_audit.claims.note_key import DEFAULT_NOTE_KEY
from opnote_audit.errors import InputError

if TYPE_CHECKING:
    from pyx12.segment import Segment

_ISA_LENGTH = 106
# Diagnosis qualifiers of HI: ICD-10 principal and other, and their ICD-9 forerunners.
_DIAGNOSIS = frozenset({"ABK", "ABF", "BK", "BF"})
_PROCEDURE = frozenset({"HC", "HP"})
_UNITS = "UN"
# What ends the claim's own segments and opens a loop within it, or leaves the claim.
_WITHIN = frozenset({"NM1", "SBR", "LX"})
_LEAVES = frozenset({"HL", "SE", "CLM"})
_LETTERS = "ABCDEFGHIJKL"

Warn = Callable[[str], None]


def read_x12_claims(
    text: str, note_key: str = DEFAULT_NOTE_KEY, warn: Warn = lambda message: None
) -> Iterator[Claim | ClaimProblem]:
    """Yield each claim of a file of 837P interchanges, or what is wrong with it.

    Parameters
    ----------
    text
        One interchange or several, each with the delimiters that its own ISA sets.
    note_key
        What holds the note id, as :func:`.note_key.parse_note_key` returns it.
    warn
        Called with what is odd and does not stop the reading (counts that do not agree).

    Raises
    ------
    InputError
        Cut off, damaged, or no 837P; the message has the segment. Nothing of the file is to
        be trusted then.
    """
    found: list[Claim | ClaimProblem] = []
    other: set[str] = set()
    read = 0
    for part in _interchanges(text):
        reader = _Claims(note_key)
        for number, segment in _segments(part, read, warn):
            reader.take(segment, number)
            read = number
        found += reader.claims
        other |= reader.other
    if not found:
        kinds = ", ".join(sorted(other))
        if kinds:
            raise InputError(
                f"holds no professional claim (transaction {kinds}); an 837P is expected"
            )
        raise InputError("holds no claim (no CLM segment); an 837P is expected")
    yield from found


@dataclass(slots=True)
class _Part:
    """One interchange, without the line breaks that stand between its segments."""

    text: str
    terminator: str


def _interchanges(text: str) -> Iterator[_Part]:
    """Split a file into interchanges: each has delimiters of its own, set by its ISA."""
    rest = text.lstrip("\ufeff \t\r\n")
    first = True
    while rest:
        if not rest.startswith("ISA"):
            where = "at the start" if first else "after an IEA"
            raise InputError(f"is damaged: no ISA segment {where}; ask for the file again")
        terminator = rest[_ISA_LENGTH - 1 : _ISA_LENGTH]
        if terminator not in ("\r", "\n"):
            # Wrapped lines or one segment a line: the break is no data (basic character set).
            head = rest[: 2 * _ISA_LENGTH].replace("\r", "").replace("\n", "")
            terminator = head[_ISA_LENGTH - 1 : _ISA_LENGTH]
        element = rest[3:4]
        if not terminator or terminator.isalnum() or element.isalnum() or element == terminator:
            raise InputError(
                "segment 1 (ISA): is not 106 characters long, so the delimiters cannot be told; "
                "ask for the file as it was sent"
            )
        end = re.search(
            rf"{re.escape(terminator)}\s*I\s*E\s*A{re.escape(element)}[^{re.escape(terminator)}]*"
            rf"{re.escape(terminator)}",
            rest,
        )
        if end is None:
            raise InputError(
                "is cut off: the interchange has no complete IEA segment at its end; "
                "ask for the whole file"
            )
        yield _Part(_unbroken(rest[: end.end()], terminator), terminator)
        rest = rest[end.end() :].lstrip("\ufeff \t\r\n")
        first = False


def _unbroken(text: str, terminator: str) -> str:
    breaks = "".join(char for char in "\r\n" if char != terminator)
    flat = text.translate({ord(char): None for char in breaks})
    # Empty segments ("~~") would end pyx12's reading; they hold nothing.
    return re.sub(rf"(?:{re.escape(terminator)}[ \t]*)+", terminator, flat)


def _segments(part: _Part, start: int, warn: Warn) -> Iterator[tuple[int, Segment]]:
    """Yield the segments of an interchange, numbered on from ``start``.

    Raises
    ------
    InputError
        The envelope is broken: a trailer missing or out of place, or no segment at all.
    """
    from pyx12.errors import EngineError, X12Error
    from pyx12.x12file import X12Reader

    number = start
    try:
        reader = X12Reader(io.StringIO(part.text, newline=""))
        segments = iter(reader)
        while True:
            segment = next(segments, None)
            if segment is None:
                break
            number += 1
            _check(reader.pop_errors(), number, str(segment.get_seg_id()), warn)
            yield number, segment
        reader.cleanup()
        _check(reader.pop_errors(), number, "IEA", warn)
    except (X12Error, EngineError, IndexError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        # pyx12's own words may repeat the segment, with the patient's name in it.
        raise InputError(
            f"segment {number + 1}: cannot be read as X12 "
            f"({_why(part.text) if number == start else 'out of place or damaged'}); "
            "ask for the file again"
        ) from None


def _why(text: str) -> str:
    version = text[84:89]
    if version not in ("00401", "00501"):
        return f"ISA12 is {fields.shown(version)}; versions 00401 and 00501 are known"
    return "the ISA segment is damaged"


# pyx12's error kinds and codes that mean a part of the file is missing or out of place; counts
# and control numbers that do not agree are said and read on, for many senders miscount.
_BROKEN = frozenset({("st", "2"), ("gs", "3"), ("isa", "023"), ("isa", "024")})
_ODD = {
    ("st", "3"): "the control numbers of ST and SE differ",
    ("st", "4"): "the count of segments is wrong, so some may be missing",
    ("st", "23"): "a transaction's control number stands twice",
    ("gs", "4"): "the control numbers of GS and GE differ",
    ("gs", "5"): "the count of transactions is wrong, so some may be missing",
    ("gs", "6"): "a group's control number stands twice",
    ("isa", "001"): "the control numbers of ISA and IEA differ",
    ("isa", "021"): "the count of groups is wrong, so some may be missing",
}


def _check(
    errors: list[tuple[str, str, str, str | None, int | None]],
    number: int,
    name: str,
    warn: Warn,
) -> None:
    for kind, code, *_ in errors:
        if (kind, code) in _BROKEN:
            raise InputError(
                f"segment {number} ({name}): a trailer (SE, GE or IEA) is missing, so the file "
                "is cut off or damaged; ask for the whole file"
            )
        if (kind, code) in _ODD:
            warn(f"segment {number} ({name}): {_ODD[kind, code]}; check the file")
        elif kind == "seg" and code == "1" and not re.fullmatch(r"[A-Z][A-Z0-9]{1,2}", name):
            raise InputError(
                f"segment {number}: has no segment id, so the file is damaged; "
                "ask for the file again"
            )


@dataclass(slots=True)
class _Open:
    """A claim being read."""

    claim_id: str | None
    number: int
    note_id: str | None = None
    diagnoses: list[str] = field(default_factory=list)
    lines: list[ClaimLine] = field(default_factory=list)
    own: bool = True
    line: int | None = None
    problem: str | None = None
    # Pointers wait for the end: some senders write HI behind the lines.
    pointers: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)


class _Claims:
    """Gathers claims segment by segment."""

    def __init__(self, note_key: str) -> None:
        self._key = note_key
        self._open: _Open | None = None
        self._is_claim_set = False
        self.claims: list[Claim | ClaimProblem] = []
        self.other: set[str] = set()

    def take(self, segment: Segment, number: int) -> None:
        """Read one segment; ``number`` is its place in the file."""
        name = segment.get_seg_id()
        if name == "ST":
            kind = _value(segment, "ST01")
            self._is_claim_set = kind == "837"
            if not self._is_claim_set:
                self.other.add(kind or "not named")
        if name in _LEAVES:
            self._close()
        if not self._is_claim_set:
            return
        if name == "CLM":
            self._begin(segment, number)
        elif self._open is not None:
            self._fill(self._open, str(name), segment, number)

    def _begin(self, segment: Segment, number: int) -> None:
        claim_id = _value(segment, "CLM01") or None
        self._open = _Open(claim_id, number)
        if claim_id is None:
            self._open.problem = f"segment {number} (CLM): the claim has no id in CLM01; mend it"
        if self._key == DEFAULT_NOTE_KEY:
            self._open.note_id = claim_id

    def _fill(self, claim: _Open, name: str, segment: Segment, number: int) -> None:
        if name == "REF" and claim.own and _value(segment, "REF01") == self._key:
            claim.note_id = claim.note_id or _value(segment, "REF02") or None
        elif name == "HI":
            claim.diagnoses += _diagnoses(segment)
        elif name == "LX":
            claim.line = _number(_value(segment, "LX01"))
        elif name == "SV1":
            try:
                claim.lines.append(self._line(claim, segment, number))
            except fields.FieldError as error:
                claim.problem = claim.problem or f"segment {number} (SV1): {error}; mend it"
        elif name in ("SV2", "SV3"):
            claim.problem = claim.problem or (
                f"segment {number} ({name}): an institutional or dental line; 63057 is billed on "
                "a professional claim (837P)"
            )
        if name in _WITHIN:
            claim.own = False

    def _line(self, claim: _Open, segment: Segment, number: int) -> ClaimLine:
        qualifier = _value(segment, "SV101-1")
        if qualifier not in _PROCEDURE:
            raise fields.FieldError("SV101 is no CPT or HCPCS code (its qualifier must be HC)")
        code, _ = fields.procedure(_value(segment, "SV101-2") or None)
        marks = [_value(segment, f"SV101-{at}") for at in range(3, 7)]
        if code.startswith("6305") and _value(segment, "SV103") not in ("", _UNITS):
            raise fields.FieldError(f"the units of {code} must be counted as UN (SV103)")
        units = fields.units(_value(segment, "SV104") or None, code)
        at = claim.line or len(claim.lines) + 1
        if any(line.number == at for line in claim.lines):
            raise fields.FieldError(f"service line {at} stands twice on this claim (LX01)")
        pointers = tuple(value for n in range(1, 5) if (value := _value(segment, f"SV107-{n}")))
        claim.pointers.append((number, "SV107", pointers))
        return ClaimLine(at, code, units, fields.modifiers(marks), (), f"segment {number} (SV1)")

    def _close(self) -> None:
        claim, self._open = self._open, None
        if claim is None:
            return
        where = f"segment {claim.number} (CLM)"
        if claim.problem is None and not claim.lines:
            claim.problem = f"{where}: the claim has no professional service line (SV1)"
        if claim.problem is None and claim.note_id is None:
            claim.problem = (
                f"{where}: the claim has no REF with {self._key}, which was to hold the note id; "
                "give another --note-key"
            )
        lines: list[ClaimLine] = []
        if claim.problem is None:
            try:
                lines = [
                    _with_diagnoses(line, pointers, claim.diagnoses)
                    for line, pointers in zip(claim.lines, claim.pointers, strict=True)
                ]
            except fields.FieldError as error:
                claim.problem = str(error)
        if claim.problem is not None or claim.claim_id is None:
            self.claims.append(ClaimProblem(claim.problem or where, claim.claim_id, claim.note_id))
            return
        self.claims.append(Claim(claim.claim_id, claim.note_id, tuple(lines), where))


def _with_diagnoses(
    line: ClaimLine, pointers: tuple[int, str, tuple[str, ...]], codes: list[str]
) -> ClaimLine:
    number, name, values = pointers
    found = []
    for value in values:
        # The paper form's letters turn up in some files.
        at = _LETTERS.find(value) + 1 if value in _LETTERS else _number(value)
        if not at or at > len(codes):
            raise fields.FieldError(
                f"segment {number} (SV1): {name} points to diagnosis {fields.shown(value)}, "
                f"but the claim's HI has {len(codes)}; mend it"
            )
        found.append(codes[at - 1])
    return ClaimLine(
        line.number, line.code, line.units, line.modifiers, fields.diagnoses(found), line.where
    )


def _diagnoses(segment: Segment) -> list[str]:
    codes = []
    for at in range(1, 13):
        if _value(segment, f"HI{at:02}-1") in _DIAGNOSIS:
            codes.append(_value(segment, f"HI{at:02}-2"))
    return codes


def _value(segment: Segment, path: str) -> str:
    """Return the value at ``SV101-2`` or ``CLM01``, stripped; empty where there is none."""
    element, _, part = path.partition("-")
    composite = segment.get(element)
    if composite is None:
        return ""
    index = int(part or 1) - 1
    return composite[index].get_value().strip() if index < len(composite) else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
