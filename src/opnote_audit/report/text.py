"""The terminal report of one note, in the manner of a linter: verdict first, then why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from opnote_audit.checks.result import CODE, AuditResult, CheckResult, Evidence, Remark
from opnote_audit.read import Note
from opnote_audit.report.cells import printable
from opnote_audit.report.excerpt import excerpt
from opnote_audit.report.layout import PLAIN, TextOptions
from opnote_audit.report.position import LineIndex
from opnote_audit.report.style import Style, verdict_status, words
from opnote_audit.report.table import table

_MAX_PLACES = 3
_INDENT = "  "
# An encoding is worth a word only where it is not the one that everybody expects.
_USUAL_ENCODINGS = (None, "utf-8")

REMARKS_TITLE = "Remarks"
REMARKS_NOTE = "For the reviewer to look at; no finding rests on them."
"""What every report says above its remarks."""


def render_text(
    result: AuditResult,
    note: Note,
    options: TextOptions = PLAIN,
) -> str:
    """Return the terminal report of one note.

    Parameters
    ----------
    result
        What the audit found.
    note
        The note it was found in; its text is quoted around each finding.
    options
        Colour, width and symbols.

    Returns
    -------
    str
        The report, lines parted by newlines, with no newline at the end.
    """
    return "\n".join(_Report(result, note, options.style, options.columns).lines())


def render_quiet(result: AuditResult) -> str:
    """Return the one line of ``--quiet``: ``file: verdict, score, units supported``."""
    where = printable(result.source or result.note_id)
    if result.verdict == "error":
        return f"{where}: error: {printable(result.error or '')}"
    return (
        f"{where}: {words(result.verdict)}, score {score_text(result.score)}, "
        f"{units_text(result.units_supported)}"
    )


def score_text(score: float | None) -> str:
    """Return a score for people: ``87.5``, ``100``, ``n/a``."""
    return "n/a" if score is None else f"{round(score, 1):g}"


def units_text(count: int) -> str:
    """Return ``1 unit`` or ``2 units``."""
    return f"{count} unit{'' if count == 1 else 's'}"


def units_summary(result: AuditResult) -> str:
    """Return what the note supports: ``63057 x 1 supported, 2 possible, 2 billed``."""
    parts = [f"{CODE} x {result.units_supported} supported"]
    if result.units_possible != result.units_supported:
        parts.append(f"{result.units_possible} possible")
    if result.units_billed is not None:
        parts.append(f"{result.units_billed} billed")
    return ", ".join(parts)


def operation_summary(result: AuditResult) -> str:
    """Return the operation in a line: approach, primary, fusion."""
    parts = [f"approach: {words(result.approach)}"]
    if result.primary_code or result.primary_segment:
        code = result.primary_code or "none"
        where = f" at {result.primary_segment}" if result.primary_segment else ""
        parts.append(f"primary: {code}{where}")
    if result.fusion.performed:
        kind = words(result.fusion.type or "kind unknown")
        levels = ", ".join(result.fusion.segments) or "no level stated"
        parts.append(f"fusion: {kind}, {levels}")
    return "; ".join(parts)


def segment_rows(result: AuditResult) -> list[list[str]]:
    """Return the segments table: a header, then a row a segment."""
    rows = [["level", "role", "approach", "pathology", "treated", "supported"]]
    for segment in result.segments:
        rows.append(
            [
                segment.segment,
                segment.role,
                words(segment.approach),
                ", ".join(map(words, segment.pathologies)) or "none stated",
                "yes" if segment.treated else "no",
                "yes" if segment.supported else "no",
            ]
        )
    return rows


def distinct_places(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return the evidence with each stretch of the note once, in the order given."""
    return list({(item.start, item.end): item for item in evidence}.values())


class _Report:
    def __init__(self, result: AuditResult, note: Note, style: Style, width: int) -> None:
        self._result = result
        self._note = note
        self._style = style
        self._width = width
        self._index = LineIndex(note.text)
        self._where = printable(note.source or note.note_id)

    def lines(self) -> Iterator[str]:
        yield from self._head()
        if self._result.segments:
            yield ""
            header, *rows = table(segment_rows(self._result), self._width - len(_INDENT))
            yield _INDENT + self._style.paint(header, "dim")
            yield from (_INDENT + row for row in rows)
        yield from self._checks()
        yield from self._remarks()
        problems = [c.id for c in self._result.checklist if c.status in ("warn", "fail")]
        if problems:
            yield ""
            more = f"More about a requirement: opnote-audit explain {problems[0]}"
            yield self._style.paint(more, "dim")

    def _head(self) -> Iterator[str]:
        result, style = self._result, self._style
        status = verdict_status(result.verdict)
        verdict = f"{style.symbol(status)} {words(result.verdict).upper()}"
        head = style.paint(verdict, "bold", style.tone(status))
        if result.verdict == "error":
            yield head
            yield from self._wrap(f"{self._where}: {printable(result.error or '')}", _INDENT)
            return
        yield f"{head}   score {score_text(result.score)}   {units_summary(result)}"
        encoding = self._note.encoding
        read_as = "" if encoding in _USUAL_ENCODINGS else f" (read as {encoding})"
        yield _INDENT + style.paint(self._where, "place") + read_as
        yield from self._wrap(operation_summary(result), _INDENT)

    def _checks(self) -> Iterator[str]:
        apart = True
        for status, group in groupby(self._result.checklist, key=lambda check: check.status):
            if status in ("warn", "fail"):
                for check in group:
                    yield ""
                    yield from self._problem(check)
                apart = True
                continue
            if apart:
                yield ""
                apart = False
            # Five times the same "does not apply" is one line.
            for message, same in groupby(group, key=lambda check: check.message):
                yield from self._short(status, [check.id for check in same], message)

    def _short(self, status: str, ids: list[str], message: str) -> Iterator[str]:
        label = ids[0] if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"
        yield from self._headed(status, label, printable(message))

    def _problem(self, check: CheckResult) -> Iterator[str]:
        yield from self._headed(check.status, check.id, printable(check.message))
        yield from self._places(check.evidence)
        if check.advice:
            yield from self._wrap(printable(check.advice), f"{_INDENT}to mend: ")

    def _remarks(self) -> Iterator[str]:
        if self._result.remarks:
            yield ""
            yield self._style.paint(REMARKS_TITLE, "bold")
            yield from self._wrap(REMARKS_NOTE, _INDENT)
        for remark in self._result.remarks:
            yield from self._remark(remark)

    def _remark(self, remark: Remark) -> Iterator[str]:
        yield from self._wrap(printable(remark.message), "- ")
        yield from self._places(remark.evidence)

    def _places(self, evidence: Iterable[Evidence]) -> Iterator[str]:
        places = distinct_places(evidence)
        for item in places[:_MAX_PLACES]:
            yield from self._place(item)
        if len(places) > _MAX_PLACES:
            yield f"{_INDENT}and {len(places) - _MAX_PLACES} more (all of them in --format json)"

    def _headed(self, status: str, label: str, message: str) -> Iterator[str]:
        style = self._style
        plain = f"{style.symbol(status)} {label} {status}"
        head = style.paint(plain, style.tone(status), "bold")
        lines = textwrap.wrap(message, self._width - len(plain) - 2) or [""]
        yield f"{head}  {lines[0]}".rstrip()
        yield from (" " * (len(plain) + 2) + line for line in lines[1:])

    def _place(self, item: Evidence) -> Iterator[str]:
        style = self._style
        line, column = self._index.position(item.start)
        section = f" ({printable(item.section)})" if item.section else ""
        yield _INDENT + style.paint(f"{self._where}:{line}:{column}", "place") + section
        gutter = max(4, len(str(line + 2)))
        room = self._width - gutter - len(_INDENT) - 3
        for part in excerpt(self._note.text, self._index, item.start, item.end, room):
            yield f"{_INDENT}{style.paint(f'{part.number:>{gutter}} |', 'dim')} {part.shown}"
            marks = " " * part.mark_start + style.paint("^" * part.mark_width, "bold", "warn")
            yield f"{_INDENT}{style.paint(' ' * gutter + ' |', 'dim')} {marks}"

    def _wrap(self, text: str, first: str) -> list[str]:
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )
