"""The findings of one note as plain text, to paste into a record, a mail or a worklist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opnote_audit.checks.result import AuditResult, Evidence
from opnote_audit.read import Note
from opnote_audit.report.cells import printable
from opnote_audit.report.position import LineIndex
from opnote_audit.report.style import words
from opnote_audit.report.text import (
    REMARKS_NOTE,
    REMARKS_TITLE,
    distinct_places,
    operation_summary,
    score_text,
    segment_rows,
    units_summary,
)

_MAX_QUOTES = 3
_MAX_QUOTE = 110


def findings_text(result: AuditResult, note: Note, redacted: bool = False) -> str:
    """Return verdict, units, segments and requirements as plain text.

    Parameters
    ----------
    result
        What the audit found.
    note
        The note, which is quoted at each requirement that warns or fails, and at each remark.
    redacted
        Whether to leave the note's words out and give places alone.

    Returns
    -------
    str
        Lines without control characters, parted by newlines, with no newline at the end.
    """
    return "\n".join(map(printable, _lines(result, note, redacted)))


def quote(note: Note, item: Evidence, longest: int = _MAX_QUOTE) -> str:
    """Return the note's words at a piece of evidence on one line, cut at ``longest``."""
    words_there = " ".join(printable(note.text[max(item.start, 0) : max(item.end, 0)]).split())
    return words_there if len(words_there) <= longest else words_there[: longest - 1].rstrip() + "…"


def place(note: Note, index: LineIndex, item: Evidence) -> str:
    """Return where a piece of evidence stands: its line, or its characters where that says more.

    A dictated note is often one line, and a redacted one has no text to find lines in.
    """
    if not note.text:
        return f"characters {item.start} to {item.end}"
    if len(index) == 1:
        return f"character {item.start + 1}"
    return f"line {index.position(item.start).line}"


def _lines(result: AuditResult, note: Note, redacted: bool) -> Iterator[str]:
    yield f"{result.note_id}: {words(result.verdict)}"
    if result.verdict == "error":
        yield result.error or ""
        return
    yield f"Units: {units_summary(result)}; score {score_text(result.score)}"
    yield f"Operation: {operation_summary(result)}"
    _, *rows = segment_rows(result)
    for level, role, approach, pathology, treated, supported in rows:
        done = "treated" if treated == "yes" else "not treated"
        held = "supported" if supported == "yes" else "not supported"
        yield f"  {level} ({role}): {approach}; {pathology}; {done}; {held}"
    index = LineIndex(note.text)
    for check in result.checklist:
        title = f" {check.title}" if check.title else ""
        yield ""
        yield f"{check.id} {check.status.upper()}{title}"
        yield f"  {check.message}"
        if check.status not in ("warn", "fail"):
            continue
        yield from _places(check.evidence, note, index, redacted)
        if check.advice:
            yield f"  To mend: {check.advice}"
    if result.remarks:
        yield ""
        yield f"{REMARKS_TITLE}: {REMARKS_NOTE}"
    for remark in result.remarks:
        yield f"  {remark.message}"
        yield from _places(remark.evidence, note, index, redacted)


def _places(
    evidence: Sequence[Evidence], note: Note, index: LineIndex, redacted: bool
) -> Iterator[str]:
    places = distinct_places(evidence)
    for item in places[:_MAX_QUOTES]:
        where = place(note, index, item)
        said = "" if redacted or not note.text else f'"{quote(note, item)}" '
        yield f"  {said}({where})"
    if len(places) > _MAX_QUOTES:
        yield f"  and {len(places) - _MAX_QUOTES} more"
