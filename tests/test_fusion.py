"""Arthrodesis: whether one was done, of what kind, and over which interspaces (requirement R5)."""

from __future__ import annotations

import pytest
from annotated import operation

from opnote_audit.resolve.fusion import fused_interspaces

WORK = (
    "The T9 pedicle was drilled away and the herniated disc at T9 was removed transpedicularly. "
    "The T10 pedicle was drilled away and the herniated disc at T10 was removed transpedicularly. "
)
LUMBAR = (
    "The L3 pedicle was drilled away and the herniated disc at L3 was removed transpedicularly. "
)


def kind(note: str) -> tuple[str | None, str]:
    fused = operation(note).fusion
    assert fused.performed == (fused.type is not None)
    return fused.type, " ".join(fused.segments)


@pytest.mark.parametrize(
    ("levels", "ranges", "spaces"),
    [
        (("L4-L5",), (), "L4-L5"),
        (("L5-S1", "L3-L4"), (), "L3-L4 L5-S1"),
        (("T10", "T11", "T12", "L1"), (("T10", "L1"),), "T10-T11 T11-T12 T12-L1"),
        # Decorticated vertebrae: the interspaces between neighbours.
        (("T11", "T12", "L1"), (), "T11-T12 T12-L1"),
        # Two ends of a construct.
        (("T8", "T11"), (), "T8-T9 T9-T10 T10-T11"),
        (("T9",), (), ""),
        ((), (), ""),
    ],
)
def test_interspaces_that_levels_mean(
    levels: tuple[str, ...], ranges: tuple[tuple[str, str], ...], spaces: str
) -> None:
    assert " ".join(fused_interspaces(levels, ranges)) == spaces


@pytest.mark.parametrize(
    ("story", "type_", "levels"),
    [
        (WORK + "A posterolateral fusion from T8 to T11 was done with local bone.",
         "posterolateral", "T8-T9 T9-T10 T10-T11"),
        (WORK + "Posterolateral arthrodesis was performed at T10-T11 with allograft.",
         "posterolateral", "T10-T11"),
        (LUMBAR + "A transforaminal lumbar interbody fusion was done at L5-S1.",
         "interbody", "L5-S1"),
        (LUMBAR + "TLIF was performed at L4-L5 with a cage.", "interbody", "L4-L5"),
        (LUMBAR + "PLIF was performed at L4-5.", "interbody", "L4-L5"),
        # Several kinds in one operation: interbody first, and all fused segments.
        (LUMBAR + "TLIF was done at L4-L5. Posterolateral fusion was done from L4 to S1.",
         "interbody", "L4-L5 L5-S1"),
    ],
)  # fmt: skip
def test_fusions(story: str, type_: str, levels: str) -> None:
    assert kind(story) == (type_, levels)


@pytest.mark.parametrize(
    "story",
    [
        WORK,
        # Screws and rods with no arthrodesis are none.
        WORK + "Pedicle screws were placed at T8 and T11 and rods were locked. No graft was used.",
        WORK + "Instrumentation from T8 to T11 without fusion.",
        WORK + "No fusion was done.",
        WORK + "Fusion was not performed.",
        WORK + "Interbody fusion was not performed.",
        WORK + "A fusion was not felt to be necessary.",
        WORK + "She may need a fusion at a later date.",
        WORK + "Fusion was offered, and declined.",
        "INDICATIONS: Status post L4-S1 fusion in 2012.\nDESCRIPTION: " + WORK,
        WORK + "The old fusion mass at L4-L5 was not touched.",
        WORK + "The risks of fusion were explained.",
    ],
)
def test_no_fusion(story: str) -> None:
    assert kind(story) == (None, "")


@pytest.mark.parametrize(
    "story",
    [
        WORK + "The fusion will be dictated separately by Dr. Example.",
        WORK + "Dr. Example performed the fusion portion, see separate operative note.",
    ],
)
def test_a_part_that_is_dictated_elsewhere(story: str) -> None:
    assert operation(story).fusion.elsewhere


@pytest.mark.parametrize(
    "story",
    [
        WORK + "Closure by plastic surgery will be dictated separately.",
        WORK + "The access surgeon will dictate the exposure.",
    ],
)
def test_access_and_closure_dictated_elsewhere_do_not_matter(story: str) -> None:
    assert not operation(story).fusion.elsewhere
