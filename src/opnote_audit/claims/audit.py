"""A claim held against the audit of its note: C1 to C8, the verdict with a claim, the costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from opnote_audit import spine
from opnote_audit.checks.checklist import checklist_in
from opnote_audit.checks.result import CODE, AuditResult, CheckResult, Status, Verdict
from opnote_audit.claims.checks import CHECKS, Case, Finding, listing
from opnote_audit.claims.cost import Cost, Rates, sentence
from opnote_audit.claims.model import Claim, ClaimLine
from opnote_audit.claims.result import (
    ClaimCheckResult,
    ClaimedResult,
    Denial,
    claimed,
    total_at_risk,
)
from opnote_audit.claims.rules import FIELDS, load_check_rules, load_code_rules
from opnote_audit.diagnoses import DiagnosisFinder
from opnote_audit.diagnoses.rules import claims_dir
from opnote_audit.fees import load_fees
from opnote_audit.paths import patterns_dir
from opnote_audit.rules.checklist import Checklist

_RANK: dict[str, int] = {"na": 0, "pass": 1, "warn": 2, "fail": 3}
_ADDITIONAL = ("R1", "R2", "R3", "R5")


class ClaimAuditor:
    """Holds claims against audits of notes; built once, used for every claim.

    Parameters
    ----------
    patterns
        A folder of rule files; ours where it is left out, or lacks claims or cards.
    rates
        The fee table with which costs are told; the newest of the cards when left out.

    Raises
    ------
    RuleFileError
        A rule file that cannot be used; the message names file and entry.
    """

    def __init__(self, patterns: Path | None = None, rates: Rates | None = None) -> None:
        folder = claims_dir(patterns)
        ours = patterns_dir()
        self._codes = load_code_rules(folder)
        self._rules = load_check_rules(folder)
        self._finder = DiagnosisFinder(patterns)
        base = patterns if patterns is not None and (patterns / "checklists").is_dir() else ours
        self._checklist: Checklist = checklist_in(base)
        self._rates = rates or Rates(load_fees(cards_dir(patterns)))

    def audit(self, result: AuditResult, claim: Claim, text: str = "") -> AuditResult:
        """Return the audit of a note with its claim.

        Parameters
        ----------
        result
            The audit of the note alone; an error comes back as it is.
        claim
            The claim that bills for it.
        text
            The note, in which signs (myelopathy ...) are looked for; without it the diagnosis
            candidates know only the pathologies.

        Returns
        -------
        ClaimedResult
            R1 to R5 as the claim leaves them, then C1 to C8; ``units_billed``, verdict and
            score with the claim; denials and costs.

        Raises
        ------
        OpnoteError
            The ICD-10-CM tables are not installed.
        """
        if result.verdict == "error":
            return result
        billed = claim.units_of(CODE)
        note = self._applicable(result) if self._hidden(result, billed) else result
        diagnoses = self._finder.candidates(note, text)
        case = Case(note, claim, self._codes, self._finder, diagnoses)
        found = [(name, check(case)) for name, check in CHECKS.items()]
        requirements = [self._requirement(check, case) for check in note.checklist]
        checks = (*requirements, *(self._check(name, f, case) for name, f in found))
        additional = [s.segment for s in case.additional]
        return claimed(
            note,
            units_billed=billed,
            checklist=checks,
            verdict=_verdict(note, checks),
            score=self._score(note, requirements),
            claim=claim,
            rates=self._rates,
            denials=self._denials(checks, claim, additional),
            at_risk=total_at_risk(checks, claim, additional, self._rates),
            diagnoses=diagnoses,
        )

    @staticmethod
    def _hidden(result: AuditResult, billed: int) -> bool:
        return (result.verdict == "not_applicable" or result.suspected) and billed > 0

    def _applicable(self, result: AuditResult) -> AuditResult:
        """Return a note without further segments as judged when 63057 is billed for it.

        Billed further-segment work makes such a note deficient (domain notes, section 2); the
        requirements come out as for a note that lists 63057 itself and shows none.
        """
        outcomes = {
            "R1": "no_segment",
            "R2": "no_segment",
            "R3": "untreated",
            "R4": "present" if result.primary_code else "missing",
            "R5": _fusion(result),
        }
        primary = result.primary_segment or "(level not named)"
        checks = []
        for requirement in self._checklist.requirements:
            outcome = requirement.outcome(outcomes[requirement.id])
            message = outcome.message.format(
                segments=(primary if requirement.id == "R5" else "a further segment"),
                routes=result.approach.replace("_", " "),
                primary=primary,
                code=result.primary_code or "",
                stated="",
                fused=listing(result.fusion.segments) or "levels not named",
            )
            checks.append(
                CheckResult(
                    requirement.id,
                    outcome.status,
                    message,
                    result.approach_evidence,
                    title=requirement.title,
                    advice=outcome.advice,
                    rule=outcome.name,
                )
            )
        return replace(result, checklist=tuple(checks), score=0.0)

    def _requirement(self, check: CheckResult, case: Case) -> CheckResult:
        """Return a requirement of the note as the claim leaves it, with what it puts at risk."""
        if check.id == "R4" and check.status != "na":
            check = self._primary(check, case)
        if check.status not in ("warn", "fail") or not case.billed:
            return check
        risk: dict[str, int] = {}
        lines: tuple[ClaimLine, ...] = case.add_on
        if check.id == "R4":
            risk = {CODE: case.billed}
        elif check.id in _ADDITIONAL:
            further = {s.segment for s in case.family if s.role == "additional"}
            hit = len(further & set(check.segments)) or int(not check.segments)
            if check.rule in ("no_segment", "untreated") and not further:
                hit = case.billed
            if hit:
                risk[CODE] = min(hit, case.billed)
            if check.id == "R5" and case.result.primary_segment in check.segments:
                lines = (*case.primaries, *lines)
                risk |= {line.code: line.units for line in case.primaries}
        costs = self._rates.costs(risk)
        return self._costed(check, lines, costs)

    def _primary(self, check: CheckResult, case: Case) -> CheckResult:
        """R4 with a claim: 63055 or 63056 is on it, and of the region where the work began."""
        result = case.result
        on_claim = {line.code for line in case.primaries}
        if not on_claim:
            name = "claim_lacks_primary"
        elif check.status == "pass" and result.primary_code and result.primary_code not in on_claim:
            name = "claim_other_region"
        else:
            return check
        if check.status == "fail":
            # What the note lacks stays the finding; the claim's lack is C1's.
            return check
        outcome = self._rules.check("R4").outcome(name)
        words = self._words(case, {"primary_lines": listing(case.primaries)})
        return replace(
            check,
            status=outcome.status,
            message=outcome.message.format(**words),
            advice=outcome.advice.format(**words),
            rule=outcome.name,
        )

    def _check(self, name: str, finding: Finding, case: Case) -> CheckResult:
        rule = self._rules.check(name)
        outcome = rule.outcome(finding.outcome)
        words = self._words(case, {"lines": listing(finding.lines), **finding.words})
        check = CheckResult(
            name,
            outcome.status,
            outcome.message.format(**words),
            finding.evidence,
            title=rule.title,
            advice=outcome.advice.format(**words),
            rule=outcome.name,
            segments=finding.segments,
        )
        risk = self._rates.costs(finding.risk)
        worth = self._rates.costs(finding.worth)
        return self._costed(check, finding.lines, risk, worth)

    def _words(self, case: Case, words: dict[str, str]) -> dict[str, str]:
        result = case.result
        code = result.primary_code or "none is documented"
        where = result.primary_segment or "a level not named"
        common = {
            "note_primary": f"{code} at {where}" if result.primary_code else code,
            "note_segment": where,
        }
        return {**dict.fromkeys(FIELDS, ""), **common, **words}

    def _costed(
        self,
        check: CheckResult,
        lines: tuple[ClaimLine, ...],
        risk: tuple[Cost, ...],
        worth: tuple[Cost, ...] = (),
    ) -> ClaimCheckResult:
        troubled = check.status in ("warn", "fail")
        message = check.message
        if troubled and risk:
            message += f"; at risk: {sentence(risk)}"
        elif troubled and worth:
            message += f"; worth {sentence(worth)}"
        return ClaimCheckResult(
            check.id,
            check.status,
            message,
            check.evidence,
            title=check.title,
            advice=check.advice,
            rule=check.rule,
            segments=check.segments,
            claim_lines=lines,
            denial=self._rules.denial(check.id) if troubled and risk else None,
            at_risk=risk if troubled else (),
            worth=worth,
        )

    def _score(self, result: AuditResult, checks: Sequence[CheckResult]) -> float | None:
        """Return the score with what the claim changed of R4, or of a note judged anew."""
        if result.score is None:
            return None
        weights = {r.id: r.weight for r in self._checklist.requirements}
        worth = {"pass": 1.0, "warn": self._checklist.warn_earns, "fail": 0.0}
        before = {check.id: check.status for check in result.checklist}
        counted = [c for c in checks if c.id in weights and c.status != "na"]
        total = sum(weights[c.id] for c in counted)
        if not total:
            return result.score
        if all(before.get(name) == "fail" for name in ("R1", "R2", "R3")) and not result.score:
            earned = sum(weights[c.id] * worth[c.status] for c in counted)
            return round(100 * earned / total, 1)
        lost = sum(
            weights[c.id] * (worth[before[c.id]] - worth[c.status])
            for c in counted
            if before.get(c.id, "na") != "na"
        )
        return round(max(result.score - 100 * lost / total, 0.0), 1)

    def _denials(
        self, checks: Sequence[CheckResult], claim: Claim, additional: Sequence[str]
    ) -> tuple[Denial, ...]:
        found: dict[str, list[ClaimCheckResult]] = {}
        for check in checks:
            if isinstance(check, ClaimCheckResult) and check.denial and check.status == "fail":
                found.setdefault(check.denial, []).append(check)
        return tuple(
            Denial(
                reason,
                tuple(check.id for check in same),
                total_at_risk(same, claim, additional, self._rates),
            )
            for reason, same in found.items()
        )


def cards_dir(patterns: Path | None) -> Path:
    """Return the folder of cards with the fee table: that of ``patterns`` if it has one."""
    if patterns is not None and (patterns / "cards").is_dir():
        return patterns / "cards"
    return patterns_dir() / "cards"


def _verdict(result: AuditResult, checks: Sequence[CheckResult]) -> Verdict:
    """Return the verdict over the note's and the claim's findings (domain notes, section 2)."""
    if all(c.status == "na" for c in checks if c.id.startswith("R")):
        # No further segment is documented, hinted at or billed: other findings stand for
        # themselves, and the note stays outside of 63057.
        return result.verdict
    worst: Status = max((c.status for c in checks), key=lambda status: _RANK[status])
    if worst == "fail":
        return "deficient"
    return "needs_review" if worst == "warn" or not result.units_supported else "supported"


def _fusion(result: AuditResult) -> str:
    """Return R5's outcome from the result alone, for a note that was not applicable."""
    fusion = result.fusion
    if not fusion.performed:
        return "no_fusion"
    interbody = fusion.type == "interbody"
    if not fusion.segments:
        return "interbody_without_level" if interbody else "fusion_without_level"
    name = result.primary_segment
    if name is None:
        return "fusion_without_level"
    if any(spine.overlap(name, fused) for fused in fusion.segments):
        return "interbody_same" if interbody else "posterolateral"
    return "apart"


__all__ = ["ClaimAuditor", "ClaimedResult", "cards_dir"]
