"""The benchmarks run, count right, and say no when a promise is not kept."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest


def load(checkout: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        f"benchmark_{name}", checkout / "benchmarks" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def speed(checkout: Path) -> ModuleType:
    return load(checkout, "speed")


@pytest.fixture(scope="module")
def specificity(checkout: Path) -> ModuleType:
    return load(checkout, "specificity")


def test_contenders_take_turns_after_a_warm_up(speed: ModuleType) -> None:
    calls: list[str] = []
    clock = iter(range(100))

    def count(work: object) -> float:
        work()  # type: ignore[operator]
        return float(next(clock))

    rows = speed.interleaved(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2, count
    )
    assert calls == ["a", "b"] * 3
    assert rows == [{"a": 0.0, "b": 1.0}, {"a": 2.0, "b": 3.0}]


def test_the_ratio_is_the_median_of_the_rounds(speed: ModuleType) -> None:
    rows = [{"a": 4.0, "b": 1.0}, {"a": 9.0, "b": 3.0}, {"a": 100.0, "b": 1.0}]
    value, spread = speed.ratio(rows, "a", "b")
    assert value == 4.0
    assert spread == "[3.00 to 100.00]"


@pytest.mark.parametrize(
    ("bounds", "met"),
    [
        ({"at_least": 40}, False),
        ({"at_least": 39.5}, True),
        ({"at_most": 39}, False),
        ({"at_most": 40}, True),
        ({}, True),
    ],
)
def test_a_figure_knows_its_bound(speed: ModuleType, bounds: dict[str, float], met: bool) -> None:
    figure = speed.Figure("name", 39.5, "x", **bounds)
    assert figure.met is met
    assert ("MISSED" in figure.line()) is not met


def test_stock_medspacy_gets_thirty_rules(speed: ModuleType) -> None:
    assert len(set(speed.STOCK_TARGETS)) == 30


@pytest.mark.parametrize(
    ("flags", "code"),
    [([], 0), (["--minimums"], 1), (["--minimums", "--seconds-too"], 1)],
)
def test_a_missed_ratio_fails_only_when_minimums_are_held(
    speed: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    flags: list[str],
    code: int,
) -> None:
    missed = speed.Figure("too slow", 3.0, "x", at_most=2.0)
    monkeypatch.setattr(speed, "measure_start", lambda *_: [missed])
    (tmp_path / "a.txt").write_text("A note.", encoding="utf-8")
    assert speed.main(["--only", "start", "--notes", str(tmp_path), *flags]) == code


def test_seconds_are_held_only_when_asked_for(
    speed: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow_machine = speed.Figure("--help", 3.0, "s", at_most=0.5)
    monkeypatch.setattr(speed, "measure_start", lambda *_: [slow_machine])
    (tmp_path / "a.txt").write_text("A note.", encoding="utf-8")
    asked = ["--only", "start", "--notes", str(tmp_path), "--minimums"]
    assert speed.main(asked) == 0
    assert speed.main([*asked, "--seconds-too"]) == 1


def test_a_folder_without_notes_is_said(speed: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no \*\.txt notes"):
        speed.main(["--notes", str(tmp_path)])


def test_notes_come_from_a_folder_or_from_json_lines(speed: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("second", encoding="utf-8")
    (tmp_path / "a.txt").write_text("first", encoding="utf-8-sig")
    lines = tmp_path / "notes.jsonl"
    lines.write_text('{"text": "first"}\n\n{"text": "second"}\n', encoding="utf-8")
    assert speed.read_notes(tmp_path, None) == ["first", "second"]
    assert speed.read_notes(lines, None) == ["first", "second"]
    assert speed.read_notes(lines, 1) == ["first"]


def test_the_start_of_commands_is_measured_for_real(speed: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    only = ["--only", "start", "--rounds", "1"]
    assert speed.main([*only, "--json", str(report)]) == 0
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert [figure["unit"] for figure in figures] == ["x", "s", "s"]
    assert all(figure["value"] > 0 for figure in figures)


def test_throughput_and_length_are_measured_for_real(
    speed: ModuleType, sample_note: Path, tmp_path: Path
) -> None:
    text = sample_note.read_text(encoding="utf-8")
    figures = speed.measure_throughput([text], 1) + speed.measure_length([text], 1)
    assert len(figures) == 5
    assert all(figure.value > 0 for figure in figures)


def test_light_commands_are_caught_importing_nlp(speed: ModuleType, sample_note: Path) -> None:
    speed.imports_no_nlp("--help")
    with pytest.raises(SystemExit, match="spacy"):
        speed.imports_no_nlp("check", str(sample_note))


def test_specificity_counts_and_names_the_exceptions(
    specificity: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"note_id": "hernia", "text": "OPERATION: Repair of an inguinal hernia with mesh."}
    family = {
        "note_id": "family",
        "text": "OPERATION: Transpedicular decompression of the spinal cord at T9 and T10 for "
        "disc herniation.\nPROCEDURE: A transpedicular decompression was carried out at T9 and "
        "the herniated disc was removed. The same was then done at T10.",
    }
    notes = tmp_path / "notes.jsonl"
    notes.write_text(json.dumps(other) + "\n", encoding="utf-8")
    assert specificity.main([str(notes)]) == 0
    assert capsys.readouterr().out == "1 of 1 notes are not_applicable\n"
    notes.write_text(json.dumps(other) + "\n" + json.dumps(family) + "\n", encoding="utf-8")
    assert specificity.main([str(notes)]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 notes are not_applicable" in out
    assert "family: " in out
    assert "herniated" not in out


def test_no_notes_is_no_success(specificity: ModuleType, tmp_path: Path) -> None:
    notes = tmp_path / "notes.jsonl"
    notes.write_text("\n", encoding="utf-8")
    assert specificity.main([str(notes)]) == 1
