"""Myelopathy, radiculopathy, claudication: the signs in a note that choose a diagnosis.

A few plain terms, each looked at within its own sentence: what is denied, feared or said of
the family does not count, what is said of the neck or an arm is not of this family. The
note's pipeline has no rules for signs, and this must also work on a stored result, so it is
a small reader of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from opnote_audit import spine
from opnote_audit.checks.result import Evidence
from opnote_audit.diagnoses.rules import SymptomRules

_LEVEL = re.compile(r"\b([CTLS])-?\d{1,2}\b")
_LETTERS = {"C": "cervical", "T": "thoracic", "L": "lumbar", "S": "lumbar"}
# How far before and after a sign a word still speaks of it.
_REACH = 45


@dataclass(frozen=True, slots=True)
class Symptom:
    """A sign found in the note: its name, the region it is said of (if any), the words."""

    name: str
    region: str | None
    evidence: Evidence


def find_symptoms(text: str, rules: SymptomRules) -> tuple[Symptom, ...]:
    """Return the signs that the note affirms, in its order.

    Parameters
    ----------
    text
        The note; offsets of the evidence are code points of it.
    rules
        The terms, places and cues.
    """
    matcher = _matcher(rules)
    return tuple(matcher.find(text))


def holds_at(symptom: Symptom, segment: str, rules: SymptomRules) -> bool:
    """Tell whether a sign can be of a segment: of its region, and not below the cord's end."""
    if symptom.region is not None and symptom.region != spine.region(segment):
        junction = symptom.region == "thoracolumbar" and segment in ("T12", "T12-L1", "L1")
        if not junction:
            return False
    lowest = next((r.lowest for r in rules.symptoms if r.name == symptom.name), None)
    return lowest is None or spine.position(segment) <= spine.position(lowest)


class _Matcher:
    def __init__(self, rules: SymptomRules) -> None:
        self._terms = [(rule.name, _words(rule.terms), rule.not_after) for rule in rules.symptoms]
        self._places = [(place.region, _words(place.terms)) for place in rules.places]
        self._before = _words(rules.cues.before)
        self._after = re.compile(rf"\s*(?:\w+\s+)?(?:{_choice(rules.cues.after)})\b", re.I)
        self._stop = _words(rules.cues.stop)

    def find(self, text: str) -> Iterator[Symptom]:
        found: list[tuple[int, Symptom]] = []
        for name, pattern, not_after in self._terms:
            for match in pattern.finditer(text):
                start, end = match.span()
                low, high = _sentence(text, start, end)
                before, after = text[low:start], text[end:high]
                if before.lower().rstrip().endswith(tuple(not_after)) and not_after:
                    continue
                if self._denied(before) or self._after.match(after):
                    continue
                region = self._region(before[-_REACH:], after[:_REACH])
                if region == "cervical":
                    continue
                evidence = Evidence(start, end, match[0], None, "symptom")
                found.append((start, Symptom(name, region, evidence)))
        yield from (symptom for _, symptom in sorted(found, key=lambda item: item[0]))

    def _denied(self, before: str) -> bool:
        cues = [m.end() for m in self._before.finditer(before)]
        if not cues:
            return False
        return not any(m.start() >= cues[-1] for m in self._stop.finditer(before))

    def _region(self, before: str, after: str) -> str | None:
        """Return the region that the nearest word before, else after, speaks of."""
        marks = list(self._marks(before))
        if marks:
            return max(marks)[1]
        # A comma or another sentence's part after the sign speaks of something else.
        marks = list(self._marks(re.split(r"[,:(]", after, maxsplit=1)[0]))
        return min(marks)[1] if marks else None

    def _marks(self, words: str) -> Iterator[tuple[int, str]]:
        for region, pattern in self._places:
            yield from ((m.start(), region) for m in pattern.finditer(words))
        yield from ((m.start(), _LETTERS[m[1]]) for m in _LEVEL.finditer(words))


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence around a match: full stop, semicolon or line end."""
    low = max(text.rfind(mark, 0, start) for mark in (";", "\n", "\r", ". ")) + 1
    ends = [at for mark in (";", "\n", "\r", ". ") if (at := text.find(mark, end)) >= 0]
    return low, min(ends, default=len(text))


def _choice(terms: Iterable[str]) -> str:
    ordered = sorted(terms, key=len, reverse=True)
    return "|".join(re.escape(term).replace(r"\ ", r"\s+") for term in ordered)


def _words(terms: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_choice(terms)})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=4)
def _matcher(rules: SymptomRules) -> _Matcher:
    return _Matcher(rules)
