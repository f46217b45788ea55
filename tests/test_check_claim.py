"""``check --claim`` from the command line: the real pipeline, exit codes, messages, formats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from x12_samples import clm, hi, interchange, line

import opnote_audit
from opnote_audit.api import load_auditor
from opnote_audit.checks.result import error_result
from opnote_audit.claims import claims_from_text
from opnote_audit.claims.join import join_claims
from opnote_audit.commands import check as command
from opnote_audit.errors import InputError

SOURCE = str(Path(opnote_audit.__file__).parents[1])
MARKER = "XYZZYMARKER"
NOTE = f"""PATIENT: {MARKER}
PREOPERATIVE DIAGNOSIS: Thoracic disc herniations T8-T9 and T10-T11 with myelopathy.
PROCEDURE: Transpedicular decompression T8-T9 and T10-T11.
DESCRIPTION OF PROCEDURE: The left T9 pedicle was drilled away, and by this transpedicular
approach the T8-T9 disc herniation was removed and the cord decompressed. Attention was then
turned to T10-T11. By a transpedicular approach the T11 pedicle was drilled away, the T10-T11
disc herniation was removed and the cord was decompressed.
"""
HEADER = "claim_id,note_id,line,code,units,modifiers,diagnoses\n"
CLEAN = HEADER + "17,op,1,63055,1,,M51.04\n17,op,2,63057,1,,M51.04\n"
OVER = HEADER + "17,op,1,63055,1,,M51.04\n17,op,2,63057,3,51,M48.06\n"


@pytest.fixture(scope="module")
def auditor():  # type: ignore[no-untyped-def]
    return load_auditor()


@pytest.fixture
def cli(auditor, monkeypatch, capsys, tmp_path):  # type: ignore[no-untyped-def]
    """Run the program in an empty folder, in this process, with one loaded pipeline."""
    from opnote_audit.cli import main

    monkeypatch.setattr(command, "_load_auditor", lambda patterns, models: auditor)
    monkeypatch.chdir(tmp_path)
    Path("op.txt").write_text(NOTE)

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["opnote-audit", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return run


def write(text: str, name: str = "claim.dat") -> str:
    Path(name).write_text(text)
    return name


def x12(*lines: tuple[str, str, str], note_id: str = "op") -> str:
    body = [*clm("PCN7", f"REF*EA*{note_id}"), hi("M5104", "M4804")]
    for number, (code, units, pointers) in enumerate(lines, 1):
        body += line(number, code, units, pointers)
    return interchange(body)


AS_X12 = x12(("63055", "1", "1"), ("63057", "1", "2"))


# Exit codes and formats


def test_a_clean_claim(cli) -> None:  # type: ignore[no-untyped-def]
    code, out, err = cli("check", "op.txt", "--claim", write(CLEAN))
    assert (code, err) == (0, "")
    assert "63057 x 1 supported, 1 billed" in out
    assert "✓ C2 pass  1 billed, 1 supported by the note (T10-T11)" in out


def test_a_claim_with_findings(cli) -> None:  # type: ignore[no-untyped-def]
    code, out, err = cli("check", "op.txt", "--claim", write(OVER))
    assert (code, err) == (1, "")
    assert out.startswith("✗ DEFICIENT")
    assert "C2 fail  overbilled by 2" in out
    assert "C3 fail" in out
    assert "M48.061, M48.062" in " ".join(out.split())
    assert "$575.16" in out


def test_the_three_forms_say_the_same(cli) -> None:  # type: ignore[no-untyped-def]
    as_json = {
        "claim_id": "17",
        "note_id": "op",
        "lines": [
            {"code": "63055", "units": 1, "modifiers": [], "diagnoses": ["M51.04"]},
            {"code": "63057", "units": 1, "modifiers": [], "diagnoses": ["M48.04"]},
        ],
    }
    rows = HEADER + "17,op,1,63055,1,,M51.04\n17,op,2,63057,1,,M48.04\n"
    seen = []
    for text in (json.dumps(as_json), rows, AS_X12):
        code, out, _ = cli("check", "op.txt", "--claim", write(text), "--format", "json")
        result = json.loads(out)
        seen.append((code, result["verdict"], [c["status"] for c in result["checklist"]]))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][:2] == (0, "supported")


def test_json_keeps_to_the_contract(cli) -> None:  # type: ignore[no-untyped-def]
    schema = Path(SOURCE).parents[1] / "shared" / "contract" / "audit-result.schema.json"
    _, out, _ = cli("check", "op.txt", "--claim", write(OVER), "--format", "json")
    result = json.loads(out)
    if schema.is_file():
        jsonschema.validate(result, json.loads(schema.read_text()))
    assert result["units"] == {"supported": 1, "possible": 1, "billed": 3}
    assert [c["id"] for c in result["checklist"]][5:] == [f"C{n}" for n in range(1, 9)]
    for check in result["checklist"]:
        for item in check["evidence"]:
            assert NOTE[item["start"] : item["end"]] == item["text"]
    assert result["diagnoses"][1]["candidates"][0]["code"] == "M51.04"


def test_markdown_shows_the_checks(cli) -> None:  # type: ignore[no-untyped-def]
    _, out, _ = cli("check", "op.txt", "--claim", write(OVER), "--format", "markdown")
    assert "C3 fail No modifier 51 on 63057" in out


def test_without_a_claim_nothing_of_it_shows(cli) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = cli("check", "op.txt", "--format", "json")
    result = json.loads(out)
    assert code == 0
    assert result["units"]["billed"] is None
    assert len(result["checklist"]) == 5
    assert "claim" not in result


def test_costs_of_another_year_or_place(cli) -> None:  # type: ignore[no-untyped-def]
    write(OVER)
    _, out, _ = cli("check", "op.txt", "--claim", "claim.dat", "--conversion-factor", "40")
    assert "$688.80" in out
    _, out, _ = cli("check", "op.txt", "--claim", "claim.dat", "--gpci", "1.05,1.2,0.9")
    assert "$603.62 local" in " ".join(out.split())


# Which claim


def test_the_notes_claim_among_several(cli) -> None:  # type: ignore[no-untyped-def]
    other = OVER.replace("17,op", "18,other").removeprefix(HEADER)
    code, _, err = cli("check", "op.txt", "--claim", write(CLEAN + other), "-q")
    assert (code, err) == (0, "")


def test_a_ref_holds_the_note_id(cli) -> None:  # type: ignore[no-untyped-def]
    two = AS_X12 + x12(("63057", "9", "1"), note_id="other")
    code, out, err = cli("check", "op.txt", "--claim", write(two), "--note-key", "REF:EA", "-q")
    assert (code, out, err) == (0, "op.txt: supported, score 100, 1 unit\n", "")
    code, _, err = cli("check", "op.txt", "--claim", write(two), "-q")
    assert code == 2
    assert "--note-key" in err


def test_the_only_claim_is_taken_and_another_name_is_said(cli) -> None:  # type: ignore[no-untyped-def]
    code, _, err = cli("check", "op.txt", "--claim", write(CLEAN.replace(",op,", ",op-9,")))
    assert code == 0
    assert err.count("\n") == 1
    assert "names another note (op-9)" in err
    # On X12, CLM01 is the claim's own id: no surprise.
    assert cli("check", "op.txt", "--claim", write(AS_X12))[2] == ""


def test_several_notes_with_their_claims(cli) -> None:  # type: ignore[no-untyped-def]
    Path("op2.txt").write_text(NOTE)
    Path("op3.txt").write_text(NOTE)
    both = CLEAN + OVER.replace("17,op", "18,op2").removeprefix(HEADER)
    code, out, err = cli("check", "op.txt", "op2.txt", "op3.txt", "--claim", write(both), "-q")
    assert code == 2
    assert out.splitlines() == [
        "op.txt: supported, score 100, 1 unit",
        "op2.txt: deficient, score 100, 1 unit",
    ]
    assert err == (
        "opnote-audit: op3.txt: claim.dat: none of its 2 claims bills for the note op3; give the "
        "note that id as its file name, or for X12 say with --note-key what holds it\n"
    )


# Malformed claims


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("hello", "line 1: no form of a claim"),
        ('{"claim_id": 1', "line 1, column"),
        (CLEAN.replace(",1,,M51.04\n17", ",one,,M51.04\n17"), "line 2: the units must be a number"),
        (AS_X12[:-40], "cut off"),
        (AS_X12.replace("HC:63057", "HC:6305X7"), "segment 23 (SV1)"),
        (AS_X12.replace("***2~", "***9~"), "points to diagnosis '9'"),
        (CLEAN + "18,op,1,63055,1,,\n", "2 claims bill for the note op"),
    ],
)
def test_a_malformed_claim_is_2_and_one_line(cli, text: str, says: str) -> None:  # type: ignore[no-untyped-def]
    code, out, err = cli("check", "op.txt", "--claim", write(text))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert says in err
    assert "claim.dat: " in err
    assert MARKER not in err
    assert "PAT" not in err
    assert "Traceback" not in err


def test_a_miscounted_file_is_read_with_a_warning(cli) -> None:  # type: ignore[no-untyped-def]
    code, _, err = cli("check", "op.txt", "--claim", write(AS_X12.replace("GE*1*", "GE*2*")), "-q")
    assert code == 0
    assert "claim.dat: segment" in err
    assert "count of transactions" in err


@pytest.mark.parametrize(
    "args",
    [
        ("--gpci", "1,1,1"),
        ("--conversion-factor", "33"),
        ("--claim", "claim.dat", "--note-key", "CLM02"),
    ],
    ids=" ".join,
)
def test_wrong_use(cli, args: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    write(CLEAN)
    code, _, err = cli("check", "op.txt", *args)
    assert code == 2
    assert "Usage: opnote-audit check" in err


@pytest.mark.parametrize("args", [("--gpci", "1,1"), ("--conversion-factor", "x")])
def test_wrong_figures(cli, args: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    code, out, err = cli("check", "op.txt", "--claim", write(CLEAN), *args)
    assert (code, out) == (2, "")
    assert err.startswith("opnote-audit: ")


def test_a_claim_that_is_not_there(cli) -> None:  # type: ignore[no-untyped-def]
    code, _, err = cli("check", "op.txt", "--claim", "gone.json")
    assert (code, err) == (
        2,
        "opnote-audit: gone.json: no such claim file; check the name and the folder\n",
    )


def test_one_standard_input(cli) -> None:  # type: ignore[no-untyped-def]
    code, _, err = cli("check", "-", "--claim", "-")
    assert code == 2
    assert "only once" in err


# For a batch: joined, and what has no partner is told


def test_a_join_leaves_notes_without_a_claim_alone(auditor) -> None:  # type: ignore[no-untyped-def]
    book = claims_from_text(CLEAN + "18,gone,1,63055,1,,\n19,bad,1,63055,x,,\n")
    join = join_claims(book)
    result = auditor.audit(NOTE, "free")
    assert join.apply(result, NOTE) is result
    assert join.apply(result, NOTE, required=True).verdict == "error"
    broken = join.apply(auditor.audit(NOTE, "bad"), NOTE)
    assert broken.verdict == "error"
    assert "line 5" in str(broken.error)
    assert join.apply(error_result("op", None, "x"), NOTE).error == "x"
    assert join.apply(auditor.audit(NOTE, "op"), NOTE).units_billed == 1
    notes = ["op", "free", "bad"]
    assert list(join.notes_without_claim(notes)) == ["free"]
    assert [c.claim_id for c in join.claims_without_note(notes)] == ["18"]


def test_a_join_refuses_wrong_figures() -> None:
    with pytest.raises(InputError, match="GPCI"):
        join_claims(claims_from_text(CLEAN), gpci="1")


# Start-up


def imports(*args: str, folder: Path) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "opnote_audit", *args],
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        cwd=folder,
        check=False,
    )
    return {row.rsplit("|", 1)[-1].strip() for row in process.stderr.decode().splitlines()}


def test_without_a_claim_nothing_of_claims_is_imported(tmp_path: Path) -> None:
    (tmp_path / "op.txt").write_text(NOTE)
    loaded = imports("check", "op.txt", "-q", folder=tmp_path)
    assert "spacy" in loaded
    assert not {name for name in loaded if name.startswith(("opnote_audit.claims", "pyx12"))}
    assert not loaded & {"opnote_audit.diagnoses", "simple_icd_10_cm"}


def test_a_wrong_claim_file_costs_no_pipeline(tmp_path: Path) -> None:
    (tmp_path / "op.txt").write_text(NOTE)
    (tmp_path / "claim").write_text("{")
    loaded = imports("check", "op.txt", "--claim", "claim", folder=tmp_path)
    assert not loaded & {"spacy", "pyx12", "simple_icd_10_cm"}
