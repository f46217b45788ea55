"""JSON and JSONL: the contract's objects, valid whatever a note holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import DEFICIENT, NOT_APPLICABLE

from opnote_audit.checks.result import AuditResult, CheckResult, Evidence, error_result
from opnote_audit.report import render_json, render_jsonl

SCHEMA = Path(__file__).parents[2] / "shared" / "contract" / "audit-result.schema.json"
ERROR = error_result("op-3", None, "looks like a PDF document")
RESULTS = [DEFICIENT, NOT_APPLICABLE, ERROR]

FIELDS = {
    "schema_version", "note_id", "source", "code", "verdict", "score", "units", "primary",
    "approach", "segments", "fusion", "checklist", "error",
}  # fmt: skip
SEGMENT_FIELDS = {
    "segment", "region", "role", "approach", "pathologies", "treated", "supported", "evidence",
}  # fmt: skip


def test_one_result_is_an_object_and_several_are_a_list() -> None:
    assert json.loads(render_json([DEFICIENT])) == DEFICIENT.to_dict()
    assert json.loads(render_json(RESULTS)) == [result.to_dict() for result in RESULTS]
    assert json.loads(render_json([])) == []


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.verdict)
def test_the_contracts_fields_are_there(result: AuditResult) -> None:
    whole: dict[str, Any] = json.loads(render_jsonl(result))
    assert set(whole) >= FIELDS
    assert set(whole["units"]) == {"supported", "possible", "billed"}
    assert set(whole["primary"]) == {"code", "segment"}
    assert set(whole["approach"]) == {"label", "evidence"}
    assert set(whole["fusion"]) == {"performed", "type", "segments"}
    for segment in whole["segments"]:
        assert set(segment) >= SEGMENT_FIELDS
    for check in whole["checklist"]:
        assert set(check) >= {"id", "status", "message", "evidence"}
        for span in check["evidence"]:
            assert set(span) >= {"start", "end", "text", "section"}


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.verdict)
def test_the_contracts_schema_accepts_it(result: AuditResult) -> None:
    if not SCHEMA.exists():
        pytest.skip("the contract is not beside this checkout")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for text in (render_json([result]), render_jsonl(result)):
        jsonschema.validate(json.loads(text), schema)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_survives_on_one_line_of_utf8(text: str) -> None:
    evidence = (Evidence(0, len(text), text),)
    result = replace(
        DEFICIENT, note_id=text, checklist=(CheckResult("R1", "fail", text, evidence),)
    )
    line = render_jsonl(result)
    assert line.encode("utf-8").decode("utf-8").splitlines() == [line]
    assert json.loads(line)["checklist"][0]["evidence"][0]["text"] == text


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        render_jsonl(replace(DEFICIENT, score=float("nan")))
