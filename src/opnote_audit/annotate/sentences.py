"""Sentences and clauses of dictated notes, as code-point offsets.

Written for notes because general splitters are slow on them (the benchmark shows stock
medspaCy, most of whose time is its splitter) and miss what matters here: list numbers in
running text, wrapped lines, spoken punctuation, "None.,NEXT HEADER".
"""

from __future__ import annotations

import re

from opnote_audit.rules.grammar import GrammarRules, alternatives

_LIST_START = re.compile(
    r"[ \t]*(?:[-*•+>|#\[]|\(?\d{1,2}[.)]\s|[a-hA-H][.)]\s|[A-Z][A-Za-z /]{2,30}:)"
)
_ITEM_NUMBER = re.compile(r"(?:^|\s)\(?\d{1,2}\.$")


def _wrap_width(text: str) -> int:
    """Return the column at which the note's lines were wrapped, 0 when they were not."""
    lengths = sorted(len(line) for line in text.splitlines() if line.strip())
    if len(lengths) < 4 or lengths[-1] > 160:
        return 0
    return lengths[int(len(lengths) * 0.9)]


class Splitter:
    """Splits notes into sentences and clauses; compiled once from the grammar rules."""

    def __init__(self, rules: GrammarRules) -> None:
        self._abbreviations = frozenset(w.lower() for w in rules.abbreviations.words)
        spoken = alternatives(rules.spoken_stops.words)
        end = r"[.!?]+[)\]\"'*]*(?=\s|,[A-Z]|,\d\.|$)|\r\n|\n|\r"
        self._end = re.compile(end)
        self._end_spoken = re.compile(rf"{end}|\b(?:{spoken})\b")
        self._spoken = rules.spoken_stops.words
        self._verbs = frozenset(
            w.lower() for w in (*rules.auxiliaries.words, *rules.plain_verbs.words)
        )
        conjunctions = alternatives(rules.conjunctions.words)
        openers = alternatives(rules.clause_openers.words)
        commas = alternatives(rules.comma_openers.words)
        # Matched against the text in lower case: re tries alternatives by their first
        # character only where case is not ignored.
        self._clause = re.compile(
            rf";\s|—|:\s(?=[a-z])|,\s(?:(?:{conjunctions})\s(?=(?:{openers})\b)|(?=(?:{commas})\s))"
            rf"|\s(?:[-–—]{{1,2}}\s|(?:{conjunctions})\s(?=(?:{openers})\b))",
        )

    def sentences(self, text: str, breaks: tuple[int, ...] = ()) -> list[tuple[int, int]]:
        """Return the sentences of ``text`` as ``(start, end)``, white space at their ends left out.

        ``breaks`` are offsets at which a sentence always starts (section headers and bodies).
        """
        width = _wrap_width(text)
        cuts = set(breaks)
        line_start = 0
        # Spoken stops are rare, and a pattern without them is scanned much faster.
        pattern = self._end_spoken if any(w in text for w in self._spoken) else self._end
        for match in pattern.finditer(text):
            mark, at = match.group(), match.start()
            if mark[0] in "\r\n":
                if not width:
                    cuts.add(match.end())
                    continue
                line = text[line_start:at]
                nxt = text[match.end() : match.end() + 40]
                line_start = match.end()
                stripped = line.rstrip()
                if (
                    not nxt.strip()
                    or nxt[:1] in "\r\n"
                    or len(stripped) < 0.72 * width
                    or stripped[-1:] in ".:;!?|"
                    or _LIST_START.match(nxt)
                ):
                    cuts.add(match.end())
                continue
            if mark[0] == "." and (at < 4 or not text[at - 4 : at].isalpha()):
                # A stop after a long word ends a sentence; the rest may be "Dr." or "2."
                head = text[max(0, at - 24) : at + 1]
                token = (head.split() or [""])[-1].lower().lstrip("([\"'")
                if token in self._abbreviations or (
                    len(token) == 2 and token[0].isalpha() and head[-2].isupper()
                ):
                    continue
                if (
                    _ITEM_NUMBER.search(head)
                    and text[match.end() : match.end() + 2].strip()[:1].isalnum()
                ):
                    # "2. Right transfacet": the break comes before the number, not after it.
                    before = text[max(0, at - 6) : at].rstrip("0123456789(").rstrip(" \t")
                    if not before or before[-1] in ".:;,)|\n" or before[-1].isupper():
                        cuts.add(at - len(head.split()[-1]) + 1)
                        continue
            cuts.add(match.end())
        bounds = sorted(c for c in cuts if 0 < c < len(text))
        out = []
        for start, end in zip([0, *bounds], [*bounds, len(text)], strict=True):
            while start < end and text[start].isspace():
                start += 1
            while end > start and text[end - 1].isspace():
                end -= 1
            if end > start:
                out.append((start, end))
        return out

    def states(self, low: str) -> bool:
        """Tell whether a part of a sentence holds a verb, and so is a statement of its own."""
        words = low.split()
        return not self._verbs.isdisjoint(words) or any(
            w.rstrip(".,:").endswith(("ed", "ing")) and len(w) > 4 for w in words
        )

    def clauses(self, low: str, start: int, end: int) -> list[tuple[int, int]]:
        """Return the clauses of the sentence ``low[start:end]`` as ``(start, end)`` offsets.

        ``low`` is the note in lower case (same length).

        A clause ends at a semicolon, a dash, a colon, or a conjunction that opens a new
        statement ("and the", ", but we"); "right and left pedicles" stays whole.
        """
        out = []
        here = start
        for match in self._clause.finditer(low, start, end):
            # "The lamina | and the left facet of T6 were removed": no verb, no clause.
            if match.start() > here and (
                match.group()[0] == ";" or self.states(low[here : match.start()])
            ):
                out.append((here, match.start()))
                here = match.start()
        out.append((here, end))
        return out
