"""The second reader: sentences that read like work through the pedicle.

It never adds a segment or a unit. The audit asks it only where the rules have placed no further
segment, so that a note in words that no rule knows is looked at by a person.
"""

from __future__ import annotations

from spacy.tokens import Doc

from opnote_audit.annotate.reading import TAKING, Reading, Sentence, Suspicion
from opnote_audit.learned.classifier import SentenceClassifier
from opnote_audit.learned.features import UNITS
from opnote_audit.learned.pieces import token_units

MARKED = "transpedicular"
"""The class of the sentences that are looked for."""

_KINDS = frozenset({"heading", "narrative", "findings", "title"})
_MOST = 12
_LEAST_WORDS = 3
"""A bare "Transpedicular." tells of nothing that was done."""
_MOUNTING = frozenset({"INSTRUMENT", "FUSION"})
_ROUTES = frozenset({"APPROACH", "PEDICLE"})


class SecondReader:
    """Finds such sentences in a note.

    Parameters
    ----------
    classifier
        Trained on sentences with and without such work; its configuration holds the
        ``threshold`` from which it is believed.
    """

    def __init__(self, classifier: SentenceClassifier) -> None:
        self._classifier = classifier
        self._column = classifier.labels.index(MARKED)
        self.threshold = float(classifier.cfg["threshold"])

    def suspicions(self, doc: Doc, reading: Reading) -> tuple[Suspicion, ...]:
        """Return the sentences of the operation that are sure enough, the surest first.

        Sentences that the rules have understood are left to them: a route that is negated,
        planned, past or only talked about, and hardware or arthrodesis without any removal.
        """
        if not reading.is_operative:
            return ()
        explained = _explained(reading)
        asked = [
            s
            for number, s in enumerate(reading.sentences)
            if (s.kind in _KINDS or reading.sections_by == "classifier")
            and number not in explained
            and len(reading.text[s.start : s.end].split()) >= _LEAST_WORDS
        ]
        believed = [
            Suspicion(s.start, s.end, probability, _segments(reading, s))
            for s, probability in zip(asked, self.probabilities(doc, reading, asked), strict=True)
            if probability >= self.threshold
        ]
        return tuple(sorted(believed, key=lambda s: -s.probability)[:_MOST])

    def probabilities(self, doc: Doc, reading: Reading, asked: list[Sentence]) -> list[float]:
        """Return for each of the sentences ``asked`` how surely it tells of such work."""
        spans = [(s.start, s.end) for s in asked]
        doc.user_data[UNITS] = token_units(spans, reading.token_starts)
        (likely,) = self._classifier.predict([doc])
        column: list[float] = likely[:, self._column].tolist()
        return column


def _explained(reading: Reading) -> set[int]:
    """Return the numbers of the sentences that the rules have understood as something else."""
    denied, mounted, worked = set(), set(), set()
    for mention in reading.mentions:
        if mention.label in _ROUTES and not mention.done:
            denied.add(mention.sentence)
        if mention.label in _MOUNTING:
            mounted.add(mention.sentence)
        if mention.label == "ACT" or mention.value in TAKING:
            worked.add(mention.sentence)
    return denied | (mounted - worked)


def _segments(reading: Reading, sentence: Sentence) -> tuple[str, ...]:
    """Return the segments that a sentence names: where the rules know its route, beside that."""
    clauses = [reading.clauses[number] for number in sentence.clauses]
    routes = [c for c in clauses if any(m.label in _ROUTES for m in c.mentions)]
    # "Transpedicular decompression T9; laminectomy T8" names one.
    near = [c for c in routes if c.levels] or clauses
    named = (name for c in near for level in c.levels for name in level.segments)
    return tuple(dict.fromkeys(named))
