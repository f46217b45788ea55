"""What a clause says of a structure: taken, kept, looked at, or only a landmark.

Surgical prose is regular: "the T9 pedicle was drilled away" (the structure, then a passive
verb) or "we drilled the pedicle" (the verb, then its object). A structure after "under",
"along" or "at" is a place, not an object. Pure functions over a clause's mentions.
"""

from __future__ import annotations

import re

from opnote_audit.annotate.reading import TAKING, Clause, Mention, Reading
from opnote_audit.rules.grammar import GrammarRules, alternatives

_LOOKBACK = 90
_STRUCTURES = frozenset({"PEDICLE", "LAMINA", "FACET", "DISC", "PATHOLOGY", "NEURAL"})


class Grammar:
    """Questions about a clause, answered from its mentions and the grammar rules."""

    def __init__(self, rules: GrammarRules) -> None:
        self._active = frozenset(w.lower() for w in rules.active_verbs.words)
        fillers = alternatives((*rules.fillers.words, *rules.parts.words))
        determiner = alternatives(rules.determiners.words)
        level = r"[CDTLS]h?[ -]?\d{1,2}(?:\s?[-/–]\s?[CDTLS]?\d{1,2})?"
        between = rf"(?:(?:{determiner})\s+)?"
        between += rf"(?:(?:of\s+(?:{determiner})|{fillers}|{level})[\s-]+){{0,7}}$"
        self._passive = re.compile(
            rf"\b(?:{alternatives(rules.auxiliaries.words)})\b[^.;]{{0,40}}$", re.I
        )
        self._landmark = re.compile(
            rf"\b(?:{alternatives(rules.landmarks.words)})\s+{between}", re.I
        )
        self._route = re.compile(rf"\b(?:{alternatives(rules.routes.words)})\s+{between}", re.I)
        comparisons = alternatives(rules.comparisons.words)
        self._likened = re.compile(rf"\s*(?:{comparisons})\s+(?:the\s+)?", re.I)
        self._likens = re.compile(rf"\b(?:{comparisons})$", re.I)
        self._and = re.compile(rf",|\b(?:{alternatives(rules.linkers.words)})\b", re.I)
        pronouns = alternatives(rules.pronouns.words)
        self._pronoun = re.compile(
            rf"[\s,]*(?:(?:{alternatives(rules.linkers.words)}|but|until|so)\s+)?(?:{pronouns})\b",
            re.I,
        )
        self._auxiliary = re.compile(rf"\b(?:{alternatives(rules.auxiliaries.words)})\b", re.I)

    def is_passive(self, reading: Reading, clause: Clause, verb: Mention) -> bool:
        """Tell whether ``verb`` is passive, or a participle that stands without an auxiliary."""
        return self._passive.search(reading.text, clause.start, verb.start) is not None

    def governing_verb(self, reading: Reading, clause: Clause, noun: Mention) -> Mention | None:
        """Return the verb that says what happened to ``noun``, or ``None``.

        A passive verb after the noun governs it, else the verb right before it (an object or an
        object's list), else any verb after it. Where the clause holds no verb, the first one of
        the sentence's next clauses does ("The lamina and | the left facet were removed").
        """
        verbs = [m for m in clause.mentions if m.label == "VERB"]
        after = [v for v in verbs if v.start >= noun.end]
        before = [v for v in verbs if v.end <= noun.start]
        for verb in after:
            if self.is_passive(reading, clause, verb):
                return self._strongest(reading, clause, noun, after, verb)
        if before:
            return before[-1]
        for verb in after:
            if reading.lower[verb.start : verb.end] not in self._active:
                return verb
        sentence = reading.sentences[clause.sentence]
        follow = False
        for number in sentence.clauses:
            other = reading.clauses[number]
            if other is clause:
                follow = True
                continue
            if follow:
                later = [m for m in other.mentions if m.label == "VERB"]
                if later:
                    return later[0]
        if self._auxiliary.search(reading.text, clause.start, clause.end):
            return None  # a statement of its own, with a verb that says nothing of the kind
        earlier = [
            m
            for i in sentence.clauses
            for m in reading.clauses[i].mentions
            if m.label == "VERB" and m.end <= noun.start
        ]
        return earlier[-1] if earlier else None

    def _strongest(
        self, reading: Reading, clause: Clause, noun: Mention, after: list[Mention], first: Mention
    ) -> Mention:
        """Among verbs on one subject ("was found and removed") prefer the one that acts on it."""
        if first.value == "keep" or first.value in TAKING:
            return first
        for verb in after:
            if verb.start <= first.start:
                continue
            gap = reading.text[first.end : verb.start]
            if (
                (verb.value == "keep" or verb.value in TAKING)
                and self._and.search(gap)
                and not any(
                    m.label in _STRUCTURES and first.end <= m.start < verb.start
                    for m in clause.mentions
                )
            ):
                return verb
        return first

    def fate(self, reading: Reading, clause: Clause, noun: Mention) -> str | None:
        """Return what happened to ``noun``: ``removed``, ``kept``, ``seen``, ``instrumented``.

        ``None`` when no verb speaks of it, or what is said is negated, planned or past in a way
        that says neither.
        """
        verb = self.governing_verb(reading, clause, noun)
        if verb is None:
            return None
        denied = "negated" in verb.flags or "negated" in noun.flags
        if verb.flags - {"negated"} or noun.flags - {"negated"}:
            return None
        if verb.value in TAKING:
            if verb.value == "clear" and noun.label == "PEDICLE":
                return "seen"  # a flap's pedicle is dissected free; a vertebra's is not
            return "kept" if denied else "removed"
        if verb.value == "keep":
            # "not entered" denies by itself; "could not be preserved" does not say what was done.
            own = reading.lower.startswith("not", verb.start)
            return "kept" if own or "negated" not in verb.flags else None
        if verb.value == "inspect":
            return "seen"
        if verb.value == "instrument":
            return "instrumented"
        return None

    def is_landmark(self, text: str, noun: Mention, clause: Clause) -> bool:
        """Tell whether ``noun`` is a place ("beneath the pedicle") and not what was worked on."""
        low = max(clause.start, noun.start - _LOOKBACK)
        head = text[low : noun.start]
        return self._landmark.search(head) is not None

    def names_route(self, text: str, noun: Mention, clause: Clause) -> bool:
        """Tell whether ``noun`` is a route: "through the left T9 pedicle" names the approach."""
        return (
            self._route.search(text, max(clause.start, noun.start - _LOOKBACK), noun.start)
            is not None
        )

    def opens_with_pronoun(self, text: str, clause: Clause) -> bool:
        """Tell whether the clause's subject is a pronoun ("and it was removed")."""
        return self._pronoun.match(text, clause.start, clause.end) is not None

    def likens(self, same: str, gap: str) -> bool:
        """Tell whether a level after ``same`` and ``gap`` is what the work is likened to.

        "In the same way as at T8", or "as at T8" where the words of sameness end in "as".
        """
        return self._likened.fullmatch(gap) is not None or (
            not gap.strip() and self._likens.search(same) is not None
        )
