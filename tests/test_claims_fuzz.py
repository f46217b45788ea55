"""Whatever a claim file holds: claims, problems, or one error for people, never a traceback."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from x12_samples import CLAIM_A, CLAIM_B, Delimiters, interchange

from opnote_audit.claims import ClaimBook, claims_from_text
from opnote_audit.errors import InputError

X12 = interchange(CLAIM_A, CLAIM_B)
HEADER = "claim_id,note_id,line,code,units,modifiers,diagnoses\n"
CSV = HEADER + "1,a,1,63055,1,,M51.04\n1,a,2,63057,2,59 51,M51.04 M51.24\n2,b,1,63056,1,,\n"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["claim_id", "note_id", "lines", "code", "units", "modifiers", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def read(text: str) -> ClaimBook | None:
    try:
        book = claims_from_text(text)
    except InputError:
        return None
    assert book.claims or book.problems
    assert all(problem.message for problem in book.problems)
    assert all(line.units >= 1 for claim in book.claims for line in claim.lines)
    return book


@given(st.text())
def test_any_text(text: str) -> None:
    read(text)


@given(VALUES)
def test_any_json(value: object) -> None:
    read(json.dumps([value]))


@settings(max_examples=300)
@given(st.data(), st.sampled_from([X12, CSV]))
def test_a_damaged_file(data: st.DataObject, text: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    read(text[:start] + data.draw(st.text(alphabet='~*:"\n,A1\0', max_size=5)) + text[end:])


@given(st.integers(0, len(X12) - 1))
def test_a_cut_837_is_never_taken_for_a_whole_one(end: int) -> None:
    assert read(X12[:end]) is None


@given(st.permutations("*:~^|>!'+$%&\x1c\x1d\x1e\x1f"), st.booleans())
def test_any_four_delimiters_say_the_same(marks: list[str], by_line: bool) -> None:
    element, part, segment, repeat, *_ = marks
    d = Delimiters(element, part, "\n" if by_line else segment, repeat)
    text = interchange(CLAIM_A, CLAIM_B, delimiters=d)
    book = read(text)
    assert book is not None
    assert book.claims == claims_from_text(X12).claims
