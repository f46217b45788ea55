"""The note's own text as HTML, with its sections and every piece of evidence lit up.

The page's text equals the note's code point for code point. HTML cannot hold two kinds of
them, NUL and lone surrogates: each is shown by one stand-in character, so that every offset
still holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from markupsafe import Markup, escape

from opnote_audit.checks.result import AuditResult, Evidence
from opnote_audit.report.cells import BIDI_CONTROLS
from opnote_audit.report.style import words

NUL_SIGN = "\N{SYMBOL FOR NULL}"
LOST_SIGN = "\N{REPLACEMENT CHARACTER}"

_GROUPS = {
    "level": ("level",),
    "approach": (
        "approach",
        "named",
        "heading",
        "pedicle",
        "lateral",
        "costo",
        "anterior",
        "posterior",
        "transpedicular",
    ),
    "pathology": ("pathology",),
    "act": ("act", "laminar", "disc", "corpectomy", "freed", "mass", "denied"),
    "fusion": ("fusion", "interbody", "posterolateral", "elsewhere"),
}
_GROUP_OF = {kind: group for group, kinds in _GROUPS.items() for kind in kinds}
KINDS = (*_GROUPS, "other")
"""The kinds of evidence that a page tells apart, in the order of its legend."""
KIND_NAMES = {"act": "decompression", "other": "other evidence"}
"""What a legend calls a kind, where the kind itself does not say it."""

_RANK = {"fail": 0, "warn": 1, "pass": 2, "na": 3}

_SPECIAL = re.compile("[&<>\"'\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff" + BIDI_CONTROLS + "]")
_NAMES = {"\x0b": "VT", "\x0c": "FF", "\x1b": "ESC", "\x08": "BS", "\x07": "BEL", "\x7f": "DEL"}


class SectionLike(Protocol):
    """A section of a note: offsets of its header, body and end, its kind and title."""

    @property
    def kind(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def body(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def title(self) -> str: ...


@dataclass(slots=True)
class Place:
    """A stretch of the note that is evidence, and what for.

    ``number`` counts places from one in the note's order; ``kinds`` are of :data:`KINDS`;
    ``checks`` the ids of the requirements it is evidence for, the worst status first;
    ``segments`` the indices of the segments; ``section`` the kind of section, if known.
    """

    start: int
    end: int
    number: int = 0
    kinds: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    section: str | None = None

    @property
    def target(self) -> str:
        """The id of what to show when the place is chosen: a requirement, a segment, or the top."""
        if self.checks:
            return self.checks[0]
        return f"segment-{self.segments[0]}" if self.segments else "operation"

    @property
    def owners(self) -> list[str]:
        """The ids of everything that the place is evidence for."""
        return [*self.checks, *(f"segment-{number}" for number in self.segments)] or ["operation"]


def kind_of(evidence: Evidence) -> str:
    """Return which of :data:`KINDS` a piece of evidence is shown as."""
    return _GROUP_OF.get(evidence.kind or "", "other")


def find_places(result: AuditResult, length: int) -> list[Place]:
    """Return each stretch that the result cites, once, in the note's order.

    Parameters
    ----------
    result
        The audit.
    length
        The code points of the note; offsets beyond it are drawn in, empty stretches left out.
    """
    found: dict[tuple[int, int], Place] = {}

    def place(item: Evidence) -> Place | None:
        start, end = max(item.start, 0), min(item.end, length)
        if start >= end:
            return None
        one = found.setdefault((start, end), Place(start, end))
        _once(one.kinds, kind_of(item))
        one.section = one.section or item.section
        return one

    for check in sorted(result.checklist, key=lambda check: _RANK[check.status]):
        for one in filter(None, map(place, check.evidence)):
            _once(one.checks, check.id)
    for number, segment in enumerate(result.segments):
        for one in filter(None, map(place, segment.evidence)):
            _once(one.segments, number)
    for item in result.approach_evidence:
        place(item)
    places = sorted(found.values(), key=lambda one: (one.start, -one.end))
    for number, one in enumerate(places, 1):
        one.number = number
        # What a stretch is said to be, once, is worth more than that it is evidence somehow.
        if len(one.kinds) > 1 and "other" in one.kinds:
            one.kinds.remove("other")
        one.kinds.sort(key=KINDS.index)
    return places


def _once[T](items: list[T], item: T) -> None:
    if item not in items:
        items.append(item)
