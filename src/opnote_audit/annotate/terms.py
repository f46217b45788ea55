"""Terms: one pass of spaCy's ``PhraseMatcher`` over a note, longest match kept."""

from __future__ import annotations

from collections.abc import Iterable

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from opnote_audit.annotate.reading import Mention
from opnote_audit.annotate.spelling import Speller
from opnote_audit.rules.targets import Term


class TermMatcher:
    """Finds the terms of the target rules; one spelling may carry several labels."""

    def __init__(
        self, nlp: Language, terms: Iterable[Term], speller: Speller | None = None
    ) -> None:
        labels: dict[str, list[tuple[str, str]]] = {}
        for term in terms:
            pair = (term.label, term.value)
            if pair not in labels.setdefault(term.literal, []):
                labels[term.literal].append(pair)
        self._vocab = nlp.vocab
        self._matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._labels: dict[int, tuple[tuple[str, str], ...]] = {}
        for literal, pairs in labels.items():
            key = nlp.vocab.strings.add(literal)
            self._matcher.add(literal, [nlp.make_doc(literal)])
            self._labels[key] = tuple(pairs)
        self._guests: set[int] = set()
        self.guest_matches: list[tuple[int, int, int]] | None = None
        self._speller = speller
        self._mended: dict[int, str] = {}
        self._right: set[int] = set()

    def also(self, nlp: Language, literals: Iterable[str]) -> None:
        """Look for ``literals`` too, for another step: one pass over a note serves both."""
        for literal in literals:
            key = nlp.vocab.strings.add(literal)
            if key not in self._labels and key not in self._guests:
                self._matcher.add(literal, [nlp.make_doc(literal)])
            self._guests.add(key)

    def _shown(self, doc: Doc) -> Doc:
        """Return ``doc``, or a stand-in with the slips of listed words mended."""
        if self._speller is None:
            return doc
        lowers = doc.to_array("LOWER").tolist()
        fixes: dict[int, str] = {}
        for lower in set(lowers) - self._right:
            if lower not in self._mended:
                word = self._speller.mend(self._vocab.strings[lower])
                if word is None:
                    self._right.add(lower)
                    continue
                self._mended[lower] = word
            fixes[lower] = self._mended[lower]
        if not fixes:
            return doc
        words = [fixes.get(lower) or token.text for lower, token in zip(lowers, doc, strict=True)]
        return Doc(self._vocab, words=words)

    def __call__(self, doc: Doc, offsets: list[int], ends: list[int]) -> list[Mention]:
        """Return the mentions in ``doc`` in text order.

        ``offsets`` and ``ends`` are the tokens' code-point offsets. Where matches overlap the
        longest stands ("transpedicular screws" is no approach); all labels of that spelling
        are kept.
        """
        matches = self._matcher(self._shown(doc))
        if self._guests:
            self.guest_matches = [m for m in matches if m[0] in self._guests]
            matches = [m for m in matches if m[0] in self._labels]
        matches.sort(key=lambda m: (m[1], -m[2]))
        out = []
        reach = -1
        for key, start, end in _longest(matches):
            if start < reach:
                continue
            reach = end
            for label, value in self._labels[key]:
                out.append(Mention(label, value, offsets[start], ends[end - 1], start, end))
        return out


def _longest(matches: list[tuple[int, int, int]]) -> Iterable[tuple[int, int, int]]:
    """Yield non-overlapping matches, preferring the longer of two that overlap."""
    held: tuple[int, int, int] | None = None
    for match in matches:
        if held is None:
            held = match
        elif match[1] >= held[2]:
            yield held
            held = match
        elif match[2] - match[1] > held[2] - held[1]:
            held = match
    if held is not None:
        yield held
