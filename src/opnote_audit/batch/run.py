"""A whole batch: list the inputs, audit them, write the outputs, move them into their folder."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import opnote_audit
from opnote_audit.batch import local
from opnote_audit.batch.contract import read_rows, verdict_in
from opnote_audit.batch.files import (
    DASHBOARD,
    FINDINGS,
    JOURNAL,
    NOTES,
    PAGES,
    PARTS,
    RESULTS,
    SEGMENTS,
    WORKLIST,
    OwnerFile,
    Workplace,
    write_errors,
)
from opnote_audit.batch.frames import FrameFiles
from opnote_audit.batch.inputs import Source, list_sources
from opnote_audit.batch.journal import Earlier, Journal
from opnote_audit.batch.names import PageNames
from opnote_audit.batch.progress import Progress
from opnote_audit.batch.reviews import read_reviews, reviewed
from opnote_audit.batch.worker import ClaimsSource, Item, Settings, read_claims
from opnote_audit.checks.result import SCHEMA_VERSION, Verdict
from opnote_audit.errors import InputError, OpnoteError, RuleFileError
from opnote_audit.model_options import DEFAULT_MODELS, ModelOptions
from opnote_audit.paths import models_dir, patterns_dir
from opnote_audit.read import DEFAULT_MAX_BYTES
from opnote_audit.read.tables import TableOptions

ENGINES = ("local", "dask")
PARTITION = 200
"""Notes in a partition of a Dask cluster, unless told otherwise."""

_SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a batch is asked to do; the fields are the options of the command line."""

    sources: tuple[str, ...]
    out: Path
    globs: tuple[str, ...] = ()
    table: TableOptions = field(default_factory=TableOptions)
    patterns: Path | None = None
    max_bytes: int = DEFAULT_MAX_BYTES
    html: bool = True
    xlsx: bool = True
    redact: bool = False
    resume: bool = False
    overwrite: bool = False
    jobs: int = 1
    engine: str = "local"
    scheduler: str | None = None
    partition: int = PARTITION
    claims: ClaimsSource | None = None
    models: ModelOptions = DEFAULT_MODELS


@dataclass(slots=True)
class Summary:
    """What came of a batch: counts, and the first inputs that could not be audited."""

    total: int
    counts: Counter[Verdict] = field(default_factory=Counter)
    units: int = 0
    reused: int = 0
    left_out: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    outputs: tuple[str, ...] = ()
    seconds: float = 0.0
    claimed: int | None = None
    claims_without_note: tuple[str, ...] = ()
    claim_warnings: tuple[str, ...] = ()


def run_batch(options: BatchOptions, progress: Callable[[int], Progress]) -> Summary:
    """Audit every input and write the outputs.

    Parameters
    ----------
    options
        What to audit, how, and where to.
    progress
        Makes the progress display, given the number of notes.

    Returns
    -------
    Summary
        What came of it. As many results as inputs, always.

    Raises
    ------
    InputError
        Nothing to audit, or a folder that cannot or must not be written to.
    RuleFileError
        The rules cannot be used.
    ModelError
        The model that ``models`` names cannot be used.
    OpnoteError
        The run had to stop half-way; it can be continued with ``resume``.
    """
    start = time.monotonic()
    if options.patterns is not None and not options.patterns.is_dir():
        raise RuleFileError(
            f"{options.patterns}: no such folder of rule files; give the folder that "
            "--patterns means"
        )
    sources = list_sources(options.sources, options.globs, options.table, options.out)
    _refuse_own_outputs(sources, options.out)
    place = Workplace(options.out, resume=options.resume, overwrite=options.overwrite)
    total = sum(source.count for source in sources)
    summary = Summary(total, left_out=sum(source.left_out for source in sources))
    try:
        with write_errors(options.out):
            run = _Run(options, sources, place, summary)
            names = run.write(progress(total))
            place.commit(names)
    except BaseException:
        place.discard()
        raise
    summary.outputs = tuple(names)
    summary.seconds = time.monotonic() - start
    return summary


class _Run:
    def __init__(
        self, options: BatchOptions, sources: Sequence[Source], place: Workplace, summary: Summary
    ) -> None:
        self._options = options
        self._sources = sources
        self._place = place
        self._summary = summary
        self._carried = _carried(sources)
        # Now and not in the end: what is wrong with it should be known before hours of work.
        kept = options.resume and options.xlsx
        self._reviews = read_reviews(options.out / WORKLIST) if kept else {}
        # Read now, so that a file that is no claims is known before hours of work.
        self._book = read_claims(options.claims) if options.claims is not None else None
        pages = place.stage_folder(PAGES) if options.html else None
        self._settings = Settings(
            rules=rules_digest(options.patterns, options.redact, options.claims, options.models),
            patterns=str(options.patterns) if options.patterns is not None else None,
            max_bytes=options.max_bytes,
            redact=options.redact,
            staging=str(pages.resolve()) if pages is not None else None,
            finished=str((options.out / PAGES).resolve()) if options.resume else None,
            claims=options.claims,
            models=options.models,
        )

    def write(self, progress: Progress) -> list[str]:
        """Write all outputs to the staging folder and return their names."""
        names = [RESULTS, NOTES, SEGMENTS, FINDINGS]
        try:
            lines = (
                self._cluster(progress) if self._options.engine == "dask" else self._local(progress)
            )
            self._collect(lines)
        finally:
            progress.close()
        if self._options.engine == "dask":
            names.append(PARTS)
        if self._options.html:
            self._dashboard()
            names += [DASHBOARD, PAGES]
        if self._options.xlsx:
            self._worklist()
            names.append(WORKLIST)
        return names

    # -- the audit ---------------------------------------------------------------------------

    def _local(self, progress: Progress) -> Iterator[str]:
        """Yield the lines in input order, each written to the journal before."""
        place, options = self._place, self._options
        with ExitStack() as stack:
            paths = [options.out / RESULTS, place.staged(JOURNAL)] if options.resume else []
            earlier = Earlier(paths)
            stack.callback(earlier.close)
            journal = stack.enter_context(Journal(place.staged(JOURNAL)))

            def known(item: Item) -> str | None:
                return earlier.fingerprint(item.input.note_id, item.input.source, _page(item))

            chunks = local.chunked(self.items(), known)
            if options.jobs == 1:
                done = local.run_here(chunks, self._settings)
            else:
                done = local.run_in_processes(chunks, self._settings, options.jobs)
            for chunk, outcomes in done:
                journal.append(o.line for o in outcomes if o.line is not None)
                for item, outcome in zip(chunk.items, outcomes, strict=True):
                    line = outcome.line
                    if line is None:
                        self._summary.reused += 1
                        line = earlier.line(item.input.note_id, item.input.source, _page(item))
                    yield line
                    progress.add(outcome.verdict or verdict_in(line))

    def _cluster(self, progress: Progress) -> Iterator[str]:
        """Yield the lines in input order, from the parts that a Dask cluster has written."""
        from opnote_audit.batch.cluster import run_on_cluster

        options = self._options
        done = run_on_cluster(
            self._sources,
            self._carried,
            self._settings,
            folder=self._place.stage_folder(PARTS),
            earlier=options.out / PARTS if options.resume else None,
            scratch=self._place.stage_folder("dask"),
            scheduler=options.scheduler,
            jobs=options.jobs,
            size=options.partition,
            progress=progress,
        )
        for line, reused in done:
            self._summary.reused += reused
            yield line

    def items(self) -> Iterator[Item]:
        """Yield the inputs in order, each with its page's name and the same columns."""
        return numbered(self._sources, self._carried, pages=self._options.html)

    # -- the outputs -------------------------------------------------------------------------

    def _collect(self, lines: Iterator[str]) -> None:
        summary = self._summary
        done = 0
        pages: set[str | None] = set()
        claimed: set[str] = set()
        notes_claimed = 0
        with (
            OwnerFile(self._place.staged(RESULTS)) as results,
            FrameFiles(self._place.state, self._carried) as frames,
        ):
            for done, line in enumerate(lines, 1):
                results.write(line.encode("ascii") + b"\n")
                result = json.loads(line)
                frames.add(done, result)
                if self._options.resume:
                    pages.add(result["page"])
                if self._book is not None and self._book.match(result["note_id"]) is not None:
                    claimed.add(result["note_id"])
                    notes_claimed += 1
                summary.counts[result["verdict"]] += 1
                summary.units += result["units"]["supported"]
                if result["error"] is not None and len(summary.problems) < _SHOWN_PROBLEMS:
                    summary.problems.append((result["source"], result["error"]))
        if self._book is not None:
            left = self._book.without_note(claimed)
            summary.claimed = notes_claimed
            summary.claims_without_note = tuple(claim.claim_id or "(no claim id)" for claim in left)
            summary.claim_warnings = tuple(str(warning) for warning in self._book.warnings)
        if self._options.resume and self._options.html:
            # A stopped run may have left pages of notes that are gone by now.
            for path in self._place.staged(PAGES).iterdir():
                if f"{PAGES}/{path.name}" not in pages:
                    path.unlink()
        if done != summary.total:
            raise OpnoteError(
                f"the sources changed while they were read ({summary.total} inputs at the "
                f"start, {done} at the end); run again with --resume"
            )

    def _dashboard(self) -> None:
        from opnote_audit.report.dashboard import write_dashboard

        rows = read_rows(self._place.staged(RESULTS))
        with (
            OwnerFile(self._place.staged(DASHBOARD)) as file,
            # A surrogate in a column has no UTF-8; a question mark has.
            TextIOWrapper(file, encoding="utf-8", errors="replace", newline="") as page,
        ):
            write_dashboard(rows, page, title=self._title())

    def _worklist(self) -> None:
        from opnote_audit.report.workbook import write_workbook

        rows = reviewed(read_rows(self._place.staged(RESULTS)), self._reviews)
        write_workbook(rows, self._place.staged(WORKLIST))

    def _title(self) -> str:
        first, *others = [Path(source.name).name or source.name for source in self._sources]
        return f"{first} and {len(others)} more" if others else first


def numbered(sources: Sequence[Source], carried: Sequence[str], *, pages: bool) -> Iterator[Item]:
    """Yield every input with its number, its page's name and all carried columns."""
    names = PageNames()
    number = 0
    for source in sources:
        for one in source.inputs():
            number += 1
            page = names.take(one.note_id) if pages else None
            yield Item(number, one.with_columns(carried), page)


def rules_digest(
    patterns: Path | None,
    redact: bool,
    claims: ClaimsSource | None = None,
    models: ModelOptions = DEFAULT_MODELS,
) -> str:
    """Return a digest of what decides a result beside the input: program, rules, models, claims.

    Raises
    ------
    ModelError
        The model that ``models`` names is not there.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps(models_identity(models)).encode())
    if claims is not None:
        how = [claims.note_key, claims.conversion_factor, claims.gpci]
        digest.update(json.dumps(how).encode())
        digest.update(Path(claims.path).read_bytes())
    digest.update(json.dumps([opnote_audit.__version__, SCHEMA_VERSION, redact]).encode())
    for folder in (patterns or patterns_dir(), models_dir()):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            content = path.read_bytes()
            head = f"{path.relative_to(folder).as_posix()}\n{len(content)}\n"
            digest.update(head.encode("utf-8", "surrogatepass"))
            digest.update(content)
    return digest.hexdigest()


def models_identity(models: ModelOptions) -> dict[str, Any]:
    """Return what of the models can change a result, as JSON data.

    The program's own stand in ``models/``, whose files :func:`rules_digest` takes in.

    Raises
    ------
    ModelError
        The model that ``models`` names is not there.
    """
    found: dict[str, Any] = {"learned": models.learned, "entities": None}
    if models.entities is not None:
        # Only with a model: without one, nothing of it is imported.
        from opnote_audit.entities.loading import model_identity

        found["entities"] = model_identity(models.entities)
    return found


def _page(item: Item) -> str | None:
    return None if item.page is None else f"{PAGES}/{item.page}"


def _carried(sources: Sequence[Source]) -> tuple[str, ...]:
    tables = (source.table for source in sources if source.table is not None)
    return tuple(dict.fromkeys(name for table in tables for name in table.columns))


def _refuse_own_outputs(sources: Sequence[Source], out: Path) -> None:
    """Refuse an output folder that would be written over its own input."""
    theirs = {out.resolve() / name for name in (PAGES, PARTS)}
    for source in sources:
        path = Path(source.name).resolve()
        if path in theirs or theirs & set(path.parents):
            raise InputError(
                f"{source.name}: lies where the batch writes its pages; give another folder "
                "with --out"
            )
