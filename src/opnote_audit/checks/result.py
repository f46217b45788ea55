"""The typed result of an audit, and its JSON form (the result contract, schema version 1.0).

Everything here is plain data: no spaCy object, no file handle. Character offsets count
Unicode code points of the note exactly as it was decoded, so ``text[span.start:span.end]``
is always ``span.text``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = "1.0"
CODE = "63057"

UNPLACED = "unplaced"
"""The outcome of R2 where a sentence reads like transpedicular work that the rules cannot place."""

Verdict = Literal["supported", "needs_review", "deficient", "not_applicable", "error"]
Status = Literal["pass", "warn", "fail", "na"]
Role = Literal["primary", "additional", "other"]
Approach = Literal[
    "transpedicular",
    "transpedicular_described",
    "transfacet_extraforaminal",
    "posterior",
    "costovertebral_extracavitary",
    "anterior_lateral",
    "percutaneous_transpedicular",
    "none",
]
FusionType = Literal["interbody", "posterolateral", "anterior"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of the note.

    ``start`` and ``end`` are code-point offsets (end exclusive), ``text`` is the note's own
    text there, ``section`` the kind of section it stands in (``diagnosis``, ``heading``,
    ``indication``, ``narrative`` ...) or ``None``. ``kind`` says what it is evidence of
    (``approach``, ``pathology``, ``act``, ``level``, ``fusion`` ...).
    """

    start: int
    end: int
    text: str
    section: str | None = None
    kind: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's ``span`` object."""
        out: dict[str, Any] = {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "section": self.section,
        }
        if self.kind is not None:
            out["kind"] = self.kind
        return out


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """One decompressed segment: ``segment`` is ``T10`` or ``L4-L5``."""

    segment: str
    region: str
    role: Role
    approach: Approach
    pathologies: tuple[str, ...]
    treated: bool
    supported: bool
    evidence: tuple[Evidence, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's segment object."""
        return {
            "segment": self.segment,
            "region": self.region,
            "role": self.role,
            "approach": self.approach,
            "pathologies": list(self.pathologies),
            "treated": self.treated,
            "supported": self.supported,
            "evidence": [e.to_dict() for e in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One requirement: its id, status, what was found, the words, and what would mend it.

    ``rule`` names the outcome in the checklist file that set the status, ``advice`` is what
    would mend it (empty when nothing is to be mended), ``segments`` the segments concerned.
    """

    id: str
    status: Status
    message: str
    evidence: tuple[Evidence, ...] = ()
    title: str = ""
    advice: str = ""
    rule: str = ""
    segments: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's checklist object."""
        return {
            "id": self.id,
            "status": self.status,
            "message": self.message,
            "evidence": [e.to_dict() for e in self.evidence],
            "title": self.title,
            "advice": self.advice,
            "rule": self.rule,
            "segments": list(self.segments),
        }


@dataclass(frozen=True, slots=True)
class Fusion:
    """The arthrodesis of this operation: kind, and fused interspaces such as ``L4-L5``."""

    performed: bool = False
    type: FusionType | None = None
    segments: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's fusion object."""
        return {
            "performed": self.performed,
            "type": self.type,
            "segments": list(self.segments),
        }


@dataclass(frozen=True, slots=True)
class Remark:
    """Something for the reviewer to look at: no status, score, unit or verdict rests on it.

    ``message`` never holds words of the note; ``evidence`` may be empty where the remark is
    about the whole note, and so may ``segments``.
    """

    kind: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    segments: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the remark as plain JSON data."""
        return {
            "kind": self.kind,
            "message": self.message,
            "evidence": [e.to_dict() for e in self.evidence],
            "segments": list(self.segments),
        }


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The audit of one note against the 63057 checklist.

    ``score`` is 0 to 100 or ``None`` when not applicable; ``units_supported`` and
    ``units_possible`` count additional segments; ``encoding`` is how the bytes were decoded.
    ``remarks`` are for the reviewer alone. ``sections_by`` says what divided the note into
    sections (``headers``, ``classifier`` or ``content``).
    """

    note_id: str
    source: str | None
    verdict: Verdict
    score: float | None = None
    units_supported: int = 0
    units_possible: int = 0
    units_billed: int | None = None
    primary_code: str | None = None
    primary_segment: str | None = None
    approach: Approach = "none"
    approach_evidence: tuple[Evidence, ...] = ()
    segments: tuple[SegmentResult, ...] = ()
    fusion: Fusion = field(default_factory=Fusion)
    checklist: tuple[CheckResult, ...] = ()
    error: str | None = None
    encoding: str | None = None
    remarks: tuple[Remark, ...] = ()
    sections_by: str = "headers"

    @property
    def suspected(self) -> bool:
        """Whether the rules placed nothing, and a sentence reads as if they should have."""
        return any(check.rule == UNPLACED for check in self.checklist)

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's JSON object as plain Python data."""
        return {
            "schema_version": SCHEMA_VERSION,
            "note_id": self.note_id,
            "source": self.source,
            "encoding": self.encoding,
            "code": CODE,
            "verdict": self.verdict,
            "score": self.score,
            "units": {
                "supported": self.units_supported,
                "possible": self.units_possible,
                "billed": self.units_billed,
            },
            "primary": {"code": self.primary_code, "segment": self.primary_segment},
            "approach": {
                "label": self.approach,
                "evidence": [e.to_dict() for e in self.approach_evidence],
            },
            "segments": [s.to_dict() for s in self.segments],
            "fusion": self.fusion.to_dict(),
            "checklist": [c.to_dict() for c in self.checklist],
            "sections_by": self.sections_by,
            "remarks": [r.to_dict() for r in self.remarks],
            "error": self.error,
        }


def error_result(note_id: str, source: str | None, reason: str) -> AuditResult:
    """Return the result of a note that could not be audited; ``reason`` is for people."""
    return AuditResult(note_id=note_id, source=source, verdict="error", error=reason)
