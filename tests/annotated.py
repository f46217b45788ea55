"""Annotated text: the expected spans stand in the text itself, one row a case.

``"Decompression at <level>T9</level> and <level T10-T11>T10/11</level>"`` gives the plain words
and two spans; what follows a tag's name is the value that the span should get, and a tag
without one expects its own words. Nobody counts characters or tokens.

The second half are words for what the product made of a note, so that a row's expectation is as
short as its text: ``"T9 primary, T10 additional"``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from opnote_audit.annotate.reading import Reading
from opnote_audit.api import NoteAuditor, load_auditor
from opnote_audit.resolve.model import Operation, Segment

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-z_]+)(?: (?P<value>[^<>]+))?>")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tagged stretch: code-point offsets into the plain text, tag, value and words."""

    start: int
    end: int
    tag: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Annotated:
    """Plain text and the spans that its tags marked, in text order."""

    text: str
    spans: tuple[Tagged, ...]

    def of(self, *tags: str) -> tuple[Tagged, ...]:
        """Return the spans of ``tags``."""
        return tuple(s for s in self.spans if s.tag in tags)

    def only(self, tag: str) -> Tagged:
        """Return the one span of ``tag``."""
        (span,) = self.of(tag)
        return span


def annotated(marked: str) -> Annotated:
    """Return ``marked`` without its tags, and the spans under them; tags may nest."""
    text, at = "", 0
    opened: list[tuple[str, str | None, int]] = []
    spans: list[Tagged] = []
    for tag in _TAG.finditer(marked):
        text += marked[at : tag.start()]
        at = tag.end()
        if not tag["close"]:
            opened.append((tag["name"], tag["value"], len(text)))
            continue
        if not opened or opened[-1][0] != tag["name"]:
            raise ValueError(f"</{tag['name']}> closes nothing in {marked!r}")
        name, value, start = opened.pop()
        words = text[start:]
        spans.append(Tagged(start, len(text), name, words if value is None else value, words))
    if opened:
        raise ValueError(f"<{opened[-1][0]}> is never closed in {marked!r}")
    spans.sort(key=lambda s: (s.start, -s.end))
    return Annotated(text + marked[at:], tuple(spans))


# -- what the product made of a text -------------------------------------------------------


@cache
def auditor() -> NoteAuditor:
    """Return the auditor with the package's rules, loaded once for all tests."""
    return load_auditor()


def read(text: str) -> Reading:
    """Return the reading of ``text``."""
    return auditor().read(text)


def operation(text: str) -> Operation:
    """Return the operation that ``text`` tells of."""
    return auditor().operation(text)


def segment(text: str, name: str) -> Segment:
    """Return the segment ``name`` of the operation that ``text`` tells of."""
    found = {s.name: s for s in operation(text).segments}
    assert name in found, f"{name} is not among {sorted(found) or 'no segments'}"
    return found[name]


def roles(done: Operation) -> str:
    """Return the segments with their roles, and ``?`` where some are never named.

    ``"T9 primary, T10 additional, ?"``; segments stand from head to tail within a role.
    """
    words = [f"{s.name} {s.role}" for s in done.segments]
    return ", ".join(words + ["?"] * bool(done.unnamed))


def approaches(done: Operation) -> str:
    """Return the segments with their approaches: ``"T9 transpedicular, T10 posterior"``."""
    return ", ".join(f"{s.name} {s.approach}" for s in done.segments)


def statuses(text: str) -> dict[str, str]:
    """Return each requirement's status for ``text``."""
    return {c.id: c.status for c in auditor().audit(text).checklist}


def verdict(text: str) -> str:
    """Return the verdict on ``text``."""
    return auditor().audit(text).verdict
