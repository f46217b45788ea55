"""What reviewers have put down in a worklist, carried over when the worklist is made again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from opnote_audit.batch.rows import BatchRow
from opnote_audit.errors import OpnoteError
from opnote_audit.report.cells import printable

_SHEETS = "Worklist"
"""How the names of the workbook's sheets of notes begin."""
_LONGEST = 32_000
"""Excel cuts a cell at 32,767 characters; so much of a name is enough to know it by."""


class Review(NamedTuple):
    """A reviewer's cells in the row of one note."""

    decision: str
    comment: str
    reviewer: str


Reviews = Mapping[tuple[str, str], Review]
"""Reviews by note and source, as a cell shows them; notes without one are not in it."""


def read_reviews(path: Path) -> Reviews:
    """Return what has been put down in a worklist; nothing when there is no such file.

    Only the rows with a review are held.

    Raises
    ------
    OpnoteError
        The file cannot be read: replacing it could lose somebody's work.
    """
    if not path.exists():
        return {}
    import openpyxl

    reviews: dict[tuple[str, str], Review] = {}
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for name in book.sheetnames:
                if name.startswith(_SHEETS):
                    reviews.update(_sheet(book[name].iter_rows(values_only=True)))
        finally:
            book.close()
    # What a damaged archive raises depends on where it is damaged.
    except Exception as error:
        raise OpnoteError(
            f"{path}: the decisions in it cannot be read ({type(error).__name__}); move it "
            "away, or use --overwrite with a batch to go on without them"
        ) from None
    return reviews


def reviewed(rows: Iterable[BatchRow], reviews: Reviews) -> Iterator[BatchRow]:
    """Yield the rows, each with the review that its note has had."""
    for row in rows:
        review = None
        if reviews:
            review = reviews.get(_key(row.result.note_id, row.result.source or ""))
        if review is None:
            yield row
        else:
            yield replace(
                row,
                decision=review.decision,
                comment=review.comment,
                reviewer=review.reviewer,
            )


def _sheet(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[tuple[str, str], Review]]:
    header = list(next(rows, ()))
    # A carried column may be called "Comment" too: ours come first, and "Source" last.
    places = {name: header.index(name) for name in ("Note", "Decision", "Comment", "Reviewer")}
    source = len(header) - 1 - header[::-1].index("Source")
    for row in rows:
        cells = [_text(row[places[name]]) for name in ("Decision", "Comment", "Reviewer")]
        if any(cells):
            yield _key(_text(row[places["Note"]]), _text(row[source])), Review(*cells)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _key(note_id: str, source: str) -> tuple[str, str]:
    """Return note and source as a cell shows them: on each line only what can be printed."""
    return _shown(note_id) or "note", _shown(source)


def _shown(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))[:_LONGEST]
