#!/usr/bin/env python3
"""Does a large dashboard open and filter while one looks at it? Measured in headless Chromium.

    python benchmarks/dashboard.py                   10,000 rows, five rounds
    python benchmarks/dashboard.py --rows 100000     other sizes
    python benchmarks/dashboard.py --minimums        exit 1 when a figure misses what is promised
    python benchmarks/dashboard.py --json FILE       the figures, for programs

Opening counts from the request for the file until the table stands in a painted frame;
filtering and sorting from the key or click until the new table does. These are wall times on
this machine, the slowest of the rounds; Debian's chromium and chromium-driver are needed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

import browser  # noqa: E402
from page_samples import RESULT, SampleRow, failed, not_applicable, supported  # noqa: E402

from opnote_audit.report.dashboard import write_dashboard  # noqa: E402

LIMIT = 2.0

# Each runs in the page and answers once what it did has been painted.
PAINTED = "const done = arguments[arguments.length - 1];" + (
    "const painted = () => requestAnimationFrame(() => requestAnimationFrame("
    "() => done(performance.now() - start)));"
    "const when = (changed) => changed() ? painted() : setTimeout(() => when(changed), 1);"
    "const said = () => document.getElementById('count').textContent;"
)
OPEN = PAINTED + "const start = 0; when(() => said().startsWith('Notes 1 to'));"
FILTER = PAINTED + (
    "const before = said(); const search = document.getElementById('search');"
    "const start = performance.now(); search.value = arguments[0];"
    "search.dispatchEvent(new Event('input', { bubbles: true })); when(() => said() !== before);"
)
SORT = PAINTED + (
    "const row = () => document.querySelector('#table tbody').textContent; const before = row();"
    "const button = [...document.querySelectorAll('#table .sort')][arguments[0]];"
    "const start = performance.now(); button.click(); button.click(); when(() => row() !== before);"
)


def sample_rows(count: int) -> Iterator[SampleRow]:
    """Made-up rows like those of a batch: three carried columns, every verdict."""
    chance = random.Random(63057)
    surgeons = [f"Dr. {chr(65 + n % 26)}{n}" for n in range(60)]
    for number in range(count):
        name = f"op-{number:06d}"
        result = chance.choices(
            [
                supported(name, chance.randint(1, 3)),
                replace(RESULT, note_id=name, score=round(chance.uniform(20, 95), 1)),
                not_applicable(name),
                failed(name),
            ],
            [15, 20, 64, 1],
        )[0]
        columns = {
            "surgeon": chance.choice(surgeons),
            "facility": chance.choice(["North Campus", "Riverside", "St. Elsewhere"]),
            "date": f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        }
        yield SampleRow(result, columns, f"notes/{name}.html")


def measure(rows: int, rounds: int) -> dict[str, Any]:
    """Return the figures: seconds of each round by step, and the page's size in bytes."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "report.html"
        start = time.perf_counter()
        with path.open("w", encoding="utf-8") as page:
            write_dashboard(sample_rows(rows), page, title="Benchmark")
        written = time.perf_counter() - start
        seconds: dict[str, list[float]] = {"open": [], "filter": [], "sort": []}
        with browser.chromium(Path(folder) / "profile") as driver:
            browser.screen(driver)
            run: Callable[..., float] = driver.execute_async_script
            for _ in range(rounds):
                driver.get(path.as_uri())
                seconds["open"].append(run(OPEN) / 1000)
                seconds["filter"].append(run(FILTER, "riverside dr. c") / 1000)
                run(FILTER, "")
                seconds["sort"].append(run(SORT, 0) / 1000)
        return {
            "rows": rows,
            "rounds": rounds,
            "write_seconds": written,
            "page_bytes": path.stat().st_size,
            "seconds": seconds,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minimums", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args(arguments)
    if not (browser.CHROMIUM and browser.DRIVER):
        print("no Chromium here: install Debian's chromium and chromium-driver", file=sys.stderr)
        return 2
    figures = measure(chosen.rows, chosen.rounds)
    size = figures["page_bytes"] / 1e6
    print(f"{figures['rows']:,} rows, {size:.1f} MB, written in {figures['write_seconds']:.2f} s")
    missed = False
    for name, seconds in figures["seconds"].items():
        bound = f"(<= {LIMIT:g})" if name != "sort" else ""
        late = bool(bound) and max(seconds) > LIMIT
        missed |= late
        middle = statistics.median(seconds)
        print(
            f"{name:8s} slowest {max(seconds):6.2f} s {bound:7s} median {middle:6.2f} s"
            f"{'  MISSED' if late else ''}"
        )
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 1 if missed and chosen.minimums else 0


if __name__ == "__main__":
    sys.exit(main())
