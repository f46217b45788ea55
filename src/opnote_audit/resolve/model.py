"""The operation, as the program believes it was done: plain data, no spaCy.

``Operation`` is the pivot of the house: the resolver makes it, the audit reads it, and both
can be tested with a few literal lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Kinds of fact.
NAMED = "named"  # the approach is named transpedicular
PEDICLE = "pedicle"  # the pedicle is taken for decompression
LATERAL = "lateral"  # transfacet or far lateral (lumbar family of 63056)
COSTO = "costo"  # costovertebral or extracavitary
ANTERIOR = "anterior"
POSTERIOR = "posterior"  # a posterior route is named, or the pedicle expressly kept
LAMINAR = "laminar"  # lamina, facet or foramen opened
DISC = "disc"
CORPECTOMY = "corpectomy"
FREED = "freed"  # neural elements said to be decompressed or freed
MASS = "mass"  # a pathology is taken out
LEFT = "left"  # a pathology is expressly left where it was
DENIED = "denied"  # decompression there is expressly denied

ACTS = frozenset({PEDICLE, LAMINAR, DISC, CORPECTOMY, FREED, MASS})

# How a fact came by its levels.
EXPLICIT = "explicit"  # the clause names them
FOCUS = "focus"  # the level in hand
COLLECTIVE = "collective"  # "both levels"
INFERRED = "inferred"  # "one level below"
HEADING = "heading"  # only the heading names them
UNKNOWN = "unknown"  # "the adjacent level"

UNNAMED = "?"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the note in code points, and what it is evidence of."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the narrative says was done: ``kind`` at ``levels``, by the words at ``span``.

    ``how`` tells how the levels are known; ``ranged`` that they come from a bare range,
    ``vague`` that one of several levels in hand is meant without saying which.
    """

    kind: str
    levels: tuple[str, ...]
    span: Span
    how: str = EXPLICIT
    ranged: bool = False
    vague: bool = False
    level_span: Span | None = None


@dataclass(frozen=True, slots=True)
class Pathology:
    """A pathology at a segment; ``weak`` when it only warrants a warning (R3)."""

    value: str
    span: Span
    weak: bool = False


@dataclass(frozen=True, slots=True)
class HeadingLevel:
    """A level that the heading offers, and what the heading says of it."""

    level: str
    span: Span
    transpedicular: Span | None = None
    lateral: Span | None = None
    costo: Span | None = None
    additional: Span | None = None
    decompressed: Span | None = None
    freed: bool = False
    ranged: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A decompressed segment.

    ``named`` holds where the narrative names the approach there, ``heading`` where the
    heading does; ``pedicle`` where the pedicle is taken; ``treated`` the decompressive acts.
    ``naming`` says how its level is known: ``named``, ``range``, ``inferred``, ``vague`` or
    ``heading``. ``offered`` marks a level that the note offers as an additional
    transpedicular segment. ``denied`` is where the note says it was not done,
    ``left`` where a pathology is said to have been left, and none to have been taken out.
    ``summary`` says that the approach is named only in a summary of several levels, and that
    the details of this one tell of other bone and not of its pedicle.
    """

    name: str
    role: str
    approach: str
    naming: str
    named: tuple[Span, ...] = ()
    heading: tuple[Span, ...] = ()
    pedicle: tuple[Span, ...] = ()
    other_route: tuple[Span, ...] = ()
    treated: tuple[Span, ...] = ()
    levels: tuple[Span, ...] = ()
    pathologies: tuple[Pathology, ...] = ()
    offered: tuple[Span, ...] = ()
    denied: tuple[Span, ...] = ()
    left: tuple[Span, ...] = ()
    summary: bool = False


@dataclass(frozen=True, slots=True)
class FusionFact:
    """Arthrodesis in this operation; ``elsewhere`` is where part of the work is dictated apart."""

    performed: bool = False
    type: str | None = None
    segments: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    elsewhere: tuple[Span, ...] = ()
    interbody_segments: tuple[str, ...] = ()
    interbody: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """Everything believed of the operation.

    ``unnamed`` holds further transpedicular segments that are never named; ``billed`` the
    places where the note itself writes 63057; ``disagreement`` levels on which heading and
    narrative differ.
    """

    is_operative: bool
    approach: str = "none"
    approach_spans: tuple[Span, ...] = ()
    segments: tuple[Segment, ...] = ()
    primary_code: str | None = None
    fusion: FusionFact = field(default_factory=FusionFact)
    unnamed: tuple[Span, ...] = ()
    unnamed_named_approach: bool = False
    unnamed_pathology: bool = False
    billed: tuple[Span, ...] = ()
    disagreement: tuple[Span, ...] = ()
    stated_primary: str | None = None

    @property
    def primary(self) -> Segment | None:
        """The first transpedicular segment, if there is one."""
        return next((s for s in self.segments if s.role == "primary"), None)

    @property
    def additional(self) -> tuple[Segment, ...]:
        """The further segments, and those offered as further ones that turned out otherwise."""
        return tuple(
            s for s in self.segments if s.role == "additional" or (s.role == "other" and s.offered)
        )
