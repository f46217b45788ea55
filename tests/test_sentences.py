"""Sentences and clauses of dictated notes; ``<s>`` and ``<c>`` mark what should be one."""

from __future__ import annotations

import pytest
from annotated import annotated
from hypothesis import given
from hypothesis import strategies as st

from opnote_audit.annotate.sentences import Splitter
from opnote_audit.paths import patterns_dir
from opnote_audit.rules.grammar import load_grammar

SPLITTER = Splitter(load_grammar(patterns_dir() / "grammar.json"))


@pytest.mark.parametrize(
    "marked",
    [
        "<s>The pedicle was drilled.</s> <s>The cord was free.</s>",
        "<s>The pedicle was drilled.</s>  <s>the cord was free.</s>",
        "<s>Dr. Smith drilled the T9 pedicle.</s> <s>Closed.</s>",
        "<s>A 6.5 mm burr was used at T9.</s> <s>Closed.</s>",
        "<s>About 1.5 cm of bone, e.g. the lamina, was taken.</s> <s>Closed.</s>",
        "<s>Was the cord free?</s> <s>It was!</s> <s>Closed.</s>",
        '<s>He said "it is free."</s> <s>Closed.</s>',
        "<s>The cord was free (see above).</s> <s>Closed.</s>",
        # Transcribers write a full stop and a comma.
        "<s>Complications: None.</s><s>,Counts were correct.</s>",
        # Spoken punctuation.
        "<s>The pedicle was drilled PERIOD</s> <s>The cord was free PERIOD</s>",
        # Lists, in lines and in running text.
        "<s>1. Transpedicular decompression, T9.</s>\n<s>2. The same, T10.</s>",
        "<s>- T9</s>\n<s>- T10</s>",
        # A line end is a sentence's end where lines were not wrapped.
        "<s>Anesthesia general</s>\n<s>Blood loss 50 mL</s>",
        "<s>one</s>\r\n<s>two</s>\r<s>three</s>",
    ],
)
def test_sentences(marked: str) -> None:
    note = annotated(marked)
    found = [note.text[a:b] for a, b in SPLITTER.sentences(note.text)]
    assert found == [s.text for s in note.spans]


def test_wrapped_lines_are_one_sentence() -> None:
    text = (
        "The midline was opened from T8 to T11 and the muscles were stripped from the\n"
        "laminae on both sides with care for the joint capsules. The T9 pedicle was then\n"
        "drilled away until it was flush with the vertebral body, and the disc space was\n"
        "entered from the side without touching the cord. The rest was quiet and the\n"
        "wound was closed."
    )
    found = [" ".join(text[a:b].split()) for a, b in SPLITTER.sentences(text)]
    assert len(found) == 3
    assert found[1].startswith("The T9 pedicle was then drilled away")
    assert found[1].endswith("without touching the cord.")


def test_numbers_of_a_list_in_one_paragraph_begin_the_sentence_that_they_number() -> None:
    note = annotated(
        "<s>PROCEDURE:</s> <s>1. Transpedicular decompression T9.</s> <s>2. The same at T10.</s>"
    )
    header = len("PROCEDURE:")
    found = [note.text[a:b] for a, b in SPLITTER.sentences(note.text, (header,))]
    assert found == [s.text for s in note.spans]


def test_a_break_always_starts_a_sentence() -> None:
    text = "PROCEDURE decompression of T9"
    assert [text[a:b] for a, b in SPLITTER.sentences(text, (9,))] == [
        "PROCEDURE",
        "decompression of T9",
    ]


@pytest.mark.parametrize(
    "marked",
    [
        "<c>the right and left pedicles were drilled</c>",
        "<c>the T9 pedicle was drilled</c><c>; the cord was free</c>",
        "<c>the T9 pedicle was drilled</c><c> and the disc was removed</c>",
        "<c>T9 was decompressed</c><c>, but the T10 level was left alone</c>",
        "<c>T9 was decompressed</c><c> - no work was done at T10</c>",
        "<c>T9 and T10 were decompressed</c>",
    ],
)
def test_clauses(marked: str) -> None:
    note = annotated(marked)
    text = note.text
    assert [text[a:b] for a, b in SPLITTER.clauses(text, 0, len(text))] == [
        s.text for s in note.spans
    ]


_PIECES = st.sampled_from([
    "The pedicle was drilled", ". ", ".", "!", "\n", "\r\n", "\r", " and the ", "; ", "1. ",
    "Dr. ", "PERIOD", "T9", " ", ",X", "(", ")", "\u2028", "\x0b",
])  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=25).map("".join)))
def test_sentences_hold_every_word_once_and_clauses_every_sentence(text: str) -> None:
    at = 0
    for start, end in SPLITTER.sentences(text):
        assert not text[at:start].strip()
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        at = end
        here = start
        for low, high in SPLITTER.clauses(text, start, end):
            assert low == here < high
            here = high
        assert here == end
    assert not text[at:].strip()
