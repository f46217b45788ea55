"""Which entities of the user's model are worth a reviewer's look.

Those beside a treated level of the family at which no pathology rule found anything: in a
sentence of the operation that names the level, or in the sentence next to it when that names
no other. What any rule of ours knows (a pathology, anatomy, an act, a cue) is no unrecognised
wording, and what the note denies, plans or tells of the past is no pathology found.

An unknown word is no proof: these are remarks and change no status.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from spacy.tokens import Doc
from spacy.vocab import Vocab

from opnote_audit import spine
from opnote_audit.annotate.levels import LevelMention
from opnote_audit.annotate.reading import Clause, Mention, Reading, Sentence
from opnote_audit.checks.result import Evidence, Remark
from opnote_audit.entities.loading import EntityModel
from opnote_audit.resolve.model import Operation, Segment
from opnote_audit.rules.entities import EntityRules

POSSIBLE_PATHOLOGY = "possible_pathology"
"""The kind of the remarks, and of their evidence."""
FAILED = "model"
"""The kind of the remark that a model failed on a note."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entity that may be shown: offsets into the note, and the clause it stands in."""

    start: int
    end: int
    clause: Clause


class EntityFinder:
    """Turns a model's entities into remarks.

    Parameters
    ----------
    model
        The user's model.
    rules
        Where to look, and which entities are never shown.
    context
        The pipeline's ConText step, which says what is denied.
    vocab
        The pipeline's vocabulary.
    """

    def __init__(
        self,
        model: EntityModel,
        rules: EntityRules,
        context: Callable[[Doc], Doc],
        vocab: Vocab,
    ) -> None:
        self.model = model
        self._rules = rules
        self._context = context
        self._vocab = vocab

    def remarks(self, text: str, reading: Reading, operation: Operation) -> tuple[Remark, ...]:
        """Return a remark for each segment beside which there are entities to look at.

        Parameters
        ----------
        text
            The note as spaCy can take it, the reading's text code point for code point.
        reading, operation
            What the rules made of it.
        """
        open_segments = [s for s in _family(operation) if s.treated and not s.pathologies]
        near = {s.name: self._near(reading, s.name) for s in open_segments}
        numbers = sorted({number for found in near.values() for number in found})
        if not numbers:
            return ()
        try:
            candidates = self._candidates(text, reading, numbers)
        except Exception as error:
            # The user's model, not ours: it must not cost the audit, and is not passed over.
            return (
                Remark(
                    FAILED,
                    f"the model {self.model.title} failed on this note ({type(error).__name__})",
                ),
            )
        out = []
        for segment in open_segments:
            chosen = self._chosen(text, candidates, near[segment.name], segment.name)
            if chosen:
                out.append(self._remark(segment, chosen, text, reading))
        return tuple(out)

    def _near(self, reading: Reading, segment: str) -> list[int]:
        """Return the numbers of the sentences beside a segment, those that name it first."""
        sentences = reading.sentences
        naming = [
            number
            for number, sentence in enumerate(sentences)
            if sentence.kind in self._rules.sections
            and _names(_levels_of(reading, sentence), segment)
        ]
        beside: list[int] = []
        for number in naming:
            for step in (-1, 1):
                for at in range(number + step, number + step * (self._rules.neighbours + 1), step):
                    if not 0 <= at < len(sentences):
                        break
                    other = sentences[at]
                    if other.section != sentences[number].section or _levels_of(reading, other):
                        break
                    if other.kind in self._rules.sections:
                        beside.append(at)
        return list(dict.fromkeys([*naming, *beside]))[: self._rules.sentences]

    def _candidates(
        self, text: str, reading: Reading, numbers: Sequence[int]
    ) -> dict[int, list[_Candidate]]:
        """Return what may be shown of these sentences, by sentence."""
        read = [
            n
            for n in numbers
            if reading.sentences[n].end - reading.sentences[n].start <= self._rules.longest_sentence
        ]
        spans = [(reading.sentences[n].start, reading.sentences[n].end) for n in read]
        known = sorted(
            [
                *((mention.start, mention.end) for mention in reading.mentions),
                *((level.start, level.end) for level in reading.levels),
            ]
        )
        starts = [start for start, _ in known]
        clauses = [clause.start for clause in reading.clauses]
        kept: list[tuple[int, int, int]] = []
        for number, (low, high), found in zip(
            read, spans, self.model.entities([text[a:b] for a, b in spans]), strict=True
        ):
            here = known[bisect_left(starts, low) : bisect_left(starts, high)]
            for entity in found:
                start, end = low + entity.start, low + entity.end
                if any(a < end and start < b for a, b in here):
                    continue
                if self._worth(text[start:end], entity.label):
                    kept.append((start, end, number))
        out: dict[int, list[_Candidate]] = {}
        for start, end, number in self._affirmed(reading, kept):
            clause = reading.clauses[max(bisect_right(clauses, start) - 1, 0)]
            out.setdefault(number, []).append(_Candidate(start, end, clause))
        return out

    def _worth(self, words: str, label: str) -> bool:
        """Tell whether an entity could be a pathology at all, by its label and its words."""
        if label.lower() in self._rules.labels:
            return False
        letters = [word.strip(_EDGES).lower() for word in words.split()]
        if not any(len(word) >= self._rules.shortest and word[0].isalpha() for word in letters):
            return False
        return not self._rules.ignores(letters[-1])

    def _affirmed(
        self, reading: Reading, spans: Sequence[tuple[int, int, int]]
    ) -> list[tuple[int, int, int]]:
        """Return the spans that ConText leaves alone: not denied, past, planned or only asked.

        ConText judges mentions; so the entities are put before it as mentions of a pathology,
        in a reading of their own beside the note's.
        """
        mentions = []
        parts = [Clause(c.start, c.end, c.sentence) for c in reading.clauses]
        starts = [clause.start for clause in parts]
        for start, end, number in spans:
            mention = Mention(
                "PATHOLOGY",
                POSSIBLE_PATHOLOGY,
                start,
                end,
                bisect_right(reading.token_starts, start) - 1,
                bisect_left(reading.token_starts, end),
            )
            mention.sentence = number
            mention.clause = max(bisect_right(starts, start) - 1, 0)
            parts[mention.clause].mentions.append(mention)
            mentions.append(mention)
        doc = Doc(self._vocab)
        doc.user_data["opnote"] = replace(reading, mentions=mentions, clauses=parts)
        self._context(doc)
        return [span for span, m in zip(spans, mentions, strict=True) if m.done]

    def _chosen(
        self,
        text: str,
        candidates: dict[int, list[_Candidate]],
        near: Iterable[int],
        segment: str,
    ) -> list[_Candidate]:
        """Return what to show for a segment: the same words once, and no more than a few."""
        seen: dict[str, _Candidate] = {}
        for number in near:
            for one in candidates.get(number, ()):
                levels = [level for level in one.clause.levels if level.use == "level"]
                # "The mass at T9 was removed and T10 was closed": the mass is not T10's.
                if levels and not _names(levels, segment):
                    continue
                seen.setdefault(" ".join(text[one.start : one.end].lower().split()), one)
        return sorted(list(seen.values())[: self._rules.maximum], key=lambda one: one.start)

    def _remark(
        self, segment: Segment, chosen: Sequence[_Candidate], text: str, reading: Reading
    ) -> Remark:
        return Remark(
            POSSIBLE_PATHOLOGY,
            f"{segment.name}: possible pathology, unrecognised wording ({self.model.title})",
            tuple(
                Evidence(
                    one.start,
                    one.end,
                    reading.text[one.start : one.end],
                    reading.section_at(one.start),
                    POSSIBLE_PATHOLOGY,
                )
                for one in chosen
            ),
            (segment.name,),
        )


# What may cling to a word of an entity.
_EDGES = "()[]{}.,;:'\"/-"


def _family(operation: Operation) -> list[Segment]:
    """Return the segments whose pathology R3 and the primary's own line ask about."""
    primary = operation.primary
    return [*([primary] if primary is not None else []), *operation.additional]


def _levels_of(reading: Reading, sentence: Sentence) -> list[LevelMention]:
    return [
        level
        for number in sentence.clauses
        for level in reading.clauses[number].levels
        if level.use == "level"
    ]


def _names(levels: Iterable[LevelMention], segment: str) -> bool:
    return any(spine.overlap(name, segment) for level in levels for name in level.segments)
