"""The narrative: what was done where, and how the place is known.

Rows give the shortest story that shows the way of speaking; expectations are the segments with
their roles (``?`` for one that is never named) and how each level is known.
"""

from __future__ import annotations

import pytest
from annotated import operation, read, roles, segment

from opnote_audit.resolve.narrative import corrected_levels, shift

T9 = (
    "The left T9 pedicle was drilled away and by this transpedicular route the herniated disc at "
    "T9 was removed from in front of the cord. "
)


def naming(text: str) -> dict[str, str]:
    return {s.name: s.naming for s in operation(text).segments}


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(story, expected, id=name)
        for name, story, expected in [
            ("a level in the sentence of the act",
             T9 + "The left T10 pedicle was drilled away transpedicularly and the tumor at T10 was "
             "removed.", "T9 primary, T10 additional"),
            ("a level introduced before the act",
             T9 + "Attention was then turned to T10. The left pedicle was drilled away. By the "
             "transpedicular route the tumor was removed from the cord.",
             "T9 primary, T10 additional"),
            ("a level introduced two sentences before the act",
             T9 + "We then moved to T10. The microscope was brought back in. The dura was tight. "
             "The pedicle was drilled away and transpedicularly the tumor was removed.",
             "T9 primary, T10 additional"),
            ("a level as a heading within the story",
             "T9: The pedicle was drilled away. The tumor was removed transpedicularly. "
             "T10: The pedicle was drilled away. The tumor was removed transpedicularly.",
             "T9 primary, T10 additional"),
            ("the approach named once for several levels",
             "A left transpedicular approach was used at T9 and T10. The T9 pedicle was drilled "
             "away and the tumor there was removed from the cord. The T10 pedicle was drilled "
             "away and the tumor there was removed from the cord.", "T9 primary, T10 additional"),
            ("both levels",
             "T9 and T10 were exposed. At both levels the left pedicle was drilled away and "
             "the tumor was removed from the cord by the transpedicular route.",
             "T9 primary, T10 additional"),
            ("all three levels",
             "T9, T10 and T11 were decompressed transpedicularly for tumor. At all three levels "
             "the pedicle was drilled away and the tumor removed from the cord.",
             "T9 primary, T10 additional, T11 additional"),
            ("the same was then done one level down",
             T9 + "The same was then done one level down.", "T9 primary, T10 additional"),
            ("the same procedure at the level below",
             T9 + "The same procedure was then performed at the level below.",
             "T9 primary, T10 additional"),
            ("one level above",
             T9 + "The same was then done one level above.", "T8 additional, T9 primary"),
            ("an identical decompression, named",
             T9 + "An identical decompression was carried out at T11 for the herniated disc "
             "there.", "T9 primary, T11 additional"),
            ("the same was done at, named",
             T9 + "The same was done at T10, where the herniated disc was removed.",
             "T9 primary, T10 additional"),
            ("in the same fashion",
             T9 + "In the same fashion the T10 pedicle was drilled away and the herniated disc at "
             "T10 was removed.", "T9 primary, T10 additional"),
            ("then repeated at",
             T9 + "This was repeated at T12 for its herniated disc.",
             "T9 primary, T12 additional"),
            ("the adjacent level, never named",
             T9 + "The adjacent level was then decompressed by the same transpedicular route and "
             "its herniated disc removed.", "T9 primary, ?"),
            ("an additional level, never named",
             T9 + "An additional level was decompressed transpedicularly in the same way.",
             "T9 primary, ?"),
            ("a correction in dictation",
             "The T8, correction, T9 pedicle was drilled away transpedicularly and the tumor was "
             "removed. The T10 pedicle was drilled away transpedicularly and the tumor at T10 was "
             "removed.", "T9 primary, T10 additional"),
            ("scratch that",
             "At T8, scratch that, T9 the pedicle was drilled away transpedicularly and the tumor "
             "was removed.", "T9 primary"),
            ("vertebra and interspace are one segment",
             "The T9 pedicle was drilled away. Transpedicularly the T8-T9 herniated disc was "
             "removed.", "T8-T9 primary"),
            ("two interspaces that share a vertebra, thoracic",
             "The T9 pedicle was drilled away and the T8-T9 herniated disc was removed "
             "transpedicularly. The T10 pedicle was drilled away and the T9-T10 herniated disc "
             "was removed transpedicularly.", "T8-T9 primary, T9-T10 additional"),
            ("two interspaces, lumbar",
             "The L3 pedicle was drilled away and the L3-L4 herniated disc was removed "
             "transpedicularly. The L4 pedicle was drilled away and the L4-L5 herniated disc was "
             "removed transpedicularly.", "L3-L4 primary, L4-L5 additional"),
            ("work across the thoracolumbar junction",
             "The T12 pedicle was drilled away transpedicularly and the fracture fragment removed "
             "from the canal. The L1 pedicle was drilled away transpedicularly and the fracture "
             "fragment removed from the canal.", "T12 primary, L1 additional"),
            ("through the pedicle names the approach",
             "Through the left T9 pedicle the tumor was removed from the cord. Through the left "
             "T10 pedicle the tumor was removed from the cord.", "T9 primary, T10 additional"),
            ("lower case and abbreviations",
             "l t9 pedicle drilled, transpedicular removal of tumor off cord. t10 pedicle "
             "drilled, transpedicular removal of tumor off cord.", "T9 primary, T10 additional"),
            ("capitals throughout",
             "THE T9 PEDICLE WAS DRILLED AWAY AND THE TUMOR REMOVED TRANSPEDICULARLY. THE T10 "
             "PEDICLE WAS DRILLED AWAY AND THE TUMOR REMOVED TRANSPEDICULARLY.",
             "T9 primary, T10 additional"),
        ]
    ],
)  # fmt: skip
def test_segments(story: str, expected: str) -> None:
    found = roles(operation(story)).split(", ")
    assert sorted(found) == sorted(expected.split(", "))


@pytest.mark.parametrize(
    ("story", "level", "how"),
    [
        (T9 + "The T10 pedicle was drilled away transpedicularly and the tumor removed.", "T10",
         "named"),
        (T9 + "Attention was turned to T10. The pedicle was drilled away transpedicularly.", "T10",
         "named"),
        (T9 + "The same was then done one level down.", "T10", "inferred"),
        (T9 + "The level below was decompressed transpedicularly in the same way.", "T10",
         "inferred"),
        (T9 + "One level below T9 the same was done.", "T10", "inferred"),
        ("T9 to T11 were decompressed transpedicularly for tumor.", "T10", "range"),
        ("T9 to T11 were decompressed transpedicularly for tumor. The T10 pedicle was drilled "
         "away.", "T10", "named"),
    ],
)  # fmt: skip
def test_how_a_level_is_known(story: str, level: str, how: str) -> None:
    assert naming(story)[level] == how


@pytest.mark.parametrize(
    "story",
    [
        # Exposure, counting and hardware name levels that were not decompressed.
        "The incision was made from T7 to T12. " + T9,
        "Fluoroscopy was used to count from L5 up to T9. " + T9,
        T9 + "Screws were placed at T8 and T10 and rods were applied.",
        T9 + "The T10 lamina was exposed but left alone.",
        T9 + "No decompression was done at T10.",
        T9 + "Transpedicular decompression of T10 was not performed.",
        T9 + "A transpedicular decompression of T10 was not done.",
        T9 + "The T10 pedicle was not drilled.",
        T9 + "The T10 pedicle was palpated and was intact.",
        T9 + "The T10 root was seen and was free.",
        T9 + "T10 is to be decompressed transpedicularly at a later date.",
        T9 + "Had the cord stayed tight, T10 would have been decompressed transpedicularly.",
        T9 + "He had a transpedicular decompression of T10 in 2019.",
        T9 + "Transpedicular decompression at T10 was discussed but declined.",
        T9 + "The root was followed under the T10 pedicle.",
        T9 + "A transpedicular biopsy of T10 was taken with a needle.",
    ],
)
def test_levels_that_were_not_decompressed_are_no_segments(story: str) -> None:
    assert roles(operation(story)) == "T9 primary"


def test_the_pedicle_taken_but_never_named() -> None:
    story = "The T9 pedicle was drilled away and the tumor at T9 was removed from the cord."
    assert segment(story, "T9").approach == "transpedicular_described"


@pytest.mark.parametrize(
    "sentence",
    [
        "The T8, correction, T9 lamina was removed.",
        "The T8, sorry, T9 lamina was removed.",
        "At T8, scratch that, at T9 the lamina was removed.",
        "At T8, I mean T9, the lamina was removed.",
    ],
)
def test_corrections_take_back_the_level_before_them(sentence: str) -> None:
    reading = read(sentence)
    gone = corrected_levels(reading)
    assert [v.segments for v in reading.levels if v.start in gone] == [("T8",)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The T8 lamina was removed. Correction of the deformity was complete at T9.",
        "T8 and T9 were exposed.",
    ],
)
def test_other_corrections_take_back_nothing(sentence: str) -> None:
    assert corrected_levels(read(sentence)) == set()


@pytest.mark.parametrize(
    ("level", "step", "there"),
    [
        ("T9", 1, "T10"),
        ("T9", -1, "T8"),
        ("T12", 1, "L1"),
        ("L1", -1, "T12"),
        ("L3-L4", 1, "L4-L5"),
        ("L5", 1, "S1"),
        ("S5", 1, None),
        ("C1", -1, None),
    ],
)
def test_one_level_down_and_up(level: str, step: int, there: str | None) -> None:
    assert shift(level, step) == there
