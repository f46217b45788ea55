"""The result of an audit with a claim: the contract's object with a few fields more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from opnote_audit.checks.result import AuditResult, CheckResult
from opnote_audit.claims.cost import Cost, Rates
from opnote_audit.claims.model import Claim, ClaimLine
from opnote_audit.diagnoses import SegmentDiagnoses


@dataclass(frozen=True, slots=True)
class ClaimCheckResult(CheckResult):
    """A finding with a claim at hand.

    ``claim_lines`` are the lines concerned, ``denial`` the denial reason that it foresees
    (the topic of ``opnote-audit explain``), ``at_risk`` what that would cost, ``worth`` what
    units left out would bring.
    """

    claim_lines: tuple[ClaimLine, ...] = ()
    denial: str | None = None
    at_risk: tuple[Cost, ...] = ()
    worth: tuple[Cost, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's checklist object, with lines, denial and costs."""
        # slots=True makes a new class, which the short super() would not find.
        out = CheckResult.to_dict(self)
        out["claim_lines"] = [line.to_dict() for line in self.claim_lines]
        out["denial"] = self.denial
        out["at_risk"] = [cost.to_dict() for cost in self.at_risk]
        if self.worth:
            out["worth"] = [cost.to_dict() for cost in self.worth]
        return out


@dataclass(frozen=True, slots=True)
class Denial:
    """A denial that is foreseen: its reason, the findings that say so, what it would cost."""

    reason: str
    checks: tuple[str, ...]
    at_risk: tuple[Cost, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the denial as plain JSON data."""
        return {
            "reason": self.reason,
            "checks": list(self.checks),
            "at_risk": [cost.to_dict() for cost in self.at_risk],
        }


@dataclass(frozen=True, slots=True)
class ClaimedResult(AuditResult):
    """The audit of a note with its claim.

    ``denials`` are foreseen from what fails; ``at_risk`` is everything on the claim that
    some finding, failing or warning, puts at risk, each unit counted once; ``diagnoses``
    are the note's candidates by segment.
    """

    claim: Claim | None = None
    rates: Rates | None = None
    denials: tuple[Denial, ...] = ()
    at_risk: tuple[Cost, ...] = ()
    diagnoses: tuple[SegmentDiagnoses, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's object, with the claim, the denials and the diagnoses."""
        out = AuditResult.to_dict(self)
        out["claim"] = None
        if self.claim is not None:
            out["claim"] = {
                **self.claim.to_dict(),
                "denials": [denial.to_dict() for denial in self.denials],
                "at_risk": [cost.to_dict() for cost in self.at_risk],
                "rates": None if self.rates is None else self.rates.to_dict(),
            }
        out["diagnoses"] = [one.to_dict() for one in self.diagnoses]
        return out


def claimed(result: AuditResult, **changes: Any) -> ClaimedResult:
    """Return ``result`` as one with a claim, with some fields changed."""
    if isinstance(result, ClaimedResult):
        return replace(result, **changes)
    values = {item.name: getattr(result, item.name) for item in fields(AuditResult)}
    return ClaimedResult(**{**values, **changes})


def total_at_risk(
    checks: Sequence[CheckResult], claim: Claim, additional: Sequence[str], rates: Rates
) -> tuple[Cost, ...]:
    """Return all that the findings put at risk, each unit of a code counted once.

    Findings about different segments add up; findings about the same ones, or about the
    whole line, do not. No more than the claim bills.
    """
    found = [c for c in checks if isinstance(c, ClaimCheckResult) and c.at_risk]
    units: dict[str, int] = {}
    for check in found:
        for cost in check.at_risk:
            units[cost.code] = max(units.get(cost.code, 0), cost.units)
    concerned = {name for c in found for name in c.segments if name in additional}
    if "63057" in units:
        units["63057"] = max(units["63057"], len(concerned))
    return rates.costs({code: min(count, claim.units_of(code)) for code, count in units.items()})
