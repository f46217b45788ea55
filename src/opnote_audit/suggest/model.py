"""What a suggestion says, as plain data, and its JSON form (schema version 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from opnote_audit.checks.result import Evidence, Verdict
from opnote_audit.diagnoses import SegmentDiagnoses

SCHEMA_VERSION = "1.0"

LineStatus = Literal["supported", "review"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the suggested claim.

    ``modifiers`` are alternatives, of which one is to be put on the line (``59`` or ``XS``);
    empty where none is needed. ``status`` is ``review`` where the line belongs to the claim
    but something about it is to be settled first; ``reason`` says why it is there.
    """

    code: str
    units: int
    segments: tuple[str, ...]
    status: LineStatus
    reason: str
    modifiers: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON data."""
        return {
            "code": self.code,
            "units": self.units,
            "segments": list(self.segments),
            "status": self.status,
            "modifiers_one_of": list(self.modifiers),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Withheld:
    """A transpedicular segment that is not on the claim, and the findings that keep it off.

    ``possible`` is true where nothing fails, so that clearing the warnings would add it.
    ``segment`` is ``None`` for a further segment that the note never names.
    """

    segment: str | None
    possible: bool
    reasons: tuple[tuple[str, str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the segment as JSON data."""
        return {
            "segment": self.segment,
            "possible": self.possible,
            "reasons": [{"id": i, "rule": r, "message": m} for i, r, m in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class FamilyCode:
    """A code of a neighbouring family; ``units`` is ``None`` where the note gives no levels."""

    code: str
    units: int | None
    segments: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the code as JSON data."""
        return {"code": self.code, "units": self.units, "segments": list(self.segments)}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A neighbouring family that the note documents, with the words that say so."""

    family: str
    title: str
    codes: tuple[FamilyCode, ...]
    words: tuple[Evidence, ...]
    remark: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the family as JSON data."""
        return {
            "family": self.family,
            "title": self.title,
            "codes": [c.to_dict() for c in self.codes],
            "words": [w.to_dict() for w in self.words],
            "remark": self.remark,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice that goes with the claim; ``name`` is its entry in the rule file."""

    name: str
    text: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the advice as JSON data."""
        return {"name": self.name, "text": self.text, "source": self.source}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The claim that a note supports, and what stands beside it.

    ``alternative`` is a second way to write the same work, where payers accept either, and is
    empty elsewhere. ``diagnoses`` are the candidates of every decompressed segment.
    """

    note_id: str
    source: str | None
    verdict: Verdict
    lines: tuple[Line, ...] = ()
    alternative: tuple[Line, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    modifiers: tuple[Advice, ...] = ()
    diagnoses: tuple[SegmentDiagnoses, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    remarks: tuple[Advice, ...] = ()

    @property
    def units(self) -> int:
        """The units of the add-on on the suggested claim."""
        return sum(line.units for line in self.lines if line.code == "63057")

    def to_dict(self) -> dict[str, Any]:
        """Return the suggestion as JSON data."""
        return {
            "schema_version": SCHEMA_VERSION,
            "note_id": self.note_id,
            "source": self.source,
            "verdict": self.verdict,
            "lines": [line.to_dict() for line in self.lines],
            "alternative": [line.to_dict() for line in self.alternative],
            "withheld": [w.to_dict() for w in self.withheld],
            "modifiers": [m.to_dict() for m in self.modifiers],
            "diagnoses": [d.to_dict() for d in self.diagnoses],
            "neighbours": [n.to_dict() for n in self.neighbours],
            "remarks": [r.to_dict() for r in self.remarks],
        }
