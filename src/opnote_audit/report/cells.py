"""How characters look in a terminal: what to print for each, and how many cells it takes.

Notes hold whatever was dictated or pasted, and a terminal obeys control characters, so
nothing of a note is printed raw. Python's own tables are enough for widths; the few marks
they place differently from some terminals would shift an underline, no more.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

_TAB = "    "
_CONTROL_PICTURES = 0x2400
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# These reorder a whole line, so that a reader sees other words than the note's.
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


class Cell(NamedTuple):
    """What to print for one character, and its width in terminal cells (0, 1, 2 or a tab's)."""

    shown: str
    width: int


def cell(char: str) -> Cell:
    """Return how one character of a note is shown on a terminal."""
    if " " <= char <= "~":
        return Cell(char, 1)
    if char == "\t":
        return Cell(_TAB, len(_TAB))
    category = unicodedata.category(char)
    if category == "Cc":
        return _control(char)
    if category == "Cs" or char in _BIDI_CONTROLS:
        return Cell(_REPLACEMENT, 1)
    if category == "Cf":
        return Cell("", 0)
    if category in ("Zl", "Zp"):
        return Cell(" ", 1)
    if category in ("Mn", "Me"):
        return Cell(char, 0)
    return Cell(char, 2 if unicodedata.east_asian_width(char) in "WF" else 1)


def _control(char: str) -> Cell:
    code = ord(char)
    if char in "\r\n":
        return Cell(" ", 1)
    if code < 0x20:
        return Cell(chr(_CONTROL_PICTURES + code), 1)
    return Cell("\N{SYMBOL FOR DELETE}" if code == 0x7F else _REPLACEMENT, 1)


def printable(text: str) -> str:
    """Return ``text`` on one line with nothing in it that a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(cell(char).shown for char in text)


def width_of(text: str) -> int:
    """Return how many terminal cells ``text`` takes as :func:`printable` shows it."""
    return sum(cell(char).width for char in text)
