"""Makes the reports of a batch again from its ``results.jsonl``, with the notes or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from opnote_audit.batch.contract import read_lines, row_from_dict
from opnote_audit.batch.files import (
    DASHBOARD,
    FINDINGS,
    NOTES,
    PAGES,
    SEGMENTS,
    WORKLIST,
    OwnerFile,
)
from opnote_audit.batch.frames import FrameFiles
from opnote_audit.batch.names import PageNames
from opnote_audit.batch.redact import restored, spans_of, without_places
from opnote_audit.batch.reviews import read_reviews, reviewed
from opnote_audit.batch.rows import BatchRow
from opnote_audit.batch.texts import Texts
from opnote_audit.errors import InputError
from opnote_audit.read import Note

FILES: dict[str, tuple[str, ...]] = {
    "html": (DASHBOARD, PAGES),
    "xlsx": (WORKLIST,),
    "csv": (NOTES, SEGMENTS, FINDINGS),
}
"""The formats that are files, and what each writes."""

_DRAFT = ".part-"


@dataclass(slots=True)
class Count:
    """How many results there were, and how many of their notes were not found."""

    results: int = 0
    without_text: int = 0


def check_target(folder: Path, form: str, overwrite: bool) -> None:
    """Refuse to write over what is there, unless told to.

    Raises
    ------
    InputError
        An output of this format is there already.
    """
    used = [name for name in FILES[form] if (folder / name).exists()]
    if used and not overwrite:
        raise InputError(
            f"{folder}: holds {', '.join(used)} already; --overwrite replaces it, or give "
            "another folder with --out"
        )


def write_html(results: Path, folder: Path, texts: Texts | None, title: str) -> Count:
    """Write the dashboard and a page for each note; pages keep the names they had.

    Parameters
    ----------
    results
        A results file.
    folder
        Where to.
    texts
        Where the notes' words come from; ``None``: the pages show evidence only.
    title
        The dashboard's title.
    """
    from opnote_audit.report.dashboard import write_dashboard
    from opnote_audit.report.html import render_note_html

    count = Count()
    names = PageNames()
    pages = folder / PAGES
    pages.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in pages.glob(f"{_DRAFT}*"):  # by a run that was killed
        left.unlink()

    def rows() -> Iterator[BatchRow]:
        for row, note in _with_notes(results, texts, count):
            name = names.take(row.result.note_id)
            bare = not note.text and not any(span.text for span in spans_of(row.result))
            html = render_note_html(
                row.result,
                note,
                back_link=f"../{DASHBOARD}",
                redacted=bare,
                columns=row.columns,
            )
            draft = pages / f"{_DRAFT}{name}"
            with OwnerFile(draft) as file:
                file.write(html.encode("utf-8", "replace"))
            draft.replace(pages / name)
            yield replace(row, page=f"{PAGES}/{name}")

    def write(draft: Path) -> None:
        with (
            OwnerFile(draft) as file,
            TextIOWrapper(file, encoding="utf-8", errors="replace", newline="") as page,
        ):
            write_dashboard(rows(), page, title=title)

    _whole(folder / DASHBOARD, write)
    return count


def write_xlsx(results: Path, folder: Path) -> Count:
    """Write the coder's workbook; links lead to the pages that the batch wrote.

    What reviewers have put down in a workbook that is replaced is carried over.
    """
    from opnote_audit.report.workbook import write_workbook

    count = Count()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    reviews = read_reviews(folder / WORKLIST)
    rows = (row for row, _ in _with_notes(results, None, count))
    write_workbook(reviewed(rows, reviews), folder / WORKLIST)
    return count


def write_csv(results: Path, folder: Path, texts: Texts | None) -> Count:
    """Write the three frames as CSV."""
    count = Count()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    drafts = folder / ".csv.part"
    drafts.mkdir(mode=0o700, exist_ok=True)
    try:
        first = next(iter(read_lines(results)), {})
        with FrameFiles(drafts, tuple(first.get("columns") or {})) as frames:
            for row, _ in _with_notes(results, texts, count):
                data = {**row.result.to_dict(), "columns": row.columns, "page": row.page}
                frames.add(row.number, data)
        for name in FILES["csv"]:
            (drafts / name).replace(folder / name)
    finally:
        for left in drafts.iterdir():
            left.unlink()
        drafts.rmdir()
    return count


def markdown(results: Path, texts: Texts | None, count: Count) -> Iterator[str]:
    """Yield each note's result as Markdown, ending with newlines."""
    from opnote_audit.report import render_markdown

    for row, note in _with_notes(results, texts, count):
        # Places in a text that is not at hand have no lines and columns.
        result = row.result if note.text else without_places(row.result)
        yield render_markdown(result, note).rstrip("\n") + "\n\n"


def _with_notes(
    results: Path, texts: Texts | None, count: Count
) -> Iterator[tuple[BatchRow, Note]]:
    """Yield each row with its note, whose text is empty when it is not at hand."""
    for number, data in enumerate(read_lines(results), 1):
        count.results += 1
        row = _row(results, number, data)
        result = row.result
        note = Note("", result.note_id, result.source)
        if result.verdict != "error":
            found = texts.find(result.source, data.get("text_sha256")) if texts else None
            if found is None:
                count.without_text += 1
            else:
                note = replace(note, text=found.text, encoding=found.encoding)
                result = replace(restored(result, note.text), encoding=note.encoding)
                row = replace(row, result=result)
        yield row, note


def _row(results: Path, number: int, data: dict[str, Any]) -> BatchRow:
    try:
        return row_from_dict(number, data)
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{results}:{number}: is no result of an audit") from None


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    """Have ``write`` make a draft beside ``path``, and put it there once it is whole."""
    draft = path.with_name(f".{path.name}.part")
    write(draft)
    draft.replace(path)
