"""The query templates (``patterns/queries/63057.json``), checked on load."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.query.wording import forbidden_word, holds_code_or_money
from opnote_audit.rules.checklist import Checklist
from opnote_audit.rules.files import Strict, read_json, validate

QuoteKind = Literal[
    "act",
    "denied",
    "disagreement",
    "fusion",
    "heading",
    "level",
    "other_route",
    "pathology",
    "route",
    "unnamed",
]


class NeverWords(Strict):
    """Words that no text of a query may hold."""

    reason: str
    words: tuple[str, ...] = Field(min_length=1)


class Document(Strict):
    """The fixed words of a query."""

    title: str
    record: str
    to: str
    purpose: str
    instructions: str
    quoted: str
    line: str
    question: str
    choose: str
    answer: str
    other: str
    unable: str
    no_questions: str
    signature: str
    name: str
    date: str
    time: str


class Template(Strict):
    """What to ask for one outcome of one requirement, or why nothing is asked.

    ``quotes`` say which words of the record are shown; ``options`` where the choices of a
    multiple-choice question come from (``None`` for an open one); ``needs`` a kind of quote
    without which the question has no ground.
    """

    requirement: str
    rule: str
    ask: bool
    reason: str = Field(min_length=1)
    subject: str = ""
    question: str = ""
    quotes: tuple[QuoteKind, ...] = ()
    options: Literal["levels", "disagreement", "routes"] | None = None
    needs: QuoteKind | None = None


class Templates(Strict):
    """All templates of one code; ``no_level`` stands in a question for an unnamed segment."""

    schema_version: str
    code: str
    source: str
    never_words: NeverWords
    document: Document
    no_level: str
    templates: tuple[Template, ...]

    def of(self, requirement: str, rule: str) -> Template:
        """Return the template of an outcome; :class:`KeyError` when the file lacks it."""
        return {(t.requirement, t.rule): t for t in self.templates}[requirement, rule]


def load_templates(path: Path, checklist: Checklist) -> Templates:
    """Return the templates of ``path``.

    Parameters
    ----------
    path
        The template file.
    checklist
        The checklist whose outcomes the templates answer.

    Raises
    ------
    RuleFileError
        The file is broken, lacks a template for an outcome that warns or fails, has one for
        anything else, asks without a subject, question or quotation, names an unknown field,
        or holds a code, an amount of money or one of its own ``never_words``.
    """
    data = validate(Templates, read_json(path), path)
    needed = {
        (r.id, o.name)
        for r in checklist.requirements
        for o in r.outcomes
        if o.status in ("warn", "fail")
    }
    found = [(t.requirement, t.rule) for t in data.templates]
    for requirement, rule in sorted(needed - set(found)):
        raise RuleFileError(f"{path}: templates: {requirement} {rule!r} is missing")
    for number, template in enumerate(data.templates, 1):
        where = f"{path}: templates, entry {number} ({template.requirement} {template.rule!r})"
        key = (template.requirement, template.rule)
        if key not in needed:
            raise RuleFileError(f"{where}: the checklist has no such finding; remove it")
        if found.count(key) > 1:
            raise RuleFileError(f"{where}: stands there twice")
        if template.ask and not (template.subject and template.question and template.quotes):
            raise RuleFileError(f"{where}: 'subject', 'question' or 'quotes' is missing")
        try:
            template.question.format(segments="")
        except (KeyError, IndexError, ValueError):
            raise RuleFileError(f"{where}: question may only use {{segments}}") from None
        for text in (template.subject, template.question):
            _check_wording(where, text, data)
    for name, text in data.document.model_dump().items():
        _check_wording(f"{path}: document, {name}", text, data)
    _check_wording(f"{path}: no_level", data.no_level, data)
    return data


def _check_wording(where: str, text: str, data: Templates) -> None:
    if holds_code_or_money(text):
        raise RuleFileError(f"{where}: holds a code or an amount of money; a query never does")
    word = forbidden_word(text, data.never_words.words)
    if word is not None:
        raise RuleFileError(f"{where}: holds {word!r}; {data.never_words.reason}")
