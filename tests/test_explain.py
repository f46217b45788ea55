"""The cards and what ``explain`` makes of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opnote_audit.cards import KINDS, load_cards
from opnote_audit.errors import OpnoteError, RuleFileError
from opnote_audit.explain import Explainer, UnknownTopicError, explain
from opnote_audit.fees import load_fees
from opnote_audit.paths import models_dir, patterns_dir

CARDS = patterns_dir() / "cards"

REQUIREMENTS = ["R1", "R2", "R3", "R4", "R5"]
CLAIM_CHECKS = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"]
DENIALS = [
    "missing-primary", "vague-levels", "unnamed-approach", "missing-pathology", "wrong-add-on",
    "fusion-bundling",
]  # fmt: skip
CODES = [
    "63055", "63056", "63057", "63064", "63066", "63047", "63048", "63030", "63035", "63020",
    "63101", "63102", "63103", "22630", "22632", "22633", "22634", "63052", "63053",
    "22510", "22511", "22512", "22513", "22514", "22515", "22610", "22612", "22614",
]  # fmt: skip
TOPICS = REQUIREMENTS + CLAIM_CHECKS + DENIALS + CODES


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_card_with_a_source(topic: str) -> None:
    text = explain(topic)
    assert text.startswith(f"{topic}  ")
    assert "\n  Source\n" in text
    assert max(map(len, text.splitlines())) <= 80
    assert explain(topic.upper()) == explain(topic.lower()) == text


@pytest.mark.parametrize("topic", REQUIREMENTS + CLAIM_CHECKS + DENIALS)
def test_rules_say_why_and_show_both_sides(topic: str) -> None:
    text = explain(topic)
    for heading in ("Why payers deny", "Passes", "Fails", "To mend it"):
        assert f"\n  {heading}\n" in text


@pytest.mark.parametrize("topic", [code for code in CODES if code != "63057"])
def test_other_codes_say_how_they_differ(topic: str) -> None:
    assert "\n  How it differs from 63057\n" in explain(topic)


def test_the_whole_card_of_63057() -> None:
    text = explain("63057")
    for heading in (
        "Units", "Checklist for the note", "Family", "Not to be confused with", "Modifiers",
        "RVU and fee 2026", "Global period", "Common denials",
    ):  # fmt: skip
        assert f"\n  {heading}\n" in text
    for requirement in REQUIREMENTS:
        assert f"- {requirement} " in text
    for denial in DENIALS:
        assert f"- {denial}: " in text
    assert "work 5.12 + practice expense 1.73 + malpractice 1.76 = 8.61 RVU a unit" in text
    assert "8.61 x 33.4009 (conversion factor) = $287.58 national" in text
    assert "51: never" in text
    assert "ZZZ" in text


def test_the_fee_is_computed_from_the_table() -> None:
    fees = load_fees(CARDS)
    assert fees.year == 2026
    assert fees.rvus["63057"].total == Decimal("8.61")
    assert fees.conversion_factor == Decimal("33.4009")
    assert fees.fee("63057") == Decimal("287.58")
    assert fees.fee("63057", units=2) == Decimal("575.16")
    assert fees.fee("63056") == Decimal("1404.84")
    assert "$1,404.84" in explain("63056")


def test_without_a_topic_all_are_listed() -> None:
    text = explain()
    listed = {line.split()[0] for line in text.splitlines() if line.startswith("  ")}
    assert listed >= set(TOPICS)
    for kind in KINDS.values():
        assert f"\n{kind.heading}\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_list_has_nothing_that_this_test_does_not_know() -> None:
    assert set(Explainer().cards) == set(TOPICS)


@pytest.mark.parametrize(
    ("topic", "nearest"),
    [("R11", "R1"), ("vague", "vague-levels"), ("63075", "63057"), ("missing primary", "missing-")],
)
def test_an_unknown_topic_names_the_nearest(topic: str, nearest: str) -> None:
    with pytest.raises(UnknownTopicError, match=f"did you mean .*{nearest}"):
        explain(topic)


def test_an_unknown_topic_with_nothing_near() -> None:
    with pytest.raises(UnknownTopicError, match="no topic 'qqq'; opnote-audit explain lists"):
        explain("qqq")


def test_aliases_lead_to_their_card() -> None:
    assert explain("Levels") == explain("R1")


def test_colour_only_when_asked() -> None:
    assert "\x1b" not in explain("R1")
    assert "\x1b[1m" in explain("R1", color=True)


def test_no_card_holds_more_than_a_short_text_of_ours() -> None:
    # A CPT descriptor has its semicolons and "eg,"; ours has neither, and is short.
    for card in load_cards(CARDS).values():
        assert len(card.title) <= 90
        for _, paragraphs in card.sections():
            assert all(len(paragraph) <= 260 for paragraph in paragraphs)
            assert not any("eg," in paragraph for paragraph in paragraphs)


def test_the_data_is_found_installed_or_in_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "opnote_audit"
    monkeypatch.setattr("opnote_audit.paths._PACKAGE", package)
    for missing in (patterns_dir, models_dir):
        with pytest.raises(OpnoteError, match="install opnote-audit again"):
            missing()
    (tmp_path / "patterns").mkdir()
    assert patterns_dir() == tmp_path / "patterns"
    (package / "_data" / "patterns").mkdir(parents=True)
    assert patterns_dir() == package / "_data" / "patterns"
    # Beside site-packages a folder of that name is somebody else's.
    monkeypatch.setattr("opnote_audit.paths._PACKAGE", tmp_path / "lib" / "opnote_audit")
    with pytest.raises(OpnoteError):
        patterns_dir()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CARDS, tmp_path / "cards"))


def spoil(folder: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / name
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data["cards"][0].pop("sources"), "card 1 ('R1'): 'sources' must be"),
        (lambda data: data["cards"][1].update(why=" "), "card 2 ('R2'): 'why' must be"),
        (lambda data: data["cards"][1].update(passes=[1]), "card 2 ('R2'): 'passes' must be"),
        (lambda data: data["cards"][0].update(fail="x"), "card 1 ('R1'): unknown key 'fail'"),
        (lambda data: data["cards"][0].pop("topic"), "card 1: 'topic' must be"),
        (lambda data: data["cards"][0].update(topic="r2"), "the name 'R2' is taken"),
        (lambda data: data["cards"][0].update(see=["R9"]), "'see' names 'R9'"),
        (lambda data: data["cards"].append("R6"), "card 6: a JSON object was expected"),
        (lambda data: data.update(cards={}), '"cards" must be a list'),
        (lambda data: data.update(kind="rule"), '"kind" must be one of'),
        (lambda data: data.update(schema_version="9"), '"schema_version" must be "1.0"'),
    ],
)
def test_a_broken_card_is_named(
    copied: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    spoil(copied, "requirements.json", change)
    with pytest.raises(RuleFileError) as caught:
        load_cards(copied)
    assert says in str(caught.value)
    assert str(copied) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data["rvus"][1].update(work=5.12), "('63057'): 'work' must be"),
        (lambda data: data["rvus"][1].update(work="five"), "('63057'): 'work' must be"),
        (lambda data: data.update(conversion_factor="-1"), "'conversion_factor' must be"),
        (lambda data: data["rvus"][0].pop("code"), "rvus entry 1: an object with a 'code'"),
        (lambda data: data.update(year="2026"), "'year' must be a int"),
    ],
)
def test_a_broken_fee_is_named(
    copied: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    spoil(copied, "fees-2026.json", change)
    with pytest.raises(RuleFileError) as caught:
        load_fees(copied)
    assert says in str(caught.value)


def test_files_that_are_no_cards_at_all(copied: Path, tmp_path: Path) -> None:
    for data, says in (
        (b"{", r"codes\.json:1:2: not valid JSON"),
        (b"\xff", "UTF-8"),
        (b"[]", "object"),
    ):
        (copied / "codes.json").write_bytes(data)
        with pytest.raises(RuleFileError, match=says):
            load_cards(copied)
    with pytest.raises(RuleFileError, match="holds no cards"):
        load_cards(tmp_path)
    with pytest.raises(RuleFileError, match="holds no fees"):
        load_fees(tmp_path)
