"""A query in its final bytes, and a file that is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from opnote_audit.errors import InputError
from opnote_audit.query.model import DocumentationQuery
from opnote_audit.query.render import render_html, render_markdown, render_text
from opnote_audit.query.rules import Document

_TEXTS = {"text": render_text, "markdown": render_markdown, "html": render_html}


def render(query: DocumentationQuery, words: Document, form: str) -> bytes:
    """Return a query as ``text``, ``markdown``, ``html`` (UTF-8) or ``docx``."""
    if form == "docx":
        # Only where it is asked for: python-docx brings lxml along.
        from opnote_audit.query.as_docx import render_docx

        return render_docx(query, words)
    return (_TEXTS[form](query, words) + "\n").encode("utf-8", "replace")


def write_file(name: str, data: bytes) -> None:
    """Write a file; it appears whole under its name, or not at all.

    Raises
    ------
    InputError
        It cannot be written there; nothing is left behind.
    """
    target = Path(name)
    if target.is_dir():
        raise InputError(f"{name}: is a folder; give the name of a file")
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(target)
        temporary = None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise InputError(f"{name}: cannot be written ({reason}); check the folder") from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
