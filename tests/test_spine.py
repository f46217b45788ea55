"""The spine in order: neighbours, interspaces, and the region that codes a segment."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opnote_audit import spine


@pytest.mark.parametrize(
    ("segment", "region"),
    [
        ("C4", "cervical"),
        ("T1", "thoracic"),
        ("T12", "thoracic"),
        ("L1", "lumbar"),
        ("L6", "lumbar"),
        ("S1", "sacral"),
        ("T8-T9", "thoracic"),
        ("L4-L5", "lumbar"),
        ("C7-T1", "thoracic"),
        # The T12-L1 interspace alone is coded as lumbar (domain notes, section 1).
        ("T12-L1", "lumbar"),
        ("L5-S1", "lumbar"),
    ],
)
def test_region_that_codes_a_segment(segment: str, region: str) -> None:
    assert spine.region(segment) == region


@pytest.mark.parametrize(
    ("upper", "lower", "is_pair"),
    [
        ("T9", "T10", True),
        ("T12", "L1", True),
        ("C7", "T1", True),
        ("L5", "S1", True),
        ("L5", "L6", True),
        ("L6", "S1", True),
        ("T9", "T11", False),
        ("T9", "T9", False),
        ("T10", "T9", False),
        ("L4", "L6", False),
    ],
)
def test_neighbours(upper: str, lower: str, is_pair: bool) -> None:
    assert spine.adjacent(upper, lower) is is_pair


@pytest.mark.parametrize(
    ("upper", "lower", "vertebrae"),
    [
        ("T9", "T11", "T9 T10 T11"),
        ("T11", "T9", "T9 T10 T11"),
        ("T11", "L2", "T11 T12 L1 L2"),
        ("L4", "S1", "L4 L5 S1"),
        ("L4", "L6", "L4 L5 L6"),
        ("T9", "T9", "T9"),
    ],
)
def test_members_of_a_run(upper: str, lower: str, vertebrae: str) -> None:
    assert list(spine.members(upper, lower)) == vertebrae.split()


@pytest.mark.parametrize(
    ("upper", "lower", "spaces"),
    [
        ("T10", "L1", "T10-T11 T11-T12 T12-L1"),
        ("L4", "S1", "L4-L5 L5-S1"),
        ("L5", "L6", "L5-L6"),
        ("T9", "T9", ""),
    ],
)
def test_interspaces_of_a_run(upper: str, lower: str, spaces: str) -> None:
    assert list(spine.interspaces(upper, lower)) == spaces.split()


@pytest.mark.parametrize(
    ("one", "other", "same_place"),
    [
        ("T9", "T9", True),
        ("T9", "T10", False),
        ("T8-T9", "T9", True),
        ("T8-T9", "T8", True),
        ("T8-T9", "T10", False),
        ("L4-L5", "L4-L5", True),
        # Two interspaces that share a vertebra are two places.
        ("L3-L4", "L4-L5", False),
    ],
)
def test_overlap(one: str, other: str, same_place: bool) -> None:
    assert spine.overlap(one, other) is same_place
    assert spine.overlap(other, one) is same_place


def test_segments_sort_from_head_to_tail() -> None:
    mixed = ["L5-S1", "T9-T10", "L1", "T9", "T12-L1", "T12", "S1"]
    assert sorted(mixed, key=spine.position) == [
        "T9",
        "T9-T10",
        "T12",
        "T12-L1",
        "L1",
        "L5-S1",
        "S1",
    ]


_VERTEBRA = st.sampled_from(spine.VERTEBRAE)


@given(_VERTEBRA, _VERTEBRA)
def test_a_run_is_made_of_neighbours_and_its_interspaces(one: str, other: str) -> None:
    run = spine.members(one, other)
    assert {one, other} <= set(run)
    assert all(spine.adjacent(a, b) for a, b in itertools.pairwise(run))
    assert spine.interspaces(one, other) == tuple(f"{a}-{b}" for a, b in itertools.pairwise(run))
    assert spine.members(other, one) == run
