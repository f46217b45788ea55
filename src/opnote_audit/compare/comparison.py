"""Two audits of one operation held side by side: before and after an addendum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opnote_audit.annotate.reading import Block
from opnote_audit.checks.result import AuditResult, CheckResult, Evidence, SegmentResult

SCHEMA_VERSION = "1.0"
ADDENDUM = "addendum"

Change = Literal["mended", "better", "worse", "changed", "same"]

_RANK = {"pass": 0, "na": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class CheckChange:
    """One requirement before and after; either is ``None`` where that audit has none of it.

    ``change`` is ``mended`` where a finding went away altogether, ``better`` and ``worse``
    where the status moved, ``changed`` where it stayed but for another reason or segment.
    ``from_addendum`` is the evidence of the later finding that stands in an addendum.
    """

    id: str
    before: CheckResult | None
    after: CheckResult | None
    change: Change
    from_addendum: tuple[Evidence, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON data."""
        return {
            "id": self.id,
            "change": self.change,
            "before": _check(self.before),
            "after": _check(self.after),
            "from_addendum": [e.to_dict() for e in self.from_addendum],
        }


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """One segment before and after; ``before`` is ``None`` for one that was added."""

    segment: str
    before: SegmentResult | None
    after: SegmentResult | None
    change: Literal["added", "removed", "changed", "same"]
    from_addendum: tuple[Evidence, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON data."""
        return {
            "segment": self.segment,
            "change": self.change,
            "before": _segment(self.before),
            "after": _segment(self.after),
            "from_addendum": [e.to_dict() for e in self.from_addendum],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two audits side by side.

    ``original_kept`` says whether the earlier text stands unchanged in the later one, as it
    must where the record was amended by an addendum; ``addenda`` counts the addendum sections
    of the later note.
    """

    before: AuditResult
    after: AuditResult
    checks: tuple[CheckChange, ...]
    segments: tuple[SegmentChange, ...]
    original_kept: bool
    addenda: int

    @property
    def changed(self) -> bool:
        """Whether anything that the audit says is different."""
        one, other = self.before, self.after
        same = (one.verdict, one.score, one.units_supported, one.units_possible) == (
            other.verdict,
            other.score,
            other.units_supported,
            other.units_possible,
        )
        moved: list[str] = [c.change for c in self.checks]
        moved += [s.change for s in self.segments]
        return not same or any(change != "same" for change in moved)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON data."""
        return {
            "schema_version": SCHEMA_VERSION,
            "changed": self.changed,
            "original_kept": self.original_kept,
            "addenda": self.addenda,
            "before": _summary(self.before),
            "after": _summary(self.after),
            "checks": [c.to_dict() for c in self.checks],
            "segments": [s.to_dict() for s in self.segments],
        }


def compare(
    before: AuditResult, after: AuditResult, *, original_kept: bool, addenda: int
) -> Comparison:
    """Return what changed between two audits of one operation.

    Parameters
    ----------
    before, after
        The audits of the earlier and of the later text.
    original_kept
        Whether the earlier text stands unchanged in the later one (:func:`keeps`).
    addenda
        The number of addendum sections in the later note.
    """
    checks = []
    old, new = {c.id: c for c in before.checklist}, {c.id: c for c in after.checklist}
    for key in dict.fromkeys((*old, *new)):
        one, other = old.get(key), new.get(key)
        added = _added(other.evidence) if other is not None else ()
        checks.append(CheckChange(key, one, other, _change(one, other), added))
    segments = []
    sites, later = {s.segment: s for s in before.segments}, {s.segment: s for s in after.segments}
    for key in dict.fromkeys((*sites, *later)):
        segments.append(_segment_change(key, sites.get(key), later.get(key)))
    return Comparison(before, after, tuple(checks), tuple(segments), original_kept, addenda)


def keeps(before: str, after: str, blocks: Sequence[Block]) -> bool:
    """Tell whether ``after`` is ``before`` with text added at its end or as an addendum only.

    White space does not count. ``blocks`` are the sections of ``after``.
    """
    earlier = _plain(before)
    return _plain(after).startswith(earlier) or _plain(without_addenda(after, blocks)) == earlier


def without_addenda(text: str, blocks: Sequence[Block]) -> str:
    """Return a note as it was before its addenda: ``text`` without its addendum sections."""
    kept, at = [], 0
    for block in blocks:
        if block.kind == ADDENDUM:
            kept.append(text[at : block.start])
            at = max(at, block.end)
    return "".join((*kept, text[at:]))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _change(before: CheckResult | None, after: CheckResult | None) -> Change:
    one = _RANK[before.status] if before is not None else 0
    other = _RANK[after.status] if after is not None else 0
    if one != other:
        if other > one:
            return "worse"
        return "better" if other else "mended"
    if before is None or after is None:
        return "same" if not one else "changed"
    told = (before.status, before.rule, before.segments)
    return "same" if told == (after.status, after.rule, after.segments) else "changed"


def _segment_change(
    name: str, before: SegmentResult | None, after: SegmentResult | None
) -> SegmentChange:
    if before is None or after is None:
        added = _added(after.evidence) if after is not None else ()
        return SegmentChange(name, before, after, "removed" if after is None else "added", added)
    same = _told(before) == _told(after)
    return SegmentChange(name, before, after, "same" if same else "changed", _added(after.evidence))


def _told(segment: SegmentResult) -> tuple[object, ...]:
    return (
        segment.role,
        segment.approach,
        frozenset(segment.pathologies),
        segment.treated,
        segment.supported,
    )


def _added(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(e for e in evidence if e.section == ADDENDUM)


def _check(check: CheckResult | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "status": check.status,
        "rule": check.rule,
        "message": check.message,
        "segments": list(check.segments),
    }


def _segment(segment: SegmentResult | None) -> dict[str, Any] | None:
    if segment is None:
        return None
    found = segment.to_dict()
    del found["evidence"], found["segment"]
    return found


def _summary(result: AuditResult) -> dict[str, Any]:
    return {
        "note_id": result.note_id,
        "source": result.source,
        "verdict": result.verdict,
        "score": result.score,
        "units": {"supported": result.units_supported, "possible": result.units_possible},
        "primary": {"code": result.primary_code, "segment": result.primary_segment},
    }
