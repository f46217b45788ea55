"""How the trained components are made: labels, noise, figures, and the whole way once over."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from spacy.tokens import Doc

from opnote_audit.annotate.reading import Block
from opnote_audit.api import NoteAuditor
from opnote_audit.errors import InputError
from opnote_audit.learned.artefact import NAMES, load_classifier, read_manifest
from opnote_audit.learned.features import UNITS
from opnote_audit.learned.second_reader import MARKED
from opnote_audit.paths import models_dir, patterns_dir
from opnote_audit.rules.targets import load_terms
from opnote_audit.training import __main__ as steps
from opnote_audit.training import recipes
from opnote_audit.training.figures import accuracy, macro_f1, resampled, share
from opnote_audit.training.fit import fit
from opnote_audit.training.frozen import load_frozen
from opnote_audit.training.headerless import strip_headers
from opnote_audit.training.labelled import noised, reader_doc, rules_only, section_docs
from opnote_audit.training.notes import TrainingNote, load_annotated, load_corpus
from opnote_audit.training.thinning import thin_rules

NOTE = """PREOPERATIVE DIAGNOSIS: Epidural tumor T9 and T10.
PROCEDURE: Transpedicular decompression of T9 and T10.
ANESTHESIA: General.
DESCRIPTION OF PROCEDURE: A midline incision was made. At T9 the left pedicle was drilled away
transpedicularly and the epidural tumor was removed. The same was then done at T10, where
the tumor was removed. The wound was closed.
ESTIMATED BLOOD LOSS: 100 mL.
"""


@pytest.fixture(scope="module")
def auditor() -> NoteAuditor:
    return rules_only()


def labels(doc: Doc) -> list[tuple[str, str]]:
    return [(span.text, span.label_) for span in doc.spans[UNITS]]


# -- labels ------------------------------------------------------------------------------------


def test_headers_are_stripped_and_lines_folded() -> None:
    text = "A: one\n two\nB: three"
    blocks = [Block("heading", 0, 3, 12, "A"), Block("narrative", 12, 15, 20, "B")]
    folded = strip_headers(text, blocks, fold=True)
    assert folded.text == "one two three"
    assert [(folded.text[p.start : p.end], p.kind) for p in folded.parts] == [
        ("one two", "heading"),
        ("three", "narrative"),
    ]
    assert strip_headers(text, blocks, fold=False).text == "one\n two\nthree"


def test_pieces_have_the_class_of_their_header(auditor: NoteAuditor) -> None:
    note = TrainingNote("n", NOTE, "annotated", "supported")
    folded, lines = section_docs(note, auditor, recipes.load_classes())
    found = dict(labels(folded))
    assert found["Epidural tumor T9 and T10."] == "diagnosis"
    assert found["Transpedicular decompression of T9 and T10."] == "heading"
    assert found["General."] == "anesthesia"
    assert found["A midline incision was made."] == "narrative"
    assert found["100 mL."] == "closing"
    assert not any("DIAGNOSIS" in words for words, _ in labels(lines))


def test_a_note_without_headers_teaches_no_sections(auditor: NoteAuditor) -> None:
    note = TrainingNote("n", "The lamina was removed. The wound was closed.", "corpus")
    assert section_docs(note, auditor, recipes.load_classes()) == []


def test_sentences_are_marked_by_what_the_rules_are_sure_of(auditor: NoteAuditor) -> None:
    note = TrainingNote("n", NOTE, "annotated", "supported")
    found = dict(labels(reader_doc(note, auditor)))
    (route,) = [label for words, label in found.items() if "drilled away" in words]
    (same,) = [label for words, label in found.items() if words.startswith("The same")]
    assert route == MARKED
    assert same in (MARKED, "")
    assert found["A midline incision was made."] == "other"
    from_corpus = dict(labels(reader_doc(TrainingNote("n", NOTE, "corpus"), auditor)))
    assert set(from_corpus.values()) == {"other"}


def test_noise_alters_and_never_empties() -> None:
    noise = recipes.load_recipes().noise
    text = "The left pedicle of T9 was drilled away and the tumor removed through it"
    copies = list(noised([text, "T9"] * 50, MARKED, noise, random.Random(1)))
    assert len(copies) == 100 * noise.copies[MARKED]
    assert all(copy.strip() for copy in copies)
    long = [copy for copy in copies if "tumor" in copy or len(copy) > 10]
    assert sum(copy != text for copy in long) > 0.8 * len(long)
    assert list(noised([text], "unknown", noise, random.Random(1))) == []


# -- thinned rules -------------------------------------------------------------------------------


def test_thinned_rules_lose_their_share_and_still_load(tmp_path: Path) -> None:
    gone = thin_rules(patterns_dir(), tmp_path / "a", 1 / 3, 7)
    assert gone == thin_rules(patterns_dir(), tmp_path / "b", 1 / 3, 7)
    assert gone != thin_rules(patterns_dir(), tmp_path / "c", 1 / 3, 8)
    rules = [json.loads(p.read_text()) for p in (patterns_dir() / "targets").glob("*.json")]
    terms = sum(
        1 + len(rule["metadata"].get("variants", ()))
        for file in rules
        for rule in file["target_rules"]
    )
    assert gone == pytest.approx(terms / 3, rel=0.1)
    assert load_terms(tmp_path / "a" / "targets")


# -- figures -------------------------------------------------------------------------------------


def test_wilsons_interval() -> None:
    # Newcombe 1998, table I: 81 of 263.
    figure = share(81, 263)
    assert figure.value == pytest.approx(0.3080, abs=1e-4)
    assert (figure.low, figure.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert share(0, 0).to_data()["interval"] == [0.0, 1.0]


def test_accuracy_and_macro_f1() -> None:
    notes = [[("a", "a"), ("a", "b")], [("b", "b"), ("c", "b")]]
    assert accuracy(notes) == 0.5
    assert macro_f1(notes) == pytest.approx((2 / 3 + 2 / 4 + 0) / 3)
    figure = resampled(notes, accuracy, 1)
    assert figure.low <= figure.value <= figure.high
    assert figure == resampled(notes, accuracy, 1)


# -- the files -----------------------------------------------------------------------------------


def test_the_frozen_sample_is_never_trained_on() -> None:
    trained = {
        *recipes.load_sentences().positive,
        *recipes.load_sentences().negative,
        *(sentence for note in recipes.load_section_notes().notes for _, sentence in note),
    }
    frozen = load_frozen()
    held = {sentence for _, sentence in frozen.reader}
    held |= {sentence for note in frozen.notes for _, sentence in note}
    # Sentences that every note has ("Same.", "Counts were correct.") are nobody's.
    shared = {sentence for sentence in trained & held if len(sentence.split()) > 5}
    assert shared == set()


def test_the_written_sentences_are_all_different() -> None:
    sentences = recipes.load_sentences()
    every = [" ".join(text.lower().split()) for text in (*sentences.positive, *sentences.negative)]
    assert len(every) == len(set(every))


def test_the_written_notes_use_the_classes_that_there_are() -> None:
    classes = recipes.load_classes()
    known = set(classes.categories.values()) | set(classes.titles)
    notes = (*recipes.load_section_notes().notes, *load_frozen().notes)
    assert {label for note in notes for label, _ in note} <= known
    assert set(read_manifest(models_dir() / "section_classifier").labels) == known


def test_missing_notes_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_corpus(tmp_path / "none.jsonl")
    (tmp_path / "gold.jsonl").write_text('{"note_id": "x", "verdict": "supported"}\n')
    with pytest.raises(InputError, match="annotated but missing"):
        load_annotated(tmp_path)
    (tmp_path / "gold.jsonl").write_text("nonsense\n")
    with pytest.raises(InputError, match="not JSON Lines"):
        load_annotated(tmp_path)


# -- the whole way ---------------------------------------------------------------------------------


def test_the_same_docs_give_the_same_weights(auditor: NoteAuditor) -> None:
    docs = section_docs(TrainingNote("n", NOTE, "annotated"), auditor, recipes.load_classes())
    recipe = recipes.load_recipes().section_classifier
    first, second = (fit(docs, auditor.nlp.vocab, "x", recipe) for _ in range(2))
    assert first.to_bytes(exclude=["vocab"]) == second.to_bytes(exclude=["vocab"])


def test_a_component_made_afresh_replaces_the_packaged_one(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch, auditor: NoteAuditor
) -> None:
    gold = tmp_path / "gold"
    notes = gold / "notes"
    notes.mkdir(parents=True)
    expected = json.loads((checkout / "sample_notes" / "expected.json").read_text())
    rows = []
    for number, (name, entry) in enumerate(expected.items()):
        shutil.copy(checkout / "sample_notes" / name, notes / f"g{number}.txt")
        rows.append({"note_id": f"g{number}", "verdict": entry["verdict"]})
    (gold / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpus = tmp_path / "corpus.jsonl"
    away = "PROCEDURE: Repair of hernia {}.\nFINDINGS: A sac.\nDESCRIPTION: The sac was freed."
    corpus.write_text(
        "".join(json.dumps({"note_id": f"c{n}", "text": away.format(n)}) + "\n" for n in range(12))
    )
    full = recipes.load_recipes()
    brief = full.model_copy(
        update={
            "folds": 2,
            "thinned": full.thinned.model_copy(update={"seeds": (3,)}),
            "section_classifier": full.section_classifier.model_copy(update={"epochs": 2}),
            "second_reader": full.second_reader.model_copy(update={"epochs": 2}),
        }
    )
    monkeypatch.setattr(steps, "load_recipes", lambda: brief)
    models = tmp_path / "models"
    models.mkdir()
    work = tmp_path / "work"
    steps.everything(corpus, gold, work, models)
    for name in NAMES:
        folder = models / name
        assert load_classifier(folder, auditor.nlp.vocab).labels
        manifest = read_manifest(folder)
        assert manifest.figures.keys() == read_manifest(models_dir() / name).figures.keys()
        assert manifest.files != read_manifest(models_dir() / name).files
        assert "| frozen sample" in (folder / "CARD.md").read_text(encoding="utf-8")
    before = read_manifest(models / "second_reader").files
    steps.train(work)
    steps.package(work, models)
    assert read_manifest(models / "second_reader").files == before
    assert not list(models.glob(".*"))


def test_a_step_out_of_turn_says_which_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run the step prepare first"):
        steps.train(tmp_path)
    with pytest.raises(InputError, match="run the step train first"):
        steps.package(tmp_path, tmp_path)
