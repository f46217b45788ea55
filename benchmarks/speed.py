#!/usr/bin/env python3
"""How fast is an audit? Ratios, all measured in one run on the same notes.

    python benchmarks/speed.py                      everything, on sample_notes/
    python benchmarks/speed.py --only throughput    one part: throughput, models, start, length
    python benchmarks/speed.py --notes DIR          other notes: a folder of *.txt, or one
                                                    *.jsonl with a "text" in each line
    python benchmarks/speed.py --minimums           exit 1 when a ratio misses what is promised
    python benchmarks/speed.py --json FILE          the figures, for programs

Seconds depend on the machine and on what else it does, so what is promised are ratios: each
round times every contender once, one after the other, and the figure is the median of the
rounds' ratios. Throughput and length count the CPU time of one process; the start of a command
is what a person waits for, so that is wall time.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_notes"
PARTS = ("throughput", "models", "start", "length")

# Thirty literals such as a first attempt at this task would hold.
STOCK_TARGETS = (
    *("transpedicular", "transpedicular decompression", "transpedicular approach", "pedicle"),
    *("laminectomy", "hemilaminectomy", "laminotomy", "foraminotomy", "facetectomy"),
    *("discectomy", "microdiscectomy", "corpectomy", "decompression", "osteophyte"),
    *("costotransversectomy", "lateral extracavitary", "far lateral", "transfacet"),
    *("herniated disc", "disc herniation", "stenosis", "foraminal stenosis", "tumor"),
    *("spondylolisthesis", "fracture", "abscess", "fusion", "pedicle screw"),
    *("interbody cage", "posterolateral arthrodesis"),
)


@dataclass(frozen=True)
class Figure:
    """One measured figure and what is promised of it (at most one of the bounds)."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    guard: float | None = None  # what CI holds, where the promise itself is not reached yet
    detail: str = ""

    @property
    def met(self) -> bool:
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.at_most is None or self.value <= self.at_most

    @property
    def fails(self) -> bool:
        """Whether ``--minimums`` fails for it: past the guard, or the promise without one."""
        if self.guard is None:
            return not self.met
        return self.value < self.guard if self.at_least is not None else self.value > self.guard

    def line(self) -> str:
        bound = ""
        if self.at_least is not None:
            bound = f"(>= {self.at_least:g})"
        elif self.at_most is not None:
            bound = f"(<= {self.at_most:g})"
        missed = "" if self.met else "  MISSED"
        return f"{self.name:44s} {self.value:8.2f}{self.unit:2s} {bound:10s}{missed}  {self.detail}"


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def wall_seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[Callable[[], object]], float],
) -> list[dict[str, float]]:
    """Time every contender once a round; all of them run once before, uncounted."""
    for work in contenders.values():
        work()
    return [{name: clock(work) for name, work in contenders.items()} for _ in range(rounds)]


def ratio(rounds: Sequence[Mapping[str, float]], over: str, under: str) -> tuple[float, str]:
    """Return the median of the rounds' ratios, and their spread in words."""
    ratios = [row[over] / row[under] for row in rounds]
    return statistics.median(ratios), f"[{min(ratios):.2f} to {max(ratios):.2f}]"


def best_ms(rounds: Sequence[Mapping[str, float]], name: str, notes: int) -> str:
    return f"{name} {min(row[name] for row in rounds) / notes * 1000:.2f}"


# -- the parts ------------------------------------------------------------------------------


def stock_medspacy() -> Callable[[str], object]:
    """Build medSpaCy as it comes, with thirty target rules."""
    from loguru import logger

    # As it comes, medSpaCy's sentence splitter logs every sentence at DEBUG to standard error.
    # The null device takes it here: the logging is measured, the terminal is not.
    logger.remove()
    logger.add(os.devnull, level="DEBUG")
    import medspacy
    from medspacy.target_matcher import TargetRule

    nlp = medspacy.load()
    nlp.get_pipe("medspacy_target_matcher").add(
        [TargetRule(literal, "TERM") for literal in STOCK_TARGETS]
    )

    def read(text: str) -> object:
        return nlp(text)

    return read


def measure_throughput(texts: Sequence[str], rounds: int) -> list[Figure]:
    """Compare the whole audit with stock medSpaCy and with tokenizing alone."""
    import spacy

    from opnote_audit.api import load_auditor

    auditor = load_auditor()
    stock, blank = stock_medspacy(), spacy.blank("en")
    # As our own commands do after loading: what stays to the end need not be collected over and
    # over. It holds for all contenders.
    gc.collect()
    gc.freeze()
    # The fast ones go over the notes several times: a round long enough for the clock.
    often = max(1, 100 // len(texts))

    def audit() -> None:
        for _ in range(often):
            for number, text in enumerate(texts):
                auditor.audit(text, f"note-{number}", None)

    def tokenize() -> None:
        for _ in range(often):
            for text in texts:
                blank(text)

    from loguru import logger

    def medspacy_stock() -> None:
        logger.enable("PyRuSH")
        for text in texts:
            stock(text)

    def medspacy_quiet() -> None:
        logger.disable("PyRuSH")
        for text in texts:
            stock(text)

    rows = interleaved(
        {
            "audit": audit,
            "tokenizer": tokenize,
            "stock": medspacy_stock,
            "quiet": medspacy_quiet,
        },
        rounds,
        cpu_seconds,
    )
    for row in rows:
        row["audit"] /= often
        row["tokenizer"] /= often
    faster, faster_spread = ratio(rows, "stock", "audit")
    quieter, quieter_spread = ratio(rows, "quiet", "audit")
    share, share_spread = ratio(rows, "tokenizer", "audit")
    times = ", ".join(best_ms(rows, name, len(texts)) for name in ("audit", "stock", "quiet"))
    tokenizing = best_ms(rows, "tokenizer", len(texts))
    return [
        Figure(
            "throughput / stock medSpaCy",
            faster,
            "x",
            at_least=40,
            guard=15,
            detail=f"{faster_spread} ms a note: {times}",
        ),
        Figure(
            "throughput / stock medSpaCy, its logging off",
            quieter,
            "x",
            detail=quieter_spread,
        ),
        Figure(
            "throughput / spaCy tokenizing alone",
            share,
            "x",
            at_least=0.30,
            guard=0.2,
            detail=f"{share_spread} ms a note: {tokenizing}",
        ),
    ]


def measure_models(texts: Sequence[str], rounds: int) -> list[Figure]:
    """Compare the audit with its trained components and without, headers there and not."""
    from opnote_audit.api import load_auditor
    from opnote_audit.model_options import ModelOptions
    from opnote_audit.training.headerless import strip_headers

    both = load_auditor()
    rules = load_auditor(models=ModelOptions(learned=False))
    stripped = [strip_headers(text, rules.read(text).blocks, fold=True).text for text in texts]
    often = max(1, 100 // len(texts))
    figures = []
    for name, notes, guard in (
        ("as written", texts, 1.5),
        ("headers removed, one line", [text for text in stripped if text.strip()], 3.0),
    ):

        def with_models(notes: Sequence[str] = notes) -> None:
            for text in notes * often:
                both.audit(text)

        def without(notes: Sequence[str] = notes) -> None:
            for text in notes * often:
                rules.audit(text)

        rows = interleaved({"with": with_models, "without": without}, rounds, cpu_seconds)
        value, spread = ratio(rows, "with", "without")
        figures.append(
            Figure(
                f"audit with trained components / without, {name}",
                value,
                "x",
                at_most=1.3,
                guard=guard,
                detail=spread,
            )
        )
    return figures


def command(*arguments: str) -> Callable[[], None]:
    """Run this Python with arguments; byte code may be written, as pip leaves it for users."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if done.returncode not in (0, 1):
            # The arguments are ours, and messages never hold note text.
            sys.exit(f"speed.py: {' '.join(arguments)} failed:\n{done.stderr}")

    return run


def imports_no_nlp(*arguments: str) -> None:
    """Stop when a command that must answer at once imports anything heavy."""
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['opnote-audit', *{list(arguments)!r}]\n"
        "try:\n    runpy.run_module('opnote_audit', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'spacy', 'medspacy', 'scispacy', 'thinc', 'numpy', 'pandas', 'nltk'}\n"
        "sys.exit('imports ' + ', '.join(heavy & set(sys.modules)) "
        "if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"speed.py: opnote-audit {' '.join(arguments)}: {done.stderr.strip()}")


def measure_start(note: Path, rounds: int) -> list[Figure]:
    """Time whole commands from a cold start, beside the import of spaCy alone."""
    light = {"help": ["--help"], "explain": ["explain", "63057"]}
    for arguments in light.values():
        imports_no_nlp(*arguments)
    rows = interleaved(
        {
            "spacy": command("-c", "import spacy"),
            "check": command("-m", "opnote_audit", "check", str(note)),
            **{name: command("-m", "opnote_audit", *rest) for name, rest in light.items()},
        },
        rounds,
        wall_seconds,
    )
    value, spread = ratio(rows, "check", "spacy")
    seconds = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    return [
        Figure(
            "opnote-audit check NOTE / import spacy",
            value,
            "x",
            at_most=2.0,
            detail=f"{spread} s: check {seconds['check']:.2f}, import {seconds['spacy']:.2f}",
        ),
        Figure("opnote-audit --help", seconds["help"], "s", at_most=0.5, detail="no NLP imported"),
        Figure(
            "opnote-audit explain 63057", seconds["explain"], "s", at_most=0.5,
            detail="no NLP imported",
        ),
    ]  # fmt: skip


def measure_length(texts: Sequence[str], rounds: int) -> list[Figure]:
    """Compare one note of 1 MB with ten of 100 kB, as they are and folded to one line."""
    from opnote_audit.api import load_auditor

    auditor = load_auditor()
    figures = []
    for name, joint in (("as written", "\n\n"), ("one line", " ")):
        parts = texts if joint == "\n\n" else [" ".join(text.split()) for text in texts]
        once = joint.join(parts) + joint
        short = (once * (100_000 // len(once) + 1))[:100_000]
        long = short * 10

        def ten(text: str = short) -> None:
            for number in range(10):
                auditor.audit(text, f"note-{number}", None)

        def one(text: str = long) -> None:
            auditor.audit(text, "note", None)

        rows = interleaved({"ten": ten, "one": one}, rounds, cpu_seconds)
        value, spread = ratio(rows, "one", "ten")
        best = min(row["one"] for row in rows)
        figures.append(
            Figure(
                f"1 MB note / ten of 100 kB, {name}",
                value,
                "x",
                at_most=1.3,
                guard=2.0,  # a square would be ten; single rounds go up to 1.7 on a busy machine
                detail=f"{spread} s: 1 MB {best:.2f}",
            )
        )
    return figures


# -- the command ----------------------------------------------------------------------------


def read_notes(source: Path, limit: int | None) -> list[str]:
    """Read the notes of a folder or of a JSON Lines file, in a fixed order."""
    if source.is_dir():
        files = sorted(source.glob("*.txt"))
        texts = [file.read_bytes().decode("utf-8-sig") for file in files]
    else:
        lines = source.read_text(encoding="utf-8").splitlines()
        texts = [json.loads(line)["text"] for line in lines if line.strip()]
    if not texts:
        sys.exit(f"speed.py: no *.txt notes in {source}")
    return texts[:limit]


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--notes", type=Path, default=SAMPLES, metavar="DIR|FILE.jsonl")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N notes")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--minimums", action="store_true", help="exit 1 when a ratio misses its bound"
    )
    parser.add_argument(
        "--seconds-too",
        action="store_true",
        help="with --minimums, hold the figures in seconds as well: for a machine that is idle",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    args = parse(arguments)
    texts = read_notes(args.notes, args.limit)
    size = sum(map(len, texts))
    print(f"{len(texts)} notes, {size / len(texts):,.0f} characters each; {args.rounds} rounds")
    figures: list[Figure] = []
    # The start of commands first: this process has nothing loaded yet to compete with them.
    if "start" in args.only:
        figures += measure_start(min(SAMPLES.glob("*.txt")), args.rounds)
    if "length" in args.only:
        figures += measure_length(texts, args.rounds)
    if "models" in args.only:
        figures += measure_models(texts, args.rounds)
    if "throughput" in args.only:
        figures += measure_throughput(texts, args.rounds)
    for figure in figures:
        print(figure.line())
    if args.json:
        rows = [{**asdict(figure), "met": figure.met} for figure in figures]
        args.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    missed = [f.name for f in figures if f.fails and (f.unit == "x" or args.seconds_too)]
    if args.minimums and missed:
        print("missed: " + "; ".join(missed))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
