"""``python -m opnote_audit.training``: prepare, train, evaluate, package (or all of it)."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from spacy.vocab import Vocab

from opnote_audit.errors import InputError, OpnoteError
from opnote_audit.learned.artefact import NAMES, SECOND_READER, SECTION_CLASSIFIER
from opnote_audit.learned.classifier import SentenceClassifier, read_classifier
from opnote_audit.paths import models_dir
from opnote_audit.training.evaluate import Material, docs_of_notes
from opnote_audit.training.evaluate import evaluate as measure
from opnote_audit.training.fit import fit_reader, fit_sections
from opnote_audit.training.frozen import reader_figures, section_figures
from opnote_audit.training.labelled import (
    noised_docs,
    read_docs,
    reader_doc,
    rules_only,
    section_docs,
    write_docs,
    written_docs,
    written_notes,
)
from opnote_audit.training.notes import (
    TrainingNote,
    load_annotated,
    load_corpus,
    load_samples,
)
from opnote_audit.training.package import package as put
from opnote_audit.training.recipes import (
    load_classes,
    load_keywords,
    load_recipes,
    load_section_notes,
    load_sentences,
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Make the trained components of models/ afresh. Steps in order, or all of them.",
)

Corpus = Annotated[Path, typer.Option(help="Notes of many specialties: JSON Lines, note_id, text.")]
Gold = Annotated[Path, typer.Option(help="Annotated notes: a folder with gold.jsonl and notes/.")]
Work = Annotated[Path, typer.Option(help="Where drafts go; nothing of it is committed.")]
Models = Annotated[Path | None, typer.Option(help="Where to; default the package's own.")]

_CORPUS = Path("../shared/corpus/mtsamples.jsonl")
_GOLD = Path("../shared/gold")
_WORK = Path("build/training")


@app.command()
def prepare(corpus: Corpus = _CORPUS, gold: Gold = _GOLD, work: Work = _WORK) -> None:
    """Label the pieces of the notes, by headers and by rules."""
    notes = _notes(corpus, gold)
    recipes, auditor = load_recipes(), rules_only()
    classes = load_classes()
    sections = [doc for note in notes for doc in section_docs(note, auditor, classes)]
    sections += written_notes(load_section_notes(), auditor) * recipes.written_copies
    write_docs(sections, work / "sections.spacy")
    reader = [reader_doc(note, auditor) for note in notes]
    reader += written_docs(load_sentences(), recipes.noise, recipes.second_reader.seed, auditor)
    write_docs(reader, work / "reader.spacy")
    _say(f"{len(notes)} notes: {len(sections)} labelled by headers, {len(reader)} by rules")


@app.command()
def train(work: Work = _WORK) -> None:
    """Train both components on all that was prepared."""
    recipes, auditor = load_recipes(), rules_only()
    vocab = auditor.nlp.vocab
    sections = fit_sections(
        _docs(work / "sections.spacy", vocab), vocab, SECTION_CLASSIFIER, recipes.section_classifier
    )
    docs = _docs(work / "reader.spacy", vocab)
    seed = recipes.second_reader.seed
    docs += noised_docs(docs_of_notes(docs), recipes.noise, seed, auditor)
    reader = fit_reader(docs, vocab, SECOND_READER, recipes.second_reader, recipes.threshold)
    for classifier in (sections, reader):
        classifier.to_disk(work / classifier.name, exclude=["vocab"])
        _say(f"{classifier.name}: {', '.join(classifier.labels)}")


@app.command()
def evaluate(corpus: Corpus = _CORPUS, gold: Gold = _GOLD, work: Work = _WORK) -> None:
    """Measure both on notes that they were not trained on, and print the figures."""
    vocab = rules_only().nlp.vocab
    material = Material(
        _notes(corpus, gold),
        _docs(work / "sections.spacy", vocab),
        _docs(work / "reader.spacy", vocab),
        load_recipes(),
        load_keywords(),
    )
    figures = measure(material, _say)
    text = json.dumps(figures, indent=1)
    (work / "figures.json").write_text(text + "\n", encoding="utf-8")
    print(text)


@app.command()
def package(work: Work = _WORK, models: Models = None) -> None:
    """Put both where the program looks for them, with hashes, figures and model cards."""
    nlp = rules_only().nlp
    trained: dict[str, SentenceClassifier] = {}
    for name in NAMES:
        if not (work / name).is_dir():
            raise InputError(f"{work / name}: not there; run the step train first")
        trained[name] = read_classifier(work / name, nlp.vocab, name)
    path = work / "figures.json"
    if not path.is_file():
        raise InputError(f"{path}: not there; run the step evaluate first")
    figures = json.loads(path.read_text(encoding="utf-8"))
    figures[SECTION_CLASSIFIER] |= section_figures(trained[SECTION_CLASSIFIER], nlp)
    figures[SECOND_READER] |= reader_figures(trained[SECOND_READER], nlp)
    target = models if models is not None else models_dir()
    put(trained, figures, load_recipes(), target)
    _say(f"written to {target}")


@app.command("all")
def everything(
    corpus: Corpus = _CORPUS, gold: Gold = _GOLD, work: Work = _WORK, models: Models = None
) -> None:
    """Run all four steps."""
    start = time.perf_counter()
    prepare(corpus, gold, work)
    train(work)
    evaluate(corpus, gold, work)
    package(work, models)
    _say(f"all four steps took {time.perf_counter() - start:.0f} s")


def _notes(corpus: Path, gold: Path) -> list[TrainingNote]:
    samples = models_dir().parent / "sample_notes"
    found = load_samples(samples) if samples.is_dir() else []
    return [*load_corpus(corpus), *load_annotated(gold), *found]


def _docs(path: Path, vocab: Vocab) -> list:  # type: ignore[type-arg]
    if not path.is_file():
        raise InputError(f"{path}: not there; run the step prepare first")
    return read_docs(path, vocab)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run the command line; an error that we raise is a message, not a traceback."""
    try:
        app()
    except OpnoteError as error:
        _say(f"opnote_audit.training: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
