"""``--resume``: after any death, at any moment, every note once, and the files as always."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import psutil
import pytest
from batch_samples import SUPPORTED, UNRELATED, write_notes

from opnote_audit.api import NoteAuditor
from opnote_audit.batch import local
from opnote_audit.batch.journal import Earlier, Journal
from opnote_audit.batch.progress import Silent
from opnote_audit.batch.run import BatchOptions, Summary, run_batch
from opnote_audit.checks.result import AuditResult
from opnote_audit.errors import InputError, OpnoteError
from opnote_audit.paths import patterns_dir

STATE = ".opnote-audit"


class Stop(Silent):
    """Ends a run, as Ctrl-C would, once so many notes are done."""

    def __init__(self, after: int) -> None:
        self.left = after

    def add(self, verdict: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def batch(source: Path, out: Path, stop: int = -1, **options: Any) -> Summary:
    chosen = BatchOptions(sources=(str(source),), out=out, **options)
    return run_batch(chosen, lambda total: Stop(stop))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local.chunked, "__defaults__", (2,))


@pytest.fixture
def audited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the notes that were really audited, in order."""
    ids: list[str] = []
    audit = NoteAuditor.audit

    def count(self: NoteAuditor, text: str, note_id: str, *rest: Any) -> AuditResult:
        ids.append(note_id)
        return audit(self, text, note_id, *rest)

    monkeypatch.setattr(NoteAuditor, "audit", count)
    return ids


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    write_notes(tmp_path / "notes", 12)
    return tmp_path / "notes"


@pytest.fixture
def reference(notes: Path, tmp_path: Path) -> dict[str, bytes]:
    """What a run that nothing disturbs leaves."""
    batch(notes, tmp_path / "reference")
    return contents(tmp_path / "reference")


# Stopped in an orderly way


@pytest.mark.parametrize("after", [1, 5, 12])
def test_a_stopped_run_is_continued_where_it_was(
    notes: Path, tmp_path: Path, reference: dict[str, bytes], audited: list[str], after: int
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, stop=after)
    assert {path.name for path in out.iterdir()} == {STATE}
    kept = (out / STATE / "journal.jsonl").read_bytes().count(b"\n")
    assert kept >= after
    done = set(audited)
    audited.clear()
    summary = batch(notes, out, resume=True)
    assert contents(out) == reference
    assert summary.reused == kept
    assert len(audited) == 12 - kept
    assert not done & set(audited)


def test_what_a_stop_leaves_is_only_what_continuing_needs(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, stop=5)
    assert {path.name for path in (out / STATE).iterdir()} == {"journal.jsonl", "notes", "lock"}


def test_a_stopped_run_is_not_run_over(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, stop=5)
    with pytest.raises(InputError, match="--resume continues it"):
        batch(notes, out)


def test_overwriting_starts_afresh(
    notes: Path, tmp_path: Path, reference: dict[str, bytes], audited: list[str]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, stop=5)
    audited.clear()
    batch(notes, out, overwrite=True)
    assert len(audited) == 12
    assert contents(out) == reference


def test_resuming_where_nothing_was_is_a_run(
    notes: Path, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    batch(notes, tmp_path / "out", resume=True)
    assert contents(tmp_path / "out") == reference


# The journal


def test_a_torn_last_line_is_audited_again_wherever_it_tore(
    notes: Path, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    stopped = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        batch(notes, stopped, stop=4)
    journal = (stopped / STATE / "journal.jsonl").read_bytes()
    whole = journal.splitlines(keepends=True)
    last = len(journal) - len(whole[-1])
    for cut in (last, last + 1, last + len(whole[-1]) // 2, len(journal) - 2, len(journal) - 1):
        out = tmp_path / f"out{cut}"
        shutil.copytree(stopped, out)
        (out / STATE / "journal.jsonl").write_bytes(journal[:cut])
        assert batch(notes, out, resume=True).reused == len(whole) - 1
        assert contents(out) == reference


def test_lines_after_a_torn_one_are_whole(tmp_path: Path) -> None:
    def line(note: str, mark: str) -> str:
        return json.dumps({"note_id": note, "source": note, "page": None, "fingerprint": mark})

    path = tmp_path / "journal.jsonl"
    for tear in (0, 1, 20):
        path.unlink(missing_ok=True)
        with Journal(path) as journal:
            journal.append([line("a", "1"), line("b", "2")])
        data = path.read_bytes()
        path.write_bytes(data[: len(data) - tear])
        with Journal(path) as journal:
            journal.append([line("c", "3"), line("a", "4")])
        earlier = Earlier([path])
        assert earlier.fingerprint("c", "c", None) == "3"
        assert earlier.fingerprint("a", "a", None) == "4"
        assert json.loads(earlier.line("a", "a", None))["fingerprint"] == "4"
        # A line that lacked only its newline is whole again.
        assert earlier.fingerprint("b", "b", None) == (None if tear == 20 else "2")
        earlier.close()


@pytest.mark.parametrize("rubbish", [b"\0" * 100 + b"\n", b"[]\n", b"{}\n", b"\xff\xfe\n", b"\n"])
def test_rubbish_in_the_journal_is_passed_over(
    notes: Path, tmp_path: Path, reference: dict[str, bytes], rubbish: bytes
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, stop=4)
    path = out / STATE / "journal.jsonl"
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + rubbish + b"".join(rest))
    batch(notes, out, resume=True)
    assert contents(out) == reference


# Changes between the runs


def test_a_finished_run_is_taken_over_whole(
    notes: Path, tmp_path: Path, reference: dict[str, bytes], audited: list[str]
) -> None:
    batch(notes, tmp_path / "out")
    audited.clear()
    summary = batch(notes, tmp_path / "out", resume=True)
    assert (audited, summary.reused) == ([], 12)
    assert contents(tmp_path / "out") == reference


def test_changed_new_and_removed_notes(notes: Path, tmp_path: Path, audited: list[str]) -> None:
    out = tmp_path / "out"
    batch(notes, out)
    (notes / "ward0" / "op-0000.txt").write_text(SUPPORTED + "Addendum: none.\n")
    (notes / "ward0" / "op-0003.txt").unlink()
    (notes / "ward1" / "op-new.txt").write_text(UNRELATED)
    audited.clear()
    summary = batch(notes, out, resume=True)
    assert audited == ["op-0000", "op-new"]
    assert (summary.total, summary.reused) == (12, 10)
    assert "op-0003.html" not in {path.name for path in (out / "notes").iterdir()}
    batch(notes, tmp_path / "afresh")
    assert contents(out) == contents(tmp_path / "afresh")


def test_a_change_while_the_run_was_stopped(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, stop=6)
    assert (out / STATE / "notes" / "op-0003.html").exists()
    (notes / "ward0" / "op-0000.txt").write_text(SUPPORTED)
    (notes / "ward0" / "op-0003.txt").unlink()
    batch(notes, out, resume=True)
    batch(notes, tmp_path / "afresh")
    assert contents(out) == contents(tmp_path / "afresh")


def test_errors_are_tried_again(notes: Path, tmp_path: Path, audited: list[str]) -> None:
    path = notes / "ward0" / "op-0000.txt"
    text = path.read_text()
    path.write_bytes(b"")
    assert batch(notes, tmp_path / "out").counts["error"] == 1
    path.write_text(text)
    audited.clear()
    assert batch(notes, tmp_path / "out", resume=True).counts["error"] == 0
    assert audited == ["op-0000"]


@pytest.mark.parametrize("change", ["rules", "redact", "pages"])
def test_other_settings_audit_everything_again(
    notes: Path, tmp_path: Path, audited: list[str], change: str
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(patterns_dir(), rules)
    options: dict[str, Any] = {"patterns": rules}
    batch(notes, tmp_path / "out", html=change != "pages", **options)
    if change == "rules":
        path = rules / "checklists" / "63057.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        data["requirements"][0]["title"] = "Another title"
        path.write_text(json.dumps(data), encoding="utf-8")
    options["redact"] = change == "redact"
    audited.clear()
    assert batch(notes, tmp_path / "out", resume=True, **options).reused == 0
    assert len(audited) == 12
    found = (tmp_path / "out" / "results.jsonl").read_text()
    assert ("Another title" in found) == (change == "rules")
    batch(notes, tmp_path / "afresh", **options)
    assert contents(tmp_path / "out") == contents(tmp_path / "afresh")


def test_a_page_that_is_gone_is_made_again(
    notes: Path, tmp_path: Path, reference: dict[str, bytes], audited: list[str]
) -> None:
    batch(notes, tmp_path / "out")
    (tmp_path / "out" / "notes" / "op-0004.html").unlink()
    audited.clear()
    batch(notes, tmp_path / "out", resume=True)
    assert audited == ["op-0004"]
    assert contents(tmp_path / "out") == reference


def review(worklist: Path, note: str, decision: str) -> None:
    """Put a decision down, as a coder does with a spreadsheet program."""
    book = openpyxl.load_workbook(worklist)
    sheet = book["Worklist"]
    header = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        if row[header.index("Note")].value == note:
            row[header.index("Decision")].value = decision
            row[header.index("Reviewer")].value = "N. N."
    book.save(worklist)


def decisions(worklist: Path) -> dict[str, tuple[str, str]]:
    rows = pd.read_excel(worklist, sheet_name="Worklist").dropna(subset=["Decision"])
    return {row["Note"]: (row["Decision"], row["Reviewer"]) for _, row in rows.iterrows()}


def test_what_reviewers_put_down_outlives_a_resumed_run(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(notes, out)
    review(out / "worklist.xlsx", "op-0003", "query the surgeon")
    (notes / "ward0" / "op-0006.txt").unlink()
    (notes / "ward0" / "a-new.txt").write_text(UNRELATED)
    batch(notes, out, resume=True)
    assert decisions(out / "worklist.xlsx") == {"op-0003": ("query the surgeon", "N. N.")}
    batch(notes, out, overwrite=True)
    assert decisions(out / "worklist.xlsx") == {}


def test_a_worklist_that_cannot_be_read_is_not_replaced(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(notes, out)
    (out / "worklist.xlsx").write_bytes(b"PK half a file")
    with pytest.raises(OpnoteError, match="the decisions in it cannot be read"):
        batch(notes, out, resume=True)
    assert (out / "worklist.xlsx").read_bytes() == b"PK half a file"


def test_the_pages_of_a_finished_run_are_not_written_through(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages taken over are second links; a later change must not reach back through them."""
    out = tmp_path / "out"
    batch(notes, out)
    before = contents(out)
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, resume=True, stop=12)
    for path in notes.rglob("*.txt"):
        path.write_text(UNRELATED)
    with pytest.raises(KeyboardInterrupt):
        batch(notes, out, resume=True, stop=12)
    after = {name: data for name, data in contents(out).items() if not name.startswith(STATE)}
    assert after == before


# Killed outright


def start(
    source: Path, out: Path, *options: str, stderr: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "opnote_audit", "batch", source, "--out", out, "-q", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)


def wait_for(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def lines_in(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes().count(b"\n")
    return 0


@pytest.fixture
def many(tmp_path: Path) -> Path:
    write_notes(tmp_path / "many", 240)
    return tmp_path / "many"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killed_again_and_again_every_note_comes_out_once(
    many: Path, tmp_path: Path, jobs: str
) -> None:
    batch(many, tmp_path / "reference")
    out = tmp_path / "out"
    journal = out / STATE / "journal.jsonl"
    chance = random.Random(63057)
    kills = 0
    for goal in (1, 60, 130, 239):
        process = start(many, out, "--jobs", jobs, "--resume")
        wait_for(lambda: lines_in(journal) >= goal or process.poll() is not None)  # noqa: B023
        time.sleep(chance.random() * 0.05)
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert kills >= 2
    assert start(many, out, "--jobs", jobs, "--resume").wait() == 0
    assert contents(out) == contents(tmp_path / "reference")


def begun(process: subprocess.Popen[bytes], staged: Path, name: str) -> bool:
    """Whether an output is being written, or the process has ended."""
    started = (staged / name).exists() or any(staged.glob(f".{name}*"))
    return started or process.poll() is not None


def test_killed_while_the_outputs_are_written(many: Path, tmp_path: Path) -> None:
    batch(many, tmp_path / "reference")
    out = tmp_path / "out"
    for name in ("report.html", "worklist.xlsx"):
        process = start(many, out, "--jobs", "1", "--resume")
        wait_for(partial(begun, process, out / STATE, name))
        process.kill()
        process.wait()
    assert start(many, out, "--jobs", "1", "--resume").wait() == 0
    assert contents(out) == contents(tmp_path / "reference")


class Killed(BaseException):
    """Ends a run at once: nothing that would run after it does."""


@pytest.mark.parametrize("step", range(9))
def test_killed_between_the_moves_of_the_outputs(
    notes: Path,
    tmp_path: Path,
    reference: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    """Every output is moved by a rename; a death after any of them is mended."""
    out = tmp_path / "out"
    batch(notes, out)
    (notes / "ward0" / "op-0000.txt").write_text(
        (notes / "ward0" / "op-0003.txt").read_text().replace("NUMBER: 3", "NUMBER: 0")
    )
    batch(notes, tmp_path / "afresh")
    moves = 0
    rename = Path.replace

    def die(self: Path, target: Path) -> Path:
        nonlocal moves
        if self.parent == out / STATE or target.parent == out / STATE:
            moves += 1
            if moves > step:
                raise Killed
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        patch.setattr("opnote_audit.batch.files.Workplace.discard", lambda self: self.close())
        with contextlib.suppress(Killed):
            batch(notes, out, resume=True)
    batch(notes, out, resume=True)
    assert contents(out) == contents(tmp_path / "afresh")
    assert contents(out) != reference


def test_a_second_run_does_not_disturb_one_at_work(many: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(many, out, "--jobs", "1")
    wait_for(lambda: lines_in(out / STATE / "journal.jsonl"))
    try:
        for option in ("resume", "overwrite"):
            with pytest.raises(InputError, match="another batch is writing there"):
                batch(many, out, **{option: True})
        assert process.wait() == 0
    finally:
        process.kill()
    batch(many, tmp_path / "reference")
    assert contents(out) == contents(tmp_path / "reference")


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run in two processes that is far from its end."""
    write_notes(tmp_path / "many", 2000)
    options = ("--jobs", "2")
    with start(tmp_path / "many", tmp_path / "out", *options, stderr=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_workers_do_not_outlive_a_killed_parent(
    endless: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    wait_for(lambda: lines_in(tmp_path / "out" / STATE / "journal.jsonl"))
    workers = psutil.Process(endless.pid).children(recursive=True)
    assert len(workers) >= 2
    endless.kill()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_in_good_order(
    endless: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    state = tmp_path / "out" / STATE
    wait_for(lambda: lines_in(state / "journal.jsonl"))
    endless.send_signal(number)
    _, said = endless.communicate(timeout=60)
    assert endless.returncode == 130
    assert said.decode().splitlines() == [
        f"opnote-audit: stopped; the same command with --resume continues in {tmp_path / 'out'}"
    ]
    assert {path.name for path in state.iterdir()} <= {"journal.jsonl", "notes", "lock"}
