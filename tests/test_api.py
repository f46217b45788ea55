"""The Python interface: one note in, one typed result out, whatever the note's characters."""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from annotated import auditor, operation
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import opnote_audit
from opnote_audit import AuditResult, InputError, OpnoteError, RuleFileError, load_pipeline
from opnote_audit.api import NoteAuditor, audit, load_auditor
from opnote_audit.checks.result import CheckResult, Evidence, Fusion, SegmentResult
from opnote_audit.paths import patterns_dir

NOTE = """\
PREOPERATIVE DIAGNOSIS
Thoracic disc herniations, T9-T10 and T11-T12.

PROCEDURE PERFORMED
1. Transpedicular decompression, T9-T10.
2. Transpedicular decompression, T11-T12, additional segment.

DESCRIPTION OF PROCEDURE
The T10 pedicle was drilled away. By this transpedicular route the T9-T10 herniated disc was
removed from in front of the cord.

The T12 pedicle was drilled away. By this transpedicular route the T11-T12 herniated disc was
removed from in front of the cord. No fusion was done.
"""


def spans(result: AuditResult) -> list[Evidence]:
    """Return every span in a result."""
    found = list(result.approach_evidence)
    for part in (*result.segments, *result.checklist):
        found += part.evidence
    return found


def sound(text: str, result: AuditResult) -> None:
    """Check what must hold of the result of any note."""
    for span in spans(result):
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == span.text
    assert [c.id for c in result.checklist] == ["R1", "R2", "R3", "R4", "R5"]
    assert 0 <= result.units_supported <= result.units_possible
    assert (result.score is None) == (result.verdict == "not_applicable")
    if result.verdict == "supported":
        assert result.units_supported
        assert {c.status for c in result.checklist} <= {"pass", "na"}
    # The result is JSON, whatever is in the note.
    json.dumps(result.to_dict())


# -- the result ----------------------------------------------------------------------------


def test_the_typed_result() -> None:
    result = audit(NOTE, "op-7", source="notes/op-7.txt")
    assert isinstance(result, AuditResult)
    assert (result.note_id, result.source, result.error) == ("op-7", "notes/op-7.txt", None)
    assert (result.verdict, result.score) == ("supported", 100.0)
    assert (result.units_supported, result.units_possible, result.units_billed) == (1, 1, None)
    assert (result.primary_code, result.primary_segment) == ("63055", "T9-T10")
    assert result.approach == "transpedicular"
    assert result.fusion == Fusion(False, None, ())
    first, second = result.segments
    assert isinstance(first, SegmentResult)
    assert (first.segment, first.role) == ("T9-T10", "primary")
    assert (second.segment, second.role, second.supported) == ("T11-T12", "additional", True)
    assert second.pathologies == ("disc_herniation",)
    assert all(isinstance(c, CheckResult) for c in result.checklist)
    assert [c.status for c in result.checklist] == ["pass", "pass", "pass", "pass", "na"]
    sound(NOTE, result)


def test_the_result_cannot_be_changed_by_accident() -> None:
    result = audit(NOTE)
    with pytest.raises(FrozenInstanceError):
        result.verdict = "deficient"  # type: ignore[misc]


def test_evidence_stands_in_its_section() -> None:
    sections = {e.section for c in audit(NOTE).checklist for e in c.evidence}
    assert "narrative" in sections
    assert sections <= {"heading", "narrative", "diagnosis", "title"}


def test_the_same_note_gives_the_same_result_whatever_was_read_before() -> None:
    alone = load_auditor().audit(NOTE)
    one = auditor()
    one.audit("The L4 pedicle was drilled transpedicularly. (TPD) decompression of L5.")
    assert one.audit(NOTE) == one.audit(NOTE) == alone


def test_what_the_package_offers() -> None:
    for name in opnote_audit.__all__:
        assert getattr(opnote_audit, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = opnote_audit.nothing_of_the_kind


# -- notes that are none -------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\r\n", "\u00a0\u2003"])
def test_an_empty_note_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        audit(text)


def test_input_and_rule_errors_are_ours() -> None:
    assert issubclass(InputError, OpnoteError)
    assert issubclass(RuleFileError, OpnoteError)


@pytest.mark.parametrize("text", ["x", "T9", "Transpedicular", "63057", ".", "\x00", "🦴"])
def test_a_note_of_almost_nothing_is_not_applicable(text: str) -> None:
    assert audit(text).verdict == "not_applicable"


# -- characters ----------------------------------------------------------------------------

CHANGES: dict[str, Callable[[str], str]] = {
    "CRLF": lambda t: t.replace("\n", "\r\n"),
    "CR": lambda t: t.replace("\n", "\r"),
    "tabs for spaces": lambda t: t.replace(". ", ".\t"),
    "blank line between lines": lambda t: t.replace("\n", "\n\n"),
    "no-break spaces after full stops": lambda t: t.replace(". ", ".\u00a0"),
    "a byte order mark": lambda t: "\ufeff" + t,
    "a NUL at the end of each line": lambda t: t.replace("\n", "\x00\n"),
    "lone surrogates": lambda t: t.replace("\n\n", "\n\ud800\n\udfff\n"),
    "characters outside the first plane": lambda t: "🩻 " + t.replace("\n\n", "\n\n🦴 "),
    "right-to-left marks": lambda t: t.replace("The T", "\u200fThe \u202bT"),
    "a right-to-left name": lambda t: "מטופל: אבג\nالمريض\n\n" + t,
    "combining accents": lambda t: "Re\u0301sume\u0301\n\n" + t,
    "line separators": lambda t: t.replace("\n\n", "\n\u2028\u2029\n"),
    "form feeds": lambda t: t.replace("\n\n", "\n\x0c\n"),
    "en dashes": lambda t: t.replace("9-T10", "9–T10").replace("11-T12", "11–T12"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_spans_are_the_notes_own_text_whatever_its_characters(name: str) -> None:
    text = CHANGES[name](NOTE)
    result = audit(text)
    sound(text, result)
    assert spans(result)


@pytest.mark.parametrize("name", CHANGES)
def test_the_finding_is_the_same_whatever_the_characters(name: str) -> None:
    result = audit(CHANGES[name](NOTE))
    found = [(s.segment, s.role, s.pathologies, s.supported) for s in result.segments]
    plain = [(s.segment, s.role, s.pathologies, s.supported) for s in audit(NOTE).segments]
    assert (found, result.verdict) == (plain, "supported")


_WORDS = st.sampled_from([
    "The ", "left ", "T9", "T10", "L4-5", "L3–L4", " pedicle ", "was ", "drilled ", "away",
    ". ", ", ", "transpedicular ", "decompression ", "of ", "and ", "at ",
    "disc herniation ", "removed ", "No ", "the same was done ", "one level below",
    "at both levels", "the adjacent level ", "cord ", "fusion ", "PROCEDURE: ",
    "DESCRIPTION OF PROCEDURE:\n", "FINDINGS:", "ADDENDUM: ", "63057 ", "TLIF ", "(TPD) ",
    "\n", "\r\n", "\r", "\t", "\x00", "�", "\u202e", "🦴", "é", "é", "; ", "- ", "| ", "1. ",
    "additional segment ", "laminectomy ", "costotransversectomy ", "in 2019",
    "correction, ", "rib ",
])  # fmt: skip


@given(st.lists(_WORDS, min_size=1, max_size=60).map("".join).filter(str.strip))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@example("T9 T9-")
@example("(((((((((((((((((((")
@example("The same was done one level below. The same was done one level above.")
@example("At both levels the pedicle was drilled. At both levels the pedicle was drilled.")
def test_any_jumble_of_a_notes_words_gives_a_sound_result(text: str) -> None:
    sound(text, audit(text))


@given(st.text(alphabet=st.characters(), min_size=1).filter(str.strip))
@settings(max_examples=200, deadline=None)
def test_arbitrary_text_gives_a_sound_result(text: str) -> None:
    sound(text, audit(text))


# -- length --------------------------------------------------------------------------------

LONG: dict[str, Callable[[int], str]] = {
    "one line of prose": lambda n: ("The T9 pedicle was drilled away transpedicularly. " * n)[:n],
    "one line without a full stop": lambda n: ("the T9 pedicle was drilled and " * n)[:n],
    "one word": lambda n: "x" * n,
    "one level over and over": lambda n: "T9 " * (n // 3),
    "one list of levels": lambda n: "T9, " * (n // 4),
    "a chain of levels": lambda n: "T9-" * (n // 3),
    "dashes": lambda n: "-" * n,
    "digits": lambda n: "9" * n,
    "capitals": lambda n: "PROCEDURE " * (n // 10),
    "colons": lambda n: "Procedure: " * (n // 11),
    "opened parentheses": lambda n: "(" * n,
    "parentheses": lambda n: "disc (D) " * (n // 9),
    "blank lines": lambda n: "\n" * (n - 1) + "x",
    "spaces": lambda n: " " * (n - 1) + "x",
    "full stops": lambda n: "." * n,
    "the same": lambda n: ("The same was done one level below. " * n)[:n],
    "negations": lambda n: ("no tumor " * n)[:n],
    "pathologies in one sentence": lambda n: ("tumor at T9, " * n)[:n],
    "a whole note again and again": lambda n: (NOTE * (n // len(NOTE) + 1))[:n],
}


def seconds(text: str) -> float:
    """CPU time of one audit. As timeit does, without the collector: how long one collection
    takes depends on all the objects that other tests have left."""
    one = auditor()
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        one.audit(text)
        return time.process_time() - start
    finally:
        gc.enable()


@pytest.mark.parametrize("name", LONG)
def test_cost_grows_with_the_length_and_not_with_its_square(name: str) -> None:
    """Eight times the text takes about eight times the time; a square would take sixty-four."""

    def cost(size: int) -> float:
        return seconds(LONG[name](size))

    cost(500)  # the vocabulary is warm
    small = min(cost(4_000) for _ in range(3))
    # The least of three as well: one pause of the machine is no square.
    large = min(cost(32_000) for _ in range(3))
    assert large < 20 * max(small, 0.02), f"{small:.3f} s, then {large:.3f} s"


def test_a_sentence_without_an_end_costs_no_square_either() -> None:
    """Dictated without a full stop, the whole note is one sentence of one line."""

    def cost(size: int) -> float:
        return seconds(LONG["one line without a full stop"](size))

    cost(2_000)
    small = min(cost(20_000) for _ in range(3))
    large = min(cost(200_000) for _ in range(3))
    assert large < 20 * max(small, 0.02), f"{small:.3f} s, then {large:.3f} s"


def test_a_megabyte_on_one_line_finishes() -> None:
    text = LONG["one line of prose"](1_000_000)
    start = time.process_time()
    result = auditor().audit(text)
    assert time.process_time() - start < 60
    sound(text, result)


# -- rules of one's own --------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return Path(shutil.copytree(patterns_dir(), tmp_path / "mine"))


def _edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def test_a_users_own_rules_are_used_throughout(mine: Path) -> None:
    text = NOTE.replace("transpedicular", "peduncular").replace("Transpedicular", "Peduncular")
    assert auditor().audit(text).verdict != "supported"
    rule = {
        "literal": "peduncular",
        "category": "APPROACH",
        "metadata": {"value": "transpedicular", "reason": "how we say it here"},
    }
    _edit(mine / "targets" / "approach.json", lambda d: d["target_rules"].append(rule))
    result = load_auditor(mine).audit(text)
    assert result.verdict == "supported"
    # The auditor with the package's own rules has not changed.
    assert auditor().audit(text).verdict != "supported"


def test_a_users_own_checklist_is_used(mine: Path) -> None:
    def stricter(data: dict[str, Any]) -> None:
        (r5,) = [r for r in data["requirements"] if r["id"] == "R5"]
        r5["outcomes"][0].update(status="warn", message="say that nothing was fused")

    _edit(mine / "checklists" / "63057.json", stricter)
    result = NoteAuditor(mine).audit(NOTE)
    assert result.verdict == "needs_review"
    assert result.checklist[4].message == "say that nothing was fused"


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"missing|no target rule file"):
        load_auditor(tmp_path)


# -- the spaCy pipeline --------------------------------------------------------------------


def test_the_pipeline_for_spacy_users() -> None:
    doc = load_pipeline()(NOTE)
    assert doc.text == NOTE
    assert {s for level in doc._.levels for s in level.segments} == {
        "T9-T10", "T10", "T11-T12", "T12",
    }  # fmt: skip
    assert [b.kind for b in doc._.note_sections] == ["diagnosis", "heading", "narrative"]
    assert {m.label for m in doc._.mentions} >= {"APPROACH", "ACT", "PEDICLE", "PATHOLOGY"}
    assert all(not s.text.startswith(" ") for s in doc.sents)
    starts = {s.start_char for s in doc.sents}
    assert {NOTE.index("The T10 pedicle"), NOTE.index("By this")} <= starts


def test_operation_and_reading_are_open_to_users() -> None:
    assert [s.name for s in operation(NOTE).segments] == ["T9-T10", "T11-T12"]
    assert auditor().read(NOTE).text == NOTE
