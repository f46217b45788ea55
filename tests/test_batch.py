"""A batch from end to end: its outputs, its manners with bad notes, and what it never does."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from batch_samples import SUPPORTED, UNRELATED, make_docx, make_pdf, write_notes

from opnote_audit.api import NoteAuditor
from opnote_audit.batch import frames
from opnote_audit.batch.contract import read_rows
from opnote_audit.batch.progress import Lines, Silent, duration_text
from opnote_audit.batch.run import BatchOptions, Summary, run_batch
from opnote_audit.checks.result import AuditResult
from opnote_audit.errors import InputError, OpnoteError
from opnote_audit.read.tables import TableOptions

MARKER = "XYZZYMARKER"
FILES = {
    "results.jsonl", "notes.csv", "segments.csv", "findings.csv", "worklist.xlsx", "report.html"
}  # fmt: skip

Batch = Callable[..., Summary]


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """Run a batch in this process into ``out``."""

    def run(*sources: Path, **options: Any) -> Summary:
        options.setdefault("out", tmp_path / "out")
        chosen = BatchOptions(sources=tuple(map(str, sources)), **options)
        return run_batch(chosen, lambda total: Silent())

    return run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    write_notes(tmp_path / "notes", 6, MARKER)
    return tmp_path / "notes"


def results(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, and in the archives among them, by path."""
    found: dict[str, bytes] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        found[str(path.relative_to(folder))] = data
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(path) as archive:
                found |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
    return found


def table(path: Path, *cells: tuple[str, ...], header: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *cells])
    return path


# What a batch leaves


def test_a_folder_gives_every_output_and_nothing_else(batch: Batch, notes: Path, out: Path) -> None:
    summary = batch(notes)
    assert {path.name for path in out.iterdir()} == FILES | {"notes"}
    assert summary.total == summary.counts.total() == 6
    assert summary.counts == {"supported": 3, "not_applicable": 3}


def test_results_come_in_input_order_with_their_pages(batch: Batch, notes: Path, out: Path) -> None:
    batch(notes)
    found = results(out)
    paths = sorted(notes.rglob("*.txt"))
    assert [one["source"] for one in found] == [str(path) for path in paths]
    assert [one["note_id"] for one in found] == [path.stem for path in paths]
    for one in found:
        assert one["page"] == f"notes/{one['note_id']}.html"
        assert one["note_id"] in (out / one["page"]).read_text(encoding="utf-8")


def test_a_line_is_the_contract_object_of_check_and_more(
    batch: Batch, notes: Path, out: Path, auditor: NoteAuditor
) -> None:
    batch(notes)
    for one in results(out):
        text = Path(one["source"]).read_text(encoding="utf-8")
        alone = auditor.audit(text, one["note_id"], one["source"], "utf-8").to_dict()
        assert {key: one[key] for key in alone} == alone
        assert set(one) - set(alone) == {"columns", "page", "text_sha256", "fingerprint"}


@pytest.fixture(scope="module")
def auditor() -> NoteAuditor:
    return NoteAuditor()


def test_rows_read_back_are_what_was_found(
    batch: Batch, notes: Path, out: Path, auditor: NoteAuditor
) -> None:
    batch(notes)
    for number, row in enumerate(read_rows(out / "results.jsonl"), 1):
        text = Path(str(row.result.source)).read_text(encoding="utf-8")
        alone = auditor.audit(text, row.result.note_id, row.result.source, "utf-8")
        assert (row.number, row.result) == (number, alone)


def test_any_number_of_jobs_gives_the_same_bytes(batch: Batch, tmp_path: Path) -> None:
    write_notes(tmp_path / "notes", 70)
    (tmp_path / "notes" / "empty.txt").touch()
    found = []
    for jobs in (1, 2, 3):
        out = tmp_path / f"out{jobs}"
        batch(tmp_path / "notes", out=out, jobs=jobs)
        found.append(contents(out))
    assert len(found[0]) > 77
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("options", "missing"),
    [({"html": False}, {"report.html", "notes"}), ({"xlsx": False}, {"worklist.xlsx"})],
)
def test_outputs_that_are_not_wanted(
    batch: Batch, notes: Path, out: Path, options: dict[str, bool], missing: set[str]
) -> None:
    batch(notes, **options)
    assert {path.name for path in out.iterdir()} == (FILES | {"notes"}) - missing
    assert all((one["page"] is None) == (not options.get("html", True)) for one in results(out))


def test_documents_of_every_kind_are_audited(batch: Batch, tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    lines = SUPPORTED.splitlines()
    (folder / "a.txt").write_text(SUPPORTED)
    (folder / "b.md").write_text(SUPPORTED)
    (folder / "c.docx").write_bytes(make_docx(*lines))
    (folder / "d.pdf").write_bytes(make_pdf([lines]))
    (folder / "e.rtf").write_text("{\\rtf1 " + "\\par ".join(lines) + "}")
    assert batch(folder).counts == {"supported": 5}
    assert len({json.dumps(one["segments"]) for one in results(out)}) == 1


# Tables


HEADER = ("note_id", "text", "surgeon", "facility")


def test_columns_are_carried_through_to_every_output(
    batch: Batch, tmp_path: Path, out: Path
) -> None:
    source = table(
        tmp_path / "a.csv",
        ("op-1", SUPPORTED, "Dr. Quillfeather", "North"),
        ("op-2", UNRELATED, "Dr. Ny", "South"),
        header=HEADER,
    )
    batch(source)
    assert [one["columns"]["surgeon"] for one in results(out)] == ["Dr. Quillfeather", "Dr. Ny"]
    for name in ("notes.csv", "segments.csv", "findings.csv"):
        assert {"surgeon", "facility"} <= set((out / name).read_text().splitlines()[0].split(","))
    assert {row["surgeon"] for row in rows(out / "segments.csv")} == {"Dr. Quillfeather"}
    found = contents(out)
    assert b"Quillfeather" in found["report.html"]
    assert any(b"Quillfeather" in data for name, data in found.items() if ".xlsx/" in name)
    for one in results(out):
        page = found[one["page"]].decode()
        assert f"<dt>surgeon</dt><dd>{one['columns']['surgeon']}</dd>" in page
        assert f"<dt>facility</dt><dd>{one['columns']['facility']}</dd>" in page


def test_a_note_that_cannot_be_audited_keeps_its_columns_on_its_page(
    batch: Batch, tmp_path: Path, out: Path
) -> None:
    batch(table(tmp_path / "a.csv", ("op-1", "", "Dr. Ny", ""), header=HEADER))
    (one,) = results(out)
    assert one["verdict"] == "error"
    page = contents(out)[one["page"]].decode()
    assert "<dt>surgeon</dt><dd>Dr. Ny</dd>" in page
    assert "<dt>facility</dt>" not in page


def test_duplicate_ids_keep_a_result_and_a_page_each(
    batch: Batch, tmp_path: Path, out: Path
) -> None:
    source = table(
        tmp_path / "a.csv", ("op", SUPPORTED), ("op", UNRELATED), ("op", ""), header=HEADER[:2]
    )
    batch(source)
    assert [one["verdict"] for one in results(out)] == ["supported", "not_applicable", "error"]
    pages = [one["page"] for one in results(out)]
    assert pages == ["notes/op.html", "notes/op~2.html", "notes/op~3.html"]
    assert len({(out / page).read_bytes() for page in pages}) == 3


def test_tables_with_different_columns_make_one_set(
    batch: Batch, tmp_path: Path, out: Path
) -> None:
    first = table(tmp_path / "a.csv", ("1", UNRELATED, "Ny"), header=("note_id", "text", "surgeon"))
    second = table(tmp_path / "b.csv", ("2", UNRELATED, "5"), header=("note_id", "text", "room"))
    batch(first, second)
    assert [one["columns"] for one in results(out)] == [
        {"surgeon": "Ny", "room": ""},
        {"surgeon": "", "room": "5"},
    ]


def test_a_carried_column_never_replaces_one_of_ours(
    batch: Batch, tmp_path: Path, out: Path
) -> None:
    source = table(
        tmp_path / "a.csv", ("1", SUPPORTED, "mine"), header=("note_id", "text", "verdict")
    )
    batch(source)
    (row,) = rows(out / "notes.csv")
    assert (row["verdict"], row["input_verdict"]) == ("supported", "mine")


# Frames


def test_frames_have_the_documented_columns(batch: Batch, notes: Path, out: Path) -> None:
    batch(notes)
    for name, columns in (
        ("notes.csv", frames.NOTE_COLUMNS),
        ("segments.csv", frames.SEGMENT_COLUMNS),
        ("findings.csv", frames.FINDING_COLUMNS),
    ):
        assert list(pd.read_csv(out / name).columns) == list(columns)


def test_frames_join_on_the_number(batch: Batch, notes: Path, out: Path) -> None:
    batch(notes)
    joined = pd.read_csv(out / "segments.csv").merge(pd.read_csv(out / "notes.csv"), on="number")
    assert len(joined) == 6
    assert set(joined["segment"]) == {"T8-T9", "T9-T10"}
    assert set(joined["verdict"]) == {"supported"}


def test_frames_written_in_chunks_are_frames_written_at_once(
    batch: Batch, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes / "a.txt").touch()  # a chunk of its own with neither score nor segment
    written = []
    for size in (1, 2, 1000):
        monkeypatch.setattr(frames, "_CHUNK", size)
        out = tmp_path / f"out{size}"
        batch(notes, out=out)
        written.append({name: data for name, data in contents(out).items() if name[-4:] == ".csv"})
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize("cell", ["=cmd|'/c calc'!A1", "+1+1", "-2-3", "@SUM(A1)", "\t=1", "＝1"])
def test_a_formula_is_text_in_every_table(
    batch: Batch, tmp_path: Path, out: Path, cell: str
) -> None:
    source = table(tmp_path / "a.csv", (cell, SUPPORTED, cell), header=HEADER[:3])
    batch(source)
    for name in ("notes.csv", "segments.csv"):
        for row in rows(out / name):
            assert row["surgeon"] == f"'{cell}"
            assert row["note_id"] == f"'{cell.strip()}"
    assert results(out)[0]["columns"]["surgeon"] == cell


@pytest.mark.parametrize("cell", ["-5", "+1.5", "-1e3"])
def test_a_number_stays_a_number(cell: str) -> None:
    assert frames.plain_cell(cell) == cell


# Bad notes


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A good note among bad ones."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "a-empty.txt").touch()
    (folder / "b-binary.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "c-scan.pdf").write_bytes(make_pdf([[]], pictures=[0]))
    (folder / "d-broken.docx").write_bytes(b"PK\x03\x04 no archive")
    (folder / "e-large.txt").write_text("T9 " * 4000)
    (folder / "f-good.txt").write_text(SUPPORTED)
    (folder / "g-gone.txt").symlink_to(folder / "nowhere.txt")
    return folder


def test_a_bad_note_is_a_row_and_stops_nothing(batch: Batch, bad: Path, out: Path) -> None:
    summary = batch(bad, max_bytes=9_000)
    reasons = {one["note_id"]: one["error"] for one in results(out)}
    assert list(reasons) == sorted(path.stem for path in bad.iterdir())
    assert reasons.pop("f-good") is None
    for note, words in {
        "a-empty": "empty", "b-binary": "binary", "c-scan": "scan without a text layer",
        "d-broken": "Office", "e-large": "larger than the limit of 9 kB", "g-gone": "no such file",
    }.items():  # fmt: skip
        assert words in reasons.pop(note)
    assert not reasons
    assert summary.counts == {"supported": 1, "error": 6}
    assert [row["verdict"] for row in rows(out / "notes.csv")].count("error") == 6
    assert len(list((out / "notes").iterdir())) == 7


def test_a_defect_of_ours_is_a_row_without_the_notes_words(
    batch: Batch, notes: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = NoteAuditor.audit

    def fail(self: NoteAuditor, text: str, *rest: Any) -> AuditResult:
        if "CASE NUMBER: 3 " in text:
            raise RecursionError(text)
        return audit(self, text, *rest)

    monkeypatch.setattr(NoteAuditor, "audit", fail)
    batch(notes)
    by_id = {one["note_id"]: one for one in results(out)}
    assert Counter(one["verdict"] for one in by_id.values())["error"] == 1
    assert "RecursionError" in by_id["op-0003"]["error"]
    assert MARKER not in by_id["op-0003"]["error"]


def test_a_page_that_fails_loses_no_result(
    batch: Batch, notes: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> str:
        raise ValueError(MARKER)

    monkeypatch.setattr("opnote_audit.report.html.render_note_html", fail)
    assert batch(notes).counts == {"supported": 3, "not_applicable": 3}
    assert {one["page"] for one in results(out)} == {None}


def test_broken_rules_stop_the_batch_and_leave_nothing(
    batch: Batch, notes: Path, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "rules").mkdir()
    with pytest.raises(OpnoteError, match="rules"):
        batch(notes, patterns=tmp_path / "rules")
    assert not out.exists()


def test_a_table_that_changes_under_the_batch_is_noticed(
    batch: Batch, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(tmp_path / "a.csv", ("1", UNRELATED), ("2", UNRELATED), header=HEADER[:2])
    audit = NoteAuditor.audit

    def add_a_row(self: NoteAuditor, *rest: Any) -> AuditResult:
        with source.open("a") as file:
            file.write("\n3,T9\n")
        monkeypatch.setattr(NoteAuditor, "audit", audit)
        return audit(self, *rest)

    monkeypatch.setattr(NoteAuditor, "audit", add_a_row)
    monkeypatch.setattr("opnote_audit.batch.local.CHUNK", 1)
    monkeypatch.setattr("opnote_audit.batch.local.chunked.__defaults__", (1,))
    with pytest.raises(OpnoteError, match="2 inputs at the start, 3 at the end"):
        batch(source)


# Privacy


def test_redacted_outputs_hold_no_word_of_the_note(batch: Batch, tmp_path: Path, out: Path) -> None:
    texts = {name: SUPPORTED.replace("corridor", f"corridor {MARKER}") for name in ("a", "b")}
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    batch(folder, redact=True)
    words = [MARKER, "drilled away", "herniated disc", "was removed", "closed in layers"]
    for name, data in contents(out).items():
        assert not [word for word in words if word.encode() in data], name
    spans = [
        span for one in results(out) for check in one["checklist"] for span in check["evidence"]
    ]
    assert spans
    assert all(span["text"] == "" and span["end"] > span["start"] for span in spans)


@pytest.mark.skipif(os.name == "nt", reason="no such permissions")
@pytest.mark.parametrize("jobs", [1, 2])
def test_outputs_are_for_their_owner_only(batch: Batch, notes: Path, out: Path, jobs: int) -> None:
    before = os.umask(0)
    try:
        batch(notes, jobs=jobs)
    finally:
        os.umask(before)
    for path in (out, *out.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_nothing_is_written_to_the_folder_for_temporary_files(
    notes: Path, out: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    done = command(notes, "--out", out, "--jobs", "1", TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert list(temporary.iterdir()) == []


# A used folder


def test_a_used_folder_is_refused_and_left_as_it_is(batch: Batch, notes: Path, out: Path) -> None:
    batch(notes)
    before = contents(out)
    with pytest.raises(InputError, match=r"holds an earlier batch.*--resume.*--overwrite"):
        batch(notes)
    assert contents(out) == before


def test_overwriting_leaves_nothing_of_the_run_before(
    batch: Batch, notes: Path, out: Path, tmp_path: Path
) -> None:
    batch(notes)
    (tmp_path / "one.txt").write_text(UNRELATED)
    batch(tmp_path / "one.txt", overwrite=True, xlsx=False)
    assert {path.name for path in out.iterdir()} == (FILES | {"notes"}) - {"worklist.xlsx"}
    assert [path.name for path in (out / "notes").iterdir()] == ["one.html"]
    assert len(results(out)) == 1


def test_other_files_in_the_folder_are_left_alone(batch: Batch, notes: Path, out: Path) -> None:
    out.mkdir()
    (out / "mine.docx").write_text("mine")
    batch(notes)
    assert (out / "mine.docx").read_text() == "mine"


def test_a_folder_of_notes_is_never_taken_for_one_of_pages(
    batch: Batch, notes: Path, tmp_path: Path
) -> None:
    before = contents(notes)
    for options in ({"overwrite": True}, {"resume": True}, {}):
        with pytest.raises(InputError):
            batch(notes, out=tmp_path, **options)
        assert contents(notes) == before


def test_a_failure_half_way_leaves_the_outputs_before_untouched(
    batch: Batch, notes: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch(notes)
    before = contents(out)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("opnote_audit.report.workbook.write_workbook", full)
    with pytest.raises(OpnoteError, match=r"No space left on device.*--resume"):
        batch(notes, overwrite=True)
    after = {name: data for name, data in contents(out).items() if ".opnote-audit" not in name}
    assert after == before
    left = {path.name for path in (out / ".opnote-audit").iterdir()}
    assert left <= {"journal.jsonl", "notes", "lock"}


# The command


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "opnote_audit", "batch", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_the_command_says_what_came_of_it(notes: Path, out: Path) -> None:
    (notes / "empty.txt").touch()
    done = command(notes, "--out", out, "--jobs", "2")
    assert done.returncode == 2
    first, *_ = done.stdout.splitlines()
    assert first.startswith("7 notes in ")
    assert first.endswith("3 supported, 3 not applicable, 1 error")
    assert f"error: {notes / 'empty.txt'}: the note is empty" in done.stdout
    assert "63057: 3 units supported" in done.stdout
    assert f"written to {out}: results.jsonl" in done.stdout
    assert MARKER not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_quiet_says_nothing_at_all(notes: Path, out: Path) -> None:
    done = command(notes, "--out", out, "--quiet", "--jobs", "1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Run the command line in this process; returns exit code, output and errors."""
    import signal

    from opnote_audit.cli import main

    before = os.umask(0o077), signal.getsignal(signal.SIGTERM)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["opnote-audit", "batch", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return int(stopped.value.code or 0), captured.out, captured.err

    yield run
    os.umask(before[0])
    signal.signal(signal.SIGTERM, before[1])


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (SUPPORTED, [], 0),
        (UNRELATED, [], 0),
        ("", [], 2),
        ("", ["--fail-on", "never"], 2),
    ],
)
def test_exit_codes(
    cli: Any, tmp_path: Path, out: Path, text: str, options: list[str], code: int
) -> None:
    (tmp_path / "a.txt").write_text(text)
    arguments = [tmp_path / "a.txt", "--out", out, "--jobs", "1", *options]
    assert cli(*arguments)[0] == code


@pytest.mark.parametrize(("fail_on", "code"), [("needs_review", 1), ("deficient", 0), ("never", 0)])
def test_findings_exit_with_1_from_the_verdict_asked_for(
    cli: Any, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch, fail_on: str, code: int
) -> None:
    def review(self: NoteAuditor, text: str, note_id: str, source: str, *_: Any) -> AuditResult:
        return AuditResult(note_id, source, "needs_review", 90.0)

    monkeypatch.setattr(NoteAuditor, "audit", review)
    (tmp_path / "a.txt").write_text(SUPPORTED)
    assert cli(tmp_path / "a.txt", "--out", out, "--jobs", "1", "--fail-on", fail_on)[0] == code


def test_help_gives_each_exit_code_a_line(cli: Any) -> None:
    code, shown, _ = cli("--help")
    assert code == 0
    for number in (0, 1, 2):
        assert any(line.strip().startswith(f"{number}  ") for line in shown.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.txt"],
        ["a.txt", "--out", "x", "--resume", "--overwrite"],
        ["a.txt", "--out", "x", "--jobs", "0"],
        ["a.txt", "--out", "x", "--engine", "spark"],
        ["a.txt", "--out", "x", "--engine", "local", "--scheduler", "tcp://127.0.0.1:1"],
        ["a.txt", "--out", "x", "--fail-on", "whatever"],
        ["a.txt", "--out", "x", "--max-size", "big"],
        ["gone.txt", "--out", "x"],
    ],
)
def test_mistakes_are_said_in_a_line_and_make_nothing(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(UNRELATED)
    code, shown, said = cli(*arguments)
    assert code == 2
    assert shown == ""
    assert "Traceback" not in said
    assert said.strip()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_one_process_opens_no_socket_and_starts_no_program(notes: Path, out: Path) -> None:
    guard = (
        "import sys, os\n"
        "def forbid(event, arguments):\n"
        "    if event.startswith(('socket.', 'subprocess.', 'os.system', 'os.fork')):\n"
        "        print('FORBIDDEN', event, file=sys.stderr, flush=True); os._exit(99)\n"
        "sys.addaudithook(forbid)\n"
        "import runpy\n"
        "runpy.run_module('opnote_audit', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", guard, "batch", notes, "--out", out, "--jobs", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (out / "results.jsonl").exists()


# Progress


def test_plain_lines_come_ever_more_seldom() -> None:
    now = 0.0
    stream = io.StringIO()
    lines = Lines(stream, 1000, clock=lambda: now)
    for _ in range(1000):
        lines.add("supported")
        now += 0.1
    said = stream.getvalue().splitlines()
    assert 4 <= len(said) <= 8
    pattern = r"(\d+) of 1,000 notes, 10 a second, about 1 min 3\d s left: (\d+) supported"
    found = re.fullmatch(pattern, said[1])
    assert found is not None, said[1]
    assert found[1] == found[2]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration_text(seconds) == words


def test_the_bar_is_drawn_on_a_terminal_only(notes: Path, out: Path) -> None:
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "opnote_audit", "batch", notes, "--out", out, "--jobs", "1"],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert process.wait() == 0
    assert b"auditing" in shown
    assert b"6/6" in shown
    assert b"3 supported" in shown


def test_a_table_needs_its_columns(batch: Batch, tmp_path: Path, out: Path) -> None:
    source = table(tmp_path / "a.csv", ("1", SUPPORTED), header=("case", "note"))
    with pytest.raises(InputError, match="--id-column"):
        batch(source)
    assert batch(source, table=TableOptions("case", "note")).counts == {"supported": 1}
