"""The packaged components on a small sample of sentences that is never trained on.

``models/training/frozen.json`` holds short notes without headers, sentence by sentence with
its class, and single sentences with and without work through the pedicle. What the packaged
components make of it is written into their manifests, and a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from spacy.language import Language
from spacy.tokens import Doc

from opnote_audit.learned.classifier import SentenceClassifier
from opnote_audit.learned.features import UNITS
from opnote_audit.learned.order import Order
from opnote_audit.learned.pieces import joined, token_units
from opnote_audit.learned.second_reader import MARKED
from opnote_audit.rules.files import Strict, read_json, validate
from opnote_audit.training.figures import macro_f1, share
from opnote_audit.training.recipes import folder


class Frozen(Strict):
    """``frozen.json``: notes as (class, sentence) pairs, sentences as (marked, sentence) pairs."""

    source: str
    notes: tuple[tuple[tuple[str, str], ...], ...] = Field(min_length=1)
    reader: tuple[tuple[bool, str], ...] = Field(min_length=1)


def load_frozen() -> Frozen:
    """Return the sample; raise :class:`RuleFileError` for a broken file."""
    path = folder() / "frozen.json"
    return validate(Frozen, read_json(path), path)


def section_figures(classifier: SentenceClassifier, nlp: Language) -> dict[str, Any]:
    """Return how many of the sample's sentences get their class."""
    notes = []
    order = Order.from_data(classifier.cfg["order"])
    for note in load_frozen().notes:
        doc = _doc_of([sentence for _, sentence in note], nlp)
        (likely,) = classifier.predict([doc])
        found = [classifier.labels[number] for number in order.best(likely)]
        notes.append([(want, got) for (want, _), got in zip(note, found, strict=True)])
    pairs = [pair for note in notes for pair in note]
    hits = sum(want == got for want, got in pairs)
    return {
        "frozen sample, accuracy": share(hits, len(pairs)).to_data(),
        "frozen sample, macro F1": {"value": round(macro_f1(notes), 4)},
    }


def reader_figures(classifier: SentenceClassifier, nlp: Language) -> dict[str, Any]:
    """Return how many of the sample's sentences are marked, of either kind."""
    threshold = float(classifier.cfg["threshold"])
    column = classifier.labels.index(MARKED)
    sample = load_frozen().reader
    doc = _doc_of([sentence for _, sentence in sample], nlp)
    (likely,) = classifier.predict([doc])
    marked = (likely[:, column] >= threshold).tolist()
    wanted = [found for (want, _), found in zip(sample, marked, strict=True) if want]
    unwanted = [found for (want, _), found in zip(sample, marked, strict=True) if not want]
    return {
        "frozen sample, marked of those to be marked": share(sum(wanted), len(wanted)).to_data(),
        "frozen sample, marked of the others": share(sum(unwanted), len(unwanted)).to_data(),
    }


def _doc_of(sentences: Sequence[str], nlp: Language) -> Doc:
    text, spans = joined(sentences)
    doc = nlp.make_doc(text)
    doc.user_data[UNITS] = token_units(spans, [token.idx for token in doc])
    return doc
