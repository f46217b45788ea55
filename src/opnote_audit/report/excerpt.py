"""The note's own words around a span, clipped to a width, with what lies under them marked."""

from __future__ import annotations

from dataclasses import dataclass

from opnote_audit.report.cells import Cell, cell
from opnote_audit.report.position import LineIndex

_ELLIPSIS = Cell("…", 1)
_MAX_LINES = 3
# How far a cut may move so that it falls between words.
_WORD = 12


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """One line of an excerpt: its number, what to show, and the marked cells under it."""

    number: int
    shown: str
    mark_start: int
    mark_width: int

    @property
    def underline(self) -> str:
        """Carets under the marked cells."""
        return " " * self.mark_start + "^" * self.mark_width


def excerpt(text: str, index: LineIndex, start: int, end: int, width: int) -> list[ExcerptLine]:
    """Return the lines that a span touches, three at most, each ``width`` cells at most.

    Parameters
    ----------
    text, index
        The note and its lines.
    start, end
        The span; offsets outside the text are drawn in to it.
    width
        The cells there are for a line's text, at least ten.

    Returns
    -------
    list of ExcerptLine
        At least one line, even for an empty span.
    """
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    first = index.position(start).line
    last = max(first, index.position(max(start, end - 1)).line)
    lines = []
    for number in range(first, min(last, first + _MAX_LINES - 1) + 1):
        line_start, line_end = index.bounds(number)
        mark_start = min(max(start, line_start), line_end)
        mark_end = min(max(end, mark_start), line_end)
        lines.append(
            _window(text, number, (line_start, line_end), (mark_start, mark_end), max(width, 10))
        )
    return lines


def _window(
    text: str, number: int, line: tuple[int, int], mark: tuple[int, int], width: int
) -> ExcerptLine:
    # Lines can be a megabyte long: walk outward from the mark, never over the whole line.
    inner = width - 2 * _ELLIPSIS.width
    marked, reached = _forward(text, mark[0], mark[1], inner)
    mark_width = _total(marked)
    room = inner - mark_width
    before, left = _backward(text, mark[0], line[0], room)
    after, right = _forward(text, reached, line[1], room)
    # What one side leaves over, the other may use.
    half = room // 2
    before_room = max(half, room - _total(after))
    if _total(before) > before_room:
        before, left = _backward(text, mark[0], line[0], before_room)
        if not text[left - 1].isspace():
            before = _from_word(before)
    after_room = room - _total(before)
    if _total(after) > after_room:
        after, right = _forward(text, reached, line[1], after_room)
        if not text[right].isspace():
            after = _from_word(after[::-1])[::-1]
    if left > line[0]:
        before = [_ELLIPSIS, *before]
    if right < line[1]:
        after = [*after, _ELLIPSIS]
    shown = "".join(c.shown for c in (*before, *marked, *after)).rstrip()
    return ExcerptLine(number, shown, _total(before), max(mark_width, 1))


def _forward(text: str, start: int, stop: int, room: int) -> tuple[list[Cell], int]:
    cells: list[Cell] = []
    position = start
    while position < stop:
        one = cell(text[position])
        if one.width > room:
            break
        cells.append(one)
        room -= one.width
        position += 1
    return cells, position


def _backward(text: str, start: int, stop: int, room: int) -> tuple[list[Cell], int]:
    cells: list[Cell] = []
    position = start
    while position > stop:
        one = cell(text[position - 1])
        if one.width > room:
            break
        cells.append(one)
        room -= one.width
        position -= 1
    cells.reverse()
    # A combining mark whose letter was cut off would sit on the ellipsis.
    while cells and position > stop and cells[0].width == 0:
        cells.pop(0)
    return cells, position


def _from_word(cells: list[Cell]) -> list[Cell]:
    for at, one in enumerate(cells[:_WORD]):
        if one.shown.isspace():
            return cells[at + 1 :]
    return cells


def _total(cells: list[Cell]) -> int:
    return sum(one.width for one in cells)
