"""``opnote-audit batch SOURCE... --out DIR``: audit many notes and write what coders work from."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from opnote_audit.checks.result import Verdict
from opnote_audit.commands import exit_codes
from opnote_audit.commands.options import (
    MAX_SIZE,
    NOTE_KEY,
    ConversionFactor,
    FailOn,
    Gpci,
    IdColumn,
    MaxSize,
    Model,
    NoModels,
    NoteKey,
    Patterns,
    TextColumn,
    check_claim_options,
    models_of,
    one_of,
    size_of,
)
from opnote_audit.commands.terminal import SETTINGS, complain, guarded, write
from opnote_audit.report.cells import printable

if TYPE_CHECKING:
    from opnote_audit.batch.run import Summary

_HELP = f"""Audit folders, files and tables of notes, and write results, worklist and pages to DIR.

SOURCE is a folder (searched through and through), files, or a CSV or Parquet table with a
note a row. Notes may be .txt, .md, .docx, .pdf with a text layer, or .rtf. A note that cannot
be read is a row with the verdict error and the reason; it never stops the others.

\b
DIR receives:
  results.jsonl   one result a line, in input order
  notes.csv, segments.csv, findings.csv
  worklist.xlsx   the coder's workbook
  report.html     the dashboard; notes/ID.html a page for each note

\b
Examples:
  opnote-audit batch notes/ --out audit
  opnote-audit batch notes/ --out audit --resume
  opnote-audit batch notes/ --out audit --claims claims.csv
  opnote-audit batch notes.csv --id-column case --text-column note --out audit
  opnote-audit batch notes.parquet --out audit --scheduler tcp://head:8786

{exit_codes.HELP}"""

_SHOWN = 10
_ENGINES = ("local", "dask")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "batch",
        help=_HELP,
        short_help="Audit folders and tables of notes.",
        context_settings=SETTINGS,
    )(batch)


def batch(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE", help="Folders, files, CSV or Parquet tables.")
    ],
    out: Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="Where to write to.")],
    glob: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Which files of a folder, e.g. '*.txt' or '2025/**/*.pdf'."
        ),
    ] = None,
    id_column: IdColumn = "note_id",
    text_column: TextColumn = "text",
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue in DIR; audit what is new or changed.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier batch left in DIR.")
    ] = False,
    no_html: Annotated[bool, typer.Option("--no-html", help="No dashboard and no pages.")] = False,
    no_xlsx: Annotated[bool, typer.Option("--no-xlsx", help="No worklist.xlsx.")] = False,
    redact: Annotated[
        bool, typer.Option("--redact", help="No note text in any output, only offsets.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", help="Processes; default all cores.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(metavar="|".join(_ENGINES), help="dask starts a Dask cluster here."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler to run on, tcp://HOST:PORT."),
    ] = None,
    partition_size: Annotated[
        int | None, typer.Option(metavar="N", help="Notes in a Dask partition; default 200.")
    ] = None,
    patterns: Patterns = None,
    model: Model = None,
    no_models: NoModels = False,
    max_size: MaxSize = MAX_SIZE,
    claims: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Claims (JSON, CSV, X12 837P), joined by note id; adds C1 to C8."
        ),
    ] = None,
    note_key: NoteKey = NOTE_KEY,
    conversion_factor: ConversionFactor = None,
    gpci: Gpci = None,
    fail_on: FailOn = "needs_review",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no summary.")
    ] = False,
) -> None:
    """Audit many notes (the command's body; see :data:`_HELP`)."""
    one_of(exit_codes.FAIL_ON, fail_on)
    if engine is not None:
        one_of(_ENGINES, engine)
    if scheduler is not None and engine == "local":
        raise typer.BadParameter("--scheduler and --engine local exclude each other")
    if resume and overwrite:
        raise typer.BadParameter("--resume and --overwrite exclude each other")
    for name, value in (("--jobs", jobs), ("--partition-size", partition_size)):
        if value is not None and value < 1:
            raise typer.BadParameter(f"{name} must be 1 or more")
    check_claim_options("--claims", claims, note_key, conversion_factor, gpci)
    limit = size_of(max_size)
    # Everything that this process writes, libraries included, is for its owner only.
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _stop)
    with guarded():
        from opnote_audit._quiet import defer_unused_imports
        from opnote_audit.batch.local import default_jobs
        from opnote_audit.batch.progress import progress_for
        from opnote_audit.batch.run import PARTITION, BatchOptions, run_batch
        from opnote_audit.batch.worker import ClaimsSource
        from opnote_audit.commands.one_note import usable_models
        from opnote_audit.read.tables import TableOptions

        jobs = jobs or default_jobs()
        engine = "dask" if scheduler is not None else engine or "local"
        models = models_of(model, no_models)
        if models.entities is not None or (jobs == 1 and engine == "local"):
            # spaCy is loaded in this process, which is our own to tidy up.
            defer_unused_imports()
        options = BatchOptions(
            sources=tuple(sources),
            out=Path(out),
            globs=tuple(glob or ()),
            table=TableOptions(id_column, text_column),
            patterns=Path(patterns) if patterns is not None else None,
            max_bytes=limit,
            html=not no_html,
            xlsx=not no_xlsx,
            redact=redact,
            resume=resume,
            overwrite=overwrite,
            jobs=jobs,
            engine=engine,
            scheduler=scheduler,
            partition=partition_size or PARTITION,
            claims=(
                ClaimsSource(claims, note_key, conversion_factor, gpci)
                if claims is not None
                else None
            ),
            # Here and once, not by every worker.
            models=usable_models(models),
        )
        try:
            summary = run_batch(options, lambda total: progress_for(sys.stderr, total, quiet))
        except KeyboardInterrupt:
            complain(f"stopped; the same command with --resume continues in {out}")
            raise
        if not quiet:
            write(sys.stdout, summary_text(summary, out))
        verdicts = summary.counts
    raise typer.Exit(_exit_code(verdicts, fail_on))


def summary_text(summary: Summary, out: str) -> str:
    """Return the closing summary for people, ending with a newline."""
    from opnote_audit.batch.progress import counts_text, duration_text
    from opnote_audit.report.text import units_text

    rate = summary.total / summary.seconds if summary.seconds else 0
    notes = "note" if summary.total == 1 else "notes"
    lines = [
        f"{summary.total:,} {notes} in {duration_text(summary.seconds)} ({rate:,.0f} a second): "
        f"{counts_text(summary.counts)}",
        f"63057: {units_text(summary.units)} supported",
    ]
    if summary.reused:
        lines.append(f"{summary.reused:,} results taken over from the earlier run")
    if summary.claimed is not None:
        without = summary.total - summary.claimed
        lines.append(f"{summary.claimed:,} notes with a claim, {without:,} without one")
        orphans = summary.claims_without_note
        if orphans:
            shown = ", ".join(orphans[:_SHOWN]) + (" ..." if len(orphans) > _SHOWN else "")
            lines.append(f"{len(orphans):,} claims without a note: {shown}")
        lines += [f"claims: {warning}" for warning in summary.claim_warnings]
    if summary.left_out:
        files = "file" if summary.left_out == 1 else "files"
        lines.append(f"{summary.left_out:,} {files} of other kinds left out (see --glob)")
    for source, problem in summary.problems:
        lines.append(f"error: {source}: {problem}")
    more = summary.counts["error"] - len(summary.problems)
    if more > 0:
        lines.append(f"and {more:,} more errors (notes.csv has them all)")
    lines.append(f"written to {out}: {', '.join(summary.outputs)}")
    return "".join(f"{printable(line)}\n" for line in lines)


def _exit_code(counts: Mapping[Verdict, int], fail_on: str) -> int:
    codes = (exit_codes.exit_code(v, fail_on) for v, count in counts.items() if count)
    return max(codes, default=exit_codes.CLEAN)


def _stop(number: int, frame: FrameType | None) -> None:
    # Once is enough: what is under way is put in order, and a second signal must not break that.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
