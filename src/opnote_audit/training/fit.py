"""Fit a component: spaCy's own training calls, with fixed seeds and in a fixed order."""

from __future__ import annotations

import random
from collections.abc import Sequence

from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Adam, fix_random_seed

from opnote_audit.learned.classifier import SentenceClassifier
from opnote_audit.learned.features import UNITS, build_model
from opnote_audit.learned.order import Order
from opnote_audit.training.labelled import FORM
from opnote_audit.training.recipes import Recipe


def fit(docs: Sequence[Doc], vocab: Vocab, name: str, recipe: Recipe) -> SentenceClassifier:
    """Return a component trained on ``docs``: the same weights for the same docs and recipe.

    Parameters
    ----------
    docs
        With the span group ``opnote_units``, each span labelled or with an empty label.
    vocab
        The pipeline's vocabulary.
    name
        The component's name.
    recipe
        Seed, size and schedule.
    """
    fix_random_seed(recipe.seed)
    chance = random.Random(recipe.seed)
    classifier = SentenceClassifier(vocab, build_model(recipe.length, place=recipe.place), name)
    examples = [Example(doc, doc) for doc in docs if len(doc.spans[UNITS])]
    classifier.initialize(lambda: examples)
    optimizer = Adam(recipe.rate)
    for _ in range(recipe.epochs):
        chance.shuffle(examples)
        for first in range(0, len(examples), recipe.batch):
            batch = examples[first : first + recipe.batch]
            classifier.update(batch, drop=recipe.dropout, sgd=optimizer)
    return classifier


def fit_sections(
    docs: Sequence[Doc], vocab: Vocab, name: str, recipe: Recipe
) -> SentenceClassifier:
    """Return a section classifier, with the order that the folded notes' sections have."""
    classifier = fit(docs, vocab, name, recipe)
    column = {label: number for number, label in enumerate(classifier.labels)}
    sequences = [
        [column[span.label_] for span in doc.spans[UNITS] if span.label_]
        for doc in docs
        if doc.user_data[FORM] == "folded"
    ]
    classifier.cfg["order"] = Order.learn(sequences, len(column)).to_data()
    return classifier


def fit_reader(
    docs: Sequence[Doc], vocab: Vocab, name: str, recipe: Recipe, threshold: float
) -> SentenceClassifier:
    """Return a second reader that is believed from ``threshold`` on."""
    classifier = fit(docs, vocab, name, recipe)
    classifier.cfg["threshold"] = threshold
    return classifier
