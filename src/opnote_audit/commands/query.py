"""``opnote-audit query NOTE``: a documentation query to the surgeon."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from opnote_audit.commands import exit_codes
from opnote_audit.commands.options import (
    MAX_SIZE,
    NOTE_KEY,
    MaxSize,
    Model,
    NoModels,
    NoteKey,
    OneNote,
    Patterns,
    models_of,
    one_of,
    read_once,
    size_of,
)
from opnote_audit.commands.terminal import SETTINGS, complain, guarded, write
from opnote_audit.errors import InputError

if TYPE_CHECKING:
    from opnote_audit.claims import Claim

_FORMATS = ("text", "markdown", "html", "docx")

_HELP = """Draft a documentation query: questions to the surgeon for what an addendum can mend.

Each question quotes the record's own words with their line. No question holds a code or an
amount of money, and none suggests its answer. Findings that a note cannot mend, such as an
error of the claim, are not asked; they are listed on standard error.

\b
Examples:
  opnote-audit query note.txt
  opnote-audit query note.txt --claim claim.json
  opnote-audit query note.txt --format docx --output query.docx

\b
Exit codes:
  0  nothing to ask
  1  a query was drafted
  2  the note could not be audited, or the command was used wrongly
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "query",
        help=_HELP,
        short_help="Draft questions to the surgeon.",
        context_settings=SETTINGS,
    )(query)


def query(
    note: OneNote,
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="|".join(_FORMATS), help="The form.")
    ] = "text",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it, else printed."),
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The claim for this note (JSON, CSV or X12 837P)."),
    ] = None,
    note_key: NoteKey = NOTE_KEY,
    patterns: Patterns = None,
    model: Model = None,
    no_models: NoModels = False,
    max_size: MaxSize = MAX_SIZE,
) -> None:
    """Print the query for a note (the command's body; see :data:`_HELP`)."""
    from opnote_audit.commands.one_note import (
        audit_note,
        load_auditor,
        read_input,
        rules_folder,
        say_remarks,
    )

    one_of(_FORMATS, format)
    limit = size_of(max_size)
    read_once(note, claim)
    with guarded():
        if format == "docx" and output is None and sys.stdout.isatty():
            raise InputError("a Word document cannot be shown here; give --output FILE")
        folder = rules_folder(patterns)
        text = read_input(note, limit)
        from opnote_audit.query import Drafter
        from opnote_audit.query.output import render, write_file

        drafter = Drafter(folder)
        billed = None if claim is None else _claim_for(claim, note_key, text.note_id)
        found = audit_note(load_auditor(folder, models_of(model, no_models)), text)
        result = found.result
        if billed is not None:
            from opnote_audit.claims.audit import ClaimAuditor

            result = ClaimAuditor(folder).audit(result, billed, text.text)
        drafted = drafter.draft(result, found.operation, found.reading)
        data = render(drafted, drafter.words, format)
        if output is not None:
            write_file(output, data)
        elif format == "docx":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write(sys.stdout, data.decode("utf-8"))
        say_remarks(found.result, text)
        for finding in drafted.unasked:
            name = f"{finding.requirement} {finding.rule}".strip().replace("_", " ")
            complain(f"not asked: {name}: {finding.reason}")
    raise typer.Exit(exit_codes.FINDINGS if drafted.questions else exit_codes.CLEAN)


def _claim_for(path: str, note_key: str, note_id: str) -> Claim:
    """Return the claim of a file that bills for a note: by its id, or the only one there is."""
    from opnote_audit.claims import ClaimProblem, load_claims

    try:
        book = load_claims(path, note_key)
    except ValueError as error:
        raise InputError(f"--note-key: {error}") from None
    found = book.match(note_id) or book.only()
    if found is None:
        raise InputError(
            f"{path}: no claim there bills for the note {note_id}; give its claim, or give the "
            "note the id that the claim names"
        )
    if isinstance(found, ClaimProblem):
        raise InputError(f"{path}: {found.message}")
    return found
