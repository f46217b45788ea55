"""Short forms that the note itself defines, by scispaCy's abbreviation algorithm.

"Transpedicular decompression (TPD)" makes every "TPD" an approach and an act; "herniated
nucleus pulposus (HNP)" makes "HNP" a pathology. The finding of long forms is scispaCy's
(Schwartz and Hearst 2003); the candidates come from one linear pass over the parentheses,
because scispaCy's own component searches them with a pattern that is quadratic in a note
with many of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from spacy.tokens import Doc

from opnote_audit.annotate.reading import Mention

_CARRIED = frozenset({"APPROACH", "ACT", "PATHOLOGY", "FUSION", "NOT_FAMILY", "WEAK_PATHOLOGY"})
_MAX_INSIDE = 8
_PARENTHESES = re.compile(r"\(([^()\n]{2,60})\)")


def _parentheses(text: str, offsets: list[int]) -> list[tuple[int, int, int]]:
    """Return ``(0, start, end)`` tokens of what stands between parentheses, up to eight."""
    spans = []
    for match in _PARENTHESES.finditer(text):
        start, end = bisect_left(offsets, match.start(1)), bisect_left(offsets, match.end(1))
        if start < end and end - start <= _MAX_INSIDE:
            spans.append((0, start, end))
    return spans


def defined_mentions(
    doc: Doc, text: str, mentions: list[Mention], offsets: list[int], ends: list[int]
) -> list[Mention]:
    """Return further mentions for the uses of short forms that ``doc`` defines.

    Parameters
    ----------
    doc
        The tokenized note.
    text
        Its text.
    mentions
        The mentions found by the term matcher, in text order.
    offsets, ends
        Code-point offsets of the tokens' starts and ends.
    """
    candidates = _parentheses(text, offsets)
    if not candidates:
        return []
    from scispacy.abbreviation import filter_matches, find_abbreviation

    meanings: dict[str, list[tuple[str, str]]] = {}
    for long_candidate, short_candidate in filter_matches(candidates, doc):
        short, long = find_abbreviation(long_candidate, short_candidate)
        if long is None or len(short) != 1 or not short.text.isupper() or short.text in meanings:
            continue
        inside = [
            (m.label, m.value)
            for m in mentions
            if m.label in _CARRIED and long.start <= m.start_token and m.end_token <= long.end
        ]
        if inside:
            meanings[short.text] = inside
    if not meanings:
        return []
    taken = {m.start_token for m in mentions if m.label in _CARRIED}
    return [
        Mention(label, value, offsets[i], ends[i], i, i + 1)
        for i, token in enumerate(doc)
        if token.text in meanings and i not in taken
        for label, value in meanings[token.text]
    ]
