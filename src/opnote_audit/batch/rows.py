"""One row of a batch: what worklists, dashboards and tables show of one note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opnote_audit.checks.result import AuditResult


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One input of a batch and its result. Rows come in input order, one at a time.

    Whoever takes an iterable of rows goes through it once and keeps of each row only what it
    shows: a result with its evidence weighs tens of kilobytes, and a batch has 100,000.

    Parameters
    ----------
    number
        The input's place in the batch, counted from one.
    result
        What the audit found. In a redacted batch the evidence has offsets and no text.
    columns
        The columns carried through from the input table (surgeon, facility, date ...), all rows
        of a batch with the same names in the same order; empty for folders and files.
    page
        The note's page as a path relative to the batch's folder, with forward slashes
        (``notes/op-7.html``); ``None`` without pages.
    reviewer, decision, comment
        What a person put down; empty until somebody has.
    """

    number: int
    result: AuditResult
    columns: Mapping[str, str] = field(default_factory=dict)
    page: str | None = None
    reviewer: str = ""
    decision: str = ""
    comment: str = ""
