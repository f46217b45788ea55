"""Pieces of a note for the trained components: sentences, cut again where a line may have begun.

An interface that strips headers and folds lines leaves "Myelopathy, T9 Left transpedicular
decompression, T9 Mr. Vale is 61": one sentence by its punctuation, three parts of a note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Before a capitalised word that no stop goes before (nor a list's number, nor a ticked box), and
# before a list's bullets and numbers.
_MAY_BEGIN = re.compile(
    r"(?<=[a-z0-9)\]])(?<!\d\))(?<!\[.\])\s+(?=[A-Z][a-z])|\s+(?=(?:[*•|\[]|\(?\d{1,2}[.)]\s|[A-H][.)]\s))"
)


def pieces(text: str, sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pieces of the sentences of ``text``, as code-point offsets in order."""
    out = []
    for start, end in sentences:
        at = start
        for match in _MAY_BEGIN.finditer(text, start, end):
            out.append((at, match.start()))
            at = match.end()
        out.append((at, end))
    return out


def token_units(
    spans: Sequence[tuple[int, int]], token_starts: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Return the token offsets of code-point spans, shape (n, 2)."""
    found = np.searchsorted(np.asarray(token_starts), np.asarray(spans).reshape(-1, 2))
    units: npt.NDArray[np.int64] = found.astype(np.int64)
    return units
