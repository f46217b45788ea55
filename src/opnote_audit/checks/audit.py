"""Verdict, score and units of an operation, with the words (domain notes, section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from opnote_audit import spine
from opnote_audit.annotate.reading import Suspicion
from opnote_audit.checks import predicates
from opnote_audit.checks.result import (
    UNPLACED,
    AuditResult,
    CheckResult,
    Evidence,
    Fusion,
    Remark,
    SegmentResult,
    Status,
    Verdict,
)
from opnote_audit.resolve.model import Operation, Segment, Span
from opnote_audit.rules.checklist import Checklist, Requirement

_RANK = {"na": 0, "pass": 1, "warn": 2, "fail": 3}
_MAX_EVIDENCE = 12

SectionAt = Callable[[int], "str | None"]


@dataclass(frozen=True, slots=True)
class _Finding:
    """An outcome at some segments (empty for a finding about the note), with its words."""

    outcome: str
    segments: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


class Auditor:
    """Holds operations against one checklist."""

    def __init__(self, checklist: Checklist) -> None:
        self._checklist = checklist
        self._by_id = {r.id: r for r in checklist.requirements}

    def status(self, requirement: str, outcome: str) -> Status:
        """Return the status that the checklist gives to an outcome."""
        return self._by_id[requirement].outcome(outcome).status

    def audit(
        self,
        operation: Operation,
        text: str,
        section_at: SectionAt,
        note_id: str,
        source: str | None = None,
        encoding: str | None = None,
        *,
        sections_by: str = "headers",
        suspicions: Sequence[Suspicion] = (),
    ) -> AuditResult:
        """Return the audit of ``operation``, whose spans are offsets into ``text``.

        ``sections_by`` says what divided the note; ``suspicions`` are the sentences that the
        second reader believes to tell of work through the pedicle, the surest first. They count
        only where the operation has no further segment, and then the first that is not about
        the first segment is for a person to read: the verdict is ``needs_review``, without a
        further segment or a unit.
        """
        further = operation.additional
        asked = applicable(operation)

        def evidence(spans: Iterable[Span]) -> tuple[Evidence, ...]:
            unique = dict.fromkeys(spans)
            return tuple(
                Evidence(s.start, s.end, text[s.start : s.end], section_at(s.start), s.kind)
                for s in list(unique)[:_MAX_EVIDENCE]
            )

        segments = tuple(
            SegmentResult(
                segment=s.name,
                region=spine.region(s.name),
                role=s.role,  # type: ignore[arg-type]
                approach=s.approach,  # type: ignore[arg-type]
                pathologies=pathology_labels(s),
                treated=bool(s.treated),
                supported=s.role != "other"
                and self._segment_ok(operation, s, ("R1", "R2", "R3")) == "pass",
                evidence=evidence(_segment_spans(s)),
            )
            for s in operation.segments
        )
        fusion = Fusion(
            operation.fusion.performed,
            operation.fusion.type,  # type: ignore[arg-type]
            operation.fusion.segments,
        )
        primary = operation.primary
        common = {
            "note_id": note_id,
            "source": source,
            "encoding": encoding,
            "primary_code": operation.primary_code,
            "primary_segment": primary.name if primary else None,
            "approach": operation.approach,
            "approach_evidence": evidence(operation.approach_spans),
            "segments": segments,
            "fusion": fusion,
            "sections_by": sections_by,
            "remarks": (_DIVIDED,) if sections_by == "classifier" else (),
        }
        suspected = None if asked else _unplaced(operation, suspicions)
        if suspected is not None:
            span = Span(suspected.start, suspected.end, "approach")
            return AuditResult(
                verdict="needs_review",
                # Of the score's parts only R2 is in question, and a warning earns half.
                score=round(100 * self._checklist.warn_earns, 1),
                checklist=self._suspected(evidence((span,))),
                **common,  # type: ignore[arg-type]
            )
        if not asked:
            checks = tuple(
                CheckResult(r.id, "na", _NOT_APPLICABLE, title=r.title)
                for r in self._checklist.requirements
            )
            return AuditResult(verdict="not_applicable", checklist=checks, **common)  # type: ignore[arg-type]
        findings = self._findings(operation)
        checks = tuple(
            self._check(r, findings[r.id], operation, evidence)
            for r in self._checklist.requirements
        )
        ranks = [_RANK[c.status] for c in checks]
        verdict: Verdict = (
            "deficient" if max(ranks) == 3 else "needs_review" if max(ranks) == 2 else "supported"
        )
        extra = [s for s in further if s.role == "additional"]
        states = [self._segment_ok(operation, s, ("R1", "R2", "R3", "R4", "R5")) for s in extra]
        supported = states.count("pass")
        if verdict == "supported" and not supported:
            verdict = "needs_review"
        return AuditResult(
            verdict=verdict,
            score=self._score(findings, checks),
            units_supported=supported,
            units_possible=sum(s != "fail" for s in states),
            checklist=checks,
            **common,  # type: ignore[arg-type]
        )

    def _suspected(self, evidence: tuple[Evidence, ...]) -> tuple[CheckResult, ...]:
        """Return the checklist of a note in which only a sentence for review was found."""
        checks = []
        for requirement in self._checklist.requirements:
            if requirement.id != "R2":
                checks.append(
                    CheckResult(requirement.id, "na", _UNANSWERED, title=requirement.title)
                )
                continue
            outcome = requirement.outcome(UNPLACED)
            checks.append(
                CheckResult(
                    requirement.id,
                    outcome.status,
                    outcome.message,
                    evidence,
                    title=requirement.title,
                    advice=outcome.advice,
                    rule=outcome.name,
                )
            )
        return tuple(checks)

    def _outcome(self, operation: Operation, segment: Segment, requirement: str) -> str:
        if requirement == "R1":
            return predicates.levels(operation, segment)
        if requirement == "R2":
            return predicates.approach(operation, segment)
        if requirement == "R3":
            return predicates.pathology(operation, segment)
        if requirement == "R4":
            return predicates.primary(operation)
        return predicates.fusion(operation, segment)

    def _segment_ok(
        self, operation: Operation, segment: Segment, requirements: tuple[str, ...]
    ) -> Status:
        """Return the worst status of ``requirements`` at one segment (``na`` counts as pass)."""
        worst = max(
            _RANK[self.status(r, self._outcome(operation, segment, r))] for r in requirements
        )
        return ("pass", "pass", "warn", "fail")[worst]

    def _findings(self, operation: Operation) -> dict[str, list[_Finding]]:
        """Return every finding by requirement, one for each segment and unnamed segment."""
        out: dict[str, list[_Finding]] = {"R1": [], "R2": [], "R3": [], "R4": [], "R5": []}
        further = operation.additional
        for segment in further:
            for requirement in ("R1", "R2", "R3"):
                outcome = self._outcome(operation, segment, requirement)
                spans = _spans_for(requirement, outcome, operation, segment)
                out[requirement].append(_Finding(outcome, (segment.name,), spans))
        for span in operation.unnamed[:1]:
            out["R1"].append(_Finding("unnamed", (), operation.unnamed))
            out["R2"].append(
                _Finding("named" if operation.unnamed_named_approach else "described", (), (span,))
            )
            out["R3"].append(
                _Finding("treated" if operation.unnamed_pathology else "missing", (), (span,))
            )
        if not further and not operation.unnamed:
            out["R1"].append(_Finding("no_segment", (), operation.billed))
            out["R2"].append(_Finding("no_segment", (), operation.billed))
            out["R3"].append(_Finding("untreated", (), operation.billed))
        first = operation.primary
        out["R4"].append(
            _Finding(
                predicates.primary(operation),
                (),
                _route_spans(first) if first else operation.approach_spans[:2],
            )
        )
        family = [s for s in operation.segments if s.role in ("primary", "additional")]
        members: list[Segment | None] = [*family] or [None]
        for member in members:
            outcome = predicates.fusion(operation, member)
            out["R5"].append(
                _Finding(
                    outcome,
                    (member.name,) if member is not None else (),
                    (*operation.fusion.spans[:4], *operation.fusion.elsewhere),
                )
            )
        return out

    def _check(
        self,
        requirement: Requirement,
        findings: list[_Finding],
        operation: Operation,
        evidence: Callable[[Iterable[Span]], tuple[Evidence, ...]],
    ) -> CheckResult:
        worst = max(findings, key=lambda f: _RANK[requirement.outcome(f.outcome).status])
        same = [f for f in findings if f.outcome == worst.outcome]
        names = tuple(dict.fromkeys(n for f in same for n in f.segments))
        outcome = requirement.outcome(worst.outcome)
        routes = ", ".join(
            dict.fromkeys(
                s.approach.replace("_", " ") for s in operation.segments if s.name in names
            )
        )
        primary = operation.primary
        message = outcome.message.format(
            segments=_listing(names) or "the unnamed segment",
            routes=routes,
            primary=primary.name if primary else "(level not named)",
            code=operation.primary_code or "",
            stated=operation.stated_primary or "",
            fused=_listing(operation.fusion.segments) or "levels not named",
        )
        return CheckResult(
            requirement.id,
            outcome.status,
            message,
            evidence(s for f in same for s in f.spans),
            title=requirement.title,
            advice=outcome.advice,
            rule=outcome.name,
            segments=names,
        )

    def _score(self, findings: dict[str, list[_Finding]], checks: tuple[CheckResult, ...]) -> float:
        earned = total = 0.0
        half = self._checklist.warn_earns
        worth = {"pass": 1.0, "warn": half, "fail": 0.0}
        for requirement, check in zip(self._checklist.requirements, checks, strict=True):
            if check.status == "na":
                continue
            total += requirement.weight
            if requirement.id in ("R1", "R2", "R3"):
                shares = [
                    worth[requirement.outcome(f.outcome).status] for f in findings[requirement.id]
                ]
                earned += requirement.weight * sum(shares) / len(shares)
            else:
                earned += requirement.weight * worth[check.status]
        return round(100 * earned / total, 1) if total else 0.0


_NOT_APPLICABLE = "no further transpedicular segment is documented, hinted at or billed"
_UNANSWERED = "nothing was placed that this could be asked of"


_REGIONS = frozenset({"thoracic", "lumbar"})

_DIVIDED = Remark(
    "sections",
    "headers do not divide this note; a trained classifier told its parts by their words",
)


def applicable(operation: Operation) -> bool:
    """Tell whether a further segment is told of, hinted at or billed, so that 63057 is in view."""
    return bool(
        operation.additional or operation.unnamed or (operation.billed and _in_family(operation))
    )


def _unplaced(operation: Operation, suspicions: Sequence[Suspicion]) -> Suspicion | None:
    """Return the surest sentence that the rules have not placed, if there is one.

    Where they have placed a first segment, that is a sentence that names another level; work
    through a needle is placed outside the family, and explains what reads like it.
    """
    if operation.approach == "percutaneous_transpedicular":
        return None
    first = operation.primary
    for suspicion in suspicions:
        # The family is thoracic and lumbar; a sentence may also name no level at all.
        named = suspicion.segments
        inside = [name for name in named if spine.region(name) in _REGIONS]
        if first is None and (inside or not named):
            return suspicion
        if first is not None and any(not spine.overlap(name, first.name) for name in inside):
            return suspicion
    return None


def _in_family(operation: Operation) -> bool:
    """Tell whether the operation is thoracic or lumbar work that 63057 could belong to."""
    return operation.approach not in ("none", "anterior_lateral", "percutaneous_transpedicular")


def pathology_labels(segment: Segment) -> tuple[str, ...]:
    """Return the contract's pathology labels of a segment, in the note's order.

    Degeneration has no label; ``compression`` is kept only where no cause is named (domain
    notes, section 5).
    """
    values = dict.fromkeys(p.value for p in segment.pathologies if not p.weak)
    if not values and any(p.value == "bare_compression" for p in segment.pathologies):
        return ("compression",)
    if len(values) > 1:
        values.pop("compression", None)
    return tuple(values)


def _route_spans(segment: Segment) -> tuple[Span, ...]:
    return (*segment.named, *segment.heading, *segment.pedicle, *segment.other_route)


def _segment_spans(segment: Segment) -> tuple[Span, ...]:
    pathologies = tuple(p.span for p in segment.pathologies)
    return (*segment.levels[:3], *_route_spans(segment)[:4], *pathologies[:3], *segment.treated[:3])


def _spans_for(
    requirement: str, outcome: str, operation: Operation, segment: Segment
) -> tuple[Span, ...]:
    if requirement == "R1":
        return operation.disagreement if outcome == "disagreement" else segment.levels
    if requirement == "R2":
        return _route_spans(segment) or segment.levels
    pathologies = tuple(p.span for p in segment.pathologies)
    return (*pathologies[:4], *segment.treated[:4]) or segment.levels


def _listing(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]
