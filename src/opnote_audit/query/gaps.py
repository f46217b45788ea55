"""The gaps of a note: findings that warn or fail, with the record's words about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from opnote_audit.resolve.model import Operation, Segment, Span
from opnote_audit.rules.checklist import Checklist
from opnote_audit.suggest.standing import outcome_at

_BY_SEGMENT = ("R1", "R2", "R3")


@dataclass(frozen=True, slots=True)
class Gap:
    """One outcome of one requirement, at some segments (none for an unnamed one)."""

    requirement: str
    rule: str
    segments: tuple[Segment, ...] = ()


def find_gaps(operation: Operation, checklist: Checklist) -> tuple[Gap, ...]:
    """Return every finding that warns or fails, in the order of the checklist.

    The checklist's own report names the worst finding of each requirement; a question is due
    for each. Applies to notes with further-segment work in view only (not ``not_applicable``).
    """
    bad = {
        (r.id, o.name)
        for r in checklist.requirements
        for o in r.outcomes
        if o.status in ("warn", "fail")
    }
    found: dict[tuple[str, str], list[Segment]] = {}

    def add(requirement: str, rule: str, segment: Segment | None = None) -> None:
        if (requirement, rule) in bad:
            members = found.setdefault((requirement, rule), [])
            if segment is not None:
                members.append(segment)

    further = operation.additional
    for requirement in _BY_SEGMENT:
        for segment in further:
            add(requirement, outcome_at(operation, segment, requirement), segment)
    if operation.unnamed:
        add("R1", "unnamed")
        if not operation.unnamed_named_approach:
            add("R2", "described")
        if not operation.unnamed_pathology:
            add("R3", "missing")
    elif not further:
        add("R1", "no_segment")
        add("R2", "no_segment")
    add("R4", outcome_at(operation, None, "R4"), operation.primary)
    family = [s for s in operation.segments if s.role in ("primary", "additional")]
    for member in family:
        add("R5", outcome_at(operation, member, "R5"), member)
    if not family:
        add("R5", outcome_at(operation, None, "R5"))
    order = [r.id for r in checklist.requirements]
    gaps = (Gap(requirement, rule, tuple(s)) for (requirement, rule), s in found.items())
    return tuple(sorted(gaps, key=lambda gap: order.index(gap.requirement)))


def words_of(gap: Gap, kind: str, operation: Operation) -> tuple[Span, ...]:
    """Return the record's words of one kind about a gap (kinds as in the template file)."""
    if kind == "disagreement":
        return operation.disagreement
    if kind == "unnamed":
        return operation.unnamed if not gap.segments else ()
    if kind == "fusion":
        return operation.fusion.spans
    return tuple(dict.fromkeys(span for s in gap.segments for span in _OF_SEGMENT[kind](s)))


def _pathologies(segment: Segment) -> Iterable[Span]:
    return (p.span for p in segment.pathologies)


_OF_SEGMENT: dict[str, Callable[[Segment], Iterable[Span]]] = {
    "act": lambda s: s.treated,
    "denied": lambda s: s.denied,
    "heading": lambda s: s.heading,
    "level": lambda s: s.levels,
    "other_route": lambda s: s.other_route,
    "pathology": _pathologies,
    "route": lambda s: (*s.named, *s.pedicle, *s.other_route),
}
