"""Pieces of a note for the trained components: sentences, cut again where a line may have begun.

An interface that strips headers and folds lines leaves "Myelopathy, T9 Left transpedicular
decompression, T9 Mr. Vale is 61": one sentence by its punctuation, three parts of a note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Where a line may begin; what goes before is looked at only there, which spares the search.
_MAY_BEGIN = re.compile(r"\s+(?:(?=[A-Z][a-z])|(?=[*•|\[]|\(?\d{1,2}[.)]\s|[A-H][.)]\s)())")
_GOES_ON = re.compile(r".?\d\)|\[.\]")
"""A list's number or a ticked box: the words after it are its own."""


def pieces(text: str, sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pieces of the sentences of ``text``, as code-point offsets in order.

    A sentence is cut before a list's bullet or number, and before a capitalised word that
    neither a stop nor a list's number or ticked box goes before.
    """
    out = []
    for start, end in sentences:
        at = start
        for match in _MAY_BEGIN.finditer(text, start, end):
            cut = match.start()
            if match.group(1) is None:  # no bullet and no number
                before = text[cut - 1] if cut > start else " "
                if not (before.islower() or before.isdigit() or before in ")]"):
                    continue
                if before in ")]" and _GOES_ON.fullmatch(text[max(start, cut - 3) : cut]):
                    continue
            out.append((at, cut))
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


def joined(sentences: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Return sentences as one line of text, each with a blank after it, and where each stands."""
    spans = []
    text = ""
    for sentence in sentences:
        spans.append((len(text), len(text) + len(sentence)))
        text += sentence + " "
    return text, spans
