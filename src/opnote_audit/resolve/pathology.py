"""Which pathology belongs to which level.

Diagnosis, heading, indication and findings tie a pathology to the levels of its own
sentence; the narrative also to the level in hand, where the words say that it was met or
taken there. What the laboratory says and what is denied does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opnote_audit.annotate.levels import LevelMention
from opnote_audit.annotate.reading import (
    FAMILY,
    HYPOTHETICAL,
    NEGATED,
    TAKING,
    Clause,
    Mention,
    Reading,
    Sentence,
)
from opnote_audit.resolve.corrections import corrected_levels
from opnote_audit.resolve.model import FOCUS, Pathology, Span
from opnote_audit.resolve.narrative import NARRATIVE, Story
from opnote_audit.rules.grammar import GrammarRules, alternatives

_LABELS = ("PATHOLOGY", "WEAK_PATHOLOGY")
_STATED = frozenset({"diagnosis", "heading", "indication", "findings", "title"})
_GONE = frozenset({NEGATED, FAMILY, HYPOTHETICAL})
_REACH = 28  # code points from a level to the pathology that it modifies
_STOPS = re.compile(r"[,;:.()]")
_MATTERS = re.compile(r"[;.]|\d\)")

Placed = tuple[tuple[str, ...], Pathology]


def _pathology(mention: Mention) -> Pathology:
    return Pathology(
        mention.value,
        Span(mention.start, mention.end, "pathology"),
        mention.label == "WEAK_PATHOLOGY",
    )


def _counted(mentions: list[Mention], gone: frozenset[str]) -> list[Mention]:
    return [m for m in mentions if m.label in _LABELS and not m.flags & gone]


def _neighbours(
    reading: Reading, clauses: list[Clause], gone: set[int]
) -> Iterator[tuple[Clause, tuple[str, ...], tuple[str, ...]]]:
    """Yield each clause with the levels of the clauses before and after it.

    A semicolon ends the neighbourhood: what stands behind it is another matter.
    """
    named = [
        tuple(
            dict.fromkeys(
                s for v in c.levels if v.use == "level" and v.start not in gone for s in v.segments
            )
        )
        for c in clauses
    ]
    for index, clause in enumerate(clauses):
        before: tuple[str, ...] = ()
        after: tuple[str, ...] = ()
        for back in range(index - 1, -1, -1):
            if reading.text[clauses[back + 1].start] == ";":
                break
            if named[back]:
                before = named[back]
                break
        for ahead in range(index + 1, len(clauses)):
            if reading.text[clauses[ahead].start] == ";":
                break
            if named[ahead]:
                after = named[ahead]
                break
        yield clause, before, after


class PathologyPlacer:
    """Ties pathologies to levels; compiled once from the grammar rules."""

    def __init__(self, rules: GrammarRules) -> None:
        self._parter = re.compile(rf"\b(?:{alternatives(rules.parters.words)})\b", re.I)
        self._joiner = re.compile(rf"\b(?:{alternatives(rules.joiners.words)})\b", re.I)

    def _tie(
        self, text: str, mentions: list[Mention], levels: list[LevelMention]
    ) -> Iterator[tuple[Mention, tuple[str, ...]]]:
        """Yield each pathology of a sentence with the levels it is tied to.

        A level right before a pathology is its own ("T10 fracture"); other levels belong to the
        pathology before them, up to the next; a pathology without any shares its neighbour's.
        """
        if not mentions:
            return
        owned: dict[int, list[str]] = {m.start: [] for m in mentions}
        free = []
        for level in levels:
            for mention in mentions:
                gap = text[level.end : mention.start]
                if (
                    0 <= mention.start - level.end <= _REACH
                    and not _STOPS.search(gap)
                    and not self._parter.search(gap)
                ):
                    owned[mention.start] += level.segments
                    break
            else:
                free.append(level)
        for level in free:
            before = [m for m in mentions if m.end <= level.start]
            if not before and any(v.start > mentions[0].start for v in levels):
                continue  # "decompression T4 to T6, removal of tumor at T4 and T5"
            owner = before[-1] if before else mentions[0]
            # "stenosis with radiculopathy, L3-4": all that stands before the level since the
            # last level shares it.
            owned[owner.start] += level.segments
        last: list[str] = []
        for mention in mentions:
            if not owned[mention.start]:
                following = [m for m in mentions if m.start > mention.start and owned[m.start]]
                between = following and not _MATTERS.search(text[mention.end : following[0].start])
                owned[mention.start] = (
                    list(owned[following[0].start])
                    if between and not (last and self._same_breath(text, mentions, mention))
                    else list(last)
                )
            last = owned[mention.start] or last
            yield mention, tuple(dict.fromkeys(owned[mention.start]))

    def _same_breath(self, text: str, mentions: list[Mention], mention: Mention) -> bool:
        """Tell whether ``mention`` continues what stands before it ("slip L4-5 with stenosis")."""
        before = [m for m in mentions if m.end <= mention.start]
        return (
            bool(before) and self._joiner.search(text[before[-1].end : mention.start]) is not None
        )

    def place(
        self, reading: Reading, story: Story, offered: tuple[str, ...]
    ) -> tuple[list[Placed], list[Pathology]]:
        """Return pathologies with their levels, and those that no level can be told for.

        ``offered`` are the heading's decompressed levels, which "both levels" in a diagnosis
        means.
        """
        placed: list[Placed] = []
        loose: list[Pathology] = []
        gone = corrected_levels(reading)
        for index in dict.fromkeys(m.sentence for m in reading.mentions if m.label in _LABELS):
            sentence = reading.sentences[index]
            if sentence.kind in _STATED:
                self._stated(reading, sentence, offered, gone, placed, loose)
            elif sentence.kind in NARRATIVE:
                self._told(reading, sentence, story, gone, placed)
        return placed, loose

    def _stated(
        self,
        reading: Reading,
        sentence: Sentence,
        offered: tuple[str, ...],
        gone: set[int],
        placed: list[Placed],
        loose: list[Pathology],
    ) -> None:
        clauses = [reading.clauses[i] for i in sentence.clauses]
        everything = [m for c in clauses for m in c.mentions]
        # A suspected lesion in a diagnosis is the lesion that was treated.
        barred = _GONE - {HYPOTHETICAL} if sentence.kind in ("diagnosis", "heading") else _GONE
        mentions = _counted(everything, barred)
        if not mentions:
            return
        levels = [
            v
            for c in clauses
            for v in c.levels
            if v.use in ("level", "root") and v.start not in gone
        ]
        levels = [v for v in levels if v.use == "level"]
        if not levels:
            several = any(m.label == "COLLECTIVE" for m in everything)
            for mention in mentions:
                if several and offered:
                    placed.append((offered, _pathology(mention)))
                elif sentence.kind != "indication":
                    loose.append(_pathology(mention))
            return
        for clause, names_before, names_after in _neighbours(reading, clauses, gone):
            here = _counted(clause.mentions, barred)
            own = [v for v in clause.levels if v.use == "level" and v.start not in gone]
            for mention, names in (
                self._tie(reading.text, here, own)
                if own
                else ((m, names_before or names_after) for m in here)
            ):
                if names:
                    placed.append((names, _pathology(mention)))

    def _told(
        self,
        reading: Reading,
        sentence: Sentence,
        story: Story,
        gone: set[int],
        placed: list[Placed],
    ) -> None:
        clauses = [reading.clauses[i] for i in sentence.clauses]
        cues = {m.value for c in clauses for m in c.mentions if m.label == "CUE"}
        for number in sentence.clauses:
            clause = reading.clauses[number]
            mentions = [m for m in clause.mentions if m.label in _LABELS and m.done]
            if not mentions:
                continue
            levels = [v for v in clause.levels if v.use == "level" and v.start not in gone]
            names, how = story.in_hand.get(number, ((), ""))
            if levels:
                for mention, own in self._tie(reading.text, mentions, levels):
                    found = own or names
                    placed.append((found, _pathology(mention)))
                    homes = tuple(
                        n for n in names if "-" in n and any(o in n.split("-") for o in own)
                    )
                    if homes:
                        placed.append((homes, _pathology(mention)))
                continue
            if not names or (
                "specimen" in cues
                and not any(
                    m.label == "VERB" and m.value in TAKING and m.done for m in clause.mentions
                )
            ):
                continue
            acted = any(
                m.label in ("VERB", "ACT", "APPROACH", "NEURAL", "FREED") and not m.flags & _GONE
                for c in clauses
                for m in c.mentions
            )
            if not acted:
                continue
            if (
                len(names) > 1
                and how == FOCUS
                and not any(m.label == "COLLECTIVE" for m in clause.mentions)
            ):
                # Several levels in hand and one pathology named: which is not said.
                continue
            for mention in mentions:
                placed.append((names, _pathology(mention)))
