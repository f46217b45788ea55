"""``opnote-audit report results.jsonl``: make a batch's reports again, or in another format."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from opnote_audit.commands.options import (
    MAX_SIZE,
    IdColumn,
    MaxSize,
    TextColumn,
    one_of,
    size_of,
)
from opnote_audit.commands.terminal import SETTINGS, complain, guarded, write

_FORMATS = ("html", "xlsx", "markdown", "csv")

_HELP = """Make reports from the results of a batch, without auditing anything again.

html writes the dashboard and a page for each note, xlsx the worklist, csv the three tables,
all into the folder of the results unless --out names another; markdown goes to standard
output. With --notes the words of the notes are brought back in, where the text is still the
one that was audited.

\b
Examples:
  opnote-audit report audit/results.jsonl --format html --notes notes/
  opnote-audit report audit/results.jsonl --format xlsx --out monday
  opnote-audit report audit/results.jsonl --format markdown > findings.md

\b
Exit codes:
  0  written
  2  the results cannot be read, or the command was used wrongly
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "report",
        help=_HELP,
        short_help="Make reports from the results of a batch.",
        context_settings=SETTINGS,
    )(report)


def report(
    results: Annotated[
        str, typer.Argument(metavar="RESULTS", help="The results.jsonl of a batch.")
    ],
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="|".join(_FORMATS), help="What to make.")
    ] = "html",
    notes: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="The folder, or the table, that the notes are in."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", metavar="DIR", help="Where to; by default beside RESULTS."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace reports that are there.")
    ] = False,
    id_column: IdColumn = "note_id",
    text_column: TextColumn = "text",
    max_size: MaxSize = MAX_SIZE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary.")] = False,
) -> None:
    """Make reports from results (the command's body; see :data:`_HELP`)."""
    one_of(_FORMATS, format)
    limit = size_of(max_size)
    os.umask(0o077)
    with guarded():
        from opnote_audit.batch import again
        from opnote_audit.batch.files import write_errors
        from opnote_audit.batch.texts import Texts
        from opnote_audit.read.tables import TableOptions

        source = Path(results)
        options = TableOptions(id_column, text_column)
        texts = Texts(Path(notes), options, limit) if notes is not None else None
        count = again.Count()
        if format == "markdown":
            for text in again.markdown(source, texts, count):
                write(sys.stdout, text)
        else:
            folder = Path(out) if out is not None else source.parent
            again.check_target(folder, format, overwrite)
            with write_errors(folder):
                if format == "html":
                    count = again.write_html(source, folder, texts, source.parent.name or "audit")
                elif format == "xlsx":
                    count = again.write_xlsx(source, folder)
                else:
                    count = again.write_csv(source, folder, texts)
            if not quiet:
                names = ", ".join(again.FILES[format])
                write(sys.stdout, f"{count.results:,} results written to {folder}: {names}\n")
        if texts is not None and count.without_text:
            complain(
                f"{count.without_text:,} notes are not in {notes} or have changed since the "
                "audit; they are shown without their text"
            )
