"""Draft the questions for one note (AHIMA/ACDIS practice brief, domain notes section 7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from opnote_audit.annotate.reading import Reading
from opnote_audit.checks.checklist import checklist_in
from opnote_audit.checks.result import UNPLACED, AuditResult
from opnote_audit.paths import patterns_dir
from opnote_audit.query.gaps import Gap, find_gaps, words_of
from opnote_audit.query.model import DocumentationQuery, Question, Quote, Unasked
from opnote_audit.query.rules import Document, Template, load_templates
from opnote_audit.query.wording import ELIDED, elide
from opnote_audit.report.cells import printable
from opnote_audit.report.position import LineIndex
from opnote_audit.resolve.model import Operation, Span

_MAX_QUOTES = 4
_BEFORE, _AFTER = 140, 160
_CUT = "…"
_CLAIM = "a finding about the claim; a question to the surgeon is about the record only"
_CLEAR = "the record does not contradict itself about it"
_NO_WORDS = "the record has no words of its own that a question could rest on"
_SPACE = re.compile(r"\s+")


class Drafter:
    """Drafts documentation queries; its templates are loaded once.

    Parameters
    ----------
    patterns
        A folder of rule files to use instead of the package's own.

    Raises
    ------
    RuleFileError
        If a rule file is missing or broken; the message names the file and the entry.
    """

    def __init__(self, patterns: Path | None = None) -> None:
        folder = patterns if patterns is not None else patterns_dir()
        self._checklist = checklist_in(folder)
        self._templates = load_templates(folder / "queries" / "63057.json", self._checklist)

    @property
    def words(self) -> Document:
        """The fixed words of the document."""
        return self._templates.document

    def draft(
        self, result: AuditResult, operation: Operation, reading: Reading
    ) -> DocumentationQuery:
        """Return the query for one note.

        Parameters
        ----------
        result, operation, reading
            The audit, the operation and the reading of one and the same text. Findings about
            a claim (C1 to C8) in ``result`` are never asked.

        Returns
        -------
        DocumentationQuery
            One question for each gap that an addendum can mend.
        """
        unasked: list[Unasked] = []
        asked: dict[str, list[Gap]] = {}
        gaps: tuple[Gap, ...] = ()
        if result.suspected:
            gaps = (Gap("R2", UNPLACED),)
        elif _applies(result):
            gaps = find_gaps(operation, self._checklist)
        for gap in gaps:
            why = self._why_not(gap, operation, reading)
            if why:
                unasked.append(Unasked(gap.requirement, gap.rule, why))
            else:
                # Two findings that ask the same of other levels are one question.
                template = self._templates.of(gap.requirement, gap.rule)
                asked.setdefault(template.question, []).append(gap)
        questions = [self._question(same, operation, reading) for same in asked.values()]
        for check in result.checklist:
            if check.id.startswith("C") and check.status in ("warn", "fail"):
                unasked.append(Unasked(check.id, check.rule, _CLAIM))
        return DocumentationQuery(result.note_id, tuple(questions), tuple(unasked))

    def _why_not(self, gap: Gap, operation: Operation, reading: Reading) -> str:
        """Return why nothing is asked about a gap; empty where something is."""
        template = self._templates.of(gap.requirement, gap.rule)
        if not template.ask:
            return template.reason
        if template.needs is not None and not words_of(gap, template.needs, operation):
            return _CLEAR
        return "" if self._quotes((gap,), template, operation, reading) else _NO_WORDS

    def _quotes(
        self, gaps: Sequence[Gap], template: Template, operation: Operation, reading: Reading
    ) -> tuple[Quote, ...]:
        kinds = [
            [span for gap in gaps for span in words_of(gap, kind, operation)]
            for kind in template.quotes
        ]
        return _quotes(kinds, reading)

    def _question(self, gaps: Sequence[Gap], operation: Operation, reading: Reading) -> Question:
        template = self._templates.of(gaps[0].requirement, gaps[0].rule)
        concerned = {s.name for gap in gaps for s in gap.segments}
        names = tuple(s.name for s in operation.segments if s.name in concerned)
        text = template.question.format(segments=_listing(names) or self._templates.no_level)
        return Question(
            findings=tuple((gap.requirement, gap.rule) for gap in gaps),
            subject=template.subject,
            text=text,
            quotes=self._quotes(gaps, template, operation, reading),
            options=self._options(template, gaps[0], operation, reading),
            segments=names,
        )

    def _options(
        self, template: Template, gap: Gap, operation: Operation, reading: Reading
    ) -> tuple[str, ...]:
        """Return the choices, all of them statements of the record; none where it has only one.

        One choice would lead, so the question is then open.
        """
        options: tuple[str, ...] = ()
        if template.options == "levels":
            family = [s.name for s in operation.segments if s.role in ("primary", "additional")]
            options = tuple(family)
        elif template.options == "disagreement":
            options = self._cited(operation.disagreement, reading)
        elif template.options == "routes":
            # "The rib was resected" is a step; only words that name an approach are choices.
            named = {(m.start, m.end) for m in reading.mentions if m.label == "APPROACH"}
            told = words_of(gap, "other_route", operation)
            routes = [s for s in told if (s.start, s.end) in named]
            if routes:
                options = self._cited(
                    [*words_of(gap, "heading", operation)[:1], *routes[:1]], reading
                )
        return options if len(options) > 1 else ()

    def _cited(self, spans: Iterable[Span], reading: Reading) -> tuple[str, ...]:
        """Return the record's words at ``spans`` with their line, each wording once."""
        index = LineIndex(reading.text)
        out: dict[str, str] = {}
        for span in spans:
            shown = _shown(reading.text[span.start : span.end])
            line = index.position(span.start).line
            out.setdefault(shown.casefold(), f"{shown} ({self.words.line} {line})")
        return tuple(out.values())


def _applies(result: AuditResult) -> bool:
    return result.verdict in ("needs_review", "deficient")


def _listing(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _quotes(kinds: Sequence[Sequence[Span]], reading: Reading) -> tuple[Quote, ...]:
    """Return quotations, one a sentence: the first words of every kind, then the others."""
    index = LineIndex(reading.text)
    longest = max((len(spans) for spans in kinds), default=0)
    ordered = [spans[i] for i in range(longest) for spans in kinds if i < len(spans)]
    chosen: dict[int, tuple[Span, tuple[int, int]]] = {}
    for span in ordered:
        bounds = _sentence(reading, index, span)
        # A quotation of nothing but what had to be left out says nothing.
        if _shown(reading.text[span.start : span.end]) == ELIDED:
            continue
        chosen.setdefault(bounds[0], (span, bounds))
    quotes = []
    for span, bounds in sorted(list(chosen.values())[:_MAX_QUOTES], key=lambda c: c[0].start):
        text = _excerpt(reading.text, span, bounds)
        quotes.append(Quote(text, index.position(span.start).line, reading.section_at(span.start)))
    return tuple(quotes)


def _sentence(reading: Reading, index: LineIndex, span: Span) -> tuple[int, int]:
    """Return the bounds of the sentence, or where none is known the line, around a span."""
    for sentence in reading.sentences:
        if sentence.start <= span.start < sentence.end:
            return sentence.start, max(sentence.end, span.end)
    start, end = index.bounds(index.position(span.start).line)
    return start, max(end, span.end)


def _excerpt(text: str, span: Span, bounds: tuple[int, int]) -> str:
    """Return a sentence, or the part of a long one around a span, cut between words."""
    start, end = bounds
    if span.start - start > _BEFORE:
        start = span.start - _BEFORE
        space = _SPACE.search(text, start, span.start)
        start = space.end() if space else start
    if end - span.end > _AFTER:
        end = span.end + _AFTER
        spaces = list(_SPACE.finditer(text, span.end, end))
        end = spaces[-1].start() if spaces else end
    shown = _shown(text[start:end])
    before = _CUT if text[bounds[0] : start].strip() else ""
    after = _CUT if text[end : bounds[1]].strip() else ""
    return f"{before}{shown}{after}"


def _shown(text: str) -> str:
    return elide(_SPACE.sub(" ", printable(text)).strip())
