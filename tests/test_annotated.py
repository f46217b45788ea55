"""The annotated-text helper that the other tests lean on."""

from __future__ import annotations

import pytest
from annotated import Tagged, annotated


def test_tags_leave_the_text_and_give_spans() -> None:
    note = annotated("At <level>T9</level> and <level T10-T11>T10/11</level>.")
    assert note.text == "At T9 and T10/11."
    assert note.spans == (
        Tagged(3, 5, "level", "T9", "T9"),
        Tagged(10, 16, "level", "T10-T11", "T10/11"),
    )


def test_tags_may_nest() -> None:
    note = annotated("<done>the <pedicle>T9 pedicle</pedicle> was drilled</done>")
    assert [(s.tag, s.text) for s in note.spans] == [
        ("done", "the T9 pedicle was drilled"),
        ("pedicle", "T9 pedicle"),
    ]
    assert note.only("pedicle").text == "T9 pedicle"


@pytest.mark.parametrize("text", ["blood loss < 50 mL, > 30", "<<T9>>", "a <= b", "<T9>"])
def test_what_is_no_tag_stays(text: str) -> None:
    assert annotated(text).text == text


@pytest.mark.parametrize("marked", ["<a>x", "x</a>", "<a><b>x</a></b>"])
def test_a_tag_left_open_or_crossed_is_a_mistake_in_the_test(marked: str) -> None:
    with pytest.raises(ValueError, match="clos"):
        annotated(marked)
