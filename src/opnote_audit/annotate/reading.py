"""What annotation hands on: a note's sections, sentences, clauses, levels and mentions.

Plain data with code-point offsets; the resolver reads this and nothing of spaCy.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

from opnote_audit.annotate.levels import LevelMention
from opnote_audit.annotate.lower import lowered

# Values of VERB mentions that take something out: bone, or soft matter.
TAKING = frozenset({"remove", "clear"})

NEGATED = "negated"
HYPOTHETICAL = "hypothetical"
HISTORICAL = "historical"
FAMILY = "family"
PLANNED = "planned"
ALTERNATIVE = "alternative"
CONSENT = "consent"


SectionsBy = Literal["headers", "classifier", "content"]
"""What divided a note: its headers, the trained classifier where they left most of it
undivided, or (without the classifier) its operative steps alone."""


class Mention:
    """A term in the note: ``label`` and ``value`` from the rule, code-point and token offsets.

    ``clause`` and ``sentence`` index the reading's lists. ``flags`` holds what ConText said
    (``negated``, ``planned`` ...), ``cues`` the words that said it, as ``(flag, start, end)``
    in code points. Mutable only while the pipeline builds it.
    """

    __slots__ = (
        "clause",
        "cues",
        "end",
        "end_token",
        "flags",
        "label",
        "sentence",
        "start",
        "start_token",
        "value",
    )

    def __init__(
        self, label: str, value: str, start: int, end: int, start_token: int, end_token: int
    ) -> None:
        self.label = label
        self.value = value
        self.start = start
        self.end = end
        self.start_token = start_token
        self.end_token = end_token
        self.clause = -1
        self.sentence = -1
        self.flags: frozenset[str] = frozenset()
        self.cues: tuple[tuple[str, int, int], ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing says that this is negated, planned, past, or only talked about."""
        return not self.flags

    def __repr__(self) -> str:
        flags = f" {sorted(self.flags)}" if self.flags else ""
        return f"<{self.label}={self.value} {self.start}:{self.end}{flags}>"


@dataclass(slots=True)
class Clause:
    """A clause with its sentence, and what stands in it (levels and mentions in text order)."""

    start: int
    end: int
    sentence: int
    levels: list[LevelMention] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)


@dataclass(slots=True)
class Sentence:
    """A sentence: offsets, the kind of its section, the section's index, and its clauses."""

    start: int
    end: int
    kind: str
    section: int
    clauses: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """A section as resolved by content: a ``PROCEDURE:`` that tells the work is narrative."""

    kind: str
    start: int
    body: int
    end: int
    title: str


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A sentence that reads like transpedicular work, and the segments that it names.

    ``start`` and ``end`` are code-point offsets, ``probability`` is the second reader's.
    """

    start: int
    end: int
    probability: float
    segments: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """A note as read.

    ``is_operative`` is false for clinic notes, histories and the like; ``sections_by`` says
    what divided the note; ``suspicions`` are the sentences that the second reader believes to
    tell of work through the pedicle, the surest first.
    """

    text: str
    blocks: list[Block] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    levels: list[LevelMention] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    is_operative: bool = True
    sections_by: SectionsBy = "headers"
    suspicions: tuple[Suspicion, ...] = ()
    lower: str = ""
    context_matches: list[tuple[int, int, int]] | None = None
    token_starts: list[int] = field(default_factory=list)
    token_ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lower = lowered(self.text)

    def section_at(self, offset: int) -> str | None:
        """Return the kind of the section that ``offset`` stands in."""
        index = bisect_right(self.blocks, offset, key=lambda b: b.start) - 1
        return self.blocks[index].kind if index >= 0 else None
