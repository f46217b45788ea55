"""Made-up results for the report tests, written as annotated text."""

from __future__ import annotations

import re

from opnote_audit.checks.result import (
    AuditResult,
    CheckResult,
    Evidence,
    Fusion,
    SegmentResult,
)
from opnote_audit.read import Note

_TAG = re.compile(r"<(/?)(\w+)>")


def annotated(marked: str) -> tuple[str, dict[str, Evidence]]:
    """Return the text without its tags, and the evidence under each tag's name.

    ``"the <act>T9 pedicle</act> was drilled"`` gives the plain words and ``act``'s span.
    """
    text, at = "", 0
    spans: dict[str, Evidence] = {}
    opened: dict[str, int] = {}
    for tag in _TAG.finditer(marked):
        text += marked[at : tag.start()]
        at = tag.end()
        if tag[1]:
            start = opened.pop(tag[2])
            spans[tag[2]] = Evidence(start, len(text), text[start:], "narrative")
        else:
            opened[tag[2]] = len(text)
    return text + marked[at:], spans


NOTE_TEXT, SPANS = annotated(
    "PROCEDURE: Transpedicular decompression T9 and T10.\n"
    "DESCRIPTION:\n"
    "Attention was turned to T9. The left pedicle was drilled away and through this corridor\n"
    "\tthe disc was removed. <act>We then went on to T10</act>, and opened it.\n"
)

NOTE = Note(NOTE_TEXT, "op-1", "notes/op-1.txt", "utf-8")

DEFICIENT = AuditResult(
    note_id="op-1",
    source="notes/op-1.txt",
    verdict="deficient",
    score=62.5,
    units_supported=0,
    units_possible=1,
    primary_code="63055",
    primary_segment="T9",
    approach="transpedicular",
    segments=(
        SegmentResult(
            "T9", "thoracic", "primary", "transpedicular", ("disc_herniation",), True, True
        ),
        SegmentResult("T10", "thoracic", "additional", "posterior", (), True, False),
    ),
    fusion=Fusion(True, "posterolateral", ("T9-T10",)),
    checklist=(
        CheckResult("R1", "pass", "T10 is named."),
        CheckResult(
            "R2",
            "fail",
            "At T10 the approach is not named.",
            (SPANS["act"],),
            title="Approach",
            advice="Ask the surgeon which corridor was used at T10.",
            rule="unnamed",
            segments=("T10",),
        ),
        CheckResult("R5", "warn", "Fused at the same level.", advice="Name the levels."),
    ),
)

NOT_APPLICABLE = AuditResult(
    note_id="op-2",
    source="op-2.txt",
    verdict="not_applicable",
    checklist=tuple(CheckResult(f"R{n}", "na", "Nothing of this family.") for n in range(1, 6)),
)
