"""The checklist on literal operations: every row of the domain notes' table (section 2).

No note is read here. ``Operation`` is plain data, so each row says in one line what was done and
what the audit must make of it; scores are worked out by hand from the weights 25, 25, 25, 15, 10
(a warning earns half; ``na`` leaves the sum).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opnote_audit.checks.audit import Auditor, pathology_labels
from opnote_audit.checks.predicates import OUTCOMES
from opnote_audit.checks.result import AuditResult
from opnote_audit.paths import patterns_dir
from opnote_audit.resolve.model import FusionFact, Operation, Pathology, Segment, Span
from opnote_audit.rules.checklist import load_checklist

TEXT = "The words of a note that stand behind the spans of these operations, one after another."
AUDITOR = Auditor(load_checklist(patterns_dir() / "checklists" / "63057.json", OUTCOMES))
HERE = (Span(0, 9, "approach"),)
TUMOR = (Pathology("tumor", Span(10, 14, "pathology")),)
WEAK = (Pathology("bare_compression", Span(10, 14, "pathology"), weak=True),)


def seg(name: str, role: str = "additional", **changes: Any) -> Segment:
    """Return a segment with nothing to find fault with, but for ``changes``."""
    sound: dict[str, Any] = {
        "approach": "transpedicular",
        "naming": "named",
        "named": HERE,
        "pedicle": HERE,
        "treated": (Span(15, 20, "act"),),
        "levels": (Span(21, 23, "level"),),
        "pathologies": TUMOR,
    }
    return Segment(name, role, **(sound | changes))


FIRST = seg("T9", "primary")
NEXT = seg("T10")
IN_HEADING_ONLY: dict[str, Any] = {"named": (), "pedicle": (), "heading": HERE}


def other(name: str, approach: str) -> Segment:
    """Return a level offered as an additional one that was done by another corridor."""
    return seg(name, "other", approach=approach, named=(), pedicle=(), other_route=HERE,
               offered=HERE)  # fmt: skip


def done(*segments: Segment, **changes: Any) -> Operation:
    """Return an operation on ``segments``; the first primary decides the code."""
    first = next((s for s in segments if s.role == "primary"), None)
    code = None if first is None else "63056" if first.name.startswith("L") else "63055"
    facts: dict[str, Any] = {
        "approach": segments[0].approach if segments else "none",
        "primary_code": code,
        "segments": segments,
    }
    return Operation(True, **(facts | changes))


def fused(type_: str, *segments: str) -> FusionFact:
    inner = segments if type_ == "interbody" else ()
    return FusionFact(True, type_, segments, HERE, (), inner, type_ == "interbody")


def audit(operation: Operation) -> AuditResult:
    return AUDITOR.audit(operation, TEXT, lambda offset: "narrative", "literal")


def check(
    result: AuditResult, statuses: str, verdict: str, score: float | None, units: str
) -> None:
    """Compare a result with a row: R1 to R5, verdict, score, units supported/possible."""
    assert " ".join(c.status for c in result.checklist) == statuses
    assert result.verdict == verdict
    assert result.score == (None if score is None else pytest.approx(score, abs=0.05))
    assert f"{result.units_supported}/{result.units_possible}" == units


OK = "pass pass pass pass na"


@pytest.mark.parametrize(
    ("operation", "statuses", "verdict", "score", "units"),
    [
        pytest.param(*case[1:], id=case[0])
        for case in [
            ("nothing to find fault with", done(FIRST, NEXT), OK, "supported", 100.0, "1/1"),
            ("two units", done(FIRST, NEXT, seg("T11")), OK, "supported", 100.0, "2/2"),

            # R1: every additional segment is named by vertebral level.
            ("R1 level only in the heading", done(FIRST, seg("T10", naming="heading")),
             "warn pass pass pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R1 bare range", done(FIRST, seg("T10", naming="range")),
             "warn pass pass pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R1 level that only follows from another", done(FIRST, seg("T10", naming="inferred")),
             "warn pass pass pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R1 one of several levels in hand", done(FIRST, seg("T10", naming="vague")),
             "warn pass pass pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R1 heading and narrative disagree", done(FIRST, NEXT, disagreement=HERE),
             "warn pass pass pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R1 never named",
             done(FIRST, unnamed=HERE, unnamed_named_approach=True, unnamed_pathology=True),
             "fail pass pass pass na", "deficient", 65 / 0.9, "0/0"),
            ("R1 the primary's level is not asked about",
             done(seg("T9", "primary", naming="heading"), NEXT), OK, "supported", 100.0, "1/1"),

            # R2: the approach is named transpedicular.
            ("R2 named in the heading, pedicle work shown",
             done(FIRST, seg("T10", named=(), heading=HERE)), OK, "supported", 100.0, "1/1"),
            ("R2 named in the heading only", done(FIRST, seg("T10", **IN_HEADING_ONLY)),
             "pass warn pass pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R2 lumbar transfacet or far lateral",
             done(seg("L3-L4", "primary"),
                  seg("L4-L5", approach="transfacet_extraforaminal", named=(), pedicle=())),
             "pass warn pass pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R2 pedicle taken, never named",
             done(FIRST, seg("T10", approach="transpedicular_described", named=())),
             "pass fail pass pass na", "deficient", 65 / 0.9, "0/0"),
            ("R2 offered, done by laminectomy", done(FIRST, other("T10", "posterior")),
             "pass fail pass pass na", "deficient", 65 / 0.9, "0/0"),
            ("R2 offered, done by costotransversectomy",
             done(FIRST, other("T10", "costovertebral_extracavitary")),
             "pass fail pass pass na", "deficient", 65 / 0.9, "0/0"),
            ("R2 offered, done from in front", done(FIRST, other("T10", "anterior_lateral")),
             "pass fail pass pass na", "deficient", 65 / 0.9, "0/0"),

            # R3: pathology is present and treated.
            ("R3 no pathology", done(FIRST, seg("T10", pathologies=())),
             "pass pass fail pass na", "deficient", 65 / 0.9, "0/0"),
            ("R3 not treated", done(FIRST, seg("T10", treated=())),
             "pass pass fail pass na", "deficient", 65 / 0.9, "0/0"),
            ("R3 bare compression or degeneration", done(FIRST, seg("T10", pathologies=WEAK)),
             "pass pass warn pass na", "needs_review", 77.5 / 0.9, "0/1"),
            ("R3 a real pathology beside a weak one",
             done(FIRST, seg("T10", pathologies=WEAK + TUMOR)), OK, "supported", 100.0, "1/1"),
            ("R3 the primary's pathology is not asked about",
             done(seg("T9", "primary", pathologies=()), NEXT), OK, "supported", 100.0, "1/1"),

            # R4: the primary is there.
            ("R4 lumbar primary by the far lateral corridor",
             done(seg("L2-L3", "primary", approach="transfacet_extraforaminal", named=()),
                  seg("L3-L4")), OK, "supported", 100.0, "1/1"),
            ("R4 the first pedicle taken but not named",
             done(seg("T9", "primary", approach="transpedicular_described", named=()), NEXT), OK,
             "supported", 100.0, "1/1"),
            ("R4 the first one in the heading only",
             done(seg("T9", "primary", **IN_HEADING_ONLY), NEXT),
             "pass pass pass warn na", "needs_review", 82.5 / 0.9, "0/1"),
            ("R4 the stated primary is of another region",
             done(FIRST, NEXT, stated_primary="63056"),
             "pass pass pass warn na", "needs_review", 82.5 / 0.9, "0/1"),
            ("R4 the first level was done some other way",
             done(seg("T9", "other", approach="posterior", named=(), pedicle=()), NEXT),
             "pass pass pass fail na", "deficient", 75 / 0.9, "0/0"),

            # R5: with an arthrodesis, decompression is at another level.
            ("R5 fused elsewhere", done(FIRST, NEXT, fusion=fused("interbody", "L4-L5")),
             "pass pass pass pass pass", "supported", 100.0, "1/1"),
            ("R5 posterolateral elsewhere",
             done(FIRST, NEXT, fusion=fused("posterolateral", "L4-L5")),
             "pass pass pass pass pass", "supported", 100.0, "1/1"),
            ("R5 interbody at the same level",
             done(FIRST, NEXT, fusion=fused("interbody", "T10-T11")),
             "pass pass pass pass fail", "deficient", 90.0, "0/0"),
            ("R5 interbody with no level", done(FIRST, NEXT, fusion=fused("interbody")),
             "pass pass pass pass fail", "deficient", 90.0, "0/0"),
            ("R5 posterolateral over the level",
             done(FIRST, NEXT, fusion=fused("posterolateral", "T9-T10", "T10-T11")),
             "pass pass pass pass warn", "needs_review", 95.0, "0/1"),
            ("R5 posterolateral with no level", done(FIRST, NEXT, fusion=fused("posterolateral")),
             "pass pass pass pass warn", "needs_review", 95.0, "0/1"),
            ("R5 part of the work dictated elsewhere",
             done(FIRST, NEXT, fusion=FusionFact(elsewhere=HERE)),
             "pass pass pass pass warn", "needs_review", 95.0, "0/1"),

            # Several at once.
            ("everything warns",
             done(seg("T9", "primary", **IN_HEADING_ONLY),
                  seg("T10", naming="heading", pathologies=WEAK, **IN_HEADING_ONLY),
                  fusion=fused("posterolateral", "T9-T10")),
             "warn warn warn warn warn", "needs_review", 50.0, "0/1"),
            ("a failure outweighs a warning",
             done(FIRST, seg("T10", naming="heading", pathologies=())),
             "warn pass fail pass na", "deficient", 52.5 / 0.9, "0/0"),

            # R1 to R3 earn by the share of the additional segments that pass.
            ("one of two lacks a pathology", done(FIRST, NEXT, seg("T11", pathologies=())),
             "pass pass fail pass na", "deficient", 77.5 / 0.9, "1/1"),
            ("one of two warns", done(FIRST, NEXT, seg("T11", naming="heading")),
             "warn pass pass pass na", "needs_review", 83.75 / 0.9, "1/2"),
            ("one of three passes",
             done(FIRST, NEXT, seg("T11", pathologies=()), seg("T12", pathologies=WEAK)),
             "pass pass fail pass na", "deficient", 77.5 / 0.9, "1/2"),
            ("one is named, a further one never is",
             done(FIRST, NEXT, unnamed=HERE, unnamed_named_approach=True, unnamed_pathology=True),
             "fail pass pass pass na", "deficient", 77.5 / 0.9, "1/1"),
            ("fused over one of two",
             done(seg("T8", "primary"), seg("T9"), seg("T12"),
                  fusion=fused("posterolateral", "T12-L1")),
             "pass pass pass pass warn", "needs_review", 95.0, "1/2"),
            ("interbody at the primary only",
             done(seg("L2", "primary"), seg("L4"), fusion=fused("interbody", "L2-L3")),
             "pass pass pass pass fail", "deficient", 90.0, "1/1"),
        ]
    ],
)  # fmt: skip
def test_the_checklist(
    operation: Operation, statuses: str, verdict: str, score: float, units: str
) -> None:
    check(audit(operation), statuses, verdict, score, units)


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(operation, id=name)
        for name, operation in [
            ("no operation", Operation(False)),
            ("nothing done", done()),
            ("one transpedicular segment", done(FIRST)),
            ("a second level openly by laminectomy",
             done(FIRST, replace(other("T10", "posterior"), offered=()))),
            ("laminectomies only",
             done(seg("T9", "other", approach="posterior", named=(), pedicle=()))),
            ("the code in an anterior note",
             done(approach="anterior_lateral", billed=HERE)),
            ("the code in a kyphoplasty note",
             done(approach="percutaneous_transpedicular", billed=HERE)),
            ("a fusion only", done(fusion=fused("interbody", "L4-L5"), approach="posterior")),
        ]
    ],
)  # fmt: skip
def test_not_applicable(operation: Operation) -> None:
    check(audit(operation), "na na na na na", "not_applicable", None, "0/0")


def test_the_code_in_a_note_with_one_transpedicular_segment_is_deficient() -> None:
    result = audit(done(FIRST, billed=HERE))
    assert result.verdict == "deficient"
    assert result.checklist[0].status == "fail"
    assert (result.units_supported, result.units_possible) == (0, 0)


@pytest.mark.parametrize(
    ("segment", "supported"),
    [
        (FIRST, True),
        (NEXT, True),
        (seg("T10", naming="heading"), False),
        (seg("T10", pathologies=WEAK), False),
        (seg("T10", approach="transpedicular_described", named=()), False),
        (other("T10", "posterior"), False),
        (replace(other("T10", "posterior"), offered=()), False),
    ],
)
def test_a_segment_is_supported_when_the_first_three_pass(
    segment: Segment, supported: bool
) -> None:
    operation = done(segment) if segment.role == "primary" else done(FIRST, segment)
    found = {s.segment: s.supported for s in audit(operation).segments}
    assert found[segment.name] is supported


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["tumor"], ("tumor",)),
        (["tumor", "tumor"], ("tumor",)),
        (["osteophyte", "disc_herniation"], ("osteophyte", "disc_herniation")),
        (["compression"], ("compression",)),
        # Only where no cause is named.
        (["compression", "tumor"], ("tumor",)),
        (["-degeneration"], ()),
        (["-bare_compression"], ("compression",)),
        (["-bare_compression", "-degeneration"], ("compression",)),
        (["-bare_compression", "stenosis"], ("stenosis",)),
    ],
)
def test_pathology_labels(values: list[str], labels: tuple[str, ...]) -> None:
    found = tuple(
        Pathology(v.lstrip("-"), Span(0, 1, "pathology"), weak=v.startswith("-")) for v in values
    )
    assert pathology_labels(seg("T10", pathologies=found)) == labels


def test_a_finding_names_its_levels_quotes_its_words_and_says_what_would_mend_it() -> None:
    result = audit(done(FIRST, NEXT, seg("T12", pathologies=())))
    r3 = result.checklist[2]
    assert r3.segments == ("T12",)
    assert "T12" in r3.message
    assert "T10" not in r3.message
    assert r3.advice
    assert {e.text for e in r3.evidence} == {TEXT[15:20]}
    assert result.checklist[3].message.count("63055") == 1
    assert not result.checklist[0].advice


def test_the_result_carries_what_was_done() -> None:
    result = audit(done(FIRST, NEXT, fusion=fused("posterolateral", "L4-L5")))
    assert (result.primary_code, result.primary_segment) == ("63055", "T9")
    assert [(s.segment, s.region, s.role) for s in result.segments] == [
        ("T9", "thoracic", "primary"),
        ("T10", "thoracic", "additional"),
    ]
    assert (result.fusion.performed, result.fusion.type) == (True, "posterolateral")
    assert result.fusion.segments == ("L4-L5",)


def test_weights_statuses_and_messages_are_data(tmp_path: Path) -> None:
    """Another house may fail what we warn about, and say it in its own words."""
    data = json.loads((patterns_dir() / "checklists" / "63057.json").read_text(encoding="utf-8"))
    (outcome,) = [o for o in data["requirements"][0]["outcomes"] if o["name"] == "heading_only"]
    outcome.update(status="fail", message="Our rule: name {segments}.")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    mine = Auditor(load_checklist(path, OUTCOMES))
    result = mine.audit(done(FIRST, seg("T10", naming="heading")), TEXT, lambda o: None, "n")
    assert result.verdict == "deficient"
    assert result.checklist[0].message == "Our rule: name T10."


# -- properties ----------------------------------------------------------------------------

_SPANS = st.sampled_from([(), HERE])
_SEGMENT = st.builds(
    Segment,
    name=st.sampled_from(["T9", "T10", "T12", "L1", "T8-T9", "L4-L5", "L6"]),
    role=st.sampled_from(["primary", "additional", "other"]),
    approach=st.sampled_from(
        ["transpedicular", "transpedicular_described", "transfacet_extraforaminal", "posterior"]
    ),
    naming=st.sampled_from(["named", "range", "inferred", "vague", "heading"]),
    named=_SPANS, heading=_SPANS, pedicle=_SPANS, other_route=_SPANS, treated=_SPANS,
    levels=_SPANS, offered=_SPANS,
    pathologies=st.sampled_from([(), TUMOR, WEAK, WEAK + TUMOR]),
)  # fmt: skip
_FUSION = st.sampled_from(
    [FusionFact(), FusionFact(elsewhere=HERE), fused("interbody"), fused("interbody", "L4-L5"),
     fused("posterolateral", "T9-T10"), fused("posterolateral"), fused("anterior", "T12-L1")]
)  # fmt: skip
_OPERATION = st.builds(
    Operation,
    is_operative=st.just(True),
    approach=st.sampled_from(["transpedicular", "posterior", "anterior_lateral", "none"]),
    segments=st.lists(_SEGMENT, max_size=5, unique_by=lambda s: s.name).map(tuple),
    primary_code=st.sampled_from(["63055", "63056", None]),
    fusion=_FUSION,
    unnamed=_SPANS,
    unnamed_named_approach=st.booleans(),
    unnamed_pathology=st.booleans(),
    billed=_SPANS,
    disagreement=_SPANS,
    stated_primary=st.sampled_from([None, "63055", "63056"]),
)


@given(_OPERATION)
def test_what_holds_of_every_audit(operation: Operation) -> None:
    result = audit(operation)
    statuses = {c.status for c in result.checklist}
    assert [c.id for c in result.checklist] == ["R1", "R2", "R3", "R4", "R5"]
    assert 0 <= result.units_supported <= result.units_possible <= len(operation.segments)
    if result.verdict == "not_applicable":
        assert statuses == {"na"}
        assert result.score is None
        assert result.units_possible == 0
        return
    assert result.score is not None
    assert 0 <= result.score <= 100
    # The costly error is a false "supported".
    if result.verdict == "supported":
        assert statuses <= {"pass", "na"}
        assert result.units_supported >= 1
        assert result.score == 100
    assert (result.verdict == "deficient") == ("fail" in statuses)
    for requirement in result.checklist:
        assert requirement.message
        assert requirement.status in ("pass", "na") or requirement.advice
        for evidence in requirement.evidence:
            assert TEXT[evidence.start : evidence.end] == evidence.text
