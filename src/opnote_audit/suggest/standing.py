"""How each transpedicular segment stands with each requirement, one outcome a segment.

The audit's checklist reports a requirement once, at its worst. A claim line and a question to
the surgeon are about one segment, so here the same predicates are asked segment by segment.
"""

from __future__ import annotations

from dataclasses import dataclass

from opnote_audit.checks import predicates
from opnote_audit.checks.result import Status
from opnote_audit.resolve.model import Operation, Segment
from opnote_audit.rules.checklist import Checklist

_WORST_FIRST: tuple[Status, ...] = ("fail", "warn")
_OF_THE_NOTE = ("R4", "R5")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one requirement came to at one segment.

    ``rule`` is the outcome's name in the checklist file, ``message`` and ``advice`` its words
    there, with the message's fields filled.
    """

    requirement: str
    rule: str
    status: Status
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A segment of the family and its outcomes, in the order of the checklist."""

    segment: Segment
    outcomes: tuple[Outcome, ...]

    @property
    def state(self) -> Status:
        """The worst status of all outcomes; ``na`` counts as ``pass``."""
        found: set[Status] = {o.status for o in self.outcomes}
        return next((s for s in _WORST_FIRST if s in found), "pass")

    @property
    def problems(self) -> tuple[Outcome, ...]:
        """The outcomes that warn or fail."""
        return tuple(o for o in self.outcomes if o.status in ("warn", "fail"))


def standings(operation: Operation, checklist: Checklist) -> tuple[Standing, ...]:
    """Return the primary's standing, then that of each further segment, offered ones included.

    The primary answers for R4 and R5 only: R1 to R3 are about further segments (domain notes,
    section 2). A further segment answers for all five, R4 being the note's.
    """
    out = []
    if operation.primary is not None:
        out.append(_standing(operation, operation.primary, checklist, _OF_THE_NOTE))
    everything = tuple(r.id for r in checklist.requirements)
    out += [_standing(operation, s, checklist, everything) for s in operation.additional]
    return tuple(out)


def outcome_at(operation: Operation, segment: Segment | None, requirement: str) -> str:
    """Return the name of a requirement's outcome at a segment.

    Parameters
    ----------
    operation
        The operation as resolved.
    segment
        The segment; ``None`` only for R4 and R5, which can be asked of a note without one.
    requirement
        ``R1`` to ``R5``.

    Raises
    ------
    ValueError
        R1, R2 or R3 without a segment, or a requirement that no predicate judges.
    """
    if requirement == "R4":
        return predicates.primary(operation)
    if requirement == "R5":
        return predicates.fusion(operation, segment)
    by_segment = {
        "R1": predicates.levels,
        "R2": predicates.approach,
        "R3": predicates.pathology,
    }
    if segment is None or requirement not in by_segment:
        raise ValueError(f"no predicate judges {requirement} without a segment")
    return by_segment[requirement](operation, segment)


def describe(
    operation: Operation, checklist: Checklist, requirement: str, rule: str, segment: str
) -> Outcome:
    """Return an outcome with the checklist's words for it."""
    found = next(r for r in checklist.requirements if r.id == requirement).outcome(rule)
    primary = operation.primary
    message = found.message.format(
        segments=segment,
        routes=next(
            (s.approach.replace("_", " ") for s in operation.segments if s.name == segment), ""
        ),
        primary=primary.name if primary else "(level not named)",
        code=operation.primary_code or "",
        stated=operation.stated_primary or "",
        fused=", ".join(operation.fusion.segments) or "levels not named",
    )
    return Outcome(requirement, rule, found.status, message, found.advice)


def _standing(
    operation: Operation, segment: Segment, checklist: Checklist, requirements: tuple[str, ...]
) -> Standing:
    outcomes = (
        describe(operation, checklist, r, outcome_at(operation, segment, r), segment.name)
        for r in requirements
    )
    return Standing(segment, tuple(outcomes))
