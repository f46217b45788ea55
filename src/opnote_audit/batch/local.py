"""Runs a batch on this machine: in this process, or in several, results always in input order.

The workers are forked from a fork server that has imported the libraries once (on Windows,
which has none, each imports them): forking this process itself would copy its threads' locks
in whatever state they are. Each worker builds its own pipeline.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing.context import BaseContext

from opnote_audit.batch.worker import Item, Outcome, Settings, audit_items, failed
from opnote_audit.errors import OpnoteError

CHUNK = 16
"""Notes that a worker is given at a time."""
_AHEAD = 4
"""Chunks for each worker that are under way or wait for an earlier one to be written."""

_KILLED = (
    "the process that read this note was killed or crashed; most likely the note needs more "
    "memory than there is, or its document is damaged"
)

Audit = Callable[[Sequence[Item], Settings, frozenset[str]], list[Outcome]]
"""The partition function: :func:`opnote_audit.batch.worker.audit_items`."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some items, and the fingerprints that earlier runs left for them."""

    items: tuple[Item, ...]
    known: frozenset[str] = frozenset()


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def chunked(
    items: Iterable[Item], known: Callable[[Item], str | None], size: int = CHUNK
) -> Iterator[Chunk]:
    """Cut items into chunks; ``known`` gives the fingerprint that an earlier run left for one."""
    rest = iter(items)
    while part := tuple(islice(rest, size)):
        marks = (known(item) for item in part)
        yield Chunk(part, frozenset(mark for mark in marks if mark is not None))


def run_here(
    chunks: Iterable[Chunk], settings: Settings, audit: Audit = audit_items
) -> Iterator[tuple[Chunk, list[Outcome]]]:
    """Audit chunks in this process."""
    for chunk in chunks:
        yield chunk, audit(chunk.items, settings, chunk.known)


def run_in_processes(
    chunks: Iterable[Chunk], settings: Settings, jobs: int, audit: Audit = audit_items
) -> Iterator[tuple[Chunk, list[Outcome]]]:
    """Audit chunks in worker processes.

    Parameters
    ----------
    chunks
        What to audit; taken a few at a time, so that they may be read from a stream.
    settings
        How.
    jobs
        The number of processes.
    audit
        The partition function, importable by name.

    Yields
    ------
    tuple of Chunk and list of Outcome
        Every chunk in its place. A note that kills its process gets an error outcome; the
        others in its chunk are audited all the same.

    Raises
    ------
    OpnoteError
        No worker can be kept alive at all.
    RuleFileError
        The rules cannot be used.
    """
    pool = _Pool(settings, jobs, audit)
    waiting: deque[tuple[Chunk, Future[list[Outcome]] | None]] = deque()
    try:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(chunk)))
            if len(waiting) >= jobs * _AHEAD:
                yield _next(pool, waiting)
        while waiting:
            yield _next(pool, waiting)
    finally:
        pool.close()


def _next(
    pool: _Pool, waiting: deque[tuple[Chunk, Future[list[Outcome]] | None]]
) -> tuple[Chunk, list[Outcome]]:
    chunk, future = waiting.popleft()
    try:
        if future is None:
            raise BrokenProcessPool
        return chunk, future.result()
    except BrokenProcessPool:
        # Which of the chunks under way broke it is not known: this one is tried alone.
        outcomes = pool.alone(chunk)
    # All the others under way are lost as well, unless they were done before it broke.
    for at, (later, other) in enumerate(waiting):
        if other is None or (other.done() and other.exception() is not None) or other.cancelled():
            waiting[at] = (later, pool.submit(later))
    return chunk, outcomes


class _Pool:
    """A process pool that is made anew when a worker dies."""

    def __init__(self, settings: Settings, jobs: int, audit: Audit) -> None:
        self._settings = settings
        self._jobs = jobs
        self._audit = audit
        self._executor = self._new(jobs)

    def submit(self, chunk: Chunk) -> Future[list[Outcome]] | None:
        """Give a chunk to the workers; ``None`` when one of them has died meanwhile."""
        try:
            return self._executor.submit(self._audit, chunk.items, self._settings, chunk.known)
        except BrokenProcessPool:
            return None

    def alone(self, chunk: Chunk) -> list[Outcome]:
        """Audit a chunk in a process of its own, and note by note when that one dies too."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        outcomes = self._try(chunk)
        if outcomes is None:
            outcomes = []
            for item in chunk.items:
                one = self._try(Chunk((item,), chunk.known))
                outcomes += one or [failed(item, _KILLED, self._settings)]
        self._executor = self._new(self._jobs)
        return outcomes

    def close(self) -> None:
        """Let the workers go once each is through with its chunk; nothing more is begun.

        Python waits for them at exit in any case, and stumbles there over a pool left half shut.
        """
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _try(self, chunk: Chunk) -> list[Outcome] | None:
        with self._new(1) as executor:
            try:
                # Nothing to audit, but it needs a living worker: one that cannot even start
                # must not turn every note into an error.
                executor.submit(self._audit, (), self._settings, frozenset()).result()
            except BrokenProcessPool:
                raise OpnoteError(
                    "the worker processes die as they start (is there memory for them?); try "
                    "fewer with --jobs, or --jobs 1"
                ) from None
            try:
                return executor.submit(
                    self._audit, chunk.items, self._settings, chunk.known
                ).result()
            except BrokenProcessPool:
                return None

    def _new(self, jobs: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(jobs, mp_context=_context(), initializer=_start_worker)


def _context() -> BaseContext:
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["opnote_audit.batch._preload"])
        return context
    return multiprocessing.get_context("spawn")


def _start_worker() -> None:
    """Prepare a worker: quiet imports, private files, and no life after its parent's."""
    import opnote_audit.batch._preload  # noqa: F401

    os.umask(0o077)
    # Ctrl-C reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        # Killed outright, a parent cannot tell its workers, and they would wait for ever.
        threading.Thread(target=follow, daemon=True).start()
