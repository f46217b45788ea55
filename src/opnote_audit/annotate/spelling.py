"""Slips of the pen in the words that matter ("transpedicullar", "laminectemy").

The text is never altered: the matcher is shown the mended word in the place of the slip.
"""

from __future__ import annotations

from opnote_audit.rules.spelling import SpellingRules

_SHORTEST = 7
_TWO_SLIPS_FROM = 11


class Speller:
    """Mends a word to a listed one within one slip (two in a long word); remembers answers."""

    def __init__(self, rules: SpellingRules) -> None:
        self._by_initial: dict[str, list[str]] = {}
        for word in rules.words:
            self._by_initial.setdefault(word[0], []).append(word)
        self._known = rules.known
        self._endings = rules.endings

    def mend(self, word: str) -> str | None:
        """Return the listed word that the lower-case ``word`` is a slip of, or ``None``.

        The first letter must be right: it nearly always is, and it keeps "intra-" from
        becoming "extra-". Distance is Damerau-Levenshtein (a swap of neighbours is one slip).
        """
        if len(word) < _SHORTEST or word in self._known or not word.isalpha():
            return None
        near = [w for w in self._by_initial.get(word[0], ()) if abs(len(w) - len(word)) <= 2]
        if not near:
            return None
        # Imported here: most notes hold no candidate at all.
        from rapidfuzz.distance import OSA

        best = min(near, key=lambda w: (OSA.distance(word, w), w))
        slips = OSA.distance(word, best)
        # Another ending of the same word is an inflection that is not listed, not a slip.
        shared = next(
            (i for i, pair in enumerate(zip(word, best, strict=False)) if pair[0] != pair[1]),
            min(len(word), len(best)),
        )
        if word[shared:] in self._endings and best[shared:] in self._endings:
            return None
        return best if slips <= (2 if len(best) >= _TWO_SLIPS_FROM else 1) else None
