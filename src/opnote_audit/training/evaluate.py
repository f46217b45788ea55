"""Measure both components on notes that they were not trained on (cross-validation by note)."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from opnote_audit.annotate.pipeline import SecondReading, Sections
from opnote_audit.api import NoteAuditor
from opnote_audit.learned.artefact import SECOND_READER, SECTION_CLASSIFIER
from opnote_audit.learned.classifier import SentenceClassifier
from opnote_audit.learned.features import UNITS
from opnote_audit.learned.order import Order
from opnote_audit.learned.second_reader import SecondReader
from opnote_audit.learned.sections import SectionReader
from opnote_audit.model_options import ModelOptions
from opnote_audit.paths import patterns_dir
from opnote_audit.training.figures import Figure, accuracy, macro_f1, resampled, share
from opnote_audit.training.fit import fit_reader, fit_sections
from opnote_audit.training.headerless import strip_headers
from opnote_audit.training.labelled import FORM, NOTE, SOURCE, noised_docs
from opnote_audit.training.notes import CORPUS, TrainingNote
from opnote_audit.training.recipes import Keywords, Recipes
from opnote_audit.training.thinning import thin_rules

Say = Callable[[str], None]
NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Material:
    """What the components are trained and measured on.

    ``sections`` and ``reader`` are labelled docs; ``notes`` the notes as written, ``keywords``
    the baseline.
    """

    notes: Sequence[TrainingNote]
    sections: Sequence[Doc]
    reader: Sequence[Doc]
    recipes: Recipes
    keywords: Keywords


class Bench:
    """An auditor whose trained components can be exchanged.

    Parameters
    ----------
    patterns
        A folder of rule files to use instead of the package's own.
    """

    def __init__(self, patterns: Path | None = None) -> None:
        self.auditor = NoteAuditor(patterns, ModelOptions(learned=False))
        sections = self.auditor.nlp.get_pipe("opnote_sections")
        second = self.auditor.nlp.add_pipe("opnote_second_reader")
        assert isinstance(sections, Sections)
        assert isinstance(second, SecondReading)
        self._sections, self._second = sections, second

    def verdict(
        self,
        text: str,
        sections: SentenceClassifier | None = None,
        reader: SentenceClassifier | None = None,
    ) -> str:
        """Return the verdict on a note with these components, or without."""
        self._sections.reader = (
            SectionReader(sections, self._sections.splitter) if sections is not None else None
        )
        self._second.reader = SecondReader(reader) if reader is not None else None
        return self.auditor.audit(text).verdict


def folds_of(material: Material) -> dict[str, int]:
    """Return the fold that each note is held out in; the forms of a note are never parted."""
    names = sorted(note.note_id for note in material.notes if note.source != "samples")
    random.Random(material.recipes.section_classifier.seed).shuffle(names)
    return {name: number % material.recipes.folds for number, name in enumerate(names)}


def evaluate(material: Material, say: Say) -> dict[str, dict[str, Any]]:
    """Return the figures of both components, by name.

    Parameters
    ----------
    material
        Notes, labelled docs and recipes.
    say
        Is told what is being done.
    """
    fold = folds_of(material)
    bench = Bench()
    dividers, readers = [], []
    for number in range(material.recipes.folds):
        say(f"fold {number + 1} of {material.recipes.folds}")
        dividers.append(_divider(material, fold, number, bench))
        readers.append(_second_reader(material, fold, number, bench))
    say("sections of held-out notes")
    sections = _section_figures(material, fold, dividers)
    say("notes without their headers")
    sections |= _headerless_figures(material, fold, dividers, bench)
    say("false alarms")
    second = _alarm_figures(material, fold, readers, bench)
    say("notes lost with thinned rules")
    second |= _thinned_figures(material, fold, readers, bench)
    return {
        SECTION_CLASSIFIER: sections,
        SECOND_READER: second,
    }


def _held_in(docs: Sequence[Doc], fold: dict[str, int], number: int) -> list[Doc]:
    return [doc for doc in docs if fold.get(doc.user_data[NOTE]) != number]


def _divider(
    material: Material, fold: dict[str, int], number: int, bench: Bench
) -> SentenceClassifier:
    docs = _held_in(material.sections, fold, number)
    recipe = material.recipes.section_classifier
    return fit_sections(docs, bench.auditor.nlp.vocab, SECTION_CLASSIFIER, recipe)


def _second_reader(
    material: Material, fold: dict[str, int], number: int, bench: Bench
) -> SentenceClassifier:
    recipes = material.recipes
    docs = _held_in(material.reader, fold, number)
    noised = noised_docs(
        docs_of_notes(docs), recipes.noise, recipes.second_reader.seed, bench.auditor
    )
    vocab = bench.auditor.nlp.vocab
    return fit_reader(
        [*docs, *noised], vocab, SECOND_READER, recipes.second_reader, recipes.threshold
    )


def docs_of_notes(docs: Sequence[Doc]) -> list[Doc]:
    """Return the docs that are notes, not written sentences."""
    return [doc for doc in docs if doc.user_data[SOURCE] != "written"]


# -- the section classifier -------------------------------------------------------------------


def _section_figures(
    material: Material, fold: dict[str, int], dividers: Sequence[SentenceClassifier]
) -> dict[str, Any]:
    found: dict[str, list[list[tuple[str, str]]]] = {
        "classifier": [], "classifier, words alone": [], "keywords": [], "majority": []
    }  # fmt: skip
    common = Counter(
        span.label_ for doc in material.sections for span in doc.spans[UNITS] if span.label_
    ).most_common(1)[0][0]
    for doc in material.sections:
        number = fold.get(doc.user_data[NOTE])
        if doc.user_data[FORM] != "folded" or number is None:
            continue
        classifier = dividers[number]
        (likely,) = classifier.predict([doc])
        path = Order.from_data(classifier.cfg["order"]).best(likely)
        spans = list(doc.spans[UNITS])
        answers = {
            "classifier": [classifier.labels[n] for n in path],
            "classifier, words alone": [classifier.labels[n] for n in likely.argmax(axis=1)],
            "keywords": [material.keywords.of(span.text) for span in spans],
            "majority": [common] * len(spans),
        }
        for name, labels in answers.items():
            pairs = zip(spans, labels, strict=True)
            found[name].append([(s.label_, label) for s, label in pairs if s.label_])
    seed = material.recipes.section_classifier.seed
    out: dict[str, Any] = {}
    for name, notes in found.items():
        out[f"accuracy, {name}"] = resampled(notes, accuracy, seed).to_data()
        out[f"macro F1, {name}"] = resampled(notes, macro_f1, seed).to_data()
    return out


def _headerless_figures(
    material: Material,
    fold: dict[str, int],
    dividers: Sequence[SentenceClassifier],
    bench: Bench,
) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    annotated = 0
    corpus = 0
    for note in material.notes:
        number = fold.get(note.note_id)
        if number is None:
            continue
        stripped = strip_headers(note.text, bench.auditor.read(note.text).blocks, fold=True).text
        if not stripped.strip():
            continue
        with_it = bench.verdict(stripped, dividers[number])
        if note.source == CORPUS:
            corpus += 1
            counts["corpus"] += with_it == NOT_APPLICABLE
            continue
        annotated += 1
        verdicts = {
            "headed": bench.verdict(note.text, dividers[number]),
            "with": with_it,
            "without": bench.verdict(stripped),
        }
        for name, verdict in verdicts.items():
            counts[name] += verdict == note.verdict
            counts[f"{name}, false supported"] += verdict == "supported" != note.verdict
    out = {
        f"verdict accuracy, {words}": share(counts[name], annotated).to_data()
        | {"false_supported": counts[f"{name}, false supported"]}
        for name, words in (
            ("headed", "as written"),
            ("with", "headers removed, with the classifier"),
            ("without", "headers removed, without"),
        )
    }
    out["corpus notes not applicable, headers removed"] = share(counts["corpus"], corpus).to_data()
    return out


# -- the second reader ------------------------------------------------------------------------


def _alarm_figures(
    material: Material, fold: dict[str, int], readers: Sequence[SentenceClassifier], bench: Bench
) -> dict[str, Any]:
    alarms: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for note in material.notes:
        number = fold.get(note.note_id)
        if number is None or (note.verdict or NOT_APPLICABLE) != NOT_APPLICABLE:
            continue
        asked[note.source] += 1
        alarms[note.source] += bench.verdict(note.text, None, readers[number]) != NOT_APPLICABLE
    return {
        f"false alarms, {source} notes": share(alarms[source], asked[source]).to_data()
        for source in sorted(asked)
    }


def _thinned_figures(
    material: Material, fold: dict[str, int], readers: Sequence[SentenceClassifier], bench: Bench
) -> dict[str, Any]:
    thinned = material.recipes.thinned
    family = [
        note
        for note in material.notes
        if note.note_id in fold
        and note.source != CORPUS
        and bench.verdict(note.text) != NOT_APPLICABLE
    ]
    by_seed = []
    lost = back = 0
    for seed in thinned.seeds:
        with tempfile.TemporaryDirectory() as work:
            rules = Path(work) / "patterns"
            thin_rules(patterns_dir(), rules, thinned.share, seed)
            poorer = Bench(rules)
            gone = [n for n in family if poorer.verdict(n.text) == NOT_APPLICABLE]
            again = [
                n
                for n in gone
                if poorer.verdict(n.text, None, readers[fold[n.note_id]]) == "needs_review"
            ]
        by_seed.append({"seed": seed, "lost": len(gone), "brought_back": len(again)})
        lost += len(gone)
        back += len(again)
    figure: Figure = share(back, lost)
    return {
        "lost notes brought back, a third of the terms removed": figure.to_data()
        | {"by_seed": by_seed, "notes_of_the_family": len(family)}
    }
