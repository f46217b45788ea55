"""`batch --claims`: the claims of a file joined with the notes of a batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opnote_audit.cli import app

SAMPLES = Path(__file__).parent.parent / "sample_notes"
HEAD = "claim_id,note_id,line,code,units,modifiers,diagnoses\n"
CLAIMS = (
    HEAD
    + "A1,supported-two-levels,1,63055,1,,M51.04\n"
    + "A1,supported-two-levels,2,63057,1,51,M51.04\n"
    + "A2,nobody,1,63056,1,,M48.061\n"
)

Run = Callable[..., tuple[int, str, dict[str, dict[str, object]]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a batch over two sample notes; give exit code, output and results by note id."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for name in ("supported-two-levels", "not-applicable-laminectomy"):
        (notes / f"{name}.txt").write_bytes((SAMPLES / f"{name}.txt").read_bytes())

    def go(claims: str, *more: str) -> tuple[int, str, dict[str, dict[str, object]]]:
        file = tmp_path / "claims.csv"
        file.write_text(claims, encoding="utf-8")
        out = tmp_path / "out"
        done = CliRunner().invoke(
            app,
            ["batch", str(notes), "--out", str(out), "--claims", str(file), "-j", "1", *more],
        )
        lines = (out / "results.jsonl").read_text().splitlines() if out.exists() else []
        return done.exit_code, done.output, {r["note_id"]: r for r in map(json.loads, lines)}

    return go


def test_a_note_with_a_claim_gets_its_checks(run: Run):
    code, said, results = run(CLAIMS, "--no-html", "--no-xlsx")
    claimed = results["supported-two-levels"]
    statuses = {c["id"]: c["status"] for c in claimed["checklist"]}  # type: ignore[attr-defined]
    assert statuses["C3"] == "fail"
    assert claimed["units"]["billed"] == 1  # type: ignore[index]
    assert claimed["verdict"] == "deficient"
    assert code == 1
    assert "1 notes with a claim, 1 without one" in said
    assert "1 claims without a note: A2" in said


def test_a_note_without_a_claim_keeps_its_audit(run: Run):
    _, _, results = run(CLAIMS, "--no-html", "--no-xlsx")
    alone = results["not-applicable-laminectomy"]
    assert {c["id"] for c in alone["checklist"]} == {"R1", "R2", "R3", "R4", "R5"}  # type: ignore[attr-defined]
    assert alone["units"]["billed"] is None  # type: ignore[index]


def test_a_changed_claim_is_held_against_its_note_again(run: Run):
    run(CLAIMS, "--no-html", "--no-xlsx")
    _, said, results = run(CLAIMS.replace(",51,", ",,"), "--no-html", "--no-xlsx", "--resume")
    statuses = {
        c["id"]: c["status"]
        for c in results["supported-two-levels"]["checklist"]  # type: ignore[attr-defined]
    }
    assert statuses["C3"] == "pass"
    assert "taken over" not in said


def test_a_file_that_is_no_claims_stops_before_the_work(run: Run):
    code, said, results = run("what,ever\n1,2\n", "--no-html")
    assert code == 2
    assert "claims.csv" in said
    assert results == {}


def test_options_of_claims_need_claims(tmp_path: Path):
    done = CliRunner().invoke(
        app, ["batch", str(tmp_path), "--out", str(tmp_path / "o"), "--gpci", "1,1,1"]
    )
    assert done.exit_code == 2
