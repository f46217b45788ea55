"""The output formats by name. Someone who adds one adds a class here and touches no command.

A format is given each result as it is ready and returns what to print at once, and what is
left at the end: a batch of text reports flows, a JSON list has to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from opnote_audit.checks.result import AuditResult
from opnote_audit.errors import InputError
from opnote_audit.read import Note
from opnote_audit.report.as_json import render_json, render_jsonl
from opnote_audit.report.layout import TextOptions
from opnote_audit.report.markdown import render_markdown
from opnote_audit.report.text import render_quiet, render_text


class Format(Protocol):
    """Collects results and turns them into output; every piece ends with its newline."""

    def add(self, result: AuditResult, note: Note) -> str:
        """Take one result and return what can be printed now (may be empty)."""
        ...

    def close(self) -> str:
        """Return what is left when no more results come (may be empty)."""
        ...


class _Text:
    def __init__(self, options: TextOptions) -> None:
        self._options = options
        self._first = True

    def add(self, result: AuditResult, note: Note) -> str:
        # What could not be audited is said on standard error; a report would repeat it.
        if result.verdict == "error":
            return ""
        if self._options.quiet:
            return render_quiet(result) + "\n"
        gap = "" if self._first else "\n"
        self._first = False
        return gap + render_text(result, note, self._options) + "\n"

    def close(self) -> str:
        return ""


class _Json:
    def __init__(self, options: TextOptions) -> None:
        self._results: list[AuditResult] = []

    def add(self, result: AuditResult, note: Note) -> str:
        self._results.append(result)
        return ""

    def close(self) -> str:
        return render_json(self._results) + "\n"


class _Jsonl:
    def __init__(self, options: TextOptions) -> None:
        pass

    def add(self, result: AuditResult, note: Note) -> str:
        return render_jsonl(result) + "\n"

    def close(self) -> str:
        return ""


class _Markdown:
    def __init__(self, options: TextOptions) -> None:
        pass

    def add(self, result: AuditResult, note: Note) -> str:
        return render_markdown(result, note).rstrip("\n") + "\n\n"

    def close(self) -> str:
        return ""


class _Html:
    def __init__(self, options: TextOptions) -> None:
        self._unicode = options.unicode
        self._page = ""

    def add(self, result: AuditResult, note: Note) -> str:
        # Templates are loaded only where a page is made.
        from opnote_audit.report.html import render_note_html

        if self._page:
            raise InputError(
                "a page shows one note; give one at a time, or make a page for each with "
                "opnote-audit batch"
            )
        self._page = render_note_html(result, note)
        return ""

    def close(self) -> str:
        if self._unicode:
            return self._page
        # The output's encoding is not one of Unicode's. References of HTML say the same in
        # any; C1 controls alone have none, since 128 to 159 mean other characters there.
        page = self._page.translate(dict.fromkeys(range(0x80, 0xA0), 0xFFFD))
        return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


FORMATS: dict[str, Callable[[TextOptions], Format]] = {
    "text": _Text,
    "json": _Json,
    "jsonl": _Jsonl,
    "markdown": _Markdown,
    "html": _Html,
}
"""What ``--format`` accepts, and what makes each."""
