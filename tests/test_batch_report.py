"""``opnote-audit report``: the reports of a batch made again, with the notes' words or without."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_samples import SUPPORTED, make_docx, write_notes

from opnote_audit.batch.progress import Silent
from opnote_audit.batch.run import BatchOptions, run_batch

MARKER = "XYZZYMARKER"

Cli = Callable[..., tuple[int, str, str]]


def batch(source: Path, out: Path, **options: Any) -> Path:
    run_batch(BatchOptions(sources=(str(source),), out=out, **options), lambda total: Silent())
    return out / "results.jsonl"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    from opnote_audit.cli import main

    before = os.umask(0o077)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["opnote-audit", "report", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return int(stopped.value.code or 0), captured.out, captured.err

    yield run
    os.umask(before)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    write_notes(tmp_path / "notes", 4, MARKER)
    (tmp_path / "notes" / "word.docx").write_bytes(make_docx(*SUPPORTED.splitlines()))
    return tmp_path / "notes"


@pytest.fixture
def redacted(notes: Path, tmp_path: Path) -> Path:
    return batch(notes, tmp_path / "out", redact=True, html=False, xlsx=False)


def page(folder: Path, note: str) -> str:
    """The words of a note's page."""
    html = (folder / "notes" / f"{note}.html").read_text(encoding="utf-8")
    return re.sub(r"<[^>]*>", "", html)


# The four formats


def test_html_is_what_the_batch_would_have_made(cli: Cli, notes: Path, tmp_path: Path) -> None:
    results = batch(notes, tmp_path / "out")
    code, shown, _ = cli(results, "--notes", notes, "--out", tmp_path / "again")
    assert code == 0
    assert shown.startswith("5 results written to ")
    for path in (tmp_path / "out" / "notes").iterdir():
        assert (tmp_path / "again" / "notes" / path.name).read_bytes() == path.read_bytes()
    dashboard = (tmp_path / "again" / "report.html").read_text(encoding="utf-8")
    assert "notes/op-0003.html" in dashboard


def test_words_are_brought_back_into_a_redacted_batch(
    cli: Cli, redacted: Path, notes: Path
) -> None:
    assert cli(redacted, "--notes", notes)[0] == 0
    for note in ("op-0001", "op-0003", "word"):
        assert "transpedicular corridor" in page(redacted.parent, note)
    assert MARKER in page(redacted.parent, "op-0001")


def test_without_the_notes_a_redacted_batch_stays_redacted(cli: Cli, redacted: Path) -> None:
    assert cli(redacted)[0] == 0
    assert MARKER not in page(redacted.parent, "op-0001")
    assert "drilled" not in page(redacted.parent, "op-0001")


def test_xlsx_is_the_worklist(cli: Cli, notes: Path, tmp_path: Path) -> None:
    results = batch(notes, tmp_path / "out")
    assert cli(results, "--format", "xlsx", "--out", tmp_path / "again")[0] == 0
    again = (tmp_path / "again" / "worklist.xlsx").read_bytes()
    assert again == (tmp_path / "out" / "worklist.xlsx").read_bytes()


def test_csv_is_the_frames(cli: Cli, notes: Path, tmp_path: Path) -> None:
    results = batch(notes, tmp_path / "out")
    assert cli(results, "--format", "csv", "--out", tmp_path / "again")[0] == 0
    names = ("notes.csv", "segments.csv", "findings.csv")
    assert {path.name for path in (tmp_path / "again").iterdir()} == set(names)
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_markdown_goes_to_standard_output(cli: Cli, redacted: Path, notes: Path) -> None:
    code, bare, _ = cli(redacted, "--format", "markdown")
    assert code == 0
    assert "T9-T10" in bare
    assert "corridor" not in bare
    code, full, _ = cli(redacted, "--format", "markdown", "--notes", notes)
    assert code == 0
    assert len(full) >= len(bare)


# Whose words


def test_a_note_that_has_changed_is_not_shown_as_the_one_audited(
    cli: Cli, redacted: Path, notes: Path
) -> None:
    changed = next(notes.rglob("op-0001.txt"))
    changed.write_text("Another note altogether, " + SUPPORTED)
    next(notes.rglob("op-0003.txt")).unlink()
    code, _, said = cli(redacted, "--notes", notes)
    assert code == 0
    assert f"2 notes are not in {notes} or have changed" in said
    assert "Another note" not in page(redacted.parent, "op-0001")
    assert "corridor" in page(redacted.parent, "word")


def test_notes_are_found_where_they_have_been_moved_to(
    cli: Cli, redacted: Path, notes: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "archive" / "2026"
    moved.parent.mkdir()
    notes.rename(moved)
    assert cli(redacted, "--notes", moved)[2] == ""
    assert MARKER in page(redacted.parent, "op-0001")


def test_a_source_cannot_lead_out_of_the_folder(
    cli: Cli, redacted: Path, notes: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text(f"{MARKER} elsewhere")
    lines = []
    for line in redacted.read_text().splitlines():
        data = json.loads(line) | {"source": "../secret.txt", "text_sha256": None}
        lines.append(json.dumps(data) + "\n")
    redacted.write_text("".join(lines))
    _, _, said = cli(redacted, "--notes", notes)
    assert "5 notes are not in" in said
    assert "elsewhere" not in page(redacted.parent, "op-0001")


def test_the_rows_of_a_table_are_found_by_their_number(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "notes.csv"
    with source.open("w", newline="") as file:
        csv.writer(file).writerows(
            [("case", "note"), *((f"op-{n}", f"CASE {n} {MARKER}\n{SUPPORTED}") for n in range(4))]
        )
    from opnote_audit.read.tables import TableOptions

    columns = TableOptions("case", "note")
    results = batch(source, tmp_path / "out", redact=True, html=False, table=columns)
    options = ("--notes", source, "--id-column", "case", "--text-column", "note")
    code, _, said = cli(results, *options)
    assert (code, said) == (0, "")
    for number in range(4):
        assert f"CASE {number} {MARKER}" in page(tmp_path / "out", f"op-{number}")


# Manners


def test_results_of_check_will_do(cli: Cli, notes: Path, tmp_path: Path, auditor_line: str) -> None:
    results = tmp_path / "check.jsonl"
    results.write_text(auditor_line)
    assert cli(results, "--out", tmp_path / "again")[0] == 0
    assert "T9-T10" in page(tmp_path / "again", "op-1")


@pytest.fixture
def auditor_line() -> str:
    from opnote_audit import audit
    from opnote_audit.report import render_jsonl

    return render_jsonl(audit(SUPPORTED, "op-1", "op-1.txt")) + "\n"


@pytest.mark.parametrize("form", ["html", "xlsx", "csv"])
def test_reports_that_are_there_are_not_replaced_unasked(
    cli: Cli, notes: Path, tmp_path: Path, form: str
) -> None:
    results = batch(notes, tmp_path / "out")
    code, _, said = cli(results, "--format", form)
    assert code == 2
    assert "--overwrite" in said
    assert cli(results, "--format", form, "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        ("no json\n", ":1: is no result of an audit"),
        ('{"verdict": "supported", "schema_version": "1.0"}\n', ":1: is no result of an audit"),
        ('{"verdict": "supported", "schema_version": "9.9"}\n', "schema version '9.9'"),
    ],
)
@pytest.mark.parametrize("form", ["html", "xlsx", "csv", "markdown"])
def test_what_is_no_results_file_is_said_and_nothing_is_written(
    cli: Cli, tmp_path: Path, content: str | None, words: str, form: str
) -> None:
    results = tmp_path / "in" / "results.jsonl"
    results.parent.mkdir()
    if content is not None:
        results.write_text(content)
    code, shown, said = cli(results, "--format", form, "--out", tmp_path / "again")
    assert (code, shown) == (2, "")
    assert words in said
    assert "Traceback" not in said
    assert not [path for path in (tmp_path / "again").rglob("*") if path.is_file()]
