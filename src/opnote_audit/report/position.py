"""Lines and columns of offsets in a text whose newlines are whatever the file had."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

# Only what editors count as a line's end; U+2028, form feeds and the like are characters.
_NEWLINE = re.compile(r"\r\n|\r|\n")


class Position(NamedTuple):
    """A place in a text, both counted from one; ``column`` counts code points."""

    line: int
    column: int


class LineIndex:
    r"""Finds lines and columns in one text; built once, then each look-up is logarithmic.

    A line ends with ``\n``, ``\r\n`` or ``\r``, which belong to the line they end.
    """

    def __init__(self, text: str) -> None:
        newlines = list(_NEWLINE.finditer(text))
        self._starts = [0, *(newline.end() for newline in newlines)]
        self._ends = [*(newline.start() for newline in newlines), len(text)]
        self._length = len(text)

    def __len__(self) -> int:
        """Return the number of lines; an empty text has one."""
        return len(self._starts)

    def position(self, offset: int) -> Position:
        """Return where ``offset`` is; offsets outside the text count as its nearest end."""
        offset = min(max(offset, 0), self._length)
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def bounds(self, line: int) -> tuple[int, int]:
        """Return the offsets where a line's text begins and ends, its newline left out.

        Raises
        ------
        IndexError
            The text has no such line.
        """
        if not 1 <= line <= len(self._starts):
            raise IndexError(f"no line {line} in a text of {len(self._starts)}")
        return self._starts[line - 1], self._ends[line - 1]
