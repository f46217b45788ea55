"""The coder's workbook: one row a note, filters, status colours, and room for a decision.

Nothing in it is a formula: every text of an input is written as a string cell whose style says
so too (Excel's quote prefix), so that editing the cell does not turn it into one either.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opnote_audit.checks.result import CODE
from opnote_audit.errors import OpnoteError
from opnote_audit.report.cells import printable
from opnote_audit.report.rows import Layout, Row, laid_out
from opnote_audit.report.style import Style, verdict_status, words
from opnote_audit.report.tally import units_at_risk
from opnote_audit.report.templating import local_href

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

DECISIONS = (
    "agree",
    "bill fewer units",
    "bill more units",
    "do not bill",
    "query the surgeon",
    "ask a second coder",
)
"""What a reviewer chooses from."""

ROWS_A_SHEET = 60_000
"""Excel follows 65,530 links on a sheet at most; more notes go on a further sheet."""

_MAX_CELL = 32_767
_LINE_HEIGHT = 15
# Excel allows 409 points; beyond this a row is read better on the note's page.
_MAX_LINES = 12
_FOUND_WIDTH = 60
_MEND_WIDTH = 50
_MAX_LINK = 2_000
_A3 = 8
# The zip format's first moment: without a time of its own the same rows give the same file.
_EPOCH = datetime(1980, 1, 1)
_TONES = {
    "pass": ("#12693f", "#e0f3e8"),
    "warn": ("#7d4a00", "#fdeecb"),
    "fail": ("#a61b23", "#fde3e2"),
    "na": ("#4a5665", "#e9edf2"),
}
_HEADER = ("#ffffff", "#24405f")
_REVIEW = "#fffbe6"


def write_workbook(
    rows: Iterable[Row], path: str | os.PathLike[str], *, generated: datetime | None = None
) -> None:
    """Write the workbook while going through the rows once.

    Parameters
    ----------
    rows
        The rows, in the order of the sheet.
    path
        The file, which is replaced whole once the new one is complete, and is readable by its
        owner only.
    generated
        When, for the file's properties. Without it the same rows give the same bytes.

    Raises
    ------
    OpnoteError
        The file cannot be written; the message names it.
    """
    target = Path(path)
    try:
        with _workshop(target) as folder:
            draft = folder / target.name
            _write(rows, draft, folder, generated or _EPOCH)
            draft.chmod(0o600)
            draft.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OpnoteError(
            f"{target}: cannot be written ({reason}); close it where it is open, and check the "
            "folder's permissions and free space"
        ) from None


@contextmanager
def _workshop(target: Path) -> Iterator[Path]:
    """Yield a private folder beside ``target`` for the draft and the writer's own files.

    It is gone when the work is done or fails. What a killed run left there goes first, so that
    no copy stays longer than until the next run, and none ever lies in a shared folder.
    """
    prefix = f".{target.name}."
    for left in target.parent.glob(f"{prefix}*.part"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(rows: Iterable[Row], draft: Path, folder: Path, generated: datetime) -> None:
    import xlsxwriter

    layout, iterator = laid_out(rows)
    book = xlsxwriter.Workbook(
        str(draft),
        {
            # Rows go to a file as they come: a hundred thousand need no more memory than ten.
            "constant_memory": True,
            "tmpdir": str(folder),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties(
        {"title": f"Worklist: audit of {CODE}", "author": "opnote-audit", "created": generated}
    )
    sheets = _Sheets(book, layout)
    for number, part in enumerate(_parts(iterator), 1):
        sheets.write("Worklist" if number == 1 else f"Worklist {number}", part)
    if not book.worksheets():
        sheets.write("Worklist", ())
    _explain(book, sheets)
    book.close()


def _parts(rows: Iterator[Row]) -> Iterator[Iterator[Row]]:
    for first in rows:
        # Each part is written out before the next is asked for.
        yield chain((first,), islice(rows, ROWS_A_SHEET - 1))


class _Sheets:
    """Writes sheets of the worklist, all with the same columns and formats."""

    def __init__(self, book: Workbook, layout: Layout) -> None:
        self._book = book
        self._layout = layout
        plain: dict[str, Any] = {"valign": "top"}
        self._style = Style()
        # "quote prefix" keeps text that begins with = + - or @ text even when it is edited.
        self.text = book.add_format({**plain, "quote_prefix": True})
        self.wrapped = book.add_format({**plain, "quote_prefix": True, "text_wrap": True})
        self._number = book.add_format(plain)
        self._score = book.add_format({**plain, "num_format": "0.0"})
        self._link = book.add_format(
            {**plain, "quote_prefix": True, "font_color": "#174ea6", "underline": 1}
        )
        self._review = book.add_format(
            {
                **plain,
                "quote_prefix": True,
                "text_wrap": True,
                "bg_color": _REVIEW,
                "border": 1,
                "border_color": "#d9cf9f",
            }
        )
        self.header = book.add_format(
            {
                "bold": True,
                "font_color": _HEADER[0],
                "bg_color": _HEADER[1],
                "text_wrap": True,
                "valign": "vcenter",
                "quote_prefix": True,
            }
        )
        self.tones: dict[str, Format] = {
            status: book.add_format({**plain, "font_color": ink, "bg_color": ground, "bold": True})
            for status, (ink, ground) in _TONES.items()
        }

    def columns(self) -> list[tuple[str, float]]:
        """Return the header and width (in characters) of each column."""
        return [
            ("Note", 22),
            ("Verdict", 17),
            ("Decision", 20),
            ("Comment", 34),
            ("Reviewer", 14),
            ("Score", 8),
            ("Units supported", 11),
            ("Units possible", 10),
            ("Units billed", 9),
            ("Units at risk", 9),
            ("Primary", 9),
            ("Primary level", 10),
            ("Further levels", 16),
            *((check, 9.0) for check in self._layout.checks),
            ("What was found", _FOUND_WIDTH),
            ("To mend", _MEND_WIDTH),
            *((_cell(name), 18.0) for name in self._layout.carried),
            ("Source", 30),
        ]

    def write(self, name: str, rows: Iterable[Row]) -> None:
        """Write one sheet."""
        sheet = self._book.add_worksheet(name)
        columns = self.columns()
        for at, (_, width) in enumerate(columns):
            sheet.set_column(at, at, width)
        # The writer keeps one row in hand: the header comes first, whatever it needs later.
        sheet.set_row(0, 32)
        for at, (title, _) in enumerate(columns):
            sheet.write_string(0, at, title, self.header)
        last = 0
        for last, row in enumerate(rows, 1):
            self._row(sheet, last, row)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)
        self._reviewing(sheet, [title for title, _ in columns], max(last, 1))
        sheet.set_landscape()
        sheet.set_paper(_A3)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _reviewing(self, sheet: Worksheet, titles: list[str], last: int) -> None:
        at = titles.index("Decision")
        sheet.data_validation(
            1,
            at,
            last,
            at,
            {
                "validate": "list",
                "source": list(DECISIONS),
                "input_title": "Your decision",
                "input_message": "Choose one; say why in the comment beside it.",
                "error_title": "Not in the list",
                "error_message": "Choose one of the list, or clear the cell.",
            },
        )

    def _row(self, sheet: Worksheet, at: int, row: Row) -> None:
        result = row.result
        column = iter(range(len(self.columns())))
        problems = [check for check in result.checklist if check.status in ("warn", "fail")]
        found = [f"{check.id} {check.status}: {check.message}" for check in problems]
        found = [printable(line) for line in (*found, *filter(None, (result.error,)))]
        mend = [printable(f"{check.id}: {check.advice}") for check in problems if check.advice]
        # Programs other than Excel do not fit a row to its wrapped text by themselves.
        lines = max(1, _line_count(found, _FOUND_WIDTH), _line_count(mend, _MEND_WIDTH))
        sheet.set_row(at, _LINE_HEIGHT * min(lines, _MAX_LINES))

        def text(value: str, form: Format | None = None) -> None:
            here = next(column)
            if value:
                sheet.write_string(at, here, _cell(value), form or self.text)
            elif form is self._review:
                sheet.write_blank(at, here, None, form)

        def number(value: float | None, form: Format | None = None) -> None:
            here = next(column)
            if value is not None:
                sheet.write_number(at, here, value, form or self._number)

        self._note(sheet, at, next(column), row)
        tone = verdict_status(result.verdict)
        text(f"{self._style.symbol(tone)} {words(result.verdict)}", self.tones[tone])
        text(row.decision, self._review)
        text(row.comment, self._review)
        text(row.reviewer, self._review)
        number(result.score, self._score)
        audited = result.verdict != "error"
        number(result.units_supported if audited else None)
        number(result.units_possible if audited else None)
        number(result.units_billed)
        number(units_at_risk(result) if audited else None)
        text(result.primary_code or "")
        text(result.primary_segment or "")
        text(", ".join(one.segment for one in result.segments if one.role == "additional"))
        checks = {check.id: check for check in result.checklist}
        for name in self._layout.checks:
            check = checks.get(name)
            if check is None:
                next(column)
                continue
            shown = f"{self._style.symbol(check.status)} {check.status}"
            text(shown, self.tones[check.status])
        text("\n".join(found), self.wrapped)
        text("\n".join(mend), self.wrapped)
        for name in self._layout.carried:
            text(row.columns.get(name, ""))
        text(result.source or "")

    def _note(self, sheet: Worksheet, at: int, column: int, row: Row) -> None:
        name = _cell(row.result.note_id) or "note"
        link = f"external:{local_href(row.page)}" if row.page else ""
        if link and len(link) < _MAX_LINK:
            sheet.write_url(at, column, link, self._link, string=name[:_MAX_LINK])
        else:
            sheet.write_string(at, column, name, self.text)


def _line_count(lines: Iterable[str], width: int) -> int:
    return sum(len(textwrap.wrap(line, width - 4)) for line in lines)


def _cell(text: str) -> str:
    """Return text for a cell: lines kept, nothing invisible in it, no longer than Excel takes."""
    shown = "\n".join(printable(line) for line in text.split("\n"))
    return shown if len(shown) <= _MAX_CELL else shown[: _MAX_CELL - 1] + "…"


def _explain(book: Workbook, sheets: _Sheets) -> None:
    """Add a sheet that says what the columns and words mean."""
    sheet = book.add_worksheet("Read me")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    style = Style()
    lines: list[tuple[str, str, Format]] = [
        ("Words", "What they mean", sheets.header),
        *(
            (
                f"{style.symbol(verdict_status(name))} {words(name)}",
                meaning,
                sheets.tones[verdict_status(name)],
            )
            for name, meaning in _VERDICTS.items()
        ),
        *((name, meaning, sheets.wrapped) for name, meaning in _COLUMNS.items()),
    ]
    for at, (name, meaning, form) in enumerate(lines):
        sheet.write_string(at, 0, name, form)
        sheet.write_string(at, 1, meaning, sheets.header if at == 0 else sheets.wrapped)


_VERDICTS = {
    "supported": "At least one further unit, and nothing warns or fails.",
    "needs_review": "Nothing fails, something warns: a coder decides.",
    "deficient": "Further-segment work is documented or billed, and something fails.",
    "not_applicable": "No further transpedicular segment is documented, hinted at or billed.",
    "error": "The note could not be audited; the reason stands under What was found.",
}
_COLUMNS = {
    "Note": "The note's name; a link to its page where pages were written. Keep the workbook "
    "beside the folder of pages.",
    "Decision, Comment, Reviewer": "Yours to fill in: choose the decision from the list.",
    "Units supported": "Further segments that no requirement warns about or fails at.",
    "Units possible": "Further segments that nothing fails.",
    "Units at risk": "With a claim, units billed beyond those supported; without one, further "
    "segments that the note tells of but does not support as written.",
    "R1 levels": "Every further segment is named by vertebral level.",
    "R2 approach": "The approach is named transpedicular.",
    "R3 pathology": "Pathology is present and treated at every further segment.",
    "R4 primary": "The primary procedure, 63055 or 63056, is there.",
    "R5 fusion": "With an arthrodesis, the decompression is at another level.",
    "Filters": "Click an arrow in the header. The first row and column stay in sight.",
    "What this is": "A documentation aid, not coding advice.",
}
