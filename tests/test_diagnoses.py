"""Diagnoses: the tables, signs in the note, candidates by segment, how a code fits."""

from __future__ import annotations

from functools import lru_cache

import pytest
from claim_samples import audit, seg

from opnote_audit.diagnoses import DiagnosisFinder, SegmentDiagnoses, candidates, judge
from opnote_audit.diagnoses.regions import segment_regions
from opnote_audit.diagnoses.symptoms import find_symptoms
from opnote_audit.diagnoses.tables import billable_below, edition, look_up, normal


@lru_cache(maxsize=1)
def finder() -> DiagnosisFinder:
    return DiagnosisFinder()


RULES = finder().rules


# The tables


@pytest.mark.parametrize("code", ["M51.04", "m51.04", "M5104", " M51 04 "])
def test_a_code_in_any_writing(code: str) -> None:
    known = look_up(code)
    assert known is not None
    assert (known.code, known.billable) == ("M51.04", True)
    assert "myelopathy, thoracic region" in known.description


@pytest.mark.parametrize(
    "code", ["", "M", "M51.99", "63057", "12", "M40-M54", "ZZZ", "M51.0444444"]
)
def test_no_code(code: str) -> None:
    # Chapters ("12") and blocks ("M40-M54") are in the tables, and no codes.
    assert look_up(code) is None


@pytest.mark.parametrize("header", ["M48.06", "M51.36", "M51.37", "M51.0", "S22.07", "M84.58"])
def test_headers_are_not_billable_and_their_children_are(header: str) -> None:
    known = look_up(header)
    assert known is not None
    assert not known.billable
    children = billable_below(header)
    assert len(children) > 1
    assert all(c.billable and c.code.startswith(header) for c in children)


def test_every_code_and_prefix_of_the_rules_is_in_the_tables() -> None:
    for support in RULES.supports:
        assert look_up(support.prefix), support.prefix
    for rule in RULES.candidates:
        for code in rule.codes:
            assert look_up(code), code
    for split in RULES.splits:
        children = [c.description for c in billable_below(split.category)]
        assert sum(split.present in text for text in children) == 1
        assert sum(split.absent in text for text in children) == 1


def test_every_described_code_of_the_rules_names_a_place() -> None:
    """A category read by its words must name places that the rules know."""
    for support in RULES.supports:
        if support.region == "described":
            below = billable_below(support.prefix)
            fits = [
                code.code
                for code in below
                for segment in ("C5-C6", "T5", "T9", "L2", "L4-L5")
                if judge(code.code, segment, RULES).kind == "fits"
            ]
            assert fits, support.prefix


@pytest.mark.parametrize(
    ("category", "thoracic", "thoracolumbar", "lumbar", "lumbosacral"),
    [
        ("M51.0", "M51.04", "M51.05", "M51.06", None),
        ("M51.1", "M51.14", "M51.15", "M51.16", "M51.17"),
        ("M51.2", "M51.24", "M51.25", "M51.26", "M51.27"),
        ("M48.0", "M48.04", "M48.05", "M48.061", "M48.07"),
        ("M99.6", "M99.62", None, "M99.63", None),
        ("M99.7", "M99.72", None, "M99.73", None),
        ("M47.1", "M47.14", "M47.15", "M47.16", None),
        ("M47.2", "M47.24", "M47.25", "M47.26", "M47.27"),
        ("M43.1", "M43.14", "M43.15", "M43.16", "M43.17"),
    ],
)
def test_the_domains_table_is_what_the_tables_say(
    category: str,
    thoracic: str | None,
    thoracolumbar: str | None,
    lumbar: str | None,
    lumbosacral: str | None,
) -> None:
    for segment, code in zip(
        ("T8-T9", "T12-L1", "L2-L3", "L5-S1"),
        (thoracic, thoracolumbar, lumbar, lumbosacral),
        strict=True,
    ):
        if code is not None:
            assert code.startswith(category)
            assert judge(code, segment, RULES).kind == "fits"
            assert judge(code, segment, RULES).best


def test_the_edition_is_named() -> None:
    assert edition().startswith("simple-icd-10-cm 1.")


def test_normal_leaves_what_is_no_code() -> None:
    assert normal(" not a code ") == "NOTACODE"


# Regions


@pytest.mark.parametrize(
    ("segment", "regions"),
    [
        ("T4", ("thoracic",)),
        ("T9-T10", ("thoracic",)),
        ("T12", ("thoracic", "thoracolumbar")),
        ("T12-L1", ("thoracolumbar", "lumbar")),
        ("L1", ("lumbar", "thoracolumbar")),
        ("L3-L4", ("lumbar",)),
        ("L5", ("lumbar", "lumbosacral")),
        ("L5-S1", ("lumbosacral", "lumbar")),
        ("C7-T1", ("cervicothoracic", "thoracic")),
        ("C5-C6", ("cervical",)),
    ],
)
def test_regions_of_segments(segment: str, regions: tuple[str, ...]) -> None:
    assert segment_regions(segment, RULES) == regions


# A code at a segment


@pytest.mark.parametrize(
    ("code", "segment", "kind"),
    [
        ("M51.04", "T9", "fits"),
        ("M51.04", "T12", "fits"),
        ("M51.04", "L2", "wrong_region"),
        ("M51.04", "T12-L1", "wrong_region"),
        ("M51.05", "T12-L1", "fits"),
        ("M50.03", "T9", "wrong_region"),
        ("M48.061", "L3-L4", "fits"),
        ("M48.06", "L3-L4", "header"),
        ("M48.00", "L3-L4", "wrong_region"),
        ("M43.19", "L3-L4", "fits"),
        ("S22.070A", "T9", "fits"),
        ("S22.070A", "T10-T11", "fits"),
        ("S22.070A", "T7", "wrong_region"),
        ("S22.009A", "T7", "fits"),
        ("S32.011A", "L1", "fits"),
        ("S32.011A", "L2", "wrong_region"),
        ("G95.20", "T5", "fits"),
        ("C79.51", "L4", "fits"),
        ("M84.58XA", "L4", "fits"),
        ("M84.58", "L4", "header"),
        ("M46.24", "T6", "fits"),
        ("E11.9", "L4", "unrelated"),
        ("M54.50", "L4", "unrelated"),
        ("Z98.1", "L4", "unrelated"),
        ("M51.0499", "T9", "unknown"),
        ("QQQ", "T9", "unknown"),
    ],
)
def test_judgements(code: str, segment: str, kind: str) -> None:
    found = judge(code, segment, RULES)
    assert found.kind == kind
    assert found.code in found.message


def test_a_junction_accepts_its_neighbour_and_says_so() -> None:
    assert judge("M51.26", "L5-S1", RULES).best is False
    assert judge("M51.27", "L5-S1", RULES).best is True


# Signs in the note


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Thoracic myelopathy.", [("myelopathy", "thoracic")]),
        ("He had progressive myelopathy", [("myelopathy", None)]),
        ("myeloradiculopathy", [("myelopathy", None), ("radiculopathy", None)]),
        ("left leg radiculopathy", [("radiculopathy", "lumbar")]),
        ("L5 radiculopathy", [("radiculopathy", "lumbar")]),
        ("radiculopathy of the left leg", [("radiculopathy", "lumbar")]),
        ("radicular pain, then T9 was drilled", [("radiculopathy", None)]),
        ("Neurogenic  claudication", [("claudication", None)]),
        ("CAUDA EQUINA SYNDROME", [("cauda_equina", None)]),
        ("Stenosis at T10-T11 with myelopathy", [("myelopathy", "thoracic")]),
        # not of this family
        ("right arm radiculopathy", []),
        ("cervical myelopathy", []),
        ("C6 radiculopathy", []),
        ("vascular claudication", []),
        # not affirmed
        ("No myelopathy.", []),
        ("She denies radicular pain or claudication.", []),
        ("without evidence of myelopathy or radiculopathy", []),
        ("Myelopathy was ruled out.", []),
        ("The risks include bleeding, myelopathy and death.", []),
        ("family history of myelopathy", []),
        # the denial ends with its sentence, or with a word that ends it
        ("No fever. Myelopathy was found.", [("myelopathy", None)]),
        ("No weakness but radiculopathy", [("radiculopathy", None)]),
        ("no trauma; myelopathy\nclaudication", [("myelopathy", None), ("claudication", None)]),
        ("", []),
    ],
)
def test_signs(text: str, found: list[tuple[str, str | None]]) -> None:
    symptoms = find_symptoms(text, finder().symptom_rules)
    assert [(s.name, s.region) for s in symptoms] == found
    for symptom in symptoms:
        assert text[symptom.evidence.start : symptom.evidence.end] == symptom.evidence.text


# Candidates


def codes(pathology: str, segment: str, text: str = "", said: str = "it") -> tuple[str, ...]:
    # The pathology's words stand at offset 200 of the note.
    note = text.ljust(200) + said
    (found,) = finder().candidates(audit(seg(segment, "primary", pathology, said)), note)
    return found.codes


@pytest.mark.parametrize(
    ("pathology", "segment", "text", "expected"),
    [
        ("disc_herniation", "T9-T10", "", ("M51.24",)),
        ("disc_herniation", "T9-T10", "myelopathy", ("M51.04",)),
        ("disc_herniation", "T9-T10", "radiculopathy", ("M51.14",)),
        ("disc_herniation", "T9-T10", "myelopathy and radiculopathy", ("M51.04", "M51.14")),
        ("disc_herniation", "T9-T10", "lumbar radiculopathy", ("M51.24",)),
        ("disc_herniation", "T9-T10", "no myelopathy", ("M51.24",)),
        ("disc_herniation", "T12-L1", "", ("M51.25",)),
        ("disc_herniation", "L3-L4", "", ("M51.26",)),
        ("disc_herniation", "L3-L4", "radiculopathy", ("M51.16",)),
        # The cord does not reach so far down.
        ("disc_herniation", "L3-L4", "myelopathy", ("M51.26",)),
        ("disc_herniation", "L5-S1", "sciatica", ("M51.17",)),
        ("stenosis", "T10", "", ("M48.04",)),
        ("stenosis", "L3-L4", "", ("M48.061",)),
        ("stenosis", "L3-L4", "neurogenic claudication", ("M48.062",)),
        ("stenosis", "L3-L4", "denies claudication", ("M48.061",)),
        ("stenosis", "L5-S1", "claudication", ("M48.07",)),
        ("foraminal_stenosis", "T9", "", ("M99.62", "M99.72")),
        ("foraminal_stenosis", "L5-S1", "", ("M99.63", "M99.73")),
        ("spondylolisthesis", "L4-L5", "", ("M43.16",)),
        ("osteophyte", "T9", "", ("M25.78",)),
        ("osteophyte", "T9", "myelopathy", ("M47.14",)),
        ("osteophyte", "L4-L5", "radiculopathy", ("M47.26",)),
        ("ossification", "T9", "", ("M48.8X4",)),
        ("tumor", "T9", "", ("C79.51", "C79.49", "D49.2")),
        ("tumor", "T9", "metastatic lung cancer", ("C79.51", "C79.49")),
        ("hematoma", "T9", "", ("G95.19",)),
        ("cyst", "L4-L5", "", ("M71.38",)),
        ("scar", "L4-L5", "", ("G96.12",)),
        ("compression", "T9", "", ("G95.20", "G95.29")),
        ("stenosis", "L2-L3", "cauda equina syndrome", ("M48.061", "G83.4")),
        ("unheard_of", "T9", "", ()),
    ],
)
def test_candidates(pathology: str, segment: str, text: str, expected: tuple[str, ...]) -> None:
    assert codes(pathology, segment, text) == expected


@pytest.mark.parametrize(
    ("pathology", "segment", "said", "expected"),
    [
        ("infection", "T9", "epidural abscess", ("G06.1",)),
        ("infection", "T9", "osteomyelitis", ("M46.24",)),
        ("infection", "L3-L4", "discitis", ("M46.46",)),
        ("infection", "L3-L4", "tuberculosis", ("A18.01",)),
        ("fracture", "T9", "compression fracture", ("S22.070A",)),
        ("fracture", "L1", "unstable burst fracture", ("S32.012A",)),
        ("fracture", "L1", "burst fracture", ("S32.011A", "S32.012A")),
        ("fracture", "L1", "retropulsed bone", ("S32.019A",)),
        ("fracture", "T9", "pathologic fracture", ("M84.58XA", "M84.48XA")),
        ("tumor", "T9", "meningioma", ("D32.1",)),
        ("cyst", "T9", "arachnoid cyst", ("G96.198",)),
        ("compression", "L4-L5", "root compression", ("M54.16",)),
    ],
)
def test_the_pathologys_own_words_choose(
    pathology: str, segment: str, said: str, expected: tuple[str, ...]
) -> None:
    assert codes(pathology, segment, said=said) == expected


def test_candidates_have_their_evidence_and_the_tables_words() -> None:
    text = "Thoracic myelopathy.".ljust(200) + "disc herniation"
    (found,) = candidates(audit(seg("T9-T10", "primary")), text)
    assert isinstance(found, SegmentDiagnoses)
    assert (found.segment, found.role, found.region) == ("T9-T10", "primary", "thoracic")
    (candidate,) = found.candidates
    assert candidate.description.endswith("with myelopathy, thoracic region")
    assert (candidate.pathology, candidate.symptom) == ("disc_herniation", "myelopathy")
    assert [e.text for e in candidate.evidence] == ["disc herniation", "myelopathy"]
    assert all(text[e.start : e.end] == e.text for e in candidate.evidence)
    assert found.to_dict()["candidates"][0]["evidence"][1]["kind"] == "symptom"


def test_every_candidate_is_billable_and_fits_its_segment() -> None:
    text = "myelopathy, radiculopathy and claudication"
    for pathology in {rule.pathology for rule in RULES.candidates} - {"any"}:
        for segment in ("T2", "T9-T10", "T12-L1", "L1", "L3-L4", "L5-S1"):
            for code in codes(pathology, segment, text):
                assert judge(code, segment, RULES).kind == "fits", (pathology, segment, code)


def test_a_segment_without_a_pathology_has_no_candidate() -> None:
    (found,) = candidates(audit(seg("T9", "primary", None)), "cauda equina syndrome, myelopathy")
    assert found.candidates == ()
