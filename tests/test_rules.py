"""Rule files are checked on load: whatever is wrong, the message names the file and the entry."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opnote_audit.api import load_auditor
from opnote_audit.checks.predicates import OUTCOMES
from opnote_audit.errors import RuleFileError
from opnote_audit.paths import patterns_dir
from opnote_audit.rules.checklist import load_checklist
from opnote_audit.rules.context import expand, load_context, medspacy_defaults
from opnote_audit.rules.grammar import load_grammar
from opnote_audit.rules.levels import load_levels
from opnote_audit.rules.sections import load_sections
from opnote_audit.rules.spelling import load_spelling
from opnote_audit.rules.targets import load_terms

Loader = Callable[[Path], Any]
Change = Callable[[dict[str, Any]], Any]

# Every rule file: where it stands under patterns/, and how it is loaded from a patterns folder.
FILES: dict[str, Loader] = {
    "levels.json": lambda folder: load_levels(folder / "levels.json"),
    "sections.json": lambda folder: load_sections(folder / "sections.json"),
    "grammar.json": lambda folder: load_grammar(folder / "grammar.json"),
    "spelling.json": lambda folder: load_spelling(folder / "spelling.json"),
    "context.json": lambda folder: load_context(folder / "context.json"),
    "checklists/63057.json": lambda folder: load_checklist(
        folder / "checklists" / "63057.json", OUTCOMES
    ),
    "targets/approach.json": lambda folder: load_terms(folder / "targets"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own copy of the rule files."""
    return Path(shutil.copytree(patterns_dir(), tmp_path / "my patterns"))


def edit(path: Path, change: Change) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")


def refusal(load: Loader, folder: Path) -> str:
    with pytest.raises(RuleFileError) as caught:
        load(folder)
    return str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_files_load(name: str, folder: Path) -> None:
    assert FILES[name](folder)


@pytest.mark.parametrize("name", [n for n in FILES if not n.startswith("targets/")])
def test_a_missing_file_is_named_with_what_to_do(name: str, folder: Path) -> None:
    (folder / name).unlink()
    message = refusal(FILES[name], folder)
    assert str(folder / name) in message
    assert "missing" in message
    assert "copy it from" in message


def test_a_targets_folder_without_a_rule_file_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "targets")
    (folder / "targets").mkdir()
    message = refusal(FILES["targets/approach.json"], folder)
    assert str(folder / "targets") in message
    assert "*.json" in message


@pytest.mark.parametrize("name", FILES)
def test_broken_json_is_named_with_its_line_and_column(name: str, folder: Path) -> None:
    (folder / name).write_text('{\n  "schema_version": "1.0",\n  oops\n}', encoding="utf-8")
    assert refusal(FILES[name], folder).startswith(f"{folder / name}:3:3: not valid JSON")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[1, 2]", "expected a JSON object"),
        (b"\xff\xfe\x00{", "UTF-8"),
        (b"", "not valid JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_rule_file_at_all(name: str, content: bytes, said: str, folder: Path) -> None:
    (folder / name).write_bytes(content)
    message = refusal(FILES[name], folder)
    assert str(folder / name) in message
    assert said in message


@pytest.mark.parametrize("name", FILES)
def test_a_byte_order_mark_does_not_matter(name: str, folder: Path) -> None:
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert FILES[name](folder)


@pytest.mark.parametrize("name", FILES)
def test_an_unknown_key_is_refused_by_name(name: str, folder: Path) -> None:
    edit(folder / name, lambda data: data.update({"coment": "a typing error"}))
    message = refusal(FILES[name], folder)
    assert str(folder / name) in message
    assert "coment" in message


@pytest.mark.parametrize("name", FILES)
def test_a_missing_key_is_refused_by_name(name: str, folder: Path) -> None:
    edit(folder / name, lambda data: data.pop("source"))
    message = refusal(FILES[name], folder)
    assert str(folder / name) in message
    assert "source" in message


def _first(key: str, **changes: Any) -> Change:
    return lambda data: data[key][0].update(changes)


def _append(key: str, entry: Any) -> Change:
    return lambda data: data[key].append(entry)


TARGET = {
    "literal": "transpedicular",
    "category": "APPROACH",
    "metadata": {"value": "transpedicular", "reason": "names it"},
}
CONTEXT = {
    "literal": "no",
    "category": "NEGATED_EXISTENCE",
    "direction": "FORWARD",
    "metadata": {"reason": "denies"},
}


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        pytest.param(*case[1:], id=f"{case[1].split('/')[0]}: {case[0]}")
        for case in [
            # Targets.
            ("unknown category", "targets/approach.json",
             _first("target_rules", category="APROACH"),
             ["entry 1 ('transpedicular')", "unknown category 'APROACH'", "APPROACH"]),
            ("blank literal", "targets/approach.json",
             _append("target_rules", TARGET | {"literal": "  "}), ["blank literal", "entry "]),
            ("blank variant", "targets/approach.json",
             _append("target_rules",
                     TARGET | {"metadata": TARGET["metadata"] | {"variants": [""]}}),
             ["blank literal", "'transpedicular'"]),
            ("two meanings", "targets/approach.json",
             _append("target_rules",
                     TARGET | {"metadata": {"value": "posterior", "reason": "wrong"}}),
             ["'transpedicular' already means 'transpedicular'", "approach.json"]),
            ("no reason", "targets/approach.json",
             _append("target_rules", TARGET | {"metadata": {"value": "x", "reason": ""}}),
             ["('transpedicular')", "reason"]),
            ("unknown key in an entry", "targets/approach.json",
             _first("target_rules", literl="x"), ["entry 1 ('transpedicular')", "literl"]),
            ("no rules", "targets/approach.json", lambda d: d.update(target_rules=[]),
             ["target_rules"]),
            # ConText.
            ("unknown category", "context.json",
             _append("context_rules", CONTEXT | {"category": "NEGATED"}),
             ["('no')", "unknown category 'NEGATED'", "NEGATED_EXISTENCE"]),
            ("unknown direction", "context.json",
             _append("context_rules", CONTEXT | {"direction": "SIDEWAYS"}),
             ["('no')", "direction", "FORWARD"]),
            ("reach of nothing", "context.json",
             _append("context_rules", CONTEXT | {"max_scope": 0}), ["('no')", "max_scope"]),
            ("blank literal", "context.json",
             _append("context_rules", CONTEXT | {"literal": ""}), ["literal"]),
            ("unknown scope", "context.json",
             _append("context_rules", CONTEXT | {"metadata": {"reason": "x", "scope": "note"}}),
             ["('no')", "scope", "clause"]),
            ("a default that is not there", "context.json",
             _append("drop_defaults", {"literal": "no such rule", "reason": "x"}),
             ["('no such rule')", "no such default"]),
            # Sections.
            ("unknown category", "sections.json", _first("section_rules", category="header"),
             ["section_rules, entry 1", "unknown category 'header'", "heading"]),
            ("listed twice", "sections.json",
             _append("section_rules", {"literal": "Procedure:", "category": "closing"}),
             ["('Procedure:')", "already listed under 'heading'"]),
            ("blank literal", "sections.json",
             _append("section_rules", {"literal": "", "category": "closing"}), ["literal"]),
            ("keyword of an unknown category", "sections.json",
             _append("keywords", {"words": ["x"], "category": "header"}),
             ["keywords", "unknown category 'header'"]),
            # Levels.
            ("unknown letter", "levels.json", _first("regions", letter="X"),
             ["regions, entry 1", "letter"]),
            ("more vertebrae than there are", "levels.json", _first("regions", last=40),
             ["regions, entry 1", "last"]),
            ("a number that is none", "levels.json",
             lambda d: d["numbers"].update(one="first"), ["numbers", "one"]),
            # Grammar.
            ("a list is missing", "grammar.json", lambda d: d.pop("landmarks"), ["landmarks"]),
            ("a list is empty", "grammar.json", lambda d: d["routes"].update(words=[]),
             ["routes", "words"]),
            ("a list gives no reason", "grammar.json", lambda d: d["routes"].update(reason=""),
             ["routes", "reason"]),
            # Spelling.
            ("no words", "spelling.json", lambda d: d.update(words=[]), ["words"]),
            ("a word that is none", "spelling.json", _append("words", 7), ["words"]),
            # Checklist.
            ("unknown status", "checklists/63057.json",
             lambda d: d["requirements"][0]["outcomes"][0].update(status="ok"),
             ["entry 1 ('R1')", "entry 1 ('named')", "status"]),
            ("missing outcome", "checklists/63057.json",
             lambda d: d["requirements"][2]["outcomes"].pop(0),
             ["entry 3 ('R3')", "outcome 'treated' is missing"]),
            ("outcome that is never given", "checklists/63057.json",
             lambda d: d["requirements"][2]["outcomes"].append(
                 {"name": "tretaed", "status": "pass", "message": "", "advice": ""}),
             ["entry 3 ('R3')", "outcome 'tretaed' is never given"]),
            ("missing requirement", "checklists/63057.json",
             lambda d: d["requirements"].pop(3), ["'R4' is missing"]),
            ("requirement that nothing judges", "checklists/63057.json",
             lambda d: d["requirements"].append(d["requirements"][0] | {"id": "R9"}),
             ["('R9')", "no predicate"]),
            ("unknown field in a message", "checklists/63057.json",
             lambda d: d["requirements"][0]["outcomes"][0].update(message="{level} named"),
             ["('R1')", "'named'", "{segments}"]),
            ("no weight", "checklists/63057.json", _first("requirements", weight=0),
             ["('R1')", "weight"]),
            ("a warning that earns more than a pass", "checklists/63057.json",
             lambda d: d.update(warn_earns=1.5), ["warn_earns"]),
        ]
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named(name: str, change: Change, said: list[str], folder: Path) -> None:
    edit(folder / name, change)
    message = refusal(FILES[name], folder)
    assert str(folder / name) in message
    for words in said:
        assert words in message


@pytest.mark.parametrize("name", FILES)
def test_the_whole_auditor_refuses_a_folder_with_one_broken_file(name: str, folder: Path) -> None:
    (folder / name).write_text("{", encoding="utf-8")
    assert str(folder / name) in refusal(load_auditor, folder)


def test_a_default_of_medspacy_is_replaced_by_a_rule_of_ours(folder: Path) -> None:
    edit(folder / "context.json", _append("context_rules", CONTEXT | {"literal": "denies"}))
    found = [t for t in load_context(folder / "context.json") if t.literal == "denies"]
    assert [(t.category, t.direction) for t in found] == [("NEGATED_EXISTENCE", "FORWARD")]


def test_medspacys_defaults_are_written_out_as_literals() -> None:
    literals = {t.literal for t in medspacy_defaults()}
    assert {"no evidence of", "denies", "no history of"} <= literals


def test_a_pattern_of_plain_words_is_written_out() -> None:
    pattern = [{"LOWER": {"IN": ["no", "any"]}}, {"LOWER": "new", "OP": "?"}, {"LOWER": "sign"}]
    assert expand(pattern) == ["no new sign", "no sign", "any new sign", "any sign"]
    with pytest.raises(ValueError, match="plain"):
        expand([{"POS": "NOUN"}])
