"""The operation put together: routes, roles, the primary's code, and what was never named."""

from __future__ import annotations

import pytest
from annotated import approaches, operation, roles, verdict

T9 = "The T9 pedicle was drilled away and the herniated disc at T9 was removed transpedicularly. "
T10 = "The T10 pedicle was drilled away and the tumor at T10 was removed transpedicularly. "
L3 = "The L3 pedicle was drilled away and the herniated disc at L3 was removed transpedicularly. "


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(story, expected, id=name)
        for name, story, expected in [
            ("named in the narrative", T9, "T9 transpedicular"),
            ("the pedicle is taken but never named",
             "The T9 pedicle was drilled away and the herniated disc at T9 was removed from the "
             "cord.", "T9 transpedicular_described"),
            ("named in the heading, pedicle work in the narrative",
             "PROCEDURE: Transpedicular decompression of T9.\nDESCRIPTION: The T9 pedicle was "
             "drilled away and the herniated disc at T9 was removed from the cord.",
             "T9 transpedicular"),
            ("laminectomy", "A laminectomy of T9 was done and the cord was decompressed.",
             "T9 posterior"),
            ("costotransversectomy",
             "A costotransversectomy was done at T9 and the cord decompressed from the tumor.",
             "T9 costovertebral_extracavitary"),
            ("lumbar transfacet",
             "By a left transfacet approach at L4-L5 the facet was drilled away and the herniated "
             "disc was removed from the root.", "L4-L5 transfacet_extraforaminal"),
            ("far lateral",
             "A far lateral approach was made at L3-L4 and the herniated disc was removed from "
             "the root.", "L3-L4 transfacet_extraforaminal"),
            ("a needle is no decompression",
             "Through an 11-gauge needle a transpedicular biopsy of T9 was taken.", ""),
            ("cement is no decompression",
             "Kyphoplasty: cannulas were passed transpedicularly into T11 and L1 and cement was "
             "injected.", ""),
            ("a pedicle taken for an osteotomy is no decompression",
             "A pedicle subtraction osteotomy was made at L3 and the wedge was closed.", ""),
            ("laminectomy beside a transpedicular segment",
             T9 + "At T10 a laminectomy was done for stenosis and the cord was decompressed.",
             "T9 transpedicular, T10 posterior"),
        ]
    ],
)  # fmt: skip
def test_approaches(story: str, expected: str) -> None:
    assert approaches(operation(story)) == expected


@pytest.mark.parametrize(
    ("story", "label"),
    [
        (T9 + "At T10 a laminectomy was done.", "transpedicular"),
        ("Laminectomy of L3 was done and the sac was decompressed.", "posterior"),
        ("Kyphoplasty: cannulas were passed transpedicularly into T11 and cement was injected.",
         "percutaneous_transpedicular"),
        ("Anterior cervical discectomy and fusion at C5-C6 was done with a plate, through the "
         "platysma.", "anterior_lateral"),
        ("The gallbladder was removed laparoscopically.", "none"),
    ],
)  # fmt: skip
def test_the_approach_of_the_note(story: str, label: str) -> None:
    assert operation(story).approach == label


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (T9, "T9 primary"),
        (T9 + T10, "T9 primary, T10 additional"),
        # The primary is the first transpedicular segment of the operation.
        (T10 + T9, "T10 primary, T9 additional"),
        (T9 + "At T10 a laminectomy was done and the cord was decompressed.",
         "T9 primary, T10 other"),
        # The note itself calls its only transpedicular segment additional.
        ("PROCEDURE: 1. Laminectomy T9. 2. Transpedicular decompression T10, additional segment.\n"
         "DESCRIPTION: A laminectomy of T9 was done and the cord was decompressed. " + T10,
         "T10 additional, T9 other"),
        (T9 + "The adjacent level was decompressed transpedicularly for tumor.", "T9 primary, ?"),
    ],
)  # fmt: skip
def test_roles(story: str, expected: str) -> None:
    assert roles(operation(story)) == expected


@pytest.mark.parametrize(
    ("story", "code", "level"),
    [
        (T9 + T10, "63055", "T9"),
        (L3, "63056", "L3"),
        # The region where the work began.
        ("The T12 pedicle was drilled away transpedicularly and the tumor removed. The L1 pedicle "
         "was drilled away transpedicularly and the tumor removed.", "63055", "T12"),
        # The T12-L1 interspace alone is coded as lumbar.
        ("The T12-L1 herniated disc was removed transpedicularly from the cord.", "63056",
         "T12-L1"),
        ("A laminectomy of T9 was done and the cord decompressed.", None, None),
    ],
)  # fmt: skip
def test_the_primary(story: str, code: str | None, level: str | None) -> None:
    done = operation(story)
    assert done.primary_code == code
    assert (done.primary.name if done.primary else None) == level


def test_a_level_offered_as_additional_but_done_otherwise_keeps_its_offer() -> None:
    done = operation(
        "PROCEDURE: Transpedicular decompression of T9 and T10.\nDESCRIPTION: "
        + T9
        + "At T10 a costotransversectomy was done and the tumor was removed from the cord."
    )
    assert roles(done) == "T9 primary, T10 other"
    assert [s.name for s in done.additional] == ["T10"]


@pytest.mark.parametrize(
    ("heading", "disagree"),
    [("T9 and T10", False), ("T9 and T11", True), ("T9, T10 and T11", True), ("T8 and T9", True)],
)
def test_heading_against_narrative(heading: str, disagree: bool) -> None:
    note = f"PROCEDURE: Transpedicular decompression of {heading}.\nDESCRIPTION: {T9}{T10}"
    assert bool(operation(note).disagreement) is disagree


def test_a_code_written_in_the_note_is_noticed() -> None:
    note = (
        f"PROCEDURE: Transpedicular decompression of T9.\nCODES: 63055, 63057.\nDESCRIPTION: {T9}"
    )
    (span,) = operation(note).billed
    assert note[span.start : span.end] == "63057"


def test_a_clinic_note_has_no_operation() -> None:
    done = operation(
        "CHIEF COMPLAINT: Back pain. REVIEW OF SYSTEMS: Negative. PHYSICAL EXAMINATION: Normal. "
        "She had a transpedicular decompression of T9 and T10 for tumor last month."
    )
    assert (done.is_operative, done.segments, done.approach) == (False, (), "none")


# -- the costly error ----------------------------------------------------------------------

HEADED = "PROCEDURE: Transpedicular decompression of T9 and T10.\nDESCRIPTION: "
SEEN = "At T10 a herniated disc was seen. "


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(note, id=name)
        for name, note in [
            # Not done.
            ("not performed", HEADED + T9 + SEEN
             + "Transpedicular decompression of T10 was not performed."),
            ("no decompression was performed", HEADED + T9 + SEEN
             + "No transpedicular decompression was performed at T10."),
            ("given up", HEADED + T9 + SEEN
             + "Transpedicular decompression of T10 could not be done because of bleeding."),
            ("begun and given up", HEADED + T9 + SEEN
             + "Transpedicular decompression of T10 was begun but was abandoned for bleeding."),
            ("too risky", HEADED + T9 + SEEN
             + "Transpedicular decompression of T10 was felt to be too risky."),
            ("put off", HEADED + T9
             + "The herniated disc at T10 will be removed transpedicularly next month."),
            ("a question", T9
             + "Should T10 be decompressed transpedicularly for its herniated disc? We thought "
             "not."),
            ("a possibility", T9
             + "Transpedicular decompression of T10 may be considered if its herniated disc "
             "grows."),
            ("refused", T9
             + "The patient did not consent to transpedicular removal of the T10 herniated disc."),
            ("an empty box", T9 + "[ ] Transpedicular decompression T10 for herniated disc"),
            # Done before, or by somebody else.
            ("before, undated", T9
             + "The scan showed that the T10 herniated disc had been removed transpedicularly "
             "before."),
            ("before, in a year", T9
             + "The T10 herniated disc had been removed transpedicularly in June 2024."),
            ("on a prior admission", T9
             + "On a prior admission the T10 herniated disc was removed transpedicularly."),
            ("an earlier stage", T9
             + "In the first stage, last Tuesday, the T10 tumor was removed transpedicularly."),
            ("elsewhere", T9
             + "At another hospital the T10 tumor had been removed transpedicularly."),
            # Another corridor.
            ("instead of", HEADED + T9
             + "At T10 a laminectomy was done for stenosis instead of a transpedicular "
             "decompression."),
            ("rather than", HEADED + T9
             + "T10 was decompressed from its herniated disc by laminectomy rather than "
             "transpedicularly."),
            ("not that way", HEADED + T9
             + "The stenosis at T10 was decompressed, though not transpedicularly."),
            ("the pedicle spared", HEADED + T9
             + "At T10 the lamina was removed for stenosis; the T10 pedicle was left intact."),
            ("the rib head", HEADED + T9
             + "At T10 the rib head was resected and by costotransversectomy the tumor removed."),
            # Not decompression.
            ("a biopsy", T9 + "A transpedicular biopsy of the tumor at T10 was taken."),
            ("a screw", T9
             + "The T10 pedicle was drilled and a transpedicular screw was placed at T10 beside "
             "the herniated disc."),
            ("cement", T9 + "Transpedicular kyphoplasty was done at T10 for the fracture."),
            ("an osteotomy", T9
             + "A pedicle subtraction osteotomy was done at T10: the pedicles were resected by a "
             "transpedicular route and the fracture was corrected."),
            ("similarly, by laminectomy", T9
             + "T10 was similarly decompressed by laminectomy for its stenosis."),
            # Pathology there, but not treated.
            ("left behind", HEADED + T9
             + "The T10 pedicle was drilled away transpedicularly. The herniated disc at T10 was "
             "calcified and was left."),
            ("could not be removed", HEADED + T9
             + "The T10 pedicle was drilled away transpedicularly, but the herniated disc at T10 "
             "could not be removed."),
            # No pathology there.
            ("explored", HEADED + T9
             + "The T10 pedicle was drilled away transpedicularly and the canal explored: no "
             "tumor, no abscess."),
            ("none found", HEADED + T9
             + "The T10 pedicle was drilled away transpedicularly. There was no herniation at "
             "T10."),
            ("suspected, and not found", HEADED + T9
             + "The T10 pedicle was drilled away transpedicularly for a suspected herniated disc, "
             "but the disc at T10 was normal."),
            # Not another segment.
            ("two sides of one level",
             "The left T9 pedicle was drilled away and transpedicularly the herniated disc was "
             "removed. The right T9 pedicle was drilled away and transpedicularly the herniated "
             "disc was removed."),
            ("the vertebra below its disc",
             "The T9 pedicle was drilled away transpedicularly. The T8-T9 herniated disc was "
             "removed from the cord."),
            ("a summary that the details take back",
             "Transpedicular decompression at T9 and at T10 was carried out. " + T9
             + "At T10 the herniated disc was removed through a laminectomy. The T10 pedicles "
             "were left intact."),
            ("a summary, and a laminectomy in the details",
             "Transpedicular decompression at T9 and at T10 was carried out. " + T9
             + "At T10 a laminectomy was done and the herniated disc was removed."),
            ("a summary, and no need of the pedicle",
             "Transpedicular decompression at T9 and at T10 was carried out. " + T9
             + "A laminectomy was all that was done at T10; the herniated disc was removed, and "
             "it was not necessary to remove the T10 pedicle on either side."),
            ("a wrong level, left",
             "The T8 pedicle was drilled away transpedicularly. A film showed that this was the "
             "wrong level and it was left. " + T9),
            # Cervical and sacral levels are never in this family.
            ("cervical",
             "The C6 pedicle was drilled away transpedicularly and the tumor at C6 removed. The "
             "C7 pedicle was drilled away transpedicularly and the tumor at C7 removed."),
            # Not about this operation.
            ("a coder's remark", T9
             + "CODING NOTE: 63057 asks for transpedicular decompression of a further segment, "
             "such as T10, with its herniated disc treated."),
        ]
    ],
)  # fmt: skip
def test_never_supported(note: str) -> None:
    """A false ``supported`` sends a bad claim to a payer: in doubt, never."""
    assert verdict(note) != "supported"
