"""Lines, columns, cells and excerpts: where a finding stands, and how its words are shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import annotated

from opnote_audit.report.cells import cell, printable, width_of
from opnote_audit.report.excerpt import excerpt
from opnote_audit.report.position import LineIndex

ANY_TEXT = st.text(alphabet=st.sampled_from("aZ9 \t\n\r\x00\x1b\u0301\u05d0\u202e\u6f22\ud800é–"))


@pytest.mark.parametrize(
    ("marked", "line", "column"),
    [
        ("<x>T9</x>", 1, 1),
        ("one\ntwo <x>T9</x>", 2, 5),
        ("one\r\ntwo <x>T9</x>", 2, 5),
        ("one\rtwo <x>T9</x>", 2, 5),
        ("one\n\r<x>T9</x>", 3, 1),
        ("one\u2028\x0c\x85<x>T9</x>", 1, 7),
        ("\tcafe\u0301 <x>T9</x>", 1, 8),
        ("one\n<x></x>", 2, 1),
    ],
)
def test_position(marked: str, line: int, column: int) -> None:
    text, spans = annotated(marked)
    assert LineIndex(text).position(spans["x"].start) == (line, column)


@given(ANY_TEXT)
def test_every_offset_has_its_place(text: str) -> None:
    index = LineIndex(text)
    lines = re.split(r"\r\n|\r|\n", text)
    assert len(index) == len(lines)
    assert [text[slice(*index.bounds(n))] for n in range(1, len(index) + 1)] == lines
    for offset in range(len(text) + 1):
        line, column = index.position(offset)
        start, end = index.bounds(line)
        assert start + column - 1 == offset
        # At most the newline itself lies beyond the line's text.
        assert text[end:offset].strip("\r\n") == ""


def test_offsets_outside_the_text_are_drawn_in() -> None:
    index = LineIndex("ab\nc")
    assert index.position(-5) == (1, 1)
    assert index.position(99) == (2, 2)
    with pytest.raises(IndexError, match="no line 3"):
        index.bounds(3)


@pytest.mark.parametrize(
    ("char", "shown", "width"),
    [
        ("a", "a", 1),
        ("\t", "    ", 4),
        ("\x1b", "␛", 1),
        ("\x7f", "␡", 1),
        ("\x9b", "\ufffd", 1),
        ("\u0301", "\u0301", 0),
        ("\u200d", "", 0),
        ("\u202e", "\ufffd", 1),
        ("\ud800", "\ufffd", 1),
        ("漢", "漢", 2),
        ("א", "א", 1),
        ("\u2028", " ", 1),
        ("\n", " ", 1),
    ],
)
def test_cell(char: str, shown: str, width: int) -> None:
    assert cell(char) == (shown, width)


@given(ANY_TEXT)
def test_nothing_printable_moves_the_cursor(text: str) -> None:
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", printable(text))


def underlined(marked: str, width: int = 40) -> list[str]:
    text, spans = annotated(marked)
    parts = excerpt(text, LineIndex(text), spans["x"].start, spans["x"].end, width)
    return [line for part in parts for line in (part.shown, part.underline)]


def test_excerpt_of_a_short_line() -> None:
    assert underlined("one\nthe <x>T9 pedicle</x> was drilled\ntwo") == [
        "the T9 pedicle was drilled",
        "    ^^^^^^^^^^",
    ]


def test_excerpt_is_clipped_between_words() -> None:
    assert underlined("word " * 50 + "the <x>T9 pedicle</x> was drilled " + "word " * 50) == [
        "…word word the T9 pedicle was drilled…",
        "               ^^^^^^^^^^",
    ]


def test_excerpt_with_tabs_wide_and_combining_characters() -> None:
    assert underlined("a\t漢e\u0301 <x>T9\t漢</x> end") == [
        "a    漢e\u0301 T9    漢 end",
        "         ^^^^^^^^",
    ]


def test_excerpt_over_several_lines_shows_three() -> None:
    assert underlined("a <x>one\r\ntwo\r\nthree\r\nfour</x>") == [
        "a one", "  ^^^", "two", "^^^", "three", "^^^^^",
    ]  # fmt: skip


def test_excerpt_of_a_span_wider_than_the_screen() -> None:
    shown, marks = underlined("<x>" + "T9 " * 99 + "</x>")
    assert width_of(shown) <= 40
    assert shown.endswith("…")
    assert marks.strip("^") == ""


def test_excerpt_of_an_empty_span_is_one_caret() -> None:
    assert underlined("one <x></x>two") == ["one two", "    ^"]


@given(ANY_TEXT, st.data(), st.integers(10, 80))
def test_excerpts_fit_and_underline_the_span(text: str, data: st.DataObject, width: int) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    index = LineIndex(text)
    parts = excerpt(text, index, start, end, width)
    assert parts[0].number == index.position(start).line
    for part in parts:
        assert sum(cell(char).width for char in part.shown) <= width
        assert len(part.underline) <= width
        line_start, line_end = index.bounds(part.number)
        mark = text[max(start, line_start) : min(end, line_end)]
        # A span may begin within the line's own end (between CR and LF): the mark stands there.
        before = text[line_start : min(max(start, line_start), line_end)]
        if "…" not in part.shown:
            assert part.mark_start == width_of(before)
            assert part.mark_width == max(width_of(mark), 1)


def test_a_megabyte_line_costs_no_more_than_its_window() -> None:
    text = "T9 pedicle drilled " * 60_000
    middle = len(text) // 2
    part, *_ = excerpt(text, LineIndex(text), middle, middle + 10, 60)
    assert width_of(part.shown) <= 60
