"""What worklists and dashboards need of a batch's row, and how they find out its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Protocol

from opnote_audit.checks.result import AuditResult

# Rows are looked at once, as they come: columns have to be known before the first is written.
_PEEK = 200
_REQUIREMENTS = ("R1", "R2", "R3", "R4", "R5")


class Row(Protocol):
    """A row of a batch (:class:`opnote_audit.batch.rows.BatchRow` is one)."""

    @property
    def result(self) -> AuditResult:
        """What the audit found."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns carried through from the input table, the same in every row."""

    @property
    def page(self) -> str | None:
        """The note's page relative to the report's folder, if there is one."""

    @property
    def reviewer(self) -> str:
        """Who decided; empty until somebody has."""

    @property
    def decision(self) -> str:
        """What was decided; empty until somebody has."""

    @property
    def comment(self) -> str:
        """Why; empty until somebody has said so."""


class Layout:
    """The columns of a batch, learnt from its first rows.

    Attributes
    ----------
    carried
        The names of the columns carried through, in their order.
    checks
        The ids of the requirements and claim checks: R1 to R5 always, others where a row among
        the first has them.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.carried = list(dict.fromkeys(name for row in rows for name in row.columns))
        found = dict.fromkeys(check.id for row in rows for check in row.result.checklist)
        self.checks = [*_REQUIREMENTS, *sorted(set(found) - set(_REQUIREMENTS), key=_natural)]


def _natural(check: str) -> tuple[str, int, str]:
    letters = check.rstrip("0123456789")
    digits = check[len(letters) :]
    return letters, int(digits) if digits else 0, check


def laid_out(rows: Iterable[Row]) -> tuple[Layout, Iterator[Row]]:
    """Return the columns of ``rows``, and all of the rows, still to be gone through once."""
    iterator = iter(rows)
    first = list(islice(iterator, _PEEK))
    return Layout(first), chain(first, iterator)
