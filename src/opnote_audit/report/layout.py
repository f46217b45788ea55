"""How text for people is laid out on a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from opnote_audit.report.style import Style

_NARROWEST = 40


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How text for people is laid out; formats for programs ignore it.

    ``color`` adds ANSI codes, ``width`` is the columns there are, ``unicode`` says whether
    symbols may go beyond ASCII, ``quiet`` asks for one line a note.
    """

    color: bool = False
    width: int = 80
    unicode: bool = True
    quiet: bool = False

    @property
    def style(self) -> Style:
        """Colours and symbols."""
        return Style(self.color, self.unicode)

    @property
    def columns(self) -> int:
        """The columns that are used: forty at least."""
        return max(self.width, _NARROWEST)


PLAIN = TextOptions()
"""Eighty columns without colour."""
