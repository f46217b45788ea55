"""One note's result as Markdown, safe to paste anywhere: nothing of a note acts as markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opnote_audit.checks.result import AuditResult, CheckResult, Evidence
from opnote_audit.read import Note
from opnote_audit.report.cells import printable
from opnote_audit.report.excerpt import excerpt
from opnote_audit.report.position import LineIndex
from opnote_audit.report.style import Style, verdict_status, words
from opnote_audit.report.text import (
    REMARKS_NOTE,
    REMARKS_TITLE,
    distinct_places,
    operation_summary,
    score_text,
    segment_rows,
    units_summary,
)

_WIDTH = 88
_MAX_PLACES = 3
_GUTTER = 4
# Everything that can open markup, HTML, a link (written out or found by itself), an emoji
# (":100:") or a formula.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>&|~#!@$^]|:(?=\S))")
_AT_START = re.compile(r"^([-+=]|\d+(?=[.)]))")
_BARE_LINK = re.compile(r"(www)\.", re.IGNORECASE)


def render_markdown(result: AuditResult, note: Note) -> str:
    """Return one note's result as Markdown (CommonMark and GitHub's tables).

    Parameters
    ----------
    result
        What the audit found.
    note
        The note it was found in; its text is quoted around each finding, in code blocks.

    Returns
    -------
    str
        The document, without a newline at the end.
    """
    return "\n".join(_document(result, note))


def escape_markdown(text: str) -> str:
    """Return ``text`` on one line, with everything escaped that Markdown would act on."""
    escaped = _ACTIVE.sub(r"\\\1", printable(text).strip())
    escaped = _BARE_LINK.sub(r"\1\\.", escaped)
    # A number that opens a list is made harmless at its dot, a sign at itself.
    return _AT_START.sub(
        lambda found: found[0] + "\\" if found[0][0].isdigit() else "\\" + found[0], escaped
    )


def code_span(text: str) -> str:
    """Return ``text`` as inline code, its fence longer than any run of backticks in it."""
    shown = printable(text)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _document(result: AuditResult, note: Note) -> Iterator[str]:
    style = Style()
    symbol = style.symbol(verdict_status(result.verdict))
    where = note.source or note.note_id
    yield f"## {symbol} {escape_markdown(note.note_id)}: {words(result.verdict)}"
    yield ""
    if result.verdict == "error":
        yield f"{code_span(where)} could not be audited: {escape_markdown(result.error or '')}"
        return
    yield f"**Score** {score_text(result.score)} · **Units** {units_summary(result)}  "
    yield f"{code_span(where)}  "
    yield escape_markdown(operation_summary(result))
    yield ""
    if result.segments:
        header, *rows = segment_rows(result)
        yield _row([name.capitalize() for name in header])
        yield _row(["---"] * len(header))
        yield from (_row([escape_markdown(text) for text in row]) for row in rows)
        yield ""
    index = LineIndex(note.text)
    for check in result.checklist:
        yield from _check(check, note, index, style)
    if result.remarks:
        yield f"### {REMARKS_TITLE}"
        yield ""
        yield REMARKS_NOTE
        yield ""
    for remark in result.remarks:
        yield escape_markdown(remark.message)
        yield ""
        yield from _places(remark.evidence, note, index)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _check(check: CheckResult, note: Note, index: LineIndex, style: Style) -> Iterator[str]:
    title = f" {escape_markdown(check.title)}" if check.title else ""
    yield f"### {style.symbol(check.status)} {escape_markdown(check.id)} {check.status}{title}"
    yield ""
    yield escape_markdown(check.message)
    yield ""
    if check.status not in ("warn", "fail"):
        return
    yield from _places(check.evidence, note, index)
    if check.advice:
        yield f"**To mend** {escape_markdown(check.advice)}"
        yield ""


def _places(evidence: Sequence[Evidence], note: Note, index: LineIndex) -> Iterator[str]:
    places = distinct_places(evidence)
    for item in places[:_MAX_PLACES]:
        yield from _place(item, note, index)
    if len(places) > _MAX_PLACES:
        yield f"and {len(places) - _MAX_PLACES} more"
        yield ""


def _place(item: Evidence, note: Note, index: LineIndex) -> Iterator[str]:
    line, column = index.position(item.start)
    where = code_span(f"{note.source or note.note_id}:{line}:{column}")
    section = f" ({escape_markdown(item.section)})" if item.section else ""
    yield where + section
    yield ""
    # Every line starts with a gutter, so no words of a note can close the fence.
    yield "```text"
    for part in excerpt(note.text, index, item.start, item.end, _WIDTH):
        yield f"{part.number:>{_GUTTER}} | {part.shown}"
        yield f"{'':>{_GUTTER}} | {part.underline}"
    yield "```"
    yield ""
