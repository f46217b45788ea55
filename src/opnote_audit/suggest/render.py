"""A suggestion for people and for programs: terminal text, Markdown, JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from opnote_audit.checks.result import Evidence
from opnote_audit.read import Note
from opnote_audit.report.as_json import to_json
from opnote_audit.report.cells import printable
from opnote_audit.report.layout import PLAIN, TextOptions
from opnote_audit.report.markdown import code_span, escape_markdown
from opnote_audit.report.position import LineIndex
from opnote_audit.report.style import Style, verdict_status, words
from opnote_audit.report.table import table
from opnote_audit.suggest.model import FamilyCode, Line, Suggestion, Withheld

_INDENT = "  "
_MAX_WORDS = 3
_NO_LINES = "nothing of 63055, 63056 and 63057"
_UNNAMED = "(level not named)"
_DISCLAIMER = "A documentation aid, not coding advice; a coder decides."


def render_json(suggestion: Suggestion) -> str:
    """Return the suggestion as a JSON object, in ASCII, without a newline at the end."""
    return to_json(suggestion.to_dict())


def render_text(
    suggestion: Suggestion,
    note: Note,
    options: TextOptions = PLAIN,
) -> str:
    """Return the suggestion for a terminal, without a newline at the end.

    Parameters
    ----------
    suggestion, note
        What is suggested, and the note, of which only places and matched words are shown.
    options
        Colour, width and symbols.
    """
    report = _Text(suggestion, note, options.style, options.columns)
    return "\n".join(report.lines())


def render_markdown(suggestion: Suggestion, note: Note) -> str:
    """Return the suggestion as Markdown; nothing of the note acts as markup."""
    return "\n".join(_markdown(suggestion, note))


def _rows(lines: Iterable[Line]) -> list[list[str]]:
    rows = [["code", "units", "segments", "modifier", "why"]]
    for line in lines:
        why = line.reason if line.status == "supported" else f"to review: {line.reason}"
        rows.append(
            [
                line.code,
                str(line.units),
                ", ".join(line.segments) or _UNNAMED,
                " or ".join(line.modifiers) or "none",
                why,
            ]
        )
    return rows


def _units(code: FamilyCode) -> str:
    if code.units is None:
        return f"{code.code} (levels not stated)"
    return f"{code.code} x {code.units} at {', '.join(code.segments)}"


def _kept_off(item: Withheld) -> tuple[str, str]:
    name = item.segment or _UNNAMED
    if item.possible:
        name += " (possible)"
    return name, "; ".join(f"{i}: {message}" for i, _, message in item.reasons)


def _places(evidence: Sequence[Evidence], note: Note) -> Iterator[tuple[str, str, str]]:
    index = LineIndex(note.text)
    for item in evidence[:_MAX_WORDS]:
        line, column = index.position(item.start)
        where = f"{note.source or note.note_id}:{line}:{column}"
        yield where, item.text, f" ({item.section})" if item.section else ""


class _Text:
    def __init__(self, suggestion: Suggestion, note: Note, style: Style, width: int) -> None:
        self._suggestion = suggestion
        self._note = note
        self._style = style
        self._width = width

    def lines(self) -> Iterator[str]:
        found, style = self._suggestion, self._style
        status = verdict_status(found.verdict)
        head = "Suggested claim: " + (
            ", ".join(f"{line.code} x {line.units}" for line in found.lines) or _NO_LINES
        )
        yield style.paint(head, "bold")
        where = printable(self._note.source or self._note.note_id)
        verdict = style.paint(f"{style.symbol(status)} {words(found.verdict)}", style.tone(status))
        yield f"{_INDENT}{style.paint(where, 'place')}, note: {verdict}"
        if found.lines:
            yield ""
            yield from self._table(_rows(found.lines))
        if found.alternative:
            yield from self._title("Or, where the payer takes a primary for each region")
            yield from self._table(_rows(found.alternative))
        if found.withheld:
            yield from self._title("Not on the claim")
            for item in found.withheld:
                name, why = _kept_off(item)
                yield from self._wrap(why, f"{_INDENT}{name}  ")
        if found.modifiers:
            yield from self._title("Modifiers")
            for advice in found.modifiers:
                yield from self._wrap(advice.text, _INDENT)
        if any(d.candidates for d in found.diagnoses):
            yield from self._title("Diagnosis candidates")
            yield from self._diagnoses()
        if found.neighbours:
            yield from self._title("Neighbouring families that the note documents")
            for family in found.neighbours:
                codes = ", ".join(map(_units, family.codes))
                yield from self._wrap(f"{family.title}: {codes}", _INDENT)
                yield from self._quoted(family.words)
                yield from self._wrap(family.remark, _INDENT * 2)
        if found.remarks:
            yield from self._title("Remarks")
            for remark in found.remarks:
                yield from self._wrap(remark.text, _INDENT)
        yield ""
        yield style.paint(_DISCLAIMER, "dim")

    def _title(self, text: str) -> Iterator[str]:
        yield ""
        yield from (self._style.paint(line, "bold") for line in textwrap.wrap(text, self._width))

    def _table(self, rows: list[list[str]]) -> Iterator[str]:
        header, *rest = table(rows, self._width - len(_INDENT))
        yield _INDENT + self._style.paint(header, "dim")
        yield from (_INDENT + row for row in rest)

    def _diagnoses(self) -> Iterator[str]:
        for found in self._suggestion.diagnoses:
            # Candidates that rest on the same words share one quotation.
            for evidence, same in groupby(found.candidates, key=lambda c: c.evidence):
                for item in same:
                    label = f"{_INDENT}{found.segment}  {item.code}  "
                    yield from self._wrap(f"{item.description} ({item.reason})", label)
                yield from self._quoted(evidence)

    def _quoted(self, evidence: Sequence[Evidence]) -> Iterator[str]:
        for where, text, section in _places(evidence, self._note):
            place = self._style.paint(printable(where), "place")
            yield f'{_INDENT * 2}{place} "{printable(text)}"{printable(section)}'

    def _wrap(self, text: str, first: str) -> list[str]:
        return textwrap.wrap(
            printable(text),
            self._width,
            initial_indent=first,
            subsequent_indent=" " * min(len(first), 12),
            break_on_hyphens=False,
        )


def _markdown(found: Suggestion, note: Note) -> Iterator[str]:
    codes = ", ".join(f"{line.code} x {line.units}" for line in found.lines) or _NO_LINES
    yield f"## {escape_markdown(note.note_id)}: suggested claim"
    yield ""
    yield f"**{codes}** · note: {words(found.verdict)}  "
    yield code_span(note.source or note.note_id)
    yield ""
    if found.lines:
        yield from _markdown_table(_rows(found.lines))
    if found.alternative:
        yield "### Or, where the payer takes a primary for each region"
        yield ""
        yield from _markdown_table(_rows(found.alternative))
    sections: list[tuple[str, list[str]]] = [
        (
            "Not on the claim",
            [
                f"**{escape_markdown(n)}** {escape_markdown(w)}"
                for n, w in map(_kept_off, found.withheld)
            ],
        ),
        ("Modifiers", [escape_markdown(m.text) for m in found.modifiers]),
        ("Diagnosis candidates", list(_markdown_diagnoses(found, note))),
        ("Neighbouring families that the note documents", list(_markdown_families(found, note))),
        ("Remarks", [escape_markdown(r.text) for r in found.remarks]),
    ]
    for title, items in sections:
        if items:
            yield f"### {title}"
            yield ""
            yield from (f"- {item}" for item in items)
            yield ""
    yield _DISCLAIMER


def _markdown_table(rows: list[list[str]]) -> Iterator[str]:
    header, *rest = rows
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join(['---'] * len(header))} |"
    yield from (f"| {' | '.join(map(escape_markdown, row))} |" for row in rest)
    yield ""


def _markdown_diagnoses(found: Suggestion, note: Note) -> Iterator[str]:
    for one in found.diagnoses:
        for item in one.candidates:
            label = f"**{one.segment} {item.code}**"
            text = escape_markdown(f"{item.description} ({item.reason})")
            yield f"{label} {text}{_cited(item.evidence, note)}"


def _markdown_families(found: Suggestion, note: Note) -> Iterator[str]:
    for family in found.neighbours:
        codes = ", ".join(map(_units, family.codes))
        text = escape_markdown(f"{family.title}: {codes}. {family.remark}")
        yield text + _cited(family.words, note)


def _cited(evidence: Sequence[Evidence], note: Note) -> str:
    parts = (f"{code_span(where)} {code_span(text)}" for where, text, _ in _places(evidence, note))
    listed = ", ".join(parts)
    return f" — {listed}" if listed else ""
