"""What an addendum changed, and what of it stands in an addendum."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from made_notes import Element, Site, made_note
from typer.testing import CliRunner

from opnote_audit.annotate.reading import Block
from opnote_audit.api import NoteAuditor, load_auditor
from opnote_audit.checks.result import AuditResult, CheckResult, Evidence, SegmentResult, Status
from opnote_audit.cli import app
from opnote_audit.compare import Comparison, compare, keeps, without_addenda
from opnote_audit.compare.render import render_json, render_text
from opnote_audit.read import Note

TWO = (Site("T9"), Site("T10", style=1, side="right"))
NO_PATHOLOGY = frozenset(
    {Element("pathology", "T10", "diagnosis"), Element("pathology", "T10", "narrative")}
)
ADDED = "At T10 an epidural metastasis was found and was removed from the spinal cord."


@cache
def auditor() -> NoteAuditor:
    return load_auditor()


def held_together(before: str, after: str) -> Comparison:
    blocks = auditor().read(after).blocks
    return compare(
        auditor().audit(before, "before"),
        auditor().audit(after, "after"),
        original_kept=keeps(before, after, blocks),
        addenda=sum(block.kind == "addendum" for block in blocks),
    )


def changes(found: Comparison) -> dict[str, str]:
    return {check.id: check.change for check in found.checks}


# Literal audits


def check(
    status: Status, rule: str = "r", segments: tuple[str, ...] = (), section: str = "narrative"
) -> CheckResult:
    evidence = (Evidence(0, 4, "word", section),)
    return CheckResult("R1", status, f"{rule} it is", evidence, rule=rule, segments=segments)


def audit(*checks: CheckResult, segments: tuple[SegmentResult, ...] = ()) -> AuditResult:
    return AuditResult("op", None, "needs_review", 50.0, checklist=checks, segments=segments)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (check("fail"), check("pass"), "mended"),
        (check("warn"), check("pass"), "mended"),
        (check("fail"), check("na"), "mended"),
        (check("fail"), check("warn"), "better"),
        (check("pass"), check("fail"), "worse"),
        (check("na"), check("warn"), "worse"),
        (check("warn"), check("fail"), "worse"),
        (check("warn", "a"), check("warn", "b"), "changed"),
        (check("warn", segments=("T9",)), check("warn", segments=("T10",)), "changed"),
        (check("na"), check("pass"), "changed"),
        (check("warn"), check("warn"), "same"),
    ],
)
def test_each_requirement_is_held_against_itself(
    before: CheckResult, after: CheckResult, change: str
) -> None:
    found = compare(audit(before), audit(after), original_kept=True, addenda=0)
    assert changes(found) == {"R1": change}
    assert found.changed is (change != "same")


def test_a_check_that_only_one_audit_has_is_shown() -> None:
    found = compare(audit(), audit(check("fail")), original_kept=True, addenda=0)
    assert changes(found) == {"R1": "worse"}
    assert found.checks[0].before is None


def test_evidence_from_an_addendum_is_said_so() -> None:
    after = check("pass", section="addendum")
    found = compare(audit(check("fail")), audit(after), original_kept=True, addenda=1)
    assert found.checks[0].from_addendum == after.evidence
    text = render_text(found, Note("word\n", "op", "op.txt"))
    assert 'from the addendum: op.txt:1:1 "word"' in text


def site(name: str, *pathologies: str) -> SegmentResult:
    return SegmentResult(name, "thoracic", "additional", "transpedicular", pathologies, True, True)


def test_segments_added_removed_and_changed() -> None:
    before = audit(segments=(site("T9"), site("T10"), site("T11", "tumor")))
    after = audit(segments=(site("T10", "tumor"), site("T11", "tumor"), site("T12")))
    found = compare(before, after, original_kept=True, addenda=0)
    assert {s.segment: s.change for s in found.segments} == {
        "T9": "removed",
        "T10": "changed",
        "T11": "same",
        "T12": "added",
    }


# The text before and after

ADDENDUM_AT = len("Report. ")
WITH_ADDENDUM = "Report. ADDENDUM: More."
BLOCKS = [
    Block("narrative", 0, 0, ADDENDUM_AT, ""),
    Block("addendum", ADDENDUM_AT, ADDENDUM_AT + 9, len(WITH_ADDENDUM), "ADDENDUM"),
]


def test_a_note_without_its_addenda() -> None:
    assert without_addenda(WITH_ADDENDUM, BLOCKS) == "Report. "
    assert without_addenda("Report.", BLOCKS[:1]) == "Report."
    assert without_addenda(made_note(TWO), auditor().read(made_note(TWO)).blocks) == made_note(TWO)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("Report.", "Report.", True),
        ("Report. ", "Report.\nMore at its end.", True),
        ("Re\tport.", "Re port. ADDENDUM: More.", True),
        ("Report.", "A report.", False),
        ("Report of T9.", "Report of T10. ADDENDUM: More.", False),
        ("One. Two.", "One. Slipped in. Two.", False),
    ],
)
def test_whether_the_earlier_text_stands(before: str, after: str, kept: bool) -> None:
    assert keeps(before, after, auditor().read(after).blocks) is kept


def test_an_addendum_put_before_the_signature_leaves_the_report_as_it_was() -> None:
    before = "PROCEDURE: Work.\nDESCRIPTION:\nDone.\nSIGNED: A. Surgeon\n"
    after = before.replace("SIGNED", "ADDENDUM:\nMore was done.\nSIGNED")
    assert keeps(before, after, auditor().read(after).blocks)


# Real notes


def test_an_addendum_that_mends_a_note() -> None:
    before = made_note(TWO, NO_PATHOLOGY)
    found = held_together(before, made_note(TWO, NO_PATHOLOGY, addendum=ADDED))
    assert changes(found)["R3"] == "mended"
    assert (found.before.units_supported, found.after.units_supported) == (0, 1)
    assert (found.addenda, found.original_kept) == (1, True)
    mended = next(c for c in found.checks if c.id == "R3")
    assert mended.from_addendum
    assert all(e.section == "addendum" for e in mended.from_addendum)


def test_mending_the_report_itself_is_no_addendum() -> None:
    found = held_together(made_note(TWO, NO_PATHOLOGY), made_note(TWO))
    assert changes(found)["R3"] == "mended"
    assert (found.addenda, found.original_kept) == (0, False)
    assert not any(c.from_addendum for c in found.checks)
    text = render_text(found, Note(made_note(TWO), "op"))
    assert "The earlier text was altered" in text


def test_nothing_changed() -> None:
    found = held_together(made_note(TWO), made_note(TWO))
    assert not found.changed
    assert "Nothing that the audit says has changed." in render_text(
        found, Note(made_note(TWO), "op")
    )


def test_json() -> None:
    after = made_note(TWO, NO_PATHOLOGY, addendum=ADDED)
    data = json.loads(render_json(held_together(made_note(TWO, NO_PATHOLOGY), after)))
    assert data["before"]["units"] == {"supported": 0, "possible": 0}
    assert data["after"]["units"] == {"supported": 1, "possible": 1}
    mended = next(c for c in data["checks"] if c["id"] == "R3")
    assert (mended["before"]["rule"], mended["after"]["rule"]) == ("missing", "treated")
    for item in mended["from_addendum"]:
        assert after[item["start"] : item["end"]] == item["text"]


# The command


def run(*args: str, stdin: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["compare", *args], input=stdin)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    before, after = tmp_path / "before.txt", tmp_path / "after.txt"
    before.write_text(made_note(TWO, NO_PATHOLOGY), encoding="utf-8")
    after.write_text(made_note(TWO, NO_PATHOLOGY, addendum=ADDED), encoding="utf-8")
    return str(before), str(after)


def test_the_exit_code_is_that_of_the_later_note(files: tuple[str, str]) -> None:
    before, after = files
    code, out, _ = run(before, after)
    assert code == 0
    assert "R3 mended" in out
    assert "from the addendum" in out
    code, out, _ = run(after, before)
    assert code == 1
    assert "R3 worse" in out


def test_a_note_is_held_against_itself_without_its_addendum(files: tuple[str, str]) -> None:
    _, after = files
    code, out, _ = run(after, "--format", "json")
    assert code == 0
    data = json.loads(out)
    assert {c["id"]: c["change"] for c in data["checks"]}["R3"] == "mended"
    assert data["original_kept"] is True


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nowhere.txt", "-"], "nowhere.txt: no such file"),
        (["-", "-"], "standard input (-) can be read only once"),
        (["-", "--format", "html"], "is not one of text, json"),
    ],
)
def test_wrong_use_is_said_in_words(args: list[str], message: str) -> None:
    code, out, err = run(*args, stdin="Report.")
    assert (code, out) == (2, "")
    assert message in err


def test_one_note_without_an_addendum_cannot_be_compared(files: tuple[str, str]) -> None:
    code, out, err = run(files[0])
    assert (code, out) == (2, "")
    assert "headed as an addendum" in err
