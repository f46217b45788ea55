"""A note that tries everything at once, its audit, and rows of a batch, for the page tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from report_samples import annotated

from opnote_audit.checks.result import (
    AuditResult,
    CheckResult,
    Evidence,
    Fusion,
    SegmentResult,
    error_result,
)
from opnote_audit.read import Note

EVIL = "<script>window.pwned=1</script>"
HOSTILE = [
    EVIL,
    '"><img src=x onerror=window.pwned=1>',
    "'\"` onmouseover=window.pwned=1 x='",
    "javascript:window.pwned=1",
    "//host.example/x",
    "</title></style></textarea><svg onload=window.pwned=1>",
    "{{ 7 * 7 }}{% raw %}",
    "--><!--",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "a\u202eb\u2066c",
    "nul\x00 esc\x1b[31m bell\x07",
    "lone \ud800 surrogate",
]

TEXT, SPANS = annotated(
    "PREOPERATIVE DIAGNOSIS: <dx>Disc herniation</dx> T9-T10, \U0001f9b4 bone"
    " \u05d0\u05d1\u05d2 abc.\r\n"
    "PROCEDURE PERFORMED: <head><named>Transpedicular</named> decompression <lev>T9</lev></head>"
    " and T10.\r"
    "DESCRIPTION OF PROCEDURE:\n"
    "\tThe left <outer>T9 <inner>pedicle</inner> was</outer> drilled; NUL \x00, BEL \x07, C1 \x85,"
    " lone \ud83d, override \u202edesrever\u202c, sep \u2028 \"quoted\" 'q' &amp; javascript:1\n"
    "<script type=module>window.pwned=1</script ><img src=x onerror=window.pwned=1>\n"
    "Then <b1>we went <cross>on to</b1> T10</cross> and opened it with <cage>a cage</cage>.\n"
    "=cmd|' /C calc'!A0\n"
)
NOTE = Note(TEXT, f"op {EVIL}", "notes/op<1>.txt", "utf-8")


def cited(name: str, kind: str) -> Evidence:
    return replace(SPANS[name], kind=kind)


RESULT = AuditResult(
    note_id=NOTE.note_id,
    source=NOTE.source,
    verdict="deficient",
    score=62.5,
    units_supported=0,
    units_possible=1,
    primary_code="63055",
    primary_segment="T9",
    approach="transpedicular",
    approach_evidence=(cited("named", "approach"), cited("head", "approach")),
    segments=(
        SegmentResult(
            "T9",
            "thoracic",
            "primary",
            "transpedicular",
            ("disc_herniation",),
            True,
            True,
            (cited("lev", "level"), cited("inner", "pedicle"), cited("dx", "pathology")),
        ),
        SegmentResult(
            "T10", "thoracic", "additional", "posterior", (), True, False, (cited("b1", "laminar"),)
        ),
    ),
    fusion=Fusion(True, "posterolateral", ("T9-T10", "T10-T11")),
    checklist=(
        CheckResult("R1", "pass", "T10 is named.", (cited("cross", "level"),), title="Levels"),
        CheckResult(
            "R2",
            "fail",
            f"At T10 the approach is not named {EVIL}",
            (cited("b1", "approach"), cited("cross", "level"), cited("outer", "approach")),
            title="Approach",
            advice="Ask which corridor was used.",
            rule="described",
            segments=("T10",),
        ),
        CheckResult("R3", "fail", "No pathology.", (), rule="missing", segments=("T10",)),
        CheckResult("R4", "pass", "T9 is there.", (cited("named", "approach"),)),
        CheckResult("R5", "warn", "Fused.", (cited("cage", "fusion"),), advice="Say why."),
    ),
)


def as_shown(text: str) -> str:
    """The note as a page holds it: NUL and lone surrogates by their stand-ins."""
    return "".join(
        "\u2400" if char == "\x00" else "\ufffd" if "\ud800" <= char <= "\udfff" else char
        for char in text
    )


@dataclass(frozen=True)
class SampleRow:
    result: AuditResult
    columns: dict[str, str] = field(default_factory=dict)
    page: str | None = None
    reviewer: str = ""
    decision: str = ""
    comment: str = ""


def supported(note_id: str = "op-s", units: int = 1) -> AuditResult:
    further = tuple(
        SegmentResult(
            f"T{10 + n}", "thoracic", "additional", "transpedicular", ("tumor",), True, True
        )
        for n in range(units)
    )
    return AuditResult(
        note_id=note_id,
        source=f"{note_id}.txt",
        verdict="supported",
        score=100.0,
        units_supported=units,
        units_possible=units,
        primary_code="63055",
        primary_segment="T9",
        approach="transpedicular",
        segments=(
            SegmentResult("T9", "thoracic", "primary", "transpedicular", ("tumor",), True, True),
            *further,
        ),
        checklist=(
            *(CheckResult(f"R{n}", "pass", "It is.", title=f"Title {n}") for n in range(1, 5)),
            CheckResult("R5", "na", "No arthrodesis."),
        ),
    )


def not_applicable(note_id: str = "op-n") -> AuditResult:
    return AuditResult(
        note_id=note_id,
        source=f"{note_id}.txt",
        verdict="not_applicable",
        checklist=tuple(CheckResult(f"R{n}", "na", "Not of this family.") for n in range(1, 6)),
    )


def failed(note_id: str = "op-e") -> AuditResult:
    return error_result(note_id, f"{note_id}.pdf", "looks like a scan; there is no text in it")
