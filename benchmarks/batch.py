#!/usr/bin/env python3
"""What a batch costs beside the audits: two jobs against one, its own overhead, and its memory.

    python benchmarks/batch.py                    everything; the memory part takes minutes
    python benchmarks/batch.py --only overhead    one part: throughput, overhead or memory
    python benchmarks/batch.py --minimums         exit 1 when a figure misses its bound
    python benchmarks/batch.py --json FILE        the figures, for programs

The notes are those of sample_notes/ (or --notes DIR), each with names, dates and numbers of its
own, as real notes have them: spaCy keeps every word that it has seen. Everything is written to
a temporary folder that is removed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

PARTS = ("throughput", "overhead", "memory")


@dataclass(frozen=True)
class Figure:
    """One measured figure and the bound that it is held to, if any."""

    name: str
    value: float
    detail: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        if self.at_least is not None and self.value < self.at_least:
            return False
        return self.at_most is None or self.value <= self.at_most

    def line(self) -> str:
        bound = f"(>= {self.at_least:g})" if self.at_least is not None else ""
        bound = f"(<= {self.at_most:g})" if self.at_most is not None else bound
        missed = "" if self.met else "  MISSED"
        return f"{self.name:52s} {self.value:8.2f} {bound:10s}{missed}  {self.detail}"


def write_notes(folder: Path, texts: Sequence[str], count: int) -> None:
    """Write ``count`` notes, no two alike, five hundred to a folder."""
    chance = random.Random(63057)
    for number in range(count):
        own = " ".join(f"{chance.randrange(10**7):07d}" for _ in range(8))
        path = folder / f"{number // 500:03d}" / f"op-{number:06d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"CASE {own}\n{texts[number % len(texts)]}", encoding="utf-8")


def batch(source: Path, out: Path, *options: str) -> tuple[float, float]:
    """Run the command; return its wall time in seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "opnote_audit", "batch", str(source), "--out", str(out),
         "--overwrite", "--quiet", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode not in (0, 1):
        sys.exit(f"batch.py: opnote-audit batch failed with {process.returncode}")
    # Linux counts kilobytes, macOS bytes.
    return seconds, usage.ru_maxrss / (1_000_000 if sys.platform == "darwin" else 1_000)


AUDITS = """
import sys, time
from pathlib import Path
from opnote_audit.api import load_auditor
auditor = load_auditor()
texts = [file.read_text(encoding="utf-8") for file in sorted(Path(sys.argv[1]).rglob("*.txt"))]
auditor.audit(texts[0])
print("ready", flush=True)
sys.stdin.readline()
start = time.perf_counter()
for text in texts:
    auditor.audit(text)
print(time.perf_counter() - start)
"""


def bare(source: Path, processes: int) -> float:
    """Audit the notes in so many processes that share nothing, all of them in each, at once."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", AUDITS, str(source)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return max(float(process.communicate()[0]) for process in running)


def measure_throughput(texts: Sequence[str], count: int, rounds: int, work: Path) -> list[Figure]:
    """Time the command with one job and with two, in turns, less its start.

    The start (imports, pipelines) is the time of the same command on a handful of notes. Two
    jobs can be twice as fast only where two processes are: what else runs on the machine takes
    from two what it leaves to one. So bare audits are timed in the same round, in one process
    and in two that share nothing: what these gain is the most that there was to gain, and
    stands beside the figure with the share of it that the command reached.
    """
    write_notes(work / "notes", texts, count)
    write_notes(work / "some", texts, count // 2)
    write_notes(work / "few", texts, 16)
    figures = []
    for name, options in (
        ("no pages, no worklist", ("--no-html", "--no-xlsx")),
        ("all outputs", ()),
    ):

        def timed(jobs: str, options: tuple[str, ...] = options) -> float:
            start, _ = batch(work / "few", work / "out", "--jobs", jobs, *options)
            return batch(work / "notes", work / "out", "--jobs", jobs, *options)[0] - start

        rows = []
        for _ in range(rounds):
            single = bare(work / "some", 1)
            one, two = timed("1"), timed("2")
            rows.append((one, two, 2 * single / bare(work / "some", 2)))
        plain = [one / two for one, two, _ in rows]
        share = [one / two / machine for one, two, machine in rows]
        machine = statistics.median(row[2] for row in rows)
        best = (min(row[0] for row in rows), min(row[1] for row in rows))
        figures.append(
            Figure(
                f"throughput, 2 jobs / 1 job, {name}",
                statistics.median(plain),
                f"[{min(plain):.2f} to {max(plain):.2f}] two bare processes {machine:.2f}, "
                f"of which {statistics.median(share):.0%}; notes a second: "
                f"{count / best[0]:.0f}, {count / best[1]:.0f}",
                at_least=1.7,
            )
        )
    return figures


def measure_overhead(texts: Sequence[str], count: int, rounds: int, work: Path) -> list[Figure]:
    """Compare a batch's CPU time outside its audits with that inside, in one process.

    Both are taken in the same run: between two runs a shared machine changes more than the
    difference is.
    """
    from opnote_audit.api import NoteAuditor
    from opnote_audit.batch.progress import Silent
    from opnote_audit.batch.run import BatchOptions, run_batch
    from opnote_audit.checks.result import AuditResult

    write_notes(work / "notes", texts, count)
    audit = NoteAuditor.audit
    inside = 0.0

    def timed(self: NoteAuditor, *arguments: Any) -> AuditResult:
        nonlocal inside
        start = time.process_time()
        result = audit(self, *arguments)
        inside += time.process_time() - start
        return result

    def run(*, xlsx: bool) -> tuple[float, float]:
        """Return the CPU seconds inside and outside the audits."""
        nonlocal inside
        inside, start = 0.0, time.process_time()
        options = BatchOptions(
            sources=(str(work / "notes"),), out=work / "out", overwrite=True, html=False, xlsx=xlsx
        )
        run_batch(options, lambda total: Silent())
        return inside, time.process_time() - start - inside

    figures = []
    NoteAuditor.audit = timed  # type: ignore[method-assign, assignment]
    try:
        run(xlsx=True)
        for name, xlsx, bound in (
            ("reading, writing and frames / the audits", False, 0.25),
            ("the same with worklist.xlsx / the audits", True, None),
        ):
            rows = [run(xlsx=xlsx) for _ in range(rounds)]
            shares = [outside / audits for audits, outside in rows]
            each = [min(row[at] for row in rows) / count * 1000 for at in (0, 1)]
            figures.append(
                Figure(
                    name,
                    statistics.median(shares),
                    f"[{min(shares):.2f} to {max(shares):.2f}] ms a note: "
                    f"audit {each[0]:.2f}, the rest {each[1]:.2f}",
                    at_most=bound,
                )
            )
    finally:
        NoteAuditor.audit = audit  # type: ignore[method-assign]
    return figures


def measure_memory(texts: Sequence[str], few: int, many: int, work: Path) -> list[Figure]:
    """Compare the peaks of resident memory of a small and a large batch, in one process each."""
    figures = []
    write_notes(work / "few", texts, few)
    write_notes(work / "many", texts, many)
    for name, options in (("all outputs", ()), ("no pages", ("--no-html",))):
        peaks = []
        for source in ("few", "many"):
            _, peak = batch(work / source, work / "out", "--jobs", "1", *options)
            peaks.append(peak)
        figures.append(
            Figure(
                f"peak memory, {many:,} notes / {few:,}, {name}",
                peaks[1] / peaks[0],
                f"MB: {peaks[0]:.0f}, {peaks[1]:.0f}",
                at_most=1.25,
            )
        )
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--notes", type=Path, default=ROOT / "sample_notes", metavar="DIR")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=4000, help="notes for the first two parts")
    parser.add_argument("--few", type=int, default=2_000, help="notes of the small batch")
    parser.add_argument("--many", type=int, default=20_000, help="notes of the large batch")
    parser.add_argument("--minimums", action="store_true", help="exit 1 when a bound is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args(arguments)
    texts = [file.read_text(encoding="utf-8-sig") for file in sorted(args.notes.glob("*.txt"))]
    if not texts:
        sys.exit(f"batch.py: no *.txt notes in {args.notes}")
    print(f"{len(texts)} texts, {sum(map(len, texts)) / len(texts):,.0f} characters each")
    figures: list[Figure] = []
    for part in args.only:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            if part == "throughput":
                figures += measure_throughput(texts, args.count, args.rounds, work)
            elif part == "overhead":
                figures += measure_overhead(texts, args.count, args.rounds, work)
            else:
                figures += measure_memory(texts, args.few, args.many, work)
    for figure in figures:
        print(figure.line())
    if args.json:
        rows = [{**asdict(figure), "met": figure.met} for figure in figures]
        args.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    missed = [figure.name for figure in figures if not figure.met]
    if args.minimums and missed:
        print("missed: " + "; ".join(missed))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
