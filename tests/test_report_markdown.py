"""Markdown: readable, and nothing of a note acts as markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import DEFICIENT, NOTE

from opnote_audit.checks.result import CheckResult, Evidence, error_result
from opnote_audit.read import Note
from opnote_audit.report import render_markdown
from opnote_audit.report.markdown import code_span, escape_markdown

markdown_it = pytest.importorskip("markdown_it")

HOSTILE = [
    "<script>alert(1)</script>",
    "![x](http://x.example/y.png)",
    "[a](javascript:alert(1))",
    "<javascript:alert(1)>",
    "http://x.example",
    "www.x.example",
    "someone@x.example",
    "| a | b |",
    "**bold** _it_ ~~no~~ `code`",
    "# heading",
    "- item",
    "1. item",
    "2024. T9",
    "> quote",
    "&lt;b&gt;",
    "```\n<b>x</b>\n```",
    "\\<b>x</b>",
]


def html(text: str) -> str:
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table"])
    return str(parser.render(text))


def shown(text: str) -> str:
    """The words that a reader of rendered Markdown sees, if there is only a paragraph."""
    inner = html(text).removeprefix("<p>").removesuffix("</p>\n")
    assert "<" not in inner
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        inner = inner.replace(entity, char)
    return inner


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_is_only_text(text: str) -> None:
    assert shown(escape_markdown(text)) == text.replace("\n", " ")


@given(st.text("ab1 *_`[]()<>&|~#!:@$^\\-+=.{}\"'/", min_size=1))
def test_any_text_can_be_escaped(text: str) -> None:
    escaped = escape_markdown(text)
    if escaped:
        # HTML folds blanks at the ends of a line, not within it.
        assert shown(escaped) == text.strip()


@given(st.text("a `<*", min_size=1).filter(str.strip))
def test_code_spans_hold_any_text(text: str) -> None:
    assert html(code_span(text)).count("<code>") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_note_does_nothing(text: str) -> None:
    evidence = (Evidence(0, len(text), text, text),)
    check = CheckResult("R1", "fail", text, evidence, title=text, advice=text)
    result = replace(DEFICIENT, note_id=text, source=text, checklist=(check,))
    page = html(render_markdown(result, Note(text, text, text)))
    for tag in ("<script", "<b>", "<img", "<a ", "<em>", "<blockquote", "<li>", "<del"):
        assert tag not in page


def test_the_document() -> None:
    text = render_markdown(DEFICIENT, NOTE)
    assert text.startswith("## ✗ op-1: deficient\n\n**Score** 62.5 · **Units** 63057 x 0")
    assert "| T10 | additional | posterior | none stated | yes | no |" in text
    assert "### ✗ R2 fail Approach" in text
    assert "`notes/op-1.txt:4:24` (narrative)" in text
    assert "**To mend** Ask the surgeon which corridor was used at T10." in text
    page = html(text)
    assert page.count("<table>") == 1
    assert "^^^^^^^^^^^^^^^^^^^^^^" in page


def test_an_error_is_said_plainly() -> None:
    text = render_markdown(error_result("a", "a.pdf", "looks like a PDF"), Note("", "a", "a.pdf"))
    assert text == "## ✗ a: error\n\n`a.pdf` could not be audited: looks like a PDF"
