"""Which level belongs to which mention within a clause or heading item."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opnote_audit.annotate.levels import LevelMention
from opnote_audit.annotate.reading import Mention
from opnote_audit.rules.grammar import GrammarRules, alternatives

_NEAR = 22


class Attacher:
    """Finds the level that modifies a noun directly ("T9 pedicle", "laminae of T7 and T8")."""

    def __init__(self, rules: GrammarRules) -> None:
        fillers = alternatives((*rules.fillers.words, *rules.determiners.words))
        attachers = alternatives(rules.attachers.words)
        nouns, sides = alternatives(rules.level_nouns.words), alternatives(rules.sides.words)
        self._before = re.compile(rf"\s*(?:(?:{nouns}|{fillers})[\s-]+){{0,4}}", re.I)
        self._after = re.compile(
            rf"\s*,?\s*(?:\(\s*)?(?:(?:{attachers})\s+)?(?:(?:{sides})\s+){{0,3}}", re.I
        )
        self._break = re.compile(rf"[,;:()]|\b(?:{alternatives(rules.linkers.words)})\b", re.I)

    def direct(
        self, text: str, noun: Mention, levels: Sequence[LevelMention]
    ) -> LevelMention | None:
        """Return the level mention that modifies ``noun`` directly, or ``None``.

        Before the noun with only sides and the like between ("T9 left pedicle"), or after it
        with a preposition ("pedicle of T9").
        """
        for level in levels:
            if level.end <= noun.start and noun.start - level.end < _NEAR + 20:
                gap = self._before.match(text, level.end)
                if gap and gap.end() >= noun.start:
                    return level
        for level in levels:
            if level.start >= noun.end and level.start - noun.end < _NEAR + 12:
                gap = self._after.match(text, noun.end)
                if gap and gap.end() >= level.start:
                    return level
        return None

    def nearest(
        self, text: str, level: LevelMention, mentions: Sequence[Mention]
    ) -> Mention | None:
        """Return the mention that ``level`` is nearest to; breaks between them count as distance.

        In "L3-L4 transpedicular decompression, L4-L5 posterolateral fusion" each level goes to
        the act in its own part.
        """
        best: tuple[float, int] | None = None
        found = None
        for mention in mentions:
            if mention.end <= level.start:
                gap, span = text[mention.end : level.start], level.start - mention.end
            elif mention.start >= level.end:
                gap, span = text[level.end : mention.start], mention.start - level.end
            else:
                gap, span = "", 0
            # A semicolon parts two matters; a comma or "and" only leans that way.
            cost = span + 25 * len(self._break.findall(gap)) + 200 * gap.count(";")
            key = (cost, mention.start)
            if best is None or key < best:
                best, found = key, mention
        return found
