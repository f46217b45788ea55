"""A query as text, Markdown or HTML. Word documents are made in :mod:`.as_docx`."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator

from opnote_audit.query.model import DocumentationQuery, Question, Quote
from opnote_audit.query.rules import Document
from opnote_audit.report.cells import printable
from opnote_audit.report.markdown import escape_markdown
from opnote_audit.report.style import words as as_words

WIDTH = 80
BOX = "☐"
BLANK = "_" * 40
_ANSWER_LINES = 2


def choices(question: Question, words: Document) -> tuple[str, ...]:
    """Return a question's options with the two that every choice must have; empty if open."""
    if not question.options:
        return ()
    return (*question.options, words.other, words.unable)


def signing(words: Document) -> tuple[str, ...]:
    """Return what is left for the surgeon to fill in at the end."""
    return (words.name, words.signature, words.date, words.time)


def place(quote: Quote, words: Document) -> str:
    """Return where a quotation stands: ``line 12 (narrative)``."""
    section = f" ({as_words(quote.section)})" if quote.section else ""
    return f"{words.line} {quote.line}{section}"


def render_text(query: DocumentationQuery, words: Document) -> str:
    """Return the query as plain text of eighty columns, without a newline at the end."""
    return "\n".join(_text(query, words))


def render_markdown(query: DocumentationQuery, words: Document) -> str:
    """Return the query as Markdown; nothing of the record acts as markup."""
    return "\n".join(_markdown(query, words))


def render_html(query: DocumentationQuery, words: Document) -> str:
    """Return the query as one HTML page that loads nothing and prints on paper."""
    return "\n".join(_html(query, words))


def _wrap(text: str, first: str = "", rest: str | None = None) -> list[str]:
    indent = " " * len(first) if rest is None else rest
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    )


def _text(query: DocumentationQuery, words: Document) -> Iterator[str]:
    yield words.title.upper()
    yield f"{words.record}: {printable(query.note_id)}"
    yield words.to
    yield ""
    if not query.questions:
        yield words.no_questions
        return
    yield from _wrap(words.purpose)
    yield ""
    yield from _wrap(words.instructions)
    for number, question in enumerate(query.questions, 1):
        yield ""
        yield from _wrap(question.subject, f"{number}. ")
        yield ""
        yield f"   {words.quoted}"
        for quote in question.quotes:
            yield from _wrap(f'{place(quote, words)}: "{quote.text}"', "   - ")
        yield ""
        yield from _wrap(question.text, f"   {words.question}: ", "   ")
        yield ""
        listed = choices(question, words)
        if listed:
            yield f"   {words.choose}"
            for option in listed:
                blank = f": {BLANK}" if option == words.other else ""
                yield from _wrap(f"{option}{blank}", "   [ ] ")
        else:
            yield f"   {words.answer}:"
            yield from ["   " + "_" * (WIDTH - 3)] * _ANSWER_LINES
            yield f"   [ ] {words.unable}"
    yield ""
    yield from (f"{label + ':':<15}{BLANK}" for label in signing(words))


def _markdown(query: DocumentationQuery, words: Document) -> Iterator[str]:
    yield f"# {escape_markdown(words.title)}"
    yield ""
    yield f"{escape_markdown(words.record)}: **{escape_markdown(query.note_id)}**  "
    yield escape_markdown(words.to)
    yield ""
    if not query.questions:
        yield escape_markdown(words.no_questions)
        return
    for text in (words.purpose, words.instructions):
        yield escape_markdown(text)
        yield ""
    line = "\\_" * 40
    for number, question in enumerate(query.questions, 1):
        yield f"## {number}. {escape_markdown(question.subject)}"
        yield ""
        yield f"{escape_markdown(words.quoted)}:"
        yield ""
        for quote in question.quotes:
            yield f"> {escape_markdown(place(quote, words))}: “{escape_markdown(quote.text)}”"
            yield ">"
        yield ""
        yield f"**{escape_markdown(question.text)}**"
        yield ""
        listed = choices(question, words)
        if listed:
            yield escape_markdown(words.choose)
            yield ""
            for option in listed:
                blank = f": {line}" if option == words.other else ""
                yield f"- [ ] {escape_markdown(option)}{blank}"
        else:
            yield f"{escape_markdown(words.answer)}: {line}"
            yield ""
            yield f"- [ ] {escape_markdown(words.unable)}"
        yield ""
    yield from (f"{escape_markdown(label)}: {line}  " for label in signing(words))


# Even a record that smuggled markup past the escaping could load nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 11pt/1.45 Georgia, serif; color: #1a1a1a; max-width: 44em; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.4em; margin-bottom: .2em; }
h2 { font-size: 1.1em; margin: 1.6em 0 .4em; }
section { break-inside: avoid; }
blockquote { margin: .3em 0 .3em 1em; padding-left: .8em; border-left: 3px solid #767676; }
blockquote cite { font-style: normal; color: #555; }
.question { font-weight: bold; }
ul.choices { list-style: none; padding-left: 1em; }
.blank { display: inline-block; min-width: 16em; border-bottom: 1px solid #1a1a1a; }
.answer { border-bottom: 1px solid #1a1a1a; height: 1.8em; }
table.sign { margin-top: 2.5em; }
table.sign th { text-align: left; font-weight: normal; padding: .6em 1em .2em 0; }
""".strip()


def _html(query: DocumentationQuery, words: Document) -> Iterator[str]:
    def safe(text: str) -> str:
        return html.escape(printable(text), quote=True)

    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{safe(words.title)}: {safe(query.note_id)}</title>"
    yield f"<style>\n{_STYLE}\n</style>"
    yield "</head>"
    yield "<body>"
    yield f"<h1>{safe(words.title)}</h1>"
    yield f"<p>{safe(words.record)}: <strong>{safe(query.note_id)}</strong><br>{safe(words.to)}</p>"
    if not query.questions:
        yield f"<p>{safe(words.no_questions)}</p>"
        yield "</body>\n</html>"
        return
    yield f"<p>{safe(words.purpose)}</p>"
    yield f"<p>{safe(words.instructions)}</p>"
    for number, question in enumerate(query.questions, 1):
        yield "<section>"
        yield f"<h2>{number}. {safe(question.subject)}</h2>"
        yield f"<p>{safe(words.quoted)}:</p>"
        for quote in question.quotes:
            cite = f"<cite>{safe(place(quote, words))}:</cite>"
            yield f"<blockquote>{cite} “{safe(quote.text)}”</blockquote>"
        yield f'<p class="question">{safe(question.text)}</p>'
        listed = choices(question, words)
        if listed:
            yield f"<p>{safe(words.choose)}</p>"
            yield '<ul class="choices">'
            for option in listed:
                blank = ' <span class="blank"></span>' if option == words.other else ""
                yield f"<li>{BOX} {safe(option)}{blank}</li>"
            yield "</ul>"
        else:
            yield f"<p>{safe(words.answer)}:</p>"
            yield from ['<div class="answer"></div>'] * _ANSWER_LINES
            yield f'<ul class="choices"><li>{BOX} {safe(words.unable)}</li></ul>'
        yield "</section>"
    yield '<table class="sign">'
    for label in signing(words):
        yield f'<tr><th scope="row">{safe(label)}</th><td><span class="blank"></span></td></tr>'
    yield "</table>"
    yield "</body>\n</html>"
