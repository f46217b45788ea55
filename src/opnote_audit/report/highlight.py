"""The note's own text as HTML, with its sections and every piece of evidence lit up.

The page's text equals the note's code point for code point. HTML cannot hold two kinds of
them, NUL and lone surrogates: each is shown by one stand-in character, so that every offset
still holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol, TypeVar

from markupsafe import Markup, escape

from opnote_audit.annotate.sections import Section
from opnote_audit.checks.result import AuditResult, Evidence
from opnote_audit.report.cells import printable
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
    "possible_pathology": ("possible_pathology",),
    "act": ("act", "laminar", "disc", "corpectomy", "freed", "mass", "denied"),
    "fusion": ("fusion", "interbody", "posterolateral", "elsewhere"),
}
_GROUP_OF = {kind: group for group, kinds in _GROUPS.items() for kind in kinds}
KINDS = (*_GROUPS, "other")
"""The kinds of evidence that a page tells apart, in the order of its legend."""
KIND_NAMES = {
    "act": "decompression",
    "possible_pathology": "possible pathology",
    "other": "other evidence",
}
"""What a legend calls a kind, where the kind itself does not say it."""

_T = TypeVar("_T")
_RANK = {"fail": 0, "warn": 1, "pass": 2, "na": 3}

# What HTML acts on, what it cannot hold, and what acts invisibly in a text. Marks that only hint
# at a direction (LRM, RLM, ALM) and joiners stay: right-to-left text and emoji are made of them.
_SPECIAL = re.compile(
    "[&<>\"'\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class SectionLike(Protocol):
    """A section of a note: offsets of its header, body and end, its kind and title."""

    @property
    def kind(self) -> str:
        """What the section is: ``diagnosis``, ``heading``, ``narrative`` ..."""

    @property
    def start(self) -> int:
        """Where its header begins."""

    @property
    def body(self) -> int:
        """Where its text begins."""

    @property
    def end(self) -> int:
        """Where it ends."""

    @property
    def title(self) -> str:
        """Its header's words; empty without a header."""


@dataclass(slots=True)
class Place:
    """A stretch of the note that is evidence, and what for.

    ``number`` counts places from one in the note's order; ``kinds`` are of :data:`KINDS`;
    ``checks`` the ids of the requirements it is evidence for, the worst status first;
    ``segments`` the indices of the segments, ``remarks`` those of the remarks; ``section`` the
    kind of section, if known.
    """

    start: int
    end: int
    number: int = 0
    kinds: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    remarks: list[int] = field(default_factory=list)
    section: str | None = None

    @property
    def target(self) -> str:
        """The id of what to show when the place is chosen: the first owner."""
        return self.owners[0]

    @property
    def owners(self) -> list[str]:
        """The ids of what it is evidence for: requirements, segments, remarks, or else the top."""
        return [
            *self.checks,
            *(f"segment-{number}" for number in self.segments),
            *(f"remark-{number}" for number in self.remarks),
        ] or ["operation"]


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
    for number, remark in enumerate(result.remarks):
        for one in filter(None, map(place, remark.evidence)):
            _once(one.remarks, number)
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


def note_markup(
    text: str,
    places: Sequence[Place],
    sections: Sequence[SectionLike] = (),
    segments: Sequence[str] = (),
) -> Markup:
    r"""Return the note as HTML: sections as blocks, evidence as links.

    Parameters
    ----------
    text
        The note.
    places
        From :func:`find_places`; they may overlap in any way.
    sections
        In the note's order, not overlapping; what none covers is shown without a section.
    segments
        The names of the result's segments, for what a highlight says of itself.

    Returns
    -------
    Markup
        To stand in an element that keeps white space. Its text equals ``text`` code point for
        code point, but that NUL is shown as ``\u2400`` and a lone surrogate as ``\ufffd``.
    """
    parts: list[str] = []
    at = 0
    marks = [(one, describe(one, segments)) for one in places]
    for number, section in enumerate(sections, 1):
        if section.start > at:
            parts.extend(_stretch(text, at, section.start, marks))
        name = escape(printable(section.title).strip() or section.kind)
        parts.append(
            f'<div class="sec" id="section-{number}" role="group" aria-label="Section {name}"'
            f"{_kind_label(section)}>"
        )
        if section.title and section.body > section.start:
            parts.append('<span class="title">')
            parts.extend(_stretch(text, section.start, section.body, marks))
            parts.append("</span>")
        else:
            parts.extend(_stretch(text, section.start, section.body, marks))
        parts.extend(_stretch(text, section.body, section.end, marks))
        parts.append("</div>")
        at = section.end
    parts.extend(_stretch(text, at, len(text), marks))
    return Markup("".join(parts))


def _kind_label(section: SectionLike) -> str:
    # Sections of no consequence, and headers not yet settled by what stands under them, are
    # told by their title alone.
    settled = section.kind not in ("other", "unheaded") and not isinstance(section, Section)
    return f' data-kind="{escape(words(section.kind))}"' if settled else ""


def describe(place: Place, segments: Sequence[str]) -> str:
    """Return what a place is, in words: ``approach: R2, T10; in the narrative``.

    Parameters
    ----------
    place
        The place.
    segments
        The names of the result's segments, by index.
    """
    kinds = ", ".join(KIND_NAMES.get(kind, kind) for kind in place.kinds)
    owners = [*place.checks, *(segments[number] for number in place.segments)]
    what = f"{kinds}: {', '.join(owners)}" if owners else kinds
    return f"{what}; in the {words(place.section)}" if place.section else what


_Mark = tuple[Place, str]


def _stretch(text: str, start: int, end: int, marks: Sequence[_Mark]) -> Iterator[str]:
    """Yield the HTML of ``text[start:end]``, cut wherever a place begins or ends."""
    inside = [mark for mark in marks if mark[0].start < end and mark[0].end > start]
    edges = {start, end}
    for one, _ in inside:
        edges |= {max(one.start, start), min(one.end, end)}
    for low, high in pairwise(sorted(edges)):
        here = [mark for mark in inside if mark[0].start <= low and mark[0].end >= high]
        yield _run(text, low, high, here) if here else _escaped(text, low, high)


def _run(text: str, start: int, end: int, marks: Sequence[_Mark]) -> str:
    # Of places that lie one in the other the shortest says best what these words are.
    marks = sorted(marks, key=lambda mark: (mark[0].end - mark[0].start, mark[0].number))
    places = [one for one, _ in marks]
    kinds = list(dict.fromkeys(kind for one in places for kind in one.kinds))
    classes = ["hl", f"k-{kinds[0]}", *(["multi"] if len(kinds) > 1 else [])]
    opened = [one for one in places if one.start == start]
    anchors = "".join(f'<span id="e{one.number}"></span>' for one in opened)
    numbers = " ".join(str(one.number) for one in places)
    title = escape(printable("; also ".join(said for _, said in marks)))
    # A place cut in two is one stop for the keyboard: its first piece.
    stop = "" if opened else ' tabindex="-1"'
    return (
        f'{anchors}<a class="{" ".join(classes)}" href="#{escape(places[0].target)}"'
        f' data-e="{numbers}" title="{title}"{stop}>{_escaped(text, start, end)}</a>'
    )


def _escaped(text: str, start: int, end: int) -> str:
    def shown(found: re.Match[str]) -> str:
        char = found[0]
        if char in "&<>\"'":
            return str(escape(char))
        if char == "\r":
            # As a reference it stays what it is; raw, it would be read as a newline. A line
            # that ends with it alone needs a break to be seen.
            return "&#13;" if text[found.end() : found.end() + 1] == "\n" else "&#13;<br>"
        held = char
        if char == "\x00":
            held = NUL_SIGN
        elif "\ud800" <= char <= "\udfff":
            held = LOST_SIGN
        return f'<span class="ctl" data-name="{_sign_name(char)}">{held}</span>'

    # Not re.sub on a slice: what follows the run must stay in sight.
    parts: list[str] = []
    at = start
    for found in _SPECIAL.finditer(text, start, end):
        parts.append(text[at : found.start()])
        parts.append(shown(found))
        at = found.end()
    parts.append(text[at:end])
    return "".join(parts)


def _sign_name(char: str) -> str:
    if unicodedata.category(char) == "Cc" and char < "\x20":
        return unicodedata.name(chr(0x2400 + ord(char))).removeprefix("SYMBOL FOR ").lower()
    return f"U+{ord(char):04X}"


def _once(items: list[_T], item: _T) -> None:
    if item not in items:
        items.append(item)
