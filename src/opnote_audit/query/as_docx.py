"""A query as a Word document, for surgeons who answer in one (python-docx)."""

from __future__ import annotations

from datetime import datetime, timezone
from io import BytesIO

import docx
from docx.document import Document as WordDocument
from docx.shared import Pt

from opnote_audit.query.model import DocumentationQuery, Question
from opnote_audit.query.render import BLANK, BOX, choices, place, signing
from opnote_audit.query.rules import Document
from opnote_audit.report.cells import printable

_ANSWER_LINES = 2
# python-docx's template carries its own maker's name and date; a query has neither.
_NO_DATE = datetime(2000, 1, 1, tzinfo=timezone.utc).replace(tzinfo=None)


def render_docx(query: DocumentationQuery, words: Document) -> bytes:
    """Return the query as the bytes of a ``.docx`` file, with no author and no comments."""
    document = docx.Document()
    _properties(document, words)
    document.styles["Normal"].font.size = Pt(11)
    document.add_heading(words.title, level=1)
    head = document.add_paragraph(f"{words.record}: ")
    head.add_run(printable(query.note_id)).bold = True
    document.add_paragraph(words.to)
    if query.questions:
        document.add_paragraph(words.purpose)
        document.add_paragraph(words.instructions)
        for number, question in enumerate(query.questions, 1):
            _question(document, number, question, words)
        _signing(document, words)
    else:
        document.add_paragraph(words.no_questions)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _properties(document: WordDocument, words: Document) -> None:
    properties = document.core_properties
    properties.title = words.title
    properties.author = ""
    properties.comments = ""
    properties.created = properties.modified = _NO_DATE


def _question(document: WordDocument, number: int, question: Question, words: Document) -> None:
    document.add_heading(f"{number}. {question.subject}", level=2)
    document.add_paragraph(f"{words.quoted}:").paragraph_format.keep_with_next = True
    for quote in question.quotes:
        document.add_paragraph(f"{place(quote, words)}: “{quote.text}”", style="List Bullet")
    document.add_paragraph().add_run(question.text).bold = True
    listed = choices(question, words)
    if listed:
        document.add_paragraph(words.choose)
        for option in listed:
            blank = f": {BLANK}" if option == words.other else ""
            document.add_paragraph(f"{BOX} {option}{blank}")
        return
    document.add_paragraph(f"{words.answer}:")
    for _ in range(_ANSWER_LINES):
        document.add_paragraph("_" * 70)
    document.add_paragraph(f"{BOX} {words.unable}")


def _signing(document: WordDocument, words: Document) -> None:
    labels = signing(words)
    table = document.add_table(rows=len(labels), cols=2)
    for row, label in zip(table.rows, labels, strict=True):
        row.cells[0].text = label
        row.cells[1].text = BLANK
