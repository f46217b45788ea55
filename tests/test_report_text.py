"""The terminal report."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import DEFICIENT, NOT_APPLICABLE, NOTE, NOTE_TEXT

from opnote_audit.checks.result import CheckResult, Evidence, error_result
from opnote_audit.read import Note
from opnote_audit.report import TextOptions, render_quiet, render_text
from opnote_audit.report.cells import width_of
from opnote_audit.report.table import table

REPORT = """\
✗ DEFICIENT   score 62.5   63057 x 0 supported, 1 possible
  notes/op-1.txt
  approach: transpedicular; primary: 63055 at T9; fusion: posterolateral, T9-T10

  level  role        approach        pathology        treated  supported
  T9     primary     transpedicular  disc herniation  yes      yes
  T10    additional  posterior       none stated      yes      no

✓ R1 pass  T10 is named.

✗ R2 fail  At T10 the approach is not named.
  notes/op-1.txt:4:24 (narrative)
     4 |     the disc was removed. We then went on to T10, and opened it.
       |                           ^^^^^^^^^^^^^^^^^^^^^^
  to mend: Ask the surgeon which corridor was used at T10.

! R5 warn  Fused at the same level.
  to mend: Name the levels.

More about a requirement: opnote-audit explain R2"""


def test_the_whole_report() -> None:
    assert render_text(DEFICIENT, NOTE) == REPORT


def test_colour_only_when_asked_and_never_alone() -> None:
    plain = render_text(DEFICIENT, NOTE)
    coloured = render_text(DEFICIENT, NOTE, TextOptions(color=True))
    assert "\x1b" not in plain
    assert "\x1b[31m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_ascii_symbols_where_the_output_has_no_others() -> None:
    shown = render_text(replace(DEFICIENT, checklist=()), NOTE, TextOptions(unicode=False))
    assert shown.isascii()
    assert shown.startswith("x DEFICIENT")


def test_what_does_not_apply_is_one_line() -> None:
    assert render_text(NOT_APPLICABLE, Note("x", "op-2", "op-2.txt", "utf-16-le")) == (
        "– NOT APPLICABLE   score n/a   63057 x 0 supported\n"
        "  op-2.txt (read as utf-16-le)\n"
        "  approach: none\n"
        "\n"
        "– R1 to R5 na  Nothing of this family."
    )


def test_an_error_is_said_plainly() -> None:
    result = error_result("op-3", "op-3.pdf", "looks like a PDF document, not text; export it")
    assert render_text(result, Note("", "op-3", "op-3.pdf")) == (
        "✗ ERROR\n  op-3.pdf: looks like a PDF document, not text; export it"
    )
    assert render_quiet(result) == "op-3.pdf: error: " + str(result.error)


def test_quiet_is_one_line() -> None:
    assert render_quiet(DEFICIENT) == "notes/op-1.txt: deficient, score 62.5, 0 units"
    assert render_quiet(replace(DEFICIENT, units_supported=1)).endswith(", 1 unit")
    assert render_quiet(NOT_APPLICABLE) == "op-2.txt: not applicable, score n/a, 0 units"


def test_billed_units_are_shown_with_a_claim() -> None:
    assert "1 possible, 2 billed" in render_text(replace(DEFICIENT, units_billed=2), NOTE)


def test_the_same_words_are_quoted_once_and_three_places_at_most() -> None:
    places = tuple(Evidence(n, n + 1, NOTE_TEXT[n]) for n in (0, 0, 1, 2, 3, 4))
    check = CheckResult("R1", "fail", "Wrong.", places)
    shown = render_text(replace(DEFICIENT, checklist=(check,)), NOTE)
    assert shown.count("op-1.txt:1:") == 3
    assert "and 2 more" in shown


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_fit_the_width(width: int) -> None:
    message = "Several words that say at some length what is wrong at this level. " * 3
    checks = tuple(replace(check, message=message, advice=message) for check in DEFICIENT.checklist)
    result = replace(DEFICIENT, segments=(), checklist=checks)
    shown = render_text(result, NOTE, TextOptions(width=width))
    lines = shown.splitlines()[1:]  # the verdict is never cut
    assert max(map(width_of, lines)) <= max(width, len("More about a requirement") + 27)


@given(st.text(min_size=1), st.data())
def test_nothing_in_a_note_or_its_name_reaches_the_terminal_raw(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    check = CheckResult("R1", "fail", text, (Evidence(start, end, text[start:end], text),))
    result = replace(DEFICIENT, checklist=(check,))
    shown = render_text(result, Note(text, "op", text))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)


def test_table_wraps_its_widest_column() -> None:
    assert table([["level", "what"], ["T9", "one two three four"]], 17) == [
        "level  what",
        "T9     one two",
        "       three four",
    ]
