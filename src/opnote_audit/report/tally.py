"""The sums of a dashboard, taken row by row: nothing of a row is kept but what it counts for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from opnote_audit.checks.result import AuditResult
from opnote_audit.report.rows import Row

VERDICTS = ("supported", "needs_review", "deficient", "not_applicable", "error")
STATUSES = ("pass", "warn", "fail", "na")
BINS = 10


def units_at_risk(result: AuditResult) -> int:
    """Return the units that stand on weak ground.

    With a claim, the units billed beyond those that the note supports. Without one, the
    further segments that the note tells of, the one it never names included, beyond those that
    it supports. A segment of another family is nobody's unit.
    """
    if result.units_billed is not None:
        return max(0, result.units_billed - result.units_supported)
    told = sum(segment.role == "additional" for segment in result.segments)
    told += any(check.id == "R1" and check.rule == "unnamed" for check in result.checklist)
    return max(told, result.units_possible) - result.units_supported


@dataclass(slots=True)
class Group:
    """The notes of one surgeon, facility and the like."""

    verdicts: Counter[str] = field(default_factory=Counter)
    supported: int = 0
    at_risk: int = 0
    score_sum: float = 0.0
    scored: int = 0

    @property
    def notes(self) -> int:
        """How many notes there are."""
        return sum(self.verdicts.values())

    @property
    def mean_score(self) -> float | None:
        """The mean score of the notes that have one."""
        return round(self.score_sum / self.scored, 1) if self.scored else None

    def add(self, result: AuditResult) -> None:
        """Count one result."""
        self.verdicts[result.verdict] += 1
        self.supported += result.units_supported
        self.at_risk += units_at_risk(result)
        if result.score is not None:
            self.score_sum += result.score
            self.scored += 1


@dataclass(frozen=True, slots=True)
class Finding:
    """An outcome of a requirement that warns or fails, as often as notes have it."""

    check: str
    rule: str
    status: str
    title: str
    advice: str


class Tally:
    """Counts rows as they pass.

    Parameters
    ----------
    group_by
        The carried columns to count by.
    checks
        The requirements' ids, in the order in which they are shown.
    """

    def __init__(self, group_by: Sequence[str], checks: Sequence[str]) -> None:
        self.all = Group()
        self.checks: dict[str, Counter[str]] = {check: Counter() for check in checks}
        self.titles: dict[str, str] = {}
        self.scores = [0] * BINS
        self.possible = 0
        self.billed = 0
        self.claims = 0
        self.findings: Counter[Finding] = Counter()
        self.groups: dict[str, dict[str, Group]] = {name: {} for name in group_by}

    @property
    def notes(self) -> int:
        """How many rows there were."""
        return self.all.notes

    def add(self, row: Row) -> None:
        """Count one row."""
        result = row.result
        self.all.add(result)
        self.possible += result.units_possible
        if result.units_billed is not None:
            self.billed += result.units_billed
            self.claims += 1
        if result.score is not None:
            # A full 100 belongs to the uppermost bin.
            self.scores[min(int(result.score * BINS // 100), BINS - 1)] += 1
        for check in result.checklist:
            self.checks.setdefault(check.id, Counter())[check.status] += 1
            self.titles.setdefault(check.id, check.title)
            if check.status in ("warn", "fail"):
                finding = Finding(check.id, check.rule, check.status, check.title, check.advice)
                self.findings[finding] += 1
        for name, groups in self.groups.items():
            value = row.columns.get(name, "").strip() or "(none given)"
            groups.setdefault(value, Group()).add(result)
