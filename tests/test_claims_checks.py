"""C1 to C8, passing and failing; the denial reasons; the verdict with a claim."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from claim_samples import audit, claim, seg

from opnote_audit.checks.result import AuditResult, error_result
from opnote_audit.claims.audit import ClaimAuditor
from opnote_audit.claims.model import Claim
from opnote_audit.claims.result import ClaimCheckResult, ClaimedResult
from opnote_audit.claims.rules import OUTCOMES, load_check_rules, load_code_rules
from opnote_audit.errors import RuleFileError
from opnote_audit.explain import Explainer
from opnote_audit.paths import patterns_dir
from opnote_audit.report import render_jsonl

T8_T9 = audit("T8", "T9")
T8_T10 = audit("T8", "T9", "T10")
LUMBAR = audit("L2-L3", "L3-L4")
GOOD = claim("63055 M51.04", "63057 M51.04")


@lru_cache(maxsize=1)
def auditor() -> ClaimAuditor:
    return ClaimAuditor()


def held(result: AuditResult, billed: Claim, text: str = "") -> ClaimedResult:
    out = auditor().audit(result, billed, text)
    assert isinstance(out, ClaimedResult)
    assert [c.id for c in out.checklist] == [
        *(c.id for c in result.checklist),
        *("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"),
    ]
    return out


def check(name: str, result: AuditResult, *lines: str) -> ClaimCheckResult:
    out = held(result, claim(*lines))
    return next(c for c in out.checklist if c.id == name and isinstance(c, ClaimCheckResult))


def says(found: ClaimCheckResult) -> tuple[str, str, list[int]]:
    return found.status, found.rule, [line.number for line in found.claim_lines]


def test_a_clean_claim_passes_everything() -> None:
    out = held(T8_T9, GOOD)
    assert {c.id: c.status for c in out.checklist} == {
        **dict.fromkeys(("R1", "R2", "R3", "R4"), "pass"),
        **dict.fromkeys(("C1", "C2", "C3", "C5", "C6", "C7", "C8"), "pass"),
        "R5": "na",
        "C4": "na",
    }
    assert (out.verdict, out.units_billed, out.score) == ("supported", 1, 100.0)
    assert (out.denials, out.at_risk) == ((), ())


def test_every_finding_has_the_notes_words() -> None:
    out = held(T8_T9, claim("63055 M51.04", "63057-51-50 x3 M48.06"))
    for found in out.checklist:
        if found.status != "na":
            assert found.evidence, found.id


# C1


def test_c1() -> None:
    assert says(check("C1", T8_T9, "63055", "63057")) == ("pass", "present", [1, 2])
    assert says(check("C1", LUMBAR, "63056", "63057")) == ("pass", "present", [1, 2])
    assert says(check("C1", T8_T9, "63057 x2")) == ("fail", "missing", [1])
    assert says(check("C1", T8_T9, "63047", "63057")) == ("fail", "missing", [2])
    assert says(check("C1", T8_T9, "63055")) == ("na", "not_billed", [])
    found = check("C1", T8_T9, "63047", "63057")
    assert "line 2 (63057 x 1)" in found.message
    assert "63055 at T8" in found.advice


# C2


@pytest.mark.parametrize(
    ("billed", "status", "rule", "words_of_it"),
    [
        ("63057 x2", "pass", "equal", "2 billed, 2 supported by the note (T9 and T10)"),
        ("63057 x3", "fail", "over", "overbilled by 1: 3 billed, 2 supported"),
        ("63057 x7", "fail", "over", "overbilled by 5"),
        ("63057", "warn", "under", "1 left out: 1 billed, 2 supported by the note (T9 and T10)"),
        ("22842", "warn", "under", "2 left out: 0 billed"),
    ],
)
def test_c2(billed: str, status: str, rule: str, words_of_it: str) -> None:
    found = check("C2", T8_T10, "63055", billed)
    assert (found.status, found.rule) == (status, rule)
    assert words_of_it in found.message


def test_c2_adds_up_the_lines() -> None:
    assert check("C2", T8_T10, "63055", "63057", "63057").rule == "equal"


def test_c2_knows_what_the_note_would_support() -> None:
    note = audit("T8", "T9", "T10", statuses={"R1": "warn"}, at={"R1": ("T10",)})
    found = check("C2", note, "63055", "63057 x2")
    assert (found.status, found.rule, found.segments) == ("warn", "over_possible", ("T10",))
    assert "2 once the warnings" in found.message
    assert check("C2", note, "63055", "63057 x3").rule == "over"
    assert check("C2", note, "63055", "63057").message.endswith("supported by the note (T9)")


def test_c2_says_what_units_left_out_are_worth_and_calls_it_no_denial() -> None:
    found = check("C2", T8_T10, "63055", "63057")
    assert "worth 63057 x 1 (8.61 RVU, $287.58)" in found.message
    assert (found.denial, found.at_risk) == (None, ())


# C3


def test_c3() -> None:
    assert says(check("C3", T8_T9, "63055", "63057-59")) == ("pass", "absent", [2])
    assert says(check("C3", T8_T9, "63055", "63057-51")) == ("fail", "present", [2])
    assert says(check("C3", T8_T9, "63055", "63057", "63057-59-51")) == ("fail", "present", [3])
    assert check("C3", T8_T9, "63055-51", "63057").status == "pass"
    assert check("C3", T8_T9, "63055-51").status == "na"


# C4

APART = audit("L2-L3", "L3-L4", fusion=("interbody", ("L5-S1",)))
SAME = audit(
    "L2-L3",
    "L3-L4",
    fusion=("interbody", ("L3-L4",)),
    statuses={"R5": "fail"},
    rules={"R5": "interbody_same"},
    at={"R5": ("L3-L4",)},
)


@pytest.mark.parametrize("fusion", ["22630", "22632", "22633", "22634"])
@pytest.mark.parametrize("modifier", ["59", "XS"])
def test_c4_apart_and_marked(fusion: str, modifier: str) -> None:
    found = check("C4", APART, fusion, f"63056-{modifier}", f"63057-{modifier}")
    assert says(found) == ("pass", "apart_marked", [1, 2, 3])


@pytest.mark.parametrize(
    ("lines", "bare"),
    [
        (("22633", "63056", "63057"), [2, 3]),
        (("22633", "63056-59", "63057"), [3]),
        (("22633-59", "63056-51", "63057-XS"), [2]),
        (("22633", "63056"), [2]),
        (("22633", "63056-XE", "63057-XU"), [2, 3]),
    ],
)
def test_c4_apart_without_the_modifier(lines: tuple[str, ...], bare: list[int]) -> None:
    assert says(check("C4", APART, *lines)) == ("fail", "unmarked", bare)


def test_c4_same_level_whatever_the_modifier() -> None:
    found = check("C4", SAME, "22633", "63056-59", "63057-59")
    assert says(found) == ("fail", "same_level", [2, 3])
    assert found.segments == ("L3-L4",)
    # Only the fused segment's unit is lost, not the primary of another level.
    assert [(c.code, c.units) for c in found.at_risk] == [("63057", 1)]


def test_c4_same_level_of_a_note_with_one_segment() -> None:
    note = audit("L4-L5", fusion=("interbody", ("L4-L5",)))
    found = check("C4", note, "22633", "63056-59")
    assert (found.status, found.rule) == ("fail", "same_level")
    assert held(note, claim("22633", "63056-59")).verdict == "not_applicable"


@pytest.mark.parametrize(
    "note",
    [
        LUMBAR,
        audit("L2-L3", "L3-L4", fusion=("posterolateral", ("L5-S1",))),
        audit(
            "L2-L3",
            "L3-L4",
            fusion=("interbody", ()),
            statuses={"R5": "fail"},
            rules={"R5": "interbody_without_level"},
        ),
    ],
)
def test_c4_levels_that_the_note_does_not_name(note: AuditResult) -> None:
    found = check("C4", note, "22633", "63056-59", "63057-59")
    assert (found.status, found.rule) == ("fail", "levels_missing")


def test_c4_dictated_elsewhere() -> None:
    note = audit("L2-L3", "L3-L4", statuses={"R5": "warn"}, rules={"R5": "elsewhere"})
    assert check("C4", note, "22633", "63056-59", "63057-59").rule == "elsewhere"


@pytest.mark.parametrize(
    "lines",
    [("63056", "63057"), ("22633", "63047"), ("22612", "63056", "63057"), ("22558", "63056")],
)
def test_c4_without_the_pair(lines: tuple[str, ...]) -> None:
    assert says(check("C4", APART, *lines)) == ("na", "no_pair", [])


# C5


@pytest.mark.parametrize(
    ("lines", "rule", "wrong"),
    [
        (("63055", "63057"), "matched", []),
        (("63056", "63057", "63047", "63048"), "matched", []),
        (("63030", "63035"), "matched", []),
        (("63101", "63103"), "matched", []),
        (("63102", "63103"), "matched", []),
        (("22633", "63052"), "matched", []),
        (("63056", "63048"), "mismatch", [2]),
        (("63047", "63057"), "mismatch", [2]),
        (("63055", "63066"), "mismatch", [2]),
        (("63030", "63057"), "mismatch", [2]),
        (("63064", "63057"), "mismatch", [2]),
        (("63101", "63057"), "mismatch", [2]),
        (("63055", "63057", "63048", "63035"), "mismatch", [3, 4]),
        (("63056", "63053"), "mismatch", [2]),
        (("63048",), "mismatch", [1]),
        (("63057",), "no_primary", [1]),
        (("22633", "63057"), "no_primary", [2]),
        (("63055",), "no_add_on", []),
    ],
)
def test_c5(lines: tuple[str, ...], rule: str, wrong: list[int]) -> None:
    found = check("C5", LUMBAR, *lines)
    assert found.rule == rule
    if rule == "mismatch":
        assert (found.status, [x.number for x in found.claim_lines]) == ("fail", wrong)


def test_c5_names_both_families() -> None:
    message = check("C5", LUMBAR, "63056", "63048").message
    assert "line 2 (63048 x 1) stands with 63056, but belongs to 63045 or 63046 or 63047" in message


# C6

ICD = [
    # note, diagnoses on the line of 63057 (and units), status, rule, segments without
    (("T8", "T9"), "63057 M51.04", "pass", "own", ()),
    (("T8", "T9"), "63057 M5104", "pass", "own", ()),
    (("T8", "T9"), "63057 G95.20", "pass", "own", ()),
    (("T8", "T9"), "63057 S22.070A", "pass", "own", ()),
    (("T8", "T9"), "63057 M48.06 M51.04", "fail", "not_billable", ()),
    (("T8", "T9"), "63057 M99.99X M51.04", "fail", "not_billable", ()),
    (("T8", "T9"), "63057", "fail", "missing", ("T9",)),
    (("T8", "T9"), "63057 M48.061", "fail", "missing", ("T9",)),
    (("T8", "T9"), "63057 M48.06", "fail", "missing", ("T9",)),
    (("T8", "T9"), "63057 X99.999", "fail", "missing", ("T9",)),
    (("T8", "T9"), "63057 E11.9", "fail", "missing", ("T9",)),
    (("T8", "T9"), "63057 M51.9", "fail", "missing", ("T9",)),
    (("T8", "T9"), "63057 S22.050A", "fail", "missing", ("T9",)),
    (("L2", "L3-L4"), "63057 M48.061", "pass", "own", ()),
    (("L2", "L3-L4"), "63057 M51.26", "pass", "own", ()),
    (("L2", "L3-L4"), "63057 M51.04", "fail", "missing", ("L3-L4",)),
    (("L2", "L3-L4"), "63057 M51.36", "fail", "missing", ("L3-L4",)),
    (("L4-L5", "L5-S1"), "63057 M51.17", "pass", "own", ()),
    (("L4-L5", "L5-S1"), "63057 M51.16", "pass", "own", ()),
    (("L4-L5", "L5-S1"), "63057 M51.37", "fail", "missing", ("L5-S1",)),
    (("T8", "T9", "T10"), "63057 x2 M51.04 M48.04", "pass", "own", ()),
    (("T8", "T9", "T10"), "63057 x2 M51.04", "warn", "shared", ("T10",)),
    (("T8", "T9", "T10"), "63057 x2 M51.04 M48.061", "warn", "shared", ("T10",)),
    (("T11", "T12", "L1"), "63057 x2 M51.04 M51.26", "pass", "own", ()),
    (("T11", "T12", "L1"), "63057 x2 M51.26 M51.04", "pass", "own", ()),
    (("T9", "T10", "L2"), "63057 x2 M51.04 M51.24", "fail", "missing", ("L2",)),
    (("T11", "T12-L1"), "63057 M51.05", "pass", "own", ()),
    (("T11", "T12-L1"), "63057 M51.04", "fail", "missing", ("T12-L1",)),
    (("T8", "T9", "T10"), "63057 M51.04", "pass", "own", ()),
]


@pytest.mark.parametrize(("names", "line", "status", "rule", "missing"), ICD)
def test_c6(
    names: tuple[str, ...], line: str, status: str, rule: str, missing: tuple[str, ...]
) -> None:
    found = check(
        "C6", audit(*names), "63055 M51.04" if names[0][0] == "T" else "63056 M51.26", line
    )
    assert (found.status, found.rule) == (status, rule)
    if missing:
        assert found.segments == missing
        assert all(name in found.message for name in missing)


def test_c6_shows_the_billable_children_of_a_header() -> None:
    found = check("C6", LUMBAR, "63056", "63057 M48.06")
    assert (
        "M48.06 is a header and not billable; its billable codes: M48.061, M48.062" in found.message
    )
    found = check("C6", LUMBAR, "63056", "63057 M51.36")
    assert all(code in found.message for code in ("M51.360", "M51.361", "M51.362", "M51.369"))
    found = check("C6", audit("T8", "T9"), "63055", "63057 S22.0")
    assert "S22.070A" in found.message
    assert "S22.050A" not in found.message


def test_c6_finds_a_header_on_the_primarys_line() -> None:
    found = check("C6", LUMBAR, "63056 M48.06", "63057 M51.26")
    assert says(found) == ("fail", "not_billable", [1])


def test_c6_tells_of_a_code_that_fits_nothing_beside_one_that_does() -> None:
    found = check("C6", audit("T8", "T9"), "63055", "63057 M51.04 M51.26")
    assert found.status == "pass"
    assert "T9 M51.04 (M51.26 is of another region (lumbar)" in found.message


def test_c6_says_which_region_was_wanted() -> None:
    found = check("C6", audit("T8", "T9"), "63055", "63057 M48.061")
    assert "M48.061 is of another region (lumbar) than T9 (thoracic)" in found.message


def test_c6_gives_each_line_only_its_own_units() -> None:
    note = audit("T8", "T9", "T10")
    own = ("63055", "63057 M51.04", "63057 M51.04")
    assert check("C6", note, *own).rule == "own"
    one_idle = ("63055", "63057 M51.04 M51.24", "63057 M48.061")
    assert check("C6", note, *one_idle).rule == "shared"
    # T12 must take the thoracic line so that L1 gets the lumbar one.
    mixed = audit("T11", "T12", "L1")
    assert check("C6", mixed, "63055", "63057 M51.05", "63057 M51.04").rule == "own"


def test_c6_proposes_what_the_note_supports() -> None:
    text = "Thoracic myelopathy."
    out = held(T8_T9, claim("63055", "63057 M51.26"), text)
    found = next(c for c in out.checklist if c.id == "C6")
    assert "The note supports: T9 M51.04." in found.advice
    assert out.diagnoses[1].codes == ("M51.04",)
    assert out.to_dict()["diagnoses"][1]["candidates"][0]["code"] == "M51.04"


def test_c6_knows_when_one_code_is_right_for_several_segments() -> None:
    # The note has a disc herniation at both, which is M51.24 at both.
    found = check("C6", T8_T10, "63055", "63057 x2 M51.24")
    assert (found.status, found.rule, found.segments) == ("warn", "shared_alike", ("T10",))
    assert (found.at_risk, found.denial) == ((), None)
    # Of another pathology at T10 it is not the right one.
    other = audit("T8", "T9", seg("T10", pathology="stenosis"))
    assert check("C6", other, "63055", "63057 x2 M51.24").rule == "shared"


def test_c6_without_a_further_segment() -> None:
    assert check("C6", audit("T8"), "63055", "63057 M51.04").rule == "no_segment"
    assert check("C6", audit("T8"), "63055", "63057 M48.06").rule == "not_billable"
    assert check("C6", T8_T9, "63055 M51.04").rule == "not_billed"


# C7

JUNCTION = audit("T12", "L1")


@pytest.mark.parametrize(
    ("note", "lines", "status", "rule"),
    [
        (JUNCTION, ("63055", "63057"), "pass", "one"),
        (JUNCTION, ("63055", "63056"), "fail", "contiguous"),
        (audit("L1", "T12"), ("63055", "63056"), "fail", "contiguous"),
        (audit("T11-T12", "T12-L1"), ("63055", "63056"), "fail", "contiguous"),
        (audit("T11", "T12-L1"), ("63055", "63056"), "fail", "contiguous"),
        (audit("T6", "L3"), ("63055", "63056"), "pass", "apart"),
        (audit("T11", "L1"), ("63055", "63056"), "pass", "apart"),
        (T8_T9, ("63055 x2",), "fail", "same_region"),
        (T8_T9, ("63055", "63055-59"), "fail", "same_region"),
        (T8_T9, ("63055", "63056", "63057"), "warn", "unproved"),
        (T8_T9, ("63057",), "na", "no_primary"),
    ],
)
def test_c7(note: AuditResult, lines: tuple[str, ...], status: str, rule: str) -> None:
    found = check("C7", note, *lines)
    assert (found.status, found.rule) == (status, rule)


@pytest.mark.parametrize(
    ("note", "keep", "change"),
    [(JUNCTION, "63055", "63056"), (audit("L1", "T12"), "63056", "63055")],
)
def test_c7_keeps_the_region_where_the_work_began(
    note: AuditResult, keep: str, change: str
) -> None:
    message = check("C7", note, "63055", "63056").message
    assert f"so {keep} stays and {change} becomes a unit of 63057" in message


def test_a_rightful_second_primary_is_no_unit_left_out() -> None:
    out = held(audit("T6", "L3"), claim("63055 M51.04", "63056 M51.26"))
    assert out.verdict == "supported"
    assert next(c for c in out.checklist if c.id == "C2").status == "na"
    more = held(audit("T6", "L3", "L4"), claim("63055 M51.04", "63056 M51.26", "63057 M51.26"))
    assert [c.status for c in more.checklist if c.id in ("C2", "C6", "C7")] == ["pass"] * 3


# C8


@pytest.mark.parametrize(
    ("lines", "status", "rule"),
    [
        (("63055", "63057 x2"), "pass", "one_line"),
        (("63055-50", "63057"), "pass", "one_line"),
        (("63055", "63057", "63057"), "warn", "duplicate"),
        (("63055", "63057-50"), "warn", "bilateral"),
        (("63055", "63057-50", "63057"), "warn", "both"),
        (("63055",), "na", "not_billed"),
    ],
)
def test_c8(lines: tuple[str, ...], status: str, rule: str) -> None:
    found = check("C8", T8_T10, *lines)
    assert (found.status, found.rule) == (status, rule)


# R1 to R5 and the verdict with a claim


def test_r4_fails_when_the_claim_lacks_the_primary() -> None:
    out = held(T8_T9, claim("63047 M51.04", "63057 M51.04"))
    r4 = next(c for c in out.checklist if c.id == "R4")
    assert (r4.status, r4.rule) == ("fail", "claim_lacks_primary")
    assert out.verdict == "deficient"
    # R1 to R3 of 90 points stand, R4's 15 are lost; R5 does not apply.
    assert out.score == round(100 * 75 / 90, 1)
    assert out.units_supported == 1


def test_r4_warns_of_a_primary_of_the_other_region() -> None:
    out = held(T8_T9, claim("63056 M51.04", "63057 M51.04"))
    r4 = next(c for c in out.checklist if c.id == "R4")
    assert (r4.status, r4.rule) == ("warn", "claim_other_region")
    assert "the work began at T8: 63055 at T8" in r4.message
    assert out.verdict == "needs_review"


def test_what_the_note_lacks_of_r4_is_not_covered_up() -> None:
    note = audit(seg("L3", "additional"), statuses={"R4": "fail"}, rules={"R4": "missing"})
    for lines in (("63056", "63057"), ("63057",)):
        r4 = next(c for c in held(note, claim(*lines)).checklist if c.id == "R4")
        assert (r4.status, r4.rule) == ("fail", "missing")


def test_billing_63057_for_a_note_without_any_is_deficient() -> None:
    out = held(audit("T8"), claim("63055 M51.04", "63057 x2 M51.04"))
    assert (out.verdict, out.units_supported, out.units_billed) == ("deficient", 0, 2)
    assert {c.id: c.status for c in out.checklist if c.id[0] == "R"} == {
        "R1": "fail",
        "R2": "fail",
        "R3": "fail",
        "R4": "pass",
        "R5": "na",
    }
    # 15 of R4 out of 90.
    assert out.score == 16.7


def test_a_laminectomy_note_billed_as_63057() -> None:
    note = replace(
        audit(seg("L4", "other")),
        primary_code=None,
        primary_segment=None,
        approach="posterior",
    )
    out = held(note, claim("63047", "63057"))
    assert out.verdict == "deficient"
    assert next(c for c in out.checklist if c.id == "R4").rule == "missing"
    assert "opnote" not in json.dumps([c.message for c in out.checklist])


@pytest.mark.parametrize(
    ("fusion", "rule"),
    [
        (None, "no_fusion"),
        (("interbody", ("L4-L5",)), "interbody_same"),
        (("interbody", ("L1-L2",)), "apart"),
        (("interbody", ()), "interbody_without_level"),
        (("posterolateral", ("L4-L5",)), "posterolateral"),
        (("posterolateral", ()), "fusion_without_level"),
    ],
)
def test_r5_of_a_note_judged_only_because_of_the_claim(fusion, rule: str) -> None:  # type: ignore[no-untyped-def]
    out = held(audit("L4-L5", fusion=fusion), claim("63056", "63057"))
    assert next(c for c in out.checklist if c.id == "R5").rule == rule


def test_a_note_outside_of_63057_stays_so_when_it_is_not_billed() -> None:
    out = held(audit("T8"), claim("63055 M51.04"))
    assert (out.verdict, out.score, out.units_billed) == ("not_applicable", None, 0)


def test_warnings_of_the_claim_need_review() -> None:
    assert held(T8_T10, claim("63055 M51.04", "63057 M51.04")).verdict == "needs_review"


def test_a_claim_never_makes_a_note_better() -> None:
    for statuses in ({"R1": "warn"}, {"R2": "fail"}, {"R3": "warn"}):
        note = audit("T8", "T9", statuses=statuses)  # type: ignore[arg-type]
        out = held(note, GOOD)
        assert out.verdict == note.verdict
        assert out.score is not None
        assert note.score is not None
        assert out.score <= note.score


def test_an_error_stays_an_error() -> None:
    broken = error_result("op-1", "op-1.txt", "no such file")
    assert auditor().audit(broken, GOOD) is broken


# Denials and costs

VAGUE = audit("T8", "T9", statuses={"R1": "fail"})


@pytest.mark.parametrize(
    ("reason", "note", "lines", "checks", "risk"),
    [
        ("missing-primary", T8_T9, ("63047 M51.04", "63057 M51.04"), ("R4", "C1"), {"63057": 1}),
        ("vague-levels", VAGUE, ("63055 M51.04", "63057 M51.04"), ("R1",), {"63057": 1}),
        (
            "unnamed-approach",
            audit("T8", "T9", statuses={"R2": "fail"}),
            ("63055 M51.04", "63057 M51.04"),
            ("R2",),
            {"63057": 1},
        ),
        (
            "missing-pathology",
            audit("T8", "T9", statuses={"R3": "fail"}),
            ("63055 M51.04", "63057"),
            ("R3", "C6"),
            {"63057": 1},
        ),
        ("wrong-add-on", LUMBAR, ("63056 M51.26", "63048 M51.26"), ("C5",), {"63048": 1}),
        (
            "fusion-bundling",
            SAME,
            ("22633", "63056-59 M51.26", "63057-59 M51.26"),
            ("R5", "C4"),
            {"63057": 1},
        ),
        (
            "fusion-bundling",
            APART,
            ("22633", "63056 M51.26", "63057 M51.26"),
            ("C4",),
            {"63056": 1, "63057": 1},
        ),
        ("overbilled-units", T8_T9, ("63055 M51.04", "63057 x4 M51.04"), ("C2",), {"63057": 3}),
        ("modifier-51", T8_T10, ("63055", "63057-51 x2 M51.04 M48.04"), ("C3",), {"63057": 2}),
        (
            "C7",
            JUNCTION,
            ("63055 M51.04", "63056 M51.26", "63057 M51.26"),
            ("C7",),
            {"63056": 1},
        ),
    ],
)
def test_denials(
    reason: str,
    note: AuditResult,
    lines: tuple[str, ...],
    checks: tuple[str, ...],
    risk: dict[str, int],
) -> None:
    out = held(note, claim(*lines))
    denial = next(d for d in out.denials if d.reason == reason)
    assert denial.checks == checks
    assert {c.code: c.units for c in denial.at_risk} == risk
    assert out.verdict == "deficient"
    for found in out.checklist:
        if found.id in checks:
            assert isinstance(found, ClaimCheckResult)
            assert found.denial == reason
            assert "at risk: " in found.message


def test_what_is_at_risk_is_counted_once() -> None:
    out = held(T8_T9, claim("63047 M51.04", "63057-51 M48.06"))
    assert len(out.denials) > 3
    assert [(c.code, c.units, str(c.rvu), str(c.fee)) for c in out.at_risk] == [
        ("63057", 1, "8.61", "287.58")
    ]


def test_findings_at_different_segments_add_up() -> None:
    note = audit(
        "T8", "T9", "T10", statuses={"R1": "fail", "R3": "fail"}, at={"R1": ("T9",), "R3": ("T10",)}
    )
    out = held(note, claim("63055", "63057 x2 M51.04 M48.04"))
    assert [(c.code, c.units, str(c.fee)) for c in out.at_risk] == [("63057", 2, "575.16")]


def test_a_code_without_a_fee_says_so() -> None:
    found = check("C7", audit("L1", "T12"), "63056", "63055")
    assert "63055 x 1 (not in the fee table)" in found.message
    assert found.at_risk[0].to_dict() == {
        "code": "63055",
        "units": 1,
        "rvu": None,
        "fee": None,
        "basis": "national",
    }


def test_the_json_keeps_the_contract_and_says_more() -> None:
    out = held(T8_T9, claim("63055 M51.04", "63057-51 x2 M51.04"))
    data = json.loads(render_jsonl(out))
    assert data["units"] == {"supported": 1, "possible": 1, "billed": 2}
    c3 = next(c for c in data["checklist"] if c["id"] == "C3")
    assert c3["claim_lines"] == [
        {"line": 2, "code": "63057", "units": 2, "modifiers": ["51"], "diagnoses": ["M51.04"]}
    ]
    assert c3["denial"] == "modifier-51"
    assert c3["at_risk"][0]["fee"] == 575.16
    assert data["claim"]["claim_id"] == "17"
    assert data["claim"]["rates"]["conversion_factor"] == 33.4009
    assert {d["reason"] for d in data["claim"]["denials"]} == {"overbilled-units", "modifier-51"}


def test_results_travel_between_processes() -> None:
    out = held(T8_T9, GOOD)
    assert pickle.loads(pickle.dumps(out)) == out
    assert replace(out, score=1.0).claim == out.claim


# The rule files


def test_every_outcome_of_the_file_can_be_given_and_explained() -> None:
    rules = load_check_rules(patterns_dir() / "claims")
    assert {c.id: {o.name for o in c.outcomes} for c in rules.checks} == OUTCOMES
    for one in rules.checks:
        for outcome in one.outcomes:
            assert (outcome.status in ("pass", "na")) == (not outcome.advice) or outcome.name in (
                "no_segment",
            )


@pytest.mark.parametrize(
    ("name", "old", "new", "says_what"),
    [
        ("checks.json", '"id": "C3"', '"id": "C9"', "'C3' is missing"),
        ("checks.json", '"name": "not_billable"', '"name": "odd"', "not_billable, odd"),
        ("checks.json", "{over}", "{overs}", "may only use"),
        ("checks.json", '"status": "warn"', '"status": "maybe"', "checks, entry 2"),
        ("codes.json", '"add_ons": ["63048"]', '"add_ons": ["63057"]', "has one family"),
        ("codes.json", '"check": "C3"', '"check": "C1"', "none for the check 'C3'"),
        ("diagnoses.json", '"region": "lumbosacral"', '"region": "lumbago"', "no region 'lumbago'"),
        ("diagnoses.json", '"symptom": "myelopathy"', '"symptom": "pain"', "no symptom 'pain'"),
        ("symptoms.json", '"lowest"', '"deepest"', "deepest"),
        ("diagnoses.json", "{", "[", "not valid JSON"),
    ],
)
def test_a_broken_rule_file_is_named(
    tmp_path: Path, name: str, old: str, new: str, says_what: str
) -> None:
    folder = tmp_path / "claims"
    folder.mkdir()
    for path in (patterns_dir() / "claims").glob("*.json"):
        text = path.read_text("utf-8")
        if path.name == name:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / path.name).write_text(text, "utf-8")
    with pytest.raises(RuleFileError, match=r"\.json") as caught:
        ClaimAuditor(tmp_path)
    assert name in str(caught.value)
    assert says_what in str(caught.value)


def test_every_denial_reason_can_be_explained() -> None:
    explainer = Explainer()
    for denial in load_check_rules(patterns_dir() / "claims").denials:
        assert explainer.find(denial.reason)


def test_the_pairs_of_the_domain_stand_in_the_data() -> None:
    rules = load_code_rules(patterns_dir() / "claims")
    families = {add_on: f.primary_codes for f in rules.families for add_on in f.add_ons}
    assert families["63057"] == {"63055", "63056"}
    assert families["63048"] == {"63045", "63046", "63047"}
    assert families["63035"] == {"63020", "63030"}
    assert families["63066"] == {"63064"}
    assert families["63103"] == {"63101", "63102"}
