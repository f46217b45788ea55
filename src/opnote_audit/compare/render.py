"""A comparison for a terminal and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from opnote_audit.checks.result import AuditResult, CheckResult, Evidence, SegmentResult
from opnote_audit.compare.comparison import CheckChange, Comparison, SegmentChange
from opnote_audit.read import Note
from opnote_audit.report.as_json import to_json
from opnote_audit.report.cells import printable
from opnote_audit.report.layout import PLAIN, TextOptions
from opnote_audit.report.position import LineIndex
from opnote_audit.report.style import Style, verdict_status, words
from opnote_audit.report.text import distinct_places, score_text, units_summary

_INDENT = "  "
_MAX_PLACES = 3
_TONES = {"mended": "good", "better": "good", "worse": "bad", "changed": "warn", "same": "dim"}


def render_json(comparison: Comparison) -> str:
    """Return the comparison as a JSON object, in ASCII, without a newline at the end."""
    return to_json(comparison.to_dict())


def render_text(
    comparison: Comparison,
    after: Note,
    options: TextOptions = PLAIN,
) -> str:
    """Return the comparison for a terminal, without a newline at the end.

    Parameters
    ----------
    comparison, after
        What changed, and the later note, where an addendum's words stand.
    options
        Colour, width and symbols.
    """
    report = _Report(comparison, after, options.style, options.columns)
    return "\n".join(report.lines())


class _Report:
    def __init__(self, comparison: Comparison, after: Note, style: Style, width: int) -> None:
        self._comparison = comparison
        self._after = after
        self._style = style
        self._width = width
        self._index = LineIndex(after.text)

    def lines(self) -> Iterator[str]:
        found, style = self._comparison, self._style
        for label, result in (("before", found.before), ("after", found.after)):
            yield f"{label:<7}{self._verdict(result)}"
        yield ""
        if not found.changed:
            yield "Nothing that the audit says has changed."
        for check in found.checks:
            yield from self._check(check)
        moved = [s for s in found.segments if s.change != "same"]
        if moved:
            yield ""
            yield style.paint("Segments", "bold")
            for segment in moved:
                yield from self._segment(segment)
        yield ""
        if found.addenda:
            plural = "" if found.addenda == 1 else "s"
            yield f"The later note holds {found.addenda} addendum section{plural}."
        else:
            yield "The later note holds no section headed as an addendum."
        if not found.original_kept:
            text = (
                "The earlier text was altered, not only added to at its end or under an addendum "
                "heading; an addendum leaves the report as it was."
            )
            yield from self._wrap(text, f"{style.symbol('warn')} ")

    def _verdict(self, result: AuditResult) -> str:
        status = verdict_status(result.verdict)
        sign = self._style.symbol(status)
        verdict = self._style.paint(f"{sign} {words(result.verdict)}", self._style.tone(status))
        where = printable(result.source or result.note_id)
        score = score_text(result.score)
        return f"{verdict}, score {score}, {units_summary(result)}  {where}"

    def _check(self, check: CheckChange) -> Iterator[str]:
        if check.change == "same":
            head = f"{check.id} same"
            status = check.after.status if check.after is not None else "na"
            yield f"{self._style.paint(head, 'dim')}  {status}"
        else:
            head = f"{check.id} {check.change}"
            painted = self._style.paint(head, _TONES[check.change], "bold")
            yield painted
            yield from self._wrap(_said(check.before), f"{_INDENT}before  ")
            yield from self._wrap(_said(check.after), f"{_INDENT}after   ")
        yield from self._added(check.from_addendum)

    def _segment(self, segment: SegmentChange) -> Iterator[str]:
        yield f"{_INDENT}{segment.segment} {segment.change}"
        if segment.before is not None:
            yield from self._wrap(_site(segment.before), f"{_INDENT * 2}before  ")
        if segment.after is not None:
            yield from self._wrap(_site(segment.after), f"{_INDENT * 2}after   ")

    def _added(self, evidence: tuple[Evidence, ...]) -> Iterator[str]:
        places = distinct_places(evidence)
        where = printable(self._after.source or self._after.note_id)
        for item in places[:_MAX_PLACES]:
            line, column = self._index.position(item.start)
            place = self._style.paint(f"{where}:{line}:{column}", "place")
            yield f'{_INDENT}from the addendum: {place} "{printable(item.text)}"'
        if len(places) > _MAX_PLACES:
            yield f"{_INDENT}and {len(places) - _MAX_PLACES} more (all in --format json)"

    def _wrap(self, text: str, first: str) -> list[str]:
        return textwrap.wrap(
            printable(text),
            self._width,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )


def _said(check: CheckResult | None) -> str:
    return "not checked" if check is None else f"{check.status}: {check.message}"


def _site(segment: SegmentResult) -> str:
    pathologies = ", ".join(map(words, segment.pathologies)) or "no pathology stated"
    treated = "treated" if segment.treated else "not treated"
    supported = "supported" if segment.supported else "not supported"
    return f"{segment.role}, {words(segment.approach)}, {pathologies}, {treated}, {supported}"
