"""A batch on a Dask cluster: a real scheduler, real workers, and one of them killed on the way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from batch_samples import SUPPORTED, UNRELATED, write_notes

from opnote_audit.batch.cluster import Partition, audit_partition, partitions_of
from opnote_audit.batch.inputs import Input, list_sources
from opnote_audit.batch.progress import Silent
from opnote_audit.batch.run import BatchOptions, Summary, run_batch
from opnote_audit.batch.worker import Settings
from opnote_audit.errors import OpnoteError

pytest.importorskip("distributed")

ADDRESS = re.compile(r"tcp://127\.0\.0\.1:\d+")


def batch(source: Path, out: Path, **options: Any) -> Summary:
    chosen = BatchOptions(sources=(str(source),), out=out, **options)
    return run_batch(chosen, lambda total: Silent())


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "parts" not in path.parts
    }


def ids(out: Path) -> list[str]:
    """The notes' numbers and ids, as the parts have them, in the parts' order."""
    rows: list[tuple[int, str]] = []
    for part in sorted((out / "parts").iterdir()):
        read = pyarrow.parquet.read_table(part)
        rows += zip(read["number"].to_pylist(), read["note_id"].to_pylist(), strict=True)
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
    return [note_id for _, note_id in rows]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A Parquet table of 300 notes, in row groups of 40, two ids standing twice."""
    path = tmp_path / "notes.parquet"
    numbers = [*range(298), 0, 17]
    columns = {
        "note_id": [f"op-{n}" for n in numbers],
        "surgeon": [f"Dr. {n % 3}" for n in numbers],
        "text": [
            f"CASE {place}\n{SUPPORTED if n % 2 else UNRELATED}" for place, n in enumerate(numbers)
        ],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=40)
    return path


class Process:
    """One of Dask's programs in a process of its own."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "3"},
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.said += list(self.process.stdout)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[Process]]]:
    """The address of a scheduler, and its two workers."""
    folder = tmp_path / "dask"
    folder.mkdir()
    note = folder / "scheduler.json"
    scheduler = Process(
        ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
         "--no-dashboard", "--scheduler-file", str(note)],
        folder,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not note.exists() or not ADDRESS.search(note.read_text()):
        assert time.monotonic() < end, "the scheduler does not start"
        time.sleep(0.05)
    found = ADDRESS.search(note.read_text())
    assert found is not None
    address = found[0]
    workers = [
        Process(
            ["distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1",
             "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder)],
            folder,
        )
        for _ in range(2)
    ]  # fmt: skip
    yield address, workers
    for one in (*workers, scheduler):
        one.kill()


def test_a_worker_killed_on_the_way_costs_no_note_and_doubles_none(
    cluster: tuple[str, list[Process]], table: Path, tmp_path: Path
) -> None:
    address, workers = cluster
    out = tmp_path / "out"
    parts = out / ".opnote-audit" / "parts"
    killed: list[int] = []

    def kill() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            done = len(list(parts.glob("*.parquet"))) if parts.exists() else 0
            if done >= 3:
                workers[0].process.send_signal(signal.SIGKILL)
                killed.append(done)
                return
            time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    summary = batch(table, out, engine="dask", scheduler=address, partition=10)
    killer.join()
    total = 35  # eight row groups, cut into tens
    assert killed
    assert killed[0] < total, "the worker was killed only after the work was done"
    assert workers[0].process.wait() == -signal.SIGKILL
    assert summary.counts == {"supported": 150, "not_applicable": 150}
    names = [f"op-{n}" for n in [*range(298), 0, 17]]
    assert ids(out) == names
    batch(table, tmp_path / "local")
    assert contents(out) == contents(tmp_path / "local")


def test_the_words_of_notes_are_in_nobodys_log(
    cluster: tuple[str, list[Process]], tmp_path: Path
) -> None:
    address, workers = cluster
    source = tmp_path / "notes.csv"
    rows = "".join(f'op-{n},"XYZZYMARKER {n}"\n' for n in range(5))
    source.write_text(f"note_id,text\n{rows}")
    batch(source, tmp_path / "out", engine="dask", scheduler=address, partition=2)
    assert ids(tmp_path / "out") == [f"op-{n}" for n in range(5)]
    for worker in workers:
        worker.kill()
        assert worker.said
        assert not [line for line in worker.said if "XYZZY" in line]


def test_an_interrupted_run_is_resumed_from_its_parts(
    cluster: tuple[str, list[Process]], table: Path, tmp_path: Path
) -> None:
    address, _ = cluster
    out = tmp_path / "out"

    class Stop(Silent):
        left = 150

        def add(self, verdict: str) -> None:
            Stop.left -= 1
            if Stop.left == 0:
                raise KeyboardInterrupt

    options = {"engine": "dask", "scheduler": address, "partition": 10}
    chosen = BatchOptions(sources=(str(table),), out=out, **options)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        run_batch(chosen, lambda total: Stop())
    (out / ".opnote-audit" / "parts" / "part-00001.parquet.0.torn").write_bytes(b"PAR1 torn")
    summary = batch(table, out, resume=True, **options)
    assert 140 <= summary.reused < 300
    assert len(ids(out)) == 300
    batch(table, tmp_path / "local")
    assert contents(out) == contents(tmp_path / "local")
    assert batch(table, out, resume=True, **options).reused == 300


def test_without_an_address_a_cluster_is_started_here(tmp_path: Path) -> None:
    write_notes(tmp_path / "notes", 30)
    done = subprocess.run(
        [sys.executable, "-m", "opnote_audit", "batch", tmp_path / "notes", "--out",
         tmp_path / "out", "--engine", "dask", "--jobs", "2", "--partition-size", "7"],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("30 notes in")
    assert len(list((tmp_path / "out" / "parts").iterdir())) == 5
    batch(tmp_path / "notes", tmp_path / "local")
    assert contents(tmp_path / "out") == contents(tmp_path / "local")


def deadly(partition: Partition, settings: Settings, folder: str, earlier: str | None) -> object:
    """Stand in for the partition function: one note takes its worker down, every time."""
    if any(item.input.data == b"die" for item in partition.items()):
        os._exit(1)
    return audit_partition(partition, settings, folder, earlier)


def test_a_note_that_kills_worker_after_worker_is_an_error_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask

    monkeypatch.setattr("opnote_audit.batch.cluster.audit_partition", deadly)
    source = tmp_path / "notes.csv"
    rows = "".join(f"op-{n},{'die' if n == 4 else 'Carpal tunnel release.'}\n" for n in range(9))
    source.write_text(f"note_id,text\n{rows}")
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        summary = batch(source, tmp_path / "out", engine="dask", jobs=1, partition=3)
    assert summary.counts == {"not_applicable": 8, "error": 1}
    assert ids(tmp_path / "out") == [f"op-{n}" for n in range(9)]
    ((where, why),) = summary.problems
    assert where == f"{source}#5"
    assert "killed or crashed, one after the other" in why


def test_no_scheduler_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opnote_audit.batch.cluster._WAIT", 1)
    write_notes(tmp_path / "notes", 2)
    with pytest.raises(OpnoteError, match=r"tcp://127\.0\.0\.1:9: no Dask scheduler answers"):
        batch(tmp_path / "notes", tmp_path / "out", engine="dask", scheduler="tcp://127.0.0.1:9")
    assert not (tmp_path / "out").exists()


# Partitions


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_partitions_hold_every_input_once_in_order(table: Path, tmp_path: Path, size: int) -> None:
    write_notes(tmp_path / "notes", 11)
    sources = list_sources([str(tmp_path / "notes"), str(table)])
    partitions = list(partitions_of(sources, ("surgeon",), size, pages=True))
    items = [item for partition in partitions for item in partition.items()]
    assert all(len(partition) <= size for partition in partitions)
    assert [item.number for item in items] == list(range(1, 312))
    assert len({item.page for item in items}) == 311
    assert len({item.input.source for item in items}) == 311
    assert {tuple(dict(item.input.columns)) for item in items} == {("surgeon",)}


def test_a_partition_taken_apart_is_the_same_items(table: Path) -> None:
    (*_, partition) = partitions_of(list_sources([str(table)]), ("surgeon",), 9, pages=True)
    singles = partition.singles()
    assert len({single.name for single in singles}) == len(singles) > 1
    assert [item for single in singles for item in single.items()] == partition.items()


def test_a_partition_run_twice_writes_the_same_part(tmp_path: Path) -> None:
    inputs = tuple(Input(f"op-{n}", f"t#{n}", data=SUPPORTED.encode()) for n in range(3))
    partition = Partition("part-00000", 1, (None,) * 3, (), inputs=inputs)
    settings = Settings(rules="x")
    path = tmp_path / "part-00000.parquet"
    assert audit_partition(partition, settings, str(tmp_path), None) == [("supported", False)] * 3
    first = path.read_bytes()
    assert audit_partition(partition, settings, str(tmp_path), None) == [("supported", True)] * 3
    assert path.read_bytes() == first
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
