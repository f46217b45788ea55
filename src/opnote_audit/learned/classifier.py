"""A trainable spaCy component that puts each piece of a note into one of its classes."""

# No "from __future__ import annotations" here: spaCy reads the factory's annotations at run
# time and cannot resolve them as strings.
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer

from opnote_audit.learned.features import UNITS, build_model, units_of

Scores = npt.NDArray[np.float32]


class SentenceClassifier(TrainablePipe):  # type: ignore[misc]
    """Classes for the pieces (sentences or parts of them) of a ``Doc``, by their words.

    The pieces are the span group ``opnote_units`` or the token offsets in
    ``doc.user_data["opnote_units"]``; in training the spans' labels are the classes (an
    empty label: not known, left out). The probabilities go to
    ``doc.user_data["opnote_" + name]``, shape (pieces, classes).

    Parameters
    ----------
    vocab
        The pipeline's vocabulary.
    model
        As :func:`~opnote_audit.learned.features.build_model` makes it.
    name
        The component's name.
    """

    def __init__(self, vocab: Vocab, model: Model[Any, Any], name: str = "classifier") -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.cfg: dict[str, Any] = {"labels": []}

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the scores' columns."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """What initialization needs to know of the labels."""
        return list(self.labels)

    def predict(self, docs: Iterable[Doc]) -> list[Scores]:
        """Return the probabilities of each doc's pieces, shape (pieces, classes)."""
        docs = list(docs)
        sizes = [len(units_of(doc)) for doc in docs]
        if not sum(sizes):
            return [np.zeros((0, len(self.labels)), np.float32) for _ in docs]
        scores = _softmax(self.model.predict(docs))
        return np.split(scores, np.cumsum(sizes)[:-1])

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[Scores]) -> None:
        """Keep the probabilities with their docs."""
        for doc, found in zip(docs, scores, strict=True):
            doc.user_data[f"opnote_{self.name}"] = found

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        """Learn the classes from the examples, or take ``labels``, and set up the weights."""
        if labels is None:
            labels = sorted(
                {
                    span.label_
                    for example in get_examples()
                    for span in example.reference.spans.get(UNITS, ())
                    if span.label_
                }
            )
        self.cfg["labels"] = list(labels)
        linear = self.model.layers[-1]
        linear.set_dim("nO", len(labels), force=True)
        self.model.initialize()

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples; return the losses, the component's own added."""
        losses = losses if losses is not None else {}
        losses.setdefault(self.name, 0.0)
        examples = [one for one in examples if len(units_of(one.reference))]
        if not examples:
            return losses
        self.model.layers[0].attrs["dropout_rate"] = drop
        scores, backprop = self.model.begin_update([one.reference for one in examples])
        loss, gradient = self.get_loss(examples, scores)
        backprop(gradient)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(
        self, examples: Iterable[Example], scores: npt.NDArray[np.float32]
    ) -> tuple[float, npt.NDArray[np.float32]]:
        """Return the cross entropy, and its gradient by the scores."""
        column = {label: number for number, label in enumerate(self.labels)}
        gold = np.array(
            [column.get(span.label_, -1) for one in examples for span in one.reference.spans[UNITS]]
        )
        known = gold >= 0
        rows = np.flatnonzero(known)
        likely = _softmax(scores)
        gradient = np.where(known[:, None], likely, 0).astype(np.float32)
        gradient[rows, gold[rows]] -= 1
        count = max(len(rows), 1)
        loss = -float(np.log(np.maximum(likely[rows, gold[rows]], 1e-9)).sum()) / count
        return loss, gradient / count


def _softmax(scores: npt.NDArray[np.float32]) -> Scores:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: Scores = powers / powers.sum(axis=1, keepdims=True)
    return likely


@registry.architectures("opnote_audit.SparseSentences.v1")  # type: ignore[untyped-decorator]
def _architecture(length: int, place: bool) -> Model[Any, Any]:
    return build_model(length, place=place)


_DEFAULT = {
    "model": {"@architectures": "opnote_audit.SparseSentences.v1", "length": 65536, "place": True}
}


@Language.factory("opnote_sentence_classifier", default_config=_DEFAULT)
def _create_classifier(nlp: Language, name: str, model: Model[Any, Any]) -> SentenceClassifier:
    return SentenceClassifier(nlp.vocab, model, name)


def read_classifier(folder: Path, vocab: Vocab, name: str) -> SentenceClassifier:
    """Return the classifier that :meth:`SentenceClassifier.to_disk` wrote to ``folder``."""
    # The weights say themselves how many buckets and classes there are.
    classifier = SentenceClassifier(vocab, build_model(None), name)
    classifier.from_disk(folder, exclude=["vocab"])
    return classifier
