"""ConText on the mentions that matter, with medspaCy's rules, modifiers and graph.

Scopes end with the clause (negation) or the sentence (the rest), and each sentence has a
graph of its own: the same edges as one graph a note, at a cost that grows with the note
and not with its square.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from medspacy.context.context_graph import ConTextGraph
from medspacy.context.context_modifier import ConTextModifier
from medspacy.context.context_rule import ConTextRule
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from opnote_audit.annotate import reading as flags
from opnote_audit.annotate.reading import Mention, Reading
from opnote_audit.annotate.terms import _longest
from opnote_audit.rules.context import ContextTerm

FLAG_OF = {
    "NEGATED_EXISTENCE": flags.NEGATED,
    "HYPOTHETICAL": flags.HYPOTHETICAL,
    "POSSIBLE_EXISTENCE": flags.HYPOTHETICAL,
    "HISTORICAL": flags.HISTORICAL,
    "FAMILY": flags.FAMILY,
    "PLANNED": flags.PLANNED,
    "ALTERNATIVE": flags.ALTERNATIVE,
    "CONSENT": flags.CONSENT,
}
_TARGETS = frozenset(
    [
        "APPROACH",
        "ACT",
        "FREED",
        "VERB",
        "PEDICLE",
        "PATHOLOGY",
        "WEAK_PATHOLOGY",
        "FUSION",
        "GRAFT",
        "INSTRUMENT",
        "ADDITIONAL",
        "RELATIVE",
        "SAME",
        "COLLECTIVE",
        "NOT_FAMILY",
        "ELSEWHERE",
        "LAMINA",
        "FACET",
    ]
)


_MAX_MODIFIERS = 80
_WITHIN = frozenset({flags.NEGATED, flags.HISTORICAL})
_EMPTY_BOX = re.compile(r"(?:\[[ \t_]?\]|☐)(?P<what>[^\[\n\r☐☑☒]{1,60})")


class _Target:
    """A mention in the shape that medspaCy's modifiers look at: token span and label."""

    __slots__ = ("end", "label_", "mention", "start")

    def __init__(self, mention: Mention) -> None:
        self.start = mention.start_token
        self.end = mention.end_token
        self.label_ = mention.label
        self.mention = mention


class ContextAnnotator:
    """Sets ``flags`` and ``cues`` of mentions."""

    def __init__(self, nlp: Language, terms: Iterable[ContextTerm]) -> None:
        self._nlp = nlp
        self._matcher: PhraseMatcher | None = None
        self._rules: dict[int, tuple[ConTextRule, bool]] = {}
        for term in terms:
            rule = ConTextRule(
                term.literal, term.category, direction=term.direction, max_scope=term.max_scope
            )
            key = nlp.vocab.strings.add(term.literal)
            self._rules[key] = (rule, term.wide)
        self.literals = tuple(nlp.vocab.strings[key] for key in self._rules)

    def _own_matcher(self, vocab: Vocab) -> PhraseMatcher:
        """Return a matcher of the rules, for a pipeline without the terms step."""
        if self._matcher is None:
            self._matcher = PhraseMatcher(vocab, attr="LOWER")
            for literal in self.literals:
                self._matcher.add(literal, [self._nlp.make_doc(literal)])
        return self._matcher

    def __call__(self, doc: Doc, reading: Reading, offsets: list[int], ends: list[int]) -> None:
        """Flag the mentions of ``reading``; ``offsets`` and ``ends`` are the tokens' offsets."""
        matches = reading.context_matches
        if matches is None:
            matches = self._own_matcher(doc.vocab)(doc)
        if not matches:
            return
        matches.sort(key=lambda m: (m[1], -m[2]))
        clause_starts = [c.start for c in reading.clauses]
        sentence_starts = [s.start for s in reading.sentences]
        by_sentence: dict[int, list[tuple[int, int, int]]] = {}
        for match in _longest(matches):
            index = bisect_right(sentence_starts, offsets[match[1]]) - 1
            by_sentence.setdefault(index, []).append(match)
        targets: dict[int, list[_Target]] = {}
        for mention in reading.mentions:
            if mention.sentence in by_sentence and mention.label in _TARGETS:
                targets.setdefault(mention.sentence, []).append(_Target(mention))
        for index, found in targets.items():
            if len(by_sentence[index]) <= _MAX_MODIFIERS:
                self._sentence(
                    reading, index, by_sentence[index], found, offsets, ends, clause_starts
                )
                continue
            # A "sentence" of pages: clause by clause, since a graph is quadratic in modifiers.
            near: dict[int, list[_Target]] = {}
            for target in found:
                near.setdefault(target.mention.clause, []).append(target)
            inside: dict[int, list[tuple[int, int, int]]] = {}
            for match in by_sentence[index]:
                number = bisect_right(clause_starts, offsets[match[1]]) - 1
                inside.setdefault(number, []).append(match)
            for number, own in near.items():
                if number in inside:
                    self._sentence(
                        reading,
                        index,
                        inside[number][:_MAX_MODIFIERS],
                        own,
                        offsets,
                        ends,
                        clause_starts,
                    )

    @staticmethod
    def asked(reading: Reading) -> None:
        """Flag what is only asked: "Should T10 be decompressed?" is no act."""
        for sentence in reading.sentences:
            if reading.text[sentence.end - 1] == "?":
                for number in sentence.clauses:
                    for mention in reading.clauses[number].mentions:
                        _flag(mention, flags.HYPOTHETICAL, sentence.end - 1, sentence.end)

    @staticmethod
    def unticked(reading: Reading) -> None:
        """Flag what stands after an empty box of a template: ``[ ] interbody [X] none``."""
        for match in _EMPTY_BOX.finditer(reading.text):
            low, high = match.span("what")
            first = bisect_left(reading.mentions, low, key=lambda m: m.start)
            for mention in reading.mentions[
                first : bisect_left(reading.mentions, high, key=lambda m: m.start)
            ]:
                _flag(mention, flags.NEGATED, match.start(), low)

    def _sentence(
        self,
        reading: Reading,
        index: int,
        matches: list[tuple[int, int, int]],
        targets: list[_Target],
        offsets: list[int],
        ends: list[int],
        clause_starts: list[int],
    ) -> None:
        sentence = reading.sentences[index]
        first, last = bisect_left(offsets, sentence.start), bisect_left(offsets, sentence.end)
        modifiers: list[ConTextModifier] = []
        wide_ones: list[ConTextModifier] = []
        for key, start, end in matches:
            rule, wide = self._rules[key]
            low, high = first, last
            if not wide:
                clause = reading.clauses[bisect_right(clause_starts, offsets[start]) - 1]
                low, high = bisect_left(offsets, clause.start), bisect_left(offsets, clause.end)
            reach = rule.max_scope or len(offsets)
            direction = rule.direction.upper()
            scope_start = end if direction == "FORWARD" else max(low, start - reach)
            scope_end = start if direction == "BACKWARD" else min(high, end + reach)
            modifiers.append(ConTextModifier(rule, start, end, None, scope_start, scope_end))
            if wide:
                wide_ones.append(modifiers[-1])
        # "... was begun but was abandoned": what is given up is given up in the whole sentence,
        # whatever "but" stands between.
        whole = [m for m in modifiers if m.category == "NEGATED_EXISTENCE" and m in wide_ones]
        for modifier in whole:
            low, high = modifier.modifier_span
            for target in targets:
                _flag(target.mention, flags.NEGATED, offsets[low], ends[high - 1])
        modifiers = [m for m in modifiers if m not in whole]
        graph = ConTextGraph(targets=targets, modifiers=modifiers)
        graph.update_scopes()
        graph.apply_modifiers()
        for target, modifier in graph.edges:
            flag = FLAG_OF.get(modifier.category)
            if flag is None:
                continue
            low, high = modifier.modifier_span
            _flag(target.mention, flag, offsets[low], ends[high - 1])
        # medspaCy's modifiers never modify what they overlap; but the "drilled" in "was not
        # drilled" is denied by the very words that hold it.
        for modifier in modifiers:
            flag = FLAG_OF.get(modifier.category)
            if flag not in _WITHIN or modifier.direction.upper() in ("PSEUDO", "TERMINATE"):
                continue
            low, high = modifier.modifier_span
            for target in targets:
                if (
                    low <= target.start
                    and target.end <= high
                    and target.end - target.start < high - low
                ):
                    _flag(target.mention, flag, offsets[low], ends[high - 1])


def _flag(mention: Mention, flag: str, start: int, end: int) -> None:
    mention.flags = mention.flags | {flag}
    mention.cues = (*mention.cues, (flag, start, end))
