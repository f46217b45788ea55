"""The neighbouring families that a note documents, told by its own words.

A transpedicular segment is never offered a second decompression family (a laminectomy there is
included, domain notes, section 1), except at an interbody-fused level, where it is bundled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opnote_audit import spine
from opnote_audit.annotate.reading import Mention, Reading, Sentence
from opnote_audit.checks.result import Evidence
from opnote_audit.resolve.model import Operation, Segment, Span
from opnote_audit.suggest.model import FamilyCode, Neighbour
from opnote_audit.suggest.rules import Families, Family

_HEADING = frozenset({"heading"})
_PERFORMED = frozenset({"heading", "narrative", "addendum"})
_POSTEROLATERAL = frozenset({"posterolateral", "graft_bed"})
_MAX_WORDS = 4


@dataclass(slots=True)
class _Found:
    """What speaks for one family: segments in order, and the words' places."""

    segments: list[str] = field(default_factory=list)
    words: list[tuple[int, int]] = field(default_factory=list)

    def add(self, segments: Iterable[str], words: Iterable[tuple[int, int]]) -> None:
        self.segments = list(dict.fromkeys((*self.segments, *segments)))
        self.words = list(dict.fromkeys((*self.words, *words)))


def find_neighbours(
    families: Families, operation: Operation, reading: Reading
) -> tuple[tuple[Neighbour, ...], tuple[str, ...]]:
    """Return the families that the note documents, and the segments that fit none.

    Parameters
    ----------
    families
        The families in the order in which they are tried.
    operation, reading
        The note's operation, and the note as read, of the same text.

    Returns
    -------
    tuple of Neighbour
        In the order of the file. A family without levels carries its codes without units.
    tuple of str
        Segments decompressed by another route whose words, or region, fit no family.
    """
    found: dict[str, _Found] = {}
    unplaced: list[str] = []
    fused = [s for s in operation.segments if _is_fused_interbody(operation, s)]
    for segment in operation.segments:
        at_fusion = segment in fused
        if segment.role != "other" and not at_fusion:
            continue
        basis = "fused_segment" if at_fusion else "segment"
        family, words = _family_of(segment, families, basis, reading)
        if family is None:
            unplaced.append(segment.name)
            continue
        found.setdefault(family.name, _Found()).add((segment.name,), words)
    both = _arthrodesis(operation, families, reading, found)
    for family in families.families:
        if family.basis == "needle":
            _needle(family, reading, found)
    out = []
    for family in families.families:
        if family.name in found:
            alone = not (family.basis == "posterolateral" and both)
            codes, left = _codes(family, found[family.name].segments, starts=alone)
            unplaced += left
            if codes or not found[family.name].segments:
                out.append(_neighbour(family, codes, found[family.name].words, reading))
    return tuple(out), tuple(dict.fromkeys(unplaced))


def _is_fused_interbody(operation: Operation, segment: Segment) -> bool:
    return any(spine.overlap(segment.name, s) for s in operation.fusion.interbody_segments)


def _family_of(
    segment: Segment, families: Families, basis: str, reading: Reading
) -> tuple[Family | None, list[tuple[int, int]]]:
    """Return the family whose words are said of a segment: strong words before weak ones.

    The words of what was done there come first, then the heading's about that level, and last
    whatever the narrative does in the sentences that name it.
    """
    region = spine.region(segment.name)
    fitting = [
        f
        for f in families.families
        if f.basis == basis and segment.approach in f.approaches and region in f.codes
    ]
    told = [(s.start, s.end) for s in (*segment.treated, *segment.other_route)]
    headed = _about(segment.levels, reading, _HEADING)
    around = _about(segment.levels, reading, _PERFORMED - _HEADING)
    for places in (told, headed, around):
        for words_of in (_strong, _weak):
            for family in fitting:
                words = _said(words_of(family), places, reading.text)
                if words:
                    return family, words
    return None, []


def _strong(family: Family) -> tuple[str, ...]:
    return family.words


def _weak(family: Family) -> tuple[str, ...]:
    return family.weaker_words


def _said(
    words: Sequence[str], places: Iterable[tuple[int, int]], text: str
) -> list[tuple[int, int]]:
    """Return the places whose text holds one of ``words`` as a whole word."""
    if not words:
        return []
    # Longest first, so that "hemi-laminectomy" is not read as "laminectomy".
    listed = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])(?:{listed})(?!\w)", re.IGNORECASE)
    return [p for p in places if pattern.search(text[p[0] : p[1]])]


def _about(
    levels: Sequence[Span], reading: Reading, kinds: frozenset[str]
) -> list[tuple[int, int]]:
    """Return what the sentences about these levels mention as done, in sections of ``kinds``."""
    out = []
    for sentence in reading.sentences:
        holds = any(sentence.start <= level.start < sentence.end for level in levels)
        if sentence.kind in kinds and holds:
            out += [(m.start, m.end) for m in _mentions(sentence, reading) if m.done]
    return out


def _mentions(sentence: Sentence, reading: Reading) -> list[Mention]:
    return [m for c in sentence.clauses for m in reading.clauses[c].mentions]


def _arthrodesis(
    operation: Operation, families: Families, reading: Reading, found: dict[str, _Found]
) -> bool:
    """Add the families of the operation's fusion; tell whether both kinds were done."""
    fusion = operation.fusion
    if not fusion.performed or fusion.type == "anterior":
        return False
    words = [(s.start, s.end) for s in fusion.spans]
    values = {
        m.value for m in reading.mentions if m.label == "FUSION" and (m.start, m.end) in words
    }
    behind = fusion.type == "posterolateral" or bool(values & _POSTEROLATERAL)
    inner = fusion.interbody_segments
    outer = [s for s in fusion.segments if s not in inner]
    both = fusion.interbody and behind
    wanted: dict[str, Sequence[str]] = {}
    if fusion.interbody:
        wanted["both" if both else "interbody"] = inner
    if behind and (outer or not fusion.interbody):
        wanted["posterolateral"] = outer
    for family in families.families:
        if family.basis in wanted:
            found.setdefault(family.name, _Found()).add(wanted[family.basis], words)
    return both


def _needle(family: Family, reading: Reading, found: dict[str, _Found]) -> None:
    """Add needle work: levels from the heading's sentence, else from the narrative's clause."""
    at: dict[str, _Found] = {"heading": _Found(), "narrative": _Found()}
    for mention in reading.mentions:
        if not (mention.label == "APPROACH" and mention.value == "percutaneous" and mention.done):
            continue
        sentence = reading.sentences[mention.sentence]
        words = _said(family.words, [(mention.start, mention.end)], reading.text)
        if sentence.kind not in _PERFORMED or not words:
            continue
        in_heading = sentence.kind == "heading"
        clauses = sentence.clauses if in_heading else [mention.clause]
        levels = [v for c in clauses for v in reading.clauses[c].levels if v.use == "level"]
        names = [name for v in levels for name in v.segments]
        at["heading" if in_heading else "narrative"].add(names, words)
    words = at["heading"].words + at["narrative"].words
    if words:
        names = at["heading"].segments or at["narrative"].segments
        found.setdefault(family.name, _Found()).add(names, words)


def _codes(
    family: Family, segments: Sequence[str], *, starts: bool
) -> tuple[tuple[FamilyCode, ...], list[str]]:
    """Return the family's codes for these segments, and the segments of a region without one.

    Contiguous or not, one primary and add-ons are proposed: enough to name the family. Where
    ``starts`` is false another family's primary already leads and all are add-ons.
    """
    if not segments:
        both = dict.fromkeys(code for c in family.codes.values() for code in (c.first, c.further))
        return tuple(FamilyCode(code, None, ()) for code in both), []
    coded = [s for s in segments if spine.region(s) in family.codes]
    left = [s for s in segments if s not in coded]
    if not coded:
        return (), left
    pair = family.codes[spine.region(coded[0])]  # type: ignore[index]
    first = coded[:1] if starts else []
    rest = coded[len(first) :]
    out = [FamilyCode(pair.first, 1, tuple(first))] if first else []
    if rest:
        out.append(FamilyCode(pair.further, len(rest), tuple(rest)))
    return tuple(out), left


def _neighbour(
    family: Family, codes: tuple[FamilyCode, ...], words: list[tuple[int, int]], reading: Reading
) -> Neighbour:
    evidence = tuple(
        Evidence(start, end, reading.text[start:end], reading.section_at(start), "family")
        for start, end in words[:_MAX_WORDS]
    )
    return Neighbour(family.name, family.title, codes, evidence, family.remark, family.source)
