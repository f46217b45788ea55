"""The checklist of 63057, loaded for whoever needs it."""

from __future__ import annotations

from pathlib import Path

from opnote_audit.checks.predicates import OUTCOMES
from opnote_audit.checks.result import CODE
from opnote_audit.rules.checklist import Checklist, load_checklist


def checklist_in(patterns: Path) -> Checklist:
    """Return the checklist in a folder of rule files.

    Raises
    ------
    RuleFileError
        If it is missing or broken; the message names the file and the entry.
    """
    return load_checklist(patterns / "checklists" / f"{CODE}.json", OUTCOMES)
