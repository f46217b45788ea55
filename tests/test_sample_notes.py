"""The sample notes come out as ``sample_notes/expected.json`` says; it says why, too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from annotated import auditor

from opnote_audit.checks.result import AuditResult
from opnote_audit.read import read_note

FOLDER = Path(__file__).resolve().parent.parent / "sample_notes"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (FOLDER / "expected.json").read_text(encoding="utf-8")
)


def result_of(name: str) -> tuple[str, AuditResult]:
    note = read_note(str(FOLDER / name), 1_000_000)
    return note.text, auditor().audit(note.text, note.note_id, note.source, note.encoding)


def test_every_note_has_its_expectation_and_every_expectation_its_note() -> None:
    assert {p.name for p in FOLDER.glob("*.txt")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_note_comes_out_as_expected(name: str) -> None:
    expected = EXPECTED[name]
    _, result = result_of(name)
    segments = [
        {"segment": s.segment, "role": s.role, "approach": s.approach} for s in result.segments
    ]
    assert result.verdict == expected["verdict"]
    assert result.units_supported == expected["units_supported"]
    assert result.primary_code == expected["primary_code"]
    assert {c.id: c.status for c in result.checklist} == expected["checklist"]
    assert sorted(segments, key=str) == sorted(expected["segments"], key=str)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_evidence_is_the_notes_own_text(name: str) -> None:
    text, result = result_of(name)
    parts = [result.approach_evidence, *(p.evidence for p in (*result.segments, *result.checklist))]
    for evidence in (e for part in parts for e in part):
        assert text[evidence.start : evidence.end] == evidence.text


@pytest.mark.parametrize("name", EXPECTED)
def test_a_finding_shows_where_it_comes_from(name: str) -> None:
    _, result = result_of(name)
    for check in result.checklist:
        if check.status in ("pass", "warn") or check.rule in ("other_route", "interbody_same"):
            assert check.evidence, f"{check.id} ({check.rule}) quotes nothing"


@pytest.mark.parametrize("name", EXPECTED)
def test_the_expectations_are_consistent_with_the_domain(name: str) -> None:
    """An expectation that breaks the verdict's own rules would be a mistake in the sample."""
    expected = EXPECTED[name]
    statuses = set(expected["checklist"].values())
    verdict = expected["verdict"]
    assert name.startswith(verdict.replace("_", "-"))
    assert expected["why"].endswith(".")
    if verdict == "not_applicable":
        assert statuses == {"na"}
    else:
        worst = "fail" if "fail" in statuses else "warn" if "warn" in statuses else "pass"
        assert verdict == {"fail": "deficient", "warn": "needs_review", "pass": "supported"}[worst]
    assert (expected["units_supported"] > 0) >= (verdict == "supported")


def test_each_verdict_and_each_requirement_is_shown() -> None:
    assert {e["verdict"] for e in EXPECTED.values()} == {
        "supported", "needs_review", "deficient", "not_applicable",
    }  # fmt: skip
    failing = {r for e in EXPECTED.values() for r, s in e["checklist"].items() if s == "fail"}
    warning = {r for e in EXPECTED.values() for r, s in e["checklist"].items() if s == "warn"}
    assert failing == {"R1", "R2", "R3", "R4", "R5"}
    assert warning >= {"R1", "R2", "R3", "R5"}


@pytest.mark.parametrize("name", EXPECTED)
def test_notes_are_fictional_and_of_a_real_notes_length(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert 1_500 <= len(text) <= 3_500
    # No identifiers: fictional patients are trees, records are examples.
    assert not re.search(r"\b\d{3}-\d{2}-\d{4}\b", text)
    for patient in re.findall(r"(?i)patient(?:\*\*)?\s*[:|]\s*(?:\*\*)?\s*([^\n|]{3,})", text):
        assert "Fictional" in patient
