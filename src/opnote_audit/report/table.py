"""A small plain table that fits a width by wrapping its widest columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

_GAP = 2
_NARROWEST = 8


def table(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Lay out rows of cells in columns.

    Parameters
    ----------
    rows
        The header and the rows below it, all of the same length, in printable text.
    width
        The cells a line may take; columns wrap until the table fits, but no column is made
        narrower than eight cells.

    Returns
    -------
    list of str
        The lines, without trailing blanks.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        widest = max(range(len(widths)), key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    lines = []
    for row in rows:
        cells = [
            textwrap.wrap(text, size, break_on_hyphens=False) or [""]
            for text, size in zip(row, widths, strict=True)
        ]
        for at in range(max(map(len, cells))):
            parts = (
                (cell[at] if at < len(cell) else "").ljust(size)
                for cell, size in zip(cells, widths, strict=True)
            )
            lines.append((" " * _GAP).join(parts).rstrip())
    return lines
