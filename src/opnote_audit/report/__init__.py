"""Show a result: as a terminal report, as JSON, as Markdown. Results in, text out."""

from __future__ import annotations

from opnote_audit.report.as_json import render_json, render_jsonl
from opnote_audit.report.formats import FORMATS, Format
from opnote_audit.report.layout import TextOptions
from opnote_audit.report.markdown import render_markdown
from opnote_audit.report.position import LineIndex, Position
from opnote_audit.report.text import render_quiet, render_text

__all__ = [
    "FORMATS",
    "Format",
    "LineIndex",
    "Position",
    "TextOptions",
    "render_json",
    "render_jsonl",
    "render_markdown",
    "render_quiet",
    "render_text",
]
