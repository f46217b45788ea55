"""Slips of the pen are mended in the words that matter, and nothing else is touched."""

from __future__ import annotations

import pytest
from annotated import annotated, read
from hypothesis import given
from hypothesis import strategies as st

from opnote_audit.annotate.spelling import Speller
from opnote_audit.paths import patterns_dir
from opnote_audit.rules.spelling import load_spelling

RULES = load_spelling(patterns_dir() / "spelling.json")
SPELLER = Speller(RULES)


@pytest.mark.parametrize(
    ("slip", "word"),
    [
        ("transpedicullar", "transpedicular"),
        ("transpedicualr", "transpedicular"),
        ("tranpedicular", "transpedicular"),
        ("laminectemy", "laminectomy"),
        ("lamimectomy", "laminectomy"),
        ("discectony", "discectomy"),
        ("decompresion", "decompression"),
        ("decomrpession", "decompression"),
        ("stenosys", "stenosis"),
        ("herniaton", "herniation"),
        ("costotransversectommy", "costotransversectomy"),
    ],
)
def test_slips(slip: str, word: str) -> None:
    assert SPELLER.mend(slip) == word


@pytest.mark.parametrize(
    "word",
    [
        "transpedicular",  # right already
        "stenotic",  # a word of its own
        "laminar",
        "decision",
        "excision",
        "pedicled",
        "thoracostomy",
        "foramina",
        "segmental",
        "cystic",  # too short to tell a slip from a word
        "facts",
        "patient",
        "operative",
        "1234567",
        "t9-t10",
        "intracavitary",  # the first letter differs: never "extracavitary"
        "infraforaminal",
    ],
)
def test_words_that_are_left_alone(word: str) -> None:
    assert SPELLER.mend(word) is None


def test_a_slip_is_found_where_it_stands_in_the_note_and_the_note_is_not_altered() -> None:
    note = annotated("At T9 a <approach>transpedicullar</approach> route was used.")
    reading = read(note.text)
    found = [m for m in reading.mentions if m.label == "APPROACH"]
    assert reading.text == note.text
    assert [(m.start, m.end, m.value) for m in found] == [
        (s.start, s.end, "transpedicular") for s in note.spans
    ]


@given(st.sampled_from([w for w in RULES.words if len(w) >= 11]), st.data())
def test_one_letter_left_out_doubled_or_swapped_in_a_long_word_is_mended(
    word: str, data: st.DataObject
) -> None:
    # Not the first letter, which must be right, nor the last two, which inflect.
    at = data.draw(st.integers(1, len(word) - 4))
    slip = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            ]
        )
    )
    assert slip in RULES.known or SPELLER.mend(slip) in RULES.words


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_any_word_is_mended_to_a_listed_one_or_left(word: str) -> None:
    assert SPELLER.mend(word.lower()) in {None, *RULES.words}
