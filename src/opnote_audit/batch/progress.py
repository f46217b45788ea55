"""What a person sees while a batch runs: a bar on a terminal, a plain line now and then else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from opnote_audit.checks.result import Verdict
from opnote_audit.report.style import words

VERDICTS: tuple[Verdict, ...] = (
    "supported",
    "needs_review",
    "deficient",
    "not_applicable",
    "error",
)
"""The verdicts in the order in which they are counted out."""

_FIRST_LINE = 2.0
_LONGEST_PAUSE = 60.0
_SHORTEST_RATE = 1.0


class Progress(Protocol):
    """Told of each note that is done."""

    def add(self, verdict: Verdict) -> None:
        """Count one note."""
        ...

    def close(self) -> None:
        """Take the bar away; safe to call twice."""
        ...


def progress_for(stream: TextIO, total: int, quiet: bool) -> Progress:
    """Return the progress display that fits ``stream``: a bar, plain lines, or nothing."""
    if quiet:
        return Silent()
    return Bar(stream, total) if stream.isatty() else Lines(stream, total)


def counts_text(counts: Mapping[Verdict, int]) -> str:
    """Return the counts by verdict in words: ``12 supported, 3 error``; those at 0 left out."""
    return ", ".join(f"{counts[v]:,} {words(v)}" for v in VERDICTS if counts.get(v)) or "none yet"


def duration_text(seconds: float) -> str:
    """Return a duration as people say it: ``45 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Silent:
    """Shows nothing."""

    def add(self, verdict: Verdict) -> None:
        """Count nothing."""

    def close(self) -> None:
        """Nothing to take away."""


class Lines:
    """Plain lines for a log: soon the first, then ever more seldom, at most once a minute.

    Parameters
    ----------
    stream
        Where to.
    total
        The number of notes.
    clock
        Seconds that only grow.
    """

    def __init__(self, stream: TextIO, total: int, clock: Any = time.monotonic) -> None:
        self._stream = stream
        self._total = total
        self._clock = clock
        self._start = clock()
        self._pause = _FIRST_LINE
        self._next = self._start + self._pause
        self._counts: Counter[Verdict] = Counter()

    def add(self, verdict: Verdict) -> None:
        """Count one note, and say how far it is when it is time to."""
        now = self._clock()
        if not self._counts:
            # Workers take seconds to start: counted in, the first rates would be far too low.
            self._start = now
        self._counts[verdict] += 1
        # Results come in bursts: a rate needs a while to mean something.
        if now < self._next or now < self._start + _SHORTEST_RATE:
            return
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._next = now + self._pause
        done = self._counts.total()
        rate = done / (now - self._start)
        left = duration_text((self._total - done) / rate)
        print(
            f"{done:,} of {self._total:,} notes, {rate:,.0f} a second, about {left} left: "
            f"{counts_text(self._counts)}",
            file=self._stream,
            flush=True,
        )

    def close(self) -> None:
        """Nothing to take away."""


class Bar:
    """A bar with rate, time left and counts by verdict, drawn by rich.

    Parameters
    ----------
    stream
        The terminal.
    total
        The number of notes.
    """

    def __init__(self, stream: TextIO, total: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._counts: Counter[Verdict] = Counter()
        self._progress = Progress(
            TextColumn("auditing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[counts]}", markup=False),
            console=Console(file=stream),
            transient=True,
        )
        self._task = self._progress.add_task("", total=total, rate="", counts="")
        self._progress.start()

    def add(self, verdict: Verdict) -> None:
        """Count one note; rich draws ten times a second, whatever the pace."""
        self._counts[verdict] += 1
        task = self._progress.tasks[0]
        rate = f"{task.speed:,.0f}/s" if task.speed else ""
        self._progress.update(self._task, advance=1, rate=rate, counts=counts_text(self._counts))

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
