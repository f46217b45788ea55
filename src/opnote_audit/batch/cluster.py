"""Runs a batch on a Dask cluster: the workers read their own partitions and write Parquet parts.

A part holds the lines of its partition and appears whole or not at all, so that a partition
may be run again, by whichever worker, as often as workers die: its part is the same each time,
and every note stands in exactly one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import opnote_audit
from opnote_audit.batch.contract import verdict_in
from opnote_audit.batch.files import owner_fd
from opnote_audit.batch.inputs import Input, Source
from opnote_audit.batch.names import PageNames
from opnote_audit.batch.progress import Progress
from opnote_audit.batch.worker import Item, Settings, audit_items, failed
from opnote_audit.checks.result import Verdict
from opnote_audit.errors import OpnoteError
from opnote_audit.read.tables import ParquetSlice, ParquetTable

if TYPE_CHECKING:
    from distributed import Client

_WAIT = 30
"""Seconds to wait for a scheduler to answer, and for its first worker."""
_PATIENCE = 5
"""Seconds without news before it is looked whether there are workers at all."""
# Before Python 3.11 these are not the same.
_TIMEOUTS = (TimeoutError, asyncio.TimeoutError)
_AHEAD = 4
"""Partitions for each thread of the cluster that are under way or wait there."""

_KILLED = (
    "the workers that read this note were killed or crashed, one after the other; most likely "
    "the note needs more memory than they have, or its document is damaged"
)


@dataclass(frozen=True, slots=True)
class Partition:
    """Some inputs that stand together: themselves, or the rows of a table to be read over there.

    ``first`` is the number of the first of them in the batch; ``pages`` has a page's name, or
    ``None``, for each.
    """

    name: str
    first: int
    pages: tuple[str | None, ...]
    carried: tuple[str, ...]
    source: str = ""
    inputs: tuple[Input, ...] = ()
    rows: ParquetSlice | None = None

    def __len__(self) -> int:
        """Return the number of inputs."""
        return len(self.pages)

    def items(self) -> list[Item]:
        """Return the inputs as items, reading the table where there is one."""
        inputs: Iterator[Input] | tuple[Input, ...] = self.inputs
        if self.rows is not None:
            inputs = (Input.of_row(self.source, row) for row in self.rows.rows())
        return [
            Item(number, one.with_columns(self.carried), page)
            for number, (one, page) in enumerate(zip(inputs, self.pages, strict=True), self.first)
        ]

    def singles(self) -> list[Partition]:
        """Return a partition for each input."""
        parts = []
        for at, page in enumerate(self.pages):
            rows = self.rows
            if rows is not None:
                start = rows.start + at
                rows = replace(rows, start=start, stop=start + 1, first=rows.first + at)
            parts.append(
                replace(
                    self,
                    name=f"{self.name}-{at:05d}",
                    first=self.first + at,
                    pages=(page,),
                    inputs=self.inputs[at : at + 1],
                    rows=rows,
                )
            )
        return parts


def audit_partition(
    partition: Partition, settings: Settings, folder: str, earlier: str | None
) -> list[tuple[Verdict, bool]]:
    """Audit a partition and write its part; what runs on the cluster's workers.

    Parameters
    ----------
    partition
        The inputs.
    settings
        How to audit.
    folder
        Where the part is written, as ``NAME.parquet``.
    earlier
        Where a finished run may have left the part.

    Returns
    -------
    list of tuple of Verdict and bool
        For each input its verdict, and whether an earlier part had it. No note text.
    """
    path = Path(folder) / f"{partition.name}.parquet"
    at_hand: dict[str, str] = {}
    for place in filter(None, (earlier, folder)):
        at_hand |= _lines_by_fingerprint(Path(place) / path.name)
    items = partition.items()
    outcomes = audit_items(items, settings, at_hand.keys())
    lines = [
        outcome.line if outcome.line is not None else at_hand[str(outcome.fingerprint)]
        for outcome in outcomes
    ]
    _write_part(path, partition.first, lines)
    return [
        (verdict_in(line), outcome.line is None)
        for line, outcome in zip(lines, outcomes, strict=True)
    ]


def run_on_cluster(
    sources: Sequence[Source],
    carried: tuple[str, ...],
    settings: Settings,
    *,
    folder: Path,
    earlier: Path | None,
    scratch: Path,
    scheduler: str | None,
    jobs: int,
    size: int,
    progress: Progress,
) -> Iterator[tuple[str, bool]]:
    """Audit all sources on a cluster, then yield the lines in input order.

    Parameters
    ----------
    sources, carried, settings
        What to audit, and how. Workers must find files and folders under the same paths.
    folder
        Where the parts are written.
    earlier
        Where the parts of a finished run stand.
    scratch
        A folder for what workers of a local cluster spill.
    scheduler
        The address of a scheduler; ``None`` starts a cluster of ``jobs`` processes here.
    size
        Notes in a partition.
    progress
        Told of each note.

    Yields
    ------
    tuple of str and bool
        A line, and whether an earlier run had made it.

    Raises
    ------
    OpnoteError
        Dask is not installed, no scheduler or worker answers, the workers have another version
        of this program or do not see the folder, or they failed.
    """
    client = _client(scheduler, jobs, scratch)
    try:
        _check_workers(client, folder)
        partitions = partitions_of(sources, carried, size, pages=settings.staging is not None)
        names, reused = _Runner(client, settings, folder, earlier, progress).run(partitions)
    finally:
        _close(client)
    for path in folder.iterdir():
        # Parts of other partitions, left by an earlier run, and what killed workers tore.
        if path.name.removesuffix(".parquet") not in names:
            path.unlink()
    for name in names:
        flags = reused[name]
        yield from zip(_part_lines(folder / f"{name}.parquet"), flags, strict=True)


def partitions_of(
    sources: Sequence[Source], carried: tuple[str, ...], size: int, *, pages: bool
) -> Iterator[Partition]:
    """Cut the inputs into partitions of at most ``size``, none of two sources.

    Of a Parquet table only the ids are read here, for the names of the pages.
    """
    taken = PageNames()
    first = 1
    count = 0
    for source in sources:
        if isinstance(source.table, ParquetTable):
            ids = source.table.ids()
            for rows in source.table.slices(size):
                names = tuple(
                    taken.take(one) if pages else None
                    for one in islice(ids, rows.stop - rows.start)
                )
                yield Partition(f"part-{count:05d}", first, names, carried, source.name, rows=rows)
                first, count = first + len(names), count + 1
            continue
        inputs = source.inputs()
        while some := tuple(islice(inputs, size)):
            names = tuple(taken.take(one.note_id) if pages else None for one in some)
            yield Partition(f"part-{count:05d}", first, names, carried, source.name, inputs=some)
            first, count = first + len(names), count + 1


class _Runner:
    """Keeps the cluster busy with a bounded number of partitions, and finds who kills workers.

    When a worker dies, Dask suspects everything that it had been given. So whatever it gives up
    on is put aside and tried again at the end, alone: only then is a death its own doing.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        folder: Path,
        earlier: Path | None,
        progress: Progress,
    ) -> None:
        self._client = client
        self._settings = settings
        self._folder = folder
        self._earlier = earlier
        self._progress = progress
        self._run = uuid.uuid4().hex[:8]
        self._tries = 0
        self._reused: dict[str, list[bool]] = {}

    def run(self, partitions: Iterator[Partition]) -> tuple[list[str], dict[str, list[bool]]]:
        """Run all partitions; return their parts' names in order and what was reused in each."""
        order: list[list[str]] = []
        suspects: list[tuple[int, Partition]] = []
        running: dict[Any, tuple[int, Partition]] = {}
        ahead = _AHEAD * max(sum(self._client.nthreads().values()), 1)
        while True:
            for partition in islice(partitions, ahead - len(running)):
                running[self._submit(partition)] = (len(order), partition)
                order.append([partition.name])
            if not running:
                break
            for future in self._done(list(running)):
                index, partition = running.pop(future)
                if not self._take(future, partition):
                    suspects.append((index, partition))
        for index, partition in suspects:
            order[index] = self._alone(partition)
        return [name for names in order for name in names], self._reused

    def _alone(self, partition: Partition) -> list[str]:
        """Run a partition with nothing beside it, its inputs one by one if it kills again."""
        if self._try(partition):
            return [partition.name]
        singles = partition.singles()
        for single in singles:
            if len(singles) > 1 and self._try(single):
                continue
            outcome = failed(single.items()[0], _KILLED, self._settings)
            line = str(outcome.line)
            _write_part(self._folder / f"{single.name}.parquet", single.first, [line])
            self._count(single, [(verdict_in(line), False)])
        return [single.name for single in singles]

    def _try(self, partition: Partition) -> bool:
        future = self._submit(partition)
        self._done([future])
        return self._take(future, partition)

    def _submit(self, partition: Partition) -> Any:
        self._tries += 1
        earlier = str(self._earlier.resolve()) if self._earlier is not None else None
        return self._client.submit(
            audit_partition,
            partition,
            self._settings,
            str(self._folder.resolve()),
            earlier,
            # A key of its own: Dask remembers which ones it has given up on.
            key=f"opnote-audit-{self._run}-{partition.name}-{self._tries}",
            pure=False,
        )

    def _done(self, futures: list[Any]) -> set[Any]:
        """Wait until one of the futures at least is done, and return those that are.

        Raises
        ------
        OpnoteError
            There is no worker left to do it.
        """
        from distributed import wait

        idle = 0
        while True:
            try:
                done: set[Any] = wait(
                    futures, timeout=_PATIENCE, return_when="FIRST_COMPLETED"
                ).done
            except _TIMEOUTS:
                idle = 0 if self._client.nthreads() else idle + 1
                if idle * _PATIENCE >= _WAIT:
                    raise OpnoteError(
                        "the Dask cluster has no workers left; start some and continue with "
                        "--resume"
                    ) from None
            else:
                return done

    def _take(self, future: Any, partition: Partition) -> bool:
        """Count a partition that is done; ``False`` when workers died under it."""
        from distributed.scheduler import KilledWorker

        try:
            results: list[tuple[Verdict, bool]] = future.result()
        except KilledWorker:
            return False
        except OpnoteError:
            raise
        except Exception as error:
            # Its message may quote what the worker had in hand.
            raise OpnoteError(
                f"a worker failed ({type(error).__name__}); see that the workers have this "
                "version of opnote-audit and see the same folders, then continue with --resume"
            ) from None
        self._count(partition, results)
        return True

    def _count(self, partition: Partition, results: list[tuple[Verdict, bool]]) -> None:
        self._reused[partition.name] = [again for _, again in results]
        for verdict, _ in results:
            self._progress.add(verdict)


# -- parts ----------------------------------------------------------------------------------


def _write_part(path: Path, first: int, lines: Sequence[str]) -> None:
    import json

    import pyarrow
    import pyarrow.parquet

    rows = [json.loads(line) for line in lines]
    table = pyarrow.table(
        {
            "number": pyarrow.array(range(first, first + len(lines)), pyarrow.int64()),
            "note_id": pyarrow.array([_text(row["note_id"]) for row in rows], pyarrow.string()),
            "source": pyarrow.array([_text(row["source"]) for row in rows], pyarrow.string()),
            "verdict": pyarrow.array([row["verdict"] for row in rows], pyarrow.string()),
            "score": pyarrow.array([row["score"] for row in rows], pyarrow.float64()),
            "units_supported": pyarrow.array(
                [row["units"]["supported"] for row in rows], pyarrow.int32()
            ),
            "fingerprint": pyarrow.array([row["fingerprint"] for row in rows], pyarrow.string()),
            "result": pyarrow.array(lines, pyarrow.string()),
        }
    )
    # Two workers may write the same part at once, when one was only thought dead.
    torn = path.with_name(f"{path.name}.{uuid.uuid4().hex}.torn")
    try:
        with os.fdopen(owner_fd(torn), "wb") as file:
            pyarrow.parquet.write_table(table, file, compression="zstd")
        torn.replace(path)
    finally:
        torn.unlink(missing_ok=True)


def _text(value: str) -> str:
    """Return a name that Parquet can hold: surrogates of undecodable file names replaced."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _part_lines(path: Path) -> list[str]:
    import pyarrow.parquet

    column = pyarrow.parquet.ParquetFile(path).read(["result"]).column("result")
    return [str(line) for line in column.to_pylist()]


def _lines_by_fingerprint(path: Path) -> dict[str, str]:
    """Return the lines of a part that an earlier run left; none when there is no whole one."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path).read(["fingerprint", "result"])
    except (OSError, pyarrow.ArrowException):
        return {}
    marks = table.column("fingerprint").to_pylist()
    lines = table.column("result").to_pylist()
    return {mark: line for mark, line in zip(marks, lines, strict=True) if mark is not None}


# -- the cluster ----------------------------------------------------------------------------


def _client(scheduler: str | None, jobs: int, scratch: Path) -> Client:
    try:
        import distributed
    except ImportError:
        raise OpnoteError(
            "Dask is not installed; install it with: pip install 'opnote-audit[dask]'"
        ) from None
    # Its messages name tasks and addresses; what matters of them is said by the run itself.
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if scheduler is None:
        cluster = distributed.LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(scratch.resolve()),
            silence_logs=logging.CRITICAL,
        )
        return distributed.Client(cluster)
    try:
        client = distributed.Client(scheduler, timeout=_WAIT)
    except (OSError, ValueError, *_TIMEOUTS):
        raise OpnoteError(
            f"{scheduler}: no Dask scheduler answers; check the address and that it runs"
        ) from None
    return client


def _close(client: Client) -> None:
    cluster = client.cluster
    client.close()
    if cluster is not None:
        cluster.close()


def _check_workers(client: Client, folder: Path) -> None:
    """Make sure that there is a worker, and that all have what they need.

    Raises
    ------
    OpnoteError
        They do not; the message says what.
    """
    try:
        client.wait_for_workers(1, timeout=_WAIT)
    except _TIMEOUTS:
        raise OpnoteError("the Dask scheduler has no workers; start some") from None
    try:
        found: dict[str, Any] = client.run(_worker_state, str(folder.resolve()))
    except Exception as error:
        raise OpnoteError(
            f"a Dask worker cannot run opnote-audit ({type(error).__name__}); install "
            f"opnote-audit[dask] {opnote_audit.__version__} there"
        ) from None
    for address, (version, sees) in found.items():
        if version != opnote_audit.__version__:
            raise OpnoteError(
                f"{address}: the worker has opnote-audit {version} and this is "
                f"{opnote_audit.__version__}; install the same version"
            )
        if not sees:
            raise OpnoteError(
                f"{address}: the worker does not see the folder of --out; give one on storage "
                "that all workers share, under the same path"
            )


def _worker_state(folder: str) -> tuple[str, bool]:
    """Run on each worker: its version of this program, and whether it sees the folder."""
    return opnote_audit.__version__, Path(folder).is_dir()
