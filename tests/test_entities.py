"""Entities of a model that the user names: what of them is shown, and that nothing rests on it.

scispaCy's models are in no package registry, so a stand-in takes their place: a blank pipeline
with a ruler, saved and loaded by the code that loads the real ones.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import spacy
from annotated import auditor as plain_auditor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_notes import Site, made_note
from page_samples import NOTE as PAGE_NOTE
from page_samples import RESULT as PAGE_RESULT
from page_samples import cited
from spacy.language import Language
from spacy.tokens import Doc

import opnote_audit
from opnote_audit import ModelError, ModelOptions, RuleFileError
from opnote_audit.api import NoteAuditor, load_auditor
from opnote_audit.batch.contract import result_from_dict
from opnote_audit.batch.progress import Silent
from opnote_audit.batch.redact import redacted, restored, spans_of
from opnote_audit.batch.run import BatchOptions, models_identity, rules_digest, run_batch
from opnote_audit.checks.result import AuditResult, Remark
from opnote_audit.entities import POSSIBLE_PATHOLOGY, load_entity_model, model_identity
from opnote_audit.paths import patterns_dir
from opnote_audit.report.findings import findings_text
from opnote_audit.report.html import render_note_html
from opnote_audit.report.markdown import render_markdown
from opnote_audit.report.text import render_text
from opnote_audit.rules.entities import load_entity_rules

SOURCE = Path(opnote_audit.__file__).parents[1]
SAMPLES = Path(__file__).resolve().parent.parent / "sample_notes"
MARKER = "zyzzogetosis"

TERMS = [
    "gouty tophus",
    "sarcoid granulation",
    "lipomatosis",
    MARKER,
    # What a model finds that ours know, or that is no lesion.
    "disc herniation",
    "spinal cord",
    "self-retaining retractors",
    "4-0",
]
OTHER = {"CHEMICAL": "vancomycin powder", "DISEASE": "amyloid"}

NOTE = """\
PREOPERATIVE DIAGNOSIS: Thoracic myelopathy.
PROCEDURE: Transpedicular decompression of T9 and T10.
DESCRIPTION OF PROCEDURE: The T9 pedicle was drilled away and transpedicularly the disc
herniation was removed from the spinal cord. At T10 the pedicle was drilled away and by this
transpedicular approach {found}. {after} The wound was closed.
"""
FOUND = "what lay in front was removed and the cord was decompressed at T10"


def pattern(words: str, label: str = "ENTITY") -> dict[str, Any]:
    doc = spacy.blank("en").make_doc(words)
    return {"label": label, "pattern": [{"LOWER": token.lower_} for token in doc]}


def stand_in(folder: Path, patterns: list[dict[str, Any]], version: str = "0.0.1") -> Path:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("entity_ruler").add_patterns(patterns)  # type: ignore[attr-defined]
    nlp.meta.update(name="core_sci_stand_in", version=version)
    nlp.to_disk(folder)
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that finds the words of :data:`TERMS` and :data:`OTHER`."""
    patterns = [pattern(words) for words in TERMS]
    patterns += [pattern(words, label) for label, words in OTHER.items()]
    return stand_in(tmp_path_factory.mktemp("models") / "stand-in", patterns)


@pytest.fixture(scope="session")
def greedy(tmp_path_factory: pytest.TempPathFactory) -> NoteAuditor:
    """An auditor whose model takes every word of some length for an entity."""
    every = {"label": "ENTITY", "pattern": [{"IS_ALPHA": True, "LENGTH": {">=": 4}}]}
    folder = stand_in(tmp_path_factory.mktemp("models") / "greedy", [every])
    return load_auditor(models=ModelOptions(entities=str(folder)))


@pytest.fixture(scope="session")
def auditor(model: Path) -> NoteAuditor:
    return load_auditor(models=ModelOptions(entities=str(model)))


def note(after: str = "", found: str = FOUND) -> str:
    return NOTE.format(found=found, after=after)


def possible(result: AuditResult) -> list[Remark]:
    """The remarks that are ours to test; others may stand beside them."""
    return [remark for remark in result.remarks if remark.kind == POSSIBLE_PATHOLOGY]


def shown(auditor: NoteAuditor, text: str) -> list[tuple[tuple[str, ...], list[str]]]:
    remarks = possible(auditor.audit(text))
    return [(r.segments, [e.text for e in r.evidence]) for r in remarks]


def at_t10(auditor: NoteAuditor, text: str) -> list[str]:
    return [
        words for segments, found in shown(auditor, text) for words in found if "T10" in segments
    ]


# Which entities


def test_an_unknown_word_beside_a_treated_level_is_shown(auditor: NoteAuditor) -> None:
    text = note(found="the gouty tophus was removed and the cord was decompressed at T10")
    (remark,) = possible(auditor.audit(text))
    assert remark.kind == "possible_pathology"
    assert remark.segments == ("T10",)
    assert remark.message == (
        "T10: possible pathology, unrecognised wording (en_core_sci_stand_in 0.0.1)"
    )
    (evidence,) = remark.evidence
    assert (evidence.text, evidence.section) == ("gouty tophus", "narrative")
    assert evidence.kind == "possible_pathology"
    assert text[evidence.start : evidence.end] == evidence.text


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("A sarcoid granulation was met.", ["sarcoid granulation"]),
        ("Amyloid was met.", ["Amyloid"]),
        ("Amyloid was met. The field was dry. Lipomatosis was seen.", ["Amyloid"]),
        ("The field was dry. Lipomatosis was seen at T10.", ["Lipomatosis"]),
        ("Lipomatosis was met, the lipomatosis was removed.", ["Lipomatosis"]),
        # Another level's.
        ("Lipomatosis was seen at T4.", []),
        ("Lipomatosis was removed at T4 and the cord at T10 was decompressed.", []),
        # No pathology found.
        ("No lipomatosis was seen.", []),
        ("There was no evidence of amyloid at T10.", []),
        ("The history of sarcoid granulation is known.", []),
        ("[ ] lipomatosis [X] none at T10.", []),
        ("Was lipomatosis seen at T10?", []),
        # Known to our rules, or no lesion.
        ("The spinal cord was seen at T10.", []),
        ("Self-retaining retractors were taken out at T10.", []),
        ("A 4-0 suture was placed at T10.", []),
        ("Vancomycin powder was laid in at T10.", []),
    ],
)
def test_what_is_shown_of_the_sentences_beside_a_level(
    auditor: NoteAuditor, after: str, expected: list[str]
) -> None:
    assert at_t10(auditor, note(after)) == expected


def test_headings_count_and_other_sections_do_not(auditor: NoteAuditor) -> None:
    text = note().replace("Thoracic myelopathy.", "Gouty tophus at T10.")
    assert at_t10(auditor, text) == ["Gouty tophus"]
    text = "FAMILY HISTORY: Lipomatosis at T10.\n" + note() + "PLAN: Amyloid at T10 is treated.\n"
    assert at_t10(auditor, text) == []


def test_a_segment_with_a_pathology_of_ours_has_no_remark(auditor: NoteAuditor) -> None:
    text = note("Lipomatosis was seen at T10.")
    assert at_t10(auditor, text)
    known = text.replace("what lay in front", "the epidural metastasis")
    assert shown(auditor, known) == []


def test_an_untreated_or_unrelated_note_has_none(auditor: NoteAuditor) -> None:
    text = note("Lipomatosis was seen at T10, and nothing was done there.")
    text = re.sub(r"At T10 the pedicle.*decompressed at T10\. ", "", text, flags=re.DOTALL)
    assert "T10" not in [s.segment for s in auditor.audit(text).segments if s.treated]
    assert shown(auditor, text) == []
    assert shown(auditor, "PROCEDURE: Carpal tunnel release. FINDINGS: Gouty tophus at T10.") == []


def test_a_vertebra_stands_for_the_interspace_that_it_ends(auditor: NoteAuditor) -> None:
    text = note("Lipomatosis was seen at T10.").replace("T9 and T10", "T8-T9 and T9-T10")
    text = text.replace("decompressed at T10", "decompressed at T9-T10")
    found = {segment for segments, _ in shown(auditor, text) for segment in segments}
    assert found == {"T9-T10"}


def test_no_more_than_a_few_are_shown(greedy: NoteAuditor) -> None:
    words = [f"oddity{letter}" for letter in "abcdefghij"]
    text = note(f"We met {', '.join(words)} at T10.")
    most = load_entity_rules(patterns_dir() / "entities.json").maximum
    assert len(at_t10(greedy, text)) == most == 5


def test_a_long_sentence_is_left_out(auditor: NoteAuditor) -> None:
    assert at_t10(auditor, note("Lipomatosis lay at T10 " + "and so on " * 600 + ".")) == []


def test_characters_that_spacy_cannot_take_keep_their_offsets(auditor: NoteAuditor) -> None:
    text = note("Lone \ud800 and " + "x" * 700 + ", lipomatosis was seen at T10.")
    (remark,) = possible(auditor.audit(text))
    assert [text[e.start : e.end] for e in remark.evidence] == ["lipomatosis"]


# Nothing rests on it


def without_remarks(result: AuditResult) -> dict[str, Any]:
    return {**result.to_dict(), "remarks": None}


def check_remarks(result: AuditResult, text: str) -> None:
    by_name = {segment.segment: segment for segment in result.segments}
    for remark in possible(result):
        (name,) = remark.segments
        assert by_name[name].treated
        assert not by_name[name].pathologies
        assert 1 <= len(remark.evidence) <= 5
        for item in remark.evidence:
            assert item.text == text[item.start : item.end]
            assert item.text not in remark.message


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.txt")), ids=lambda path: path.stem)
def test_a_model_changes_nothing_but_the_remarks(path: Path, greedy: NoteAuditor) -> None:
    text = path.read_text(encoding="utf-8")
    result = greedy.audit(text)
    assert without_remarks(result) == without_remarks(plain_auditor().audit(text))
    check_remarks(result, text)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_note_comes_out_otherwise_for_a_model(greedy: NoteAuditor, data: st.DataObject) -> None:
    wording = st.sampled_from(["lipomatosis", "epidural metastasis", "odd mass of chalk", "bone"])
    style = st.integers(0, 2)
    sites = tuple(Site(level, data.draw(wording), data.draw(style)) for level in ("T8", "T9", "L2"))
    elements = [element for site in sites for element in site.elements()]
    text = made_note(sites, frozenset(data.draw(st.sets(st.sampled_from(elements), max_size=5))))
    result = greedy.audit(text)
    assert without_remarks(result) == without_remarks(plain_auditor().audit(text))
    check_remarks(result, text)


@Language.component("test_entities_break")
def _break(doc: Doc) -> Doc:
    raise ValueError(doc.text)


def test_a_model_that_fails_on_a_note_does_not_cost_its_audit(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("test_entities_break")
    nlp.to_disk(tmp_path / "m")
    text = note("Lipomatosis was seen at T10.")
    result = load_auditor(models=ModelOptions(entities=str(tmp_path / "m"))).audit(text)
    assert without_remarks(result) == without_remarks(plain_auditor().audit(text))
    (remark,) = [remark for remark in result.remarks if remark.kind == "model"]
    assert remark.evidence == ()
    assert remark.message.endswith("failed on this note (ValueError)")


# Loading


def test_nothing_is_imported_without_a_model() -> None:
    code = (
        "import sys; from opnote_audit import audit; "
        f"audit({note()!r}); "
        "print([n for n in sys.modules if n.startswith('opnote_audit.entities')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def installed(model: Path, folder: Path, name: str) -> None:
    """Put a model where a package of this name would be, as ``spacy package`` makes them."""
    meta = json.loads((model / "meta.json").read_text())
    package = folder / name
    data = f"{meta['lang']}_{meta['name']}-{meta['version']}"
    shutil.copytree(model, package / data)
    shutil.copy(model / "meta.json", package / "meta.json")
    (package / "__init__.py").write_text(
        "from spacy.util import load_model_from_init_py\n"
        "def load(**overrides):\n"
        "    return load_model_from_init_py(__file__, **overrides)\n"
    )
    info = folder / f"{name}-{meta['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {meta['version']}\n"
    )


@pytest.fixture
def site(model: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    installed(model, folder, "en_core_sci_stand_in")
    return folder


def test_a_package_is_loaded_by_its_name(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    models = ModelOptions(entities="en_core_sci_stand_in")
    text = note("Lipomatosis was seen at T10.")
    assert at_t10(load_auditor(models=models), text) == ["Lipomatosis"]
    assert model_identity("en_core_sci_stand_in")[:2] == ("en_core_sci_stand_in", "0.0.1")


def trained(folder: Path, *pipes: str) -> Path:
    """Save a pipeline of spaCy's trained components, as scispaCy's are, though it knows nothing."""
    nlp = spacy.blank("en")
    for name in pipes:
        pipe = nlp.add_pipe(name)
        for label in {"ner": ["ENTITY"], "tagger": ["NN"]}.get(name, []):
            pipe.add_label(label)  # type: ignore[attr-defined]
    nlp.initialize()
    nlp.to_disk(folder)
    return folder


def test_what_entities_do_not_need_is_not_run(tmp_path: Path, model: Path) -> None:
    folder = trained(tmp_path / "m", "tok2vec", "tagger", "attribute_ruler", "ner")
    loaded = load_entity_model(str(folder))
    assert loaded.nlp.pipe_names == ["tok2vec", "ner"]
    assert len(loaded.entities(["The tophus was removed.", ""])) == 2
    # A ruler may ask for what others leave on the tokens.
    assert load_entity_model(str(model)).nlp.pipe_names == ["sentencizer", "entity_ruler"]


def broken(folder: Path) -> Path:
    (trained(folder, "ner") / "config.cfg").write_text("[nlp]\nlang = \n")
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: "en_core_sci_nowhere", "no such spaCy model is installed"),
        (lambda folder: str(folder / "nowhere"), "no such spaCy model is installed"),
        (lambda folder: "blank:en", "no such spaCy model is installed"),
        (lambda folder: "pytest", "the model cannot be loaded (AttributeError)"),
        (lambda folder: str(folder), "the model cannot be loaded (OSError)"),
        (lambda folder: str(broken(folder / "b")), "the model cannot be loaded ("),
        (lambda folder: str(trained(folder / "t", "tagger")), "has no entity recognizer"),
    ],
)
def test_a_model_that_cannot_be_used_is_a_typed_error(
    make: Callable[[Path], str], said: str, tmp_path: Path
) -> None:
    name = make(tmp_path)
    with pytest.raises(ModelError) as caught:
        load_auditor(models=ModelOptions(entities=name))
    assert str(caught.value).startswith(f"{name}: ")
    assert said in str(caught.value)
    assert "http" not in str(caught.value)


def test_a_model_for_another_spacy_is_used_with_a_notice(model: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model, tmp_path / "old"))
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"spacy_version": ">=3.4.1,<3.5.0"}))
    loaded = load_auditor(models=ModelOptions(entities=str(folder)))
    assert "made for spaCy >=3.4.1,<3.5.0" in loaded.model_notice
    assert at_t10(loaded, note("Lipomatosis was seen at T10.")) == ["Lipomatosis"]


def test_a_usable_model_gives_no_notice(auditor: NoteAuditor) -> None:
    assert auditor.model_notice == plain_auditor().model_notice == ""


# The rule file


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return Path(shutil.copytree(patterns_dir(), tmp_path / "mine"))


def edited(folder: Path, **changes: Any) -> Path:
    path = folder / "entities.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


def test_a_users_own_rules_are_used(mine: Path, model: Path) -> None:
    edited(mine, ignored_words=[{"name": "ours", "reason": "r", "words": ["tophus"]}], neighbours=0)
    loaded = load_auditor(mine, ModelOptions(entities=str(model)))
    assert at_t10(loaded, note("Gouty tophus at T10. Amyloid was met.")) == []
    (mine / "entities.json").unlink()
    loaded = load_auditor(mine, ModelOptions(entities=str(model)))
    assert at_t10(loaded, note("Gouty tophus at T10. Amyloid was met.")) == [
        "Gouty tophus",
        "Amyloid",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sections": ["narative"]}, "sections, entry 1 ('narative')"),
        ({"maximum": 0}, "maximum"),
        ({"neighbors": 1}, "neighbors"),
        (
            {"ignored_words": [{"name": "a", "reason": "r", "words": ["two words"]}]},
            "ignored_words, entry 1 ('a'): 'two words' can never match",
        ),
        ({"ignored_labels": [{"of": "m", "labels": ["X"]}]}, "ignored_labels, entry 1"),
    ],
)
def test_a_wrong_entry_is_named(mine: Path, changes: dict[str, Any], said: str) -> None:
    path = edited(mine, **changes)
    with pytest.raises(RuleFileError) as caught:
        load_entity_rules(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


# The results, and the reports


@pytest.fixture(scope="module")
def result(model: Path) -> AuditResult:
    auditor = load_auditor(models=ModelOptions(entities=str(model)))
    found = auditor.audit(note("Lipomatosis was seen at T10."), "op", "op.txt")
    return replace(found, remarks=(*found.remarks, Remark("sections", "a note of one piece")))


def test_remarks_come_back_from_json(result: AuditResult) -> None:
    data = json.loads(json.dumps(result.to_dict()))
    assert result_from_dict(data) == result
    del data["remarks"]
    assert result_from_dict(data) == replace(result, remarks=())


def test_remarks_are_redacted_and_restored(result: AuditResult) -> None:
    bare = redacted(result)
    assert not any(item.text for item in spans_of(bare))
    assert "lipomatosis" not in json.dumps(bare.to_dict()).lower()
    assert restored(bare, note("Lipomatosis was seen at T10.")) == result


def test_the_reports_show_remarks_with_and_without_places(result: AuditResult) -> None:
    text = note("Lipomatosis was seen at T10.")
    source = replace(PAGE_NOTE, text=text, note_id="op", source="op.txt")
    terminal = render_text(result, source)
    tail = terminal[terminal.index("\nRemarks\n") :]
    assert "- T10: possible pathology, unrecognised wording" in tail
    assert re.search(r"op\.txt:\d+:\d+ \(narrative\)", tail)
    assert "^" * len("Lipomatosis") in tail
    assert "- a note of one piece" in tail
    markdown = render_markdown(result, source)
    assert "### Remarks" in markdown
    assert "a note of one piece" in markdown
    findings = findings_text(result, source)
    assert '"Lipomatosis" (line 5)' in findings
    assert "lipomatosis" not in findings_text(redacted(result), source, redacted=True).lower()
    for render in (render_text, render_markdown, findings_text):
        assert "Remarks" not in render(replace(result, remarks=()), source)


def test_the_page_has_a_card_a_highlight_and_a_legend() -> None:
    remarks = (
        Remark(POSSIBLE_PATHOLOGY, "T10: <b>", (cited("inner", POSSIBLE_PATHOLOGY),), ("T10",)),
        Remark("sections", "a note of one piece"),
    )
    html = render_note_html(replace(PAGE_RESULT, remarks=remarks), PAGE_NOTE)
    assert "For the reviewer" in html
    assert "T10: &lt;b&gt;" in html
    assert '<li><span class="hl k-possible_pathology">possible pathology</span></li>' in html
    assert 'data-pick="remark-0"' in html
    assert 'data-pick="remark-1"' not in html
    alone = replace(PAGE_RESULT, remarks=(replace(remarks[0], evidence=(cited("dx", "x"),)),))
    assert "For the reviewer" in render_note_html(alone, PAGE_NOTE, redacted=True)
    assert "For the reviewer" not in render_note_html(PAGE_RESULT, PAGE_NOTE)


# The commands


Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Run the program in a folder with two notes, in this process."""
    from opnote_audit.cli import main

    monkeypatch.delenv("OPNOTE_AUDIT_MODEL", raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("op.txt").write_text(note(f"{MARKER.title()} was seen at T10."))
    Path("op2.txt").write_text(note())

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["opnote-audit", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return run


def test_check_shows_remarks_and_exits_as_without(cli: Cli, model: Path) -> None:
    with_model = cli("check", "op.txt", "--format", "json", "--model", str(model))
    without = cli("check", "op.txt", "--format", "json")
    assert with_model[0] == without[0] == 1
    one, other = json.loads(with_model[1]), json.loads(without[1])
    assert len(one.pop("remarks")) == 1
    assert other.pop("remarks") == []
    assert one == other
    assert with_model[2] == without[2] == ""


def test_the_variable_names_a_model_and_the_option_wins(
    cli: Cli, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPNOTE_AUDIT_MODEL", str(model))
    assert "unrecognised wording" in cli("check", "op.txt")[1]
    code, out, err = cli("check", "op.txt", "--model", "en_core_sci_nowhere")
    assert "unrecognised wording" not in out
    assert err.startswith("opnote-audit: en_core_sci_nowhere: no such spaCy model is installed")
    assert cli("check", "op.txt", "--model", "")[2] == ""
    monkeypatch.setenv("OPNOTE_AUDIT_MODEL", "")
    assert cli("check", "op.txt") == (code, out, "")


def test_no_models_leaves_the_users_model(cli: Cli, model: Path) -> None:
    assert "unrecognised wording" in cli("check", "op.txt", "--no-models", "--model", str(model))[1]


@pytest.mark.parametrize(
    "command",
    [
        ("check", "op.txt", "op2.txt"),
        ("suggest", "op.txt"),
        ("query", "op.txt"),
        ("compare", "op2.txt", "op.txt"),
        ("batch", ".", "--jobs", "1", "--out", "out", "--overwrite", "-q"),
    ],
)
def test_an_absent_model_is_said_once_and_changes_nothing(
    command: tuple[str, ...], cli: Cli
) -> None:
    code, out, err = cli(*command)
    missing = cli(*command, "--model", "en_core_sci_nowhere")
    assert missing[:2] == (code, out)
    said = [line for line in missing[2].splitlines() if line not in err.splitlines()]
    assert len(said) == 1
    assert said[0].startswith("opnote-audit: en_core_sci_nowhere: no such spaCy model is installed")
    assert said[0].endswith("; going on without it")


@pytest.mark.parametrize(
    "command", [("suggest", "op.txt"), ("query", "op.txt"), ("compare", "op2.txt", "op.txt")]
)
def test_other_commands_say_where_to_look_and_no_word_of_the_note(
    command: tuple[str, ...], cli: Cli, model: Path
) -> None:
    code, out, err = cli(*command)
    found = cli(*command, "--model", str(model))
    assert found[:2] == (code, out)
    (said,) = set(found[2].splitlines()) - set(err.splitlines())
    assert re.match(r"opnote-audit: op\.txt:\d+:\d+: T10: possible pathology, unrecog", said)
    assert MARKER not in found[2].lower()


def test_a_model_for_another_spacy_is_said_once(cli: Cli, model: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model, tmp_path / "old"))
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"spacy_version": ">=3.4.1,<3.5.0"}))
    for command in (("check", "op.txt", "op2.txt"), ("batch", ".", "-o", "out", "-q", "-j1")):
        code, _, err = cli(*command, "--model", str(folder))
        assert code == 1
        assert err.count("made for spaCy") == 1


# The batch


def batch(folder: Path, *args: str, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    paths = [str(SOURCE), *([str(site)] if site is not None else [])]
    environment = {k: v for k, v in os.environ.items() if k != "OPNOTE_AUDIT_MODEL"}
    return subprocess.run(
        [sys.executable, "-m", "opnote_audit", "batch", "notes", "--out", "out", *args],
        cwd=folder,
        env=environment | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(20):
        after = f"{MARKER.title()} was seen at T10." if number % 2 else ""
        (folder / f"op-{number:02d}.txt").write_text(note(after))
    return folder


def lines_of(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "out" / "results.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_batch_in_processes_shows_remarks(notes: Path, site: Path, tmp_path: Path) -> None:
    done = batch(tmp_path, "--jobs", "2", "--model", "en_core_sci_stand_in", site=site)
    assert done.returncode == 1, done.stderr
    assert MARKER not in done.stderr.lower()
    found = [len(line["remarks"]) for line in lines_of(tmp_path)]
    assert found == [0, 1] * 10
    with (tmp_path / "out" / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "remark"]
    assert len(rows) == 10
    assert {(row["check"], row["rule"], row["segments"]) for row in rows} == {
        ("", "possible_pathology", "T10")
    }
    assert {row["text"] for row in rows} == {MARKER.title()}
    page = (tmp_path / "out" / "notes" / "op-01.html").read_text(encoding="utf-8")
    assert "For the reviewer" in page
    done = batch(
        tmp_path, "-j2", "--redact", "--overwrite", "--model", "en_core_sci_stand_in", site=site
    )
    assert done.returncode == 1, done.stderr
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert MARKER.encode() not in path.read_bytes().lower(), path


def test_an_absent_model_is_said_once_by_a_batch_in_processes(notes: Path, tmp_path: Path) -> None:
    done = batch(tmp_path, "--jobs", "2", "--model", "en_core_sci_nowhere")
    assert done.returncode == 1
    assert done.stderr.count("en_core_sci_nowhere") == 1
    assert [line["remarks"] for line in lines_of(tmp_path)] == [[]] * 20


def test_resume_audits_again_when_the_model_changes(
    notes: Path, tmp_path: Path, model: Path
) -> None:
    def run(**options: Any) -> int:
        chosen = BatchOptions(
            sources=(str(notes),), out=tmp_path / "out", html=False, xlsx=False, **options
        )
        return run_batch(chosen, lambda total: Silent()).reused

    assert run() == 0
    assert run(resume=True) == 20
    named = ModelOptions(entities=str(model))
    assert run(resume=True, models=named) == 0
    assert run(resume=True, models=named) == 20
    with pytest.raises(ModelError):
        run(resume=True, models=ModelOptions(entities=str(tmp_path / "gone")))
    assert len(lines_of(tmp_path)) == 20


def test_the_digest_knows_one_model_from_another(model: Path, tmp_path: Path) -> None:
    def digest(models: ModelOptions) -> str:
        return rules_digest(None, False, None, models)

    moved = Path(shutil.copytree(model, tmp_path / "moved"))
    newer = stand_in(tmp_path / "newer", [pattern("lipomatosis")], "0.0.2")
    retrained = stand_in(tmp_path / "retrained", [pattern("lipomatosis")])
    names = [None, str(model), str(newer), str(retrained)]
    every = [ModelOptions(learned, name) for name in names for learned in (True, False)]
    assert len({digest(models) for models in every}) == len(every)
    assert digest(ModelOptions(entities=str(moved))) == digest(ModelOptions(entities=str(model)))
    assert models_identity(ModelOptions(False)) == {"learned": False, "entities": None}
