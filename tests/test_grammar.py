"""What a clause says of a structure: taken, kept, looked at, a landmark, or a route."""

from __future__ import annotations

import pytest
from annotated import annotated, read

from opnote_audit.annotate.reading import Clause, Mention, Reading
from opnote_audit.paths import patterns_dir
from opnote_audit.resolve.grammar import Grammar
from opnote_audit.rules.grammar import load_grammar

GRAMMAR = Grammar(load_grammar(patterns_dir() / "grammar.json"))


def structure(marked: str) -> tuple[Reading, Clause, Mention, str]:
    """Return the mention under the one tag of ``marked``, its clause, and the tag."""
    note = annotated(marked)
    (span,) = note.spans
    reading = read(note.text)
    (mention,) = [
        m
        for m in reading.mentions
        if m.start == span.start and m.label in ("PEDICLE", "LAMINA", "FACET", "DISC", "PATHOLOGY")
    ]
    return reading, reading.clauses[mention.clause], mention, span.tag


@pytest.mark.parametrize(
    "marked",
    [
        "The T9 <removed>pedicle</removed> was drilled away.",
        "The left T9 <removed>pedicle</removed> was then carefully removed.",
        "We drilled the <removed>pedicle</removed>.",
        "The drill was used, resecting the <removed>pedicle</removed>.",
        "The <removed>lamina</removed> and facet were taken down.",
        "The lamina and the <removed>facet</removed> were taken down.",
        "The <removed>disc</removed> was found and removed.",
        "The <removed>herniated disc</removed> was delivered with a pituitary.",
        "The <kept>pedicle</kept> was preserved.",
        "The <kept>pedicle</kept> was left intact.",
        "We left the T9 <kept>pedicle</kept> undisturbed.",
        "The <kept>pedicle</kept> was not drilled.",
        "The <kept>pedicle</kept> was not removed.",
        "The <seen>pedicle</seen> was palpated.",
        "The <seen>pedicle</seen> was identified on fluoroscopy.",
        "The <instrumented>pedicle</instrumented> was cannulated.",
        "The <instrumented>pedicle</instrumented> was probed and tapped.",
    ],
)
def test_fate(marked: str) -> None:
    reading, clause, mention, tag = structure(marked)
    assert GRAMMAR.fate(reading, clause, mention) == tag


@pytest.mark.parametrize(
    "text",
    [
        "The T9 <x>pedicle</x> would be drilled if the tumor could not be reached.",
        "The plan was to drill the <x>pedicle</x>.",
        "The T9 <x>pedicle</x> had been drilled in 2019.",
        "The left T9 <x>pedicle</x>.",
    ],
)
def test_a_plan_or_a_past_settles_nothing(text: str) -> None:
    reading, clause, mention, _ = structure(text)
    assert GRAMMAR.fate(reading, clause, mention) is None


@pytest.mark.parametrize(
    "marked",
    [
        "The root was followed under the T9 <landmark>pedicle</landmark>.",
        "The root passed medial to the left L4 <landmark>pedicle</landmark>.",
        "The fragment lay at the level of the T9 <landmark>pedicle</landmark>.",
        "The lamina was drilled until flush with the <landmark>pedicle</landmark>.",
        "Bone was taken to the inferior border of the <landmark>pedicle</landmark>.",
        "The T9 <object>pedicle</object> was drilled.",
        "We removed the medial half of the T9 <object>pedicle</object>.",
    ],
)
def test_landmarks(marked: str) -> None:
    reading, clause, mention, tag = structure(marked)
    assert GRAMMAR.is_landmark(reading.text, mention, clause) is (tag == "landmark")


@pytest.mark.parametrize(
    "marked",
    [
        "The disc was removed through the <route>pedicle</route>.",
        "The cord was reached through the left T9 <route>pedicle</route>.",
        "Decompression was done via the <route>pedicle</route>.",
        "The body was entered by way of the right <route>pedicle</route>.",
        "The <other>pedicle</other> was drilled.",
        "The root lay below the <other>pedicle</other>.",
    ],
)
def test_a_way_that_was_taken_names_the_approach(marked: str) -> None:
    reading, clause, mention, tag = structure(marked)
    assert GRAMMAR.names_route(reading.text, mention, clause) is (tag == "route")
