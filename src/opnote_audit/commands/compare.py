"""``opnote-audit compare BEFORE AFTER``: what an addendum changed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from opnote_audit.commands import exit_codes
from opnote_audit.commands.options import (
    MAX_SIZE,
    MaxSize,
    Model,
    NoModels,
    Patterns,
    models_of,
    one_of,
    read_once,
    size_of,
)
from opnote_audit.commands.terminal import (
    SETTINGS,
    guarded,
    text_options,
    write,
)
from opnote_audit.errors import InputError

_FORMATS = ("text", "json")

_HELP = """Show what an addendum changed, requirement by requirement.

Audits a note before and after, and says which finding was mended, which got worse, and which
of the later findings rest on words of the addendum. With one file alone, the note without its
own addendum sections is held against the whole of it.

\b
Examples:
  opnote-audit compare note.txt note-amended.txt
  opnote-audit compare note-amended.txt
  opnote-audit compare note.txt note-amended.txt --format json

\b
Exit codes (of the later note):
  0  nothing to mend
  1  findings
  2  a note could not be audited, or the command was used wrongly
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "compare",
        help=_HELP,
        short_help="Show what an addendum changed.",
        context_settings=SETTINGS,
    )(compare)


def compare(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="The note as it was, or - for standard input.")
    ],
    after: Annotated[
        str | None, typer.Argument(metavar="[AFTER]", help="The note with the addendum.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="|".join(_FORMATS), help="How to print it.")
    ] = "text",
    patterns: Patterns = None,
    model: Model = None,
    no_models: NoModels = False,
    max_size: MaxSize = MAX_SIZE,
) -> None:
    """Print what changed between two notes (the command's body; see :data:`_HELP`)."""
    from opnote_audit.commands.one_note import (
        audit_note,
        load_auditor,
        read_input,
        rules_folder,
        say_remarks,
    )
    from opnote_audit.read import Note

    one_of(_FORMATS, format)
    limit = size_of(max_size)
    read_once(before, after)
    with guarded():
        folder = rules_folder(patterns)
        earlier = read_input(before, limit)
        later = read_input(after, limit) if after is not None else earlier
        from opnote_audit.compare import compare as hold_together
        from opnote_audit.compare import keeps, without_addenda
        from opnote_audit.compare.comparison import ADDENDUM
        from opnote_audit.compare.render import render_json, render_text

        auditor = load_auditor(folder, models_of(model, no_models))
        new = audit_note(auditor, later)
        if after is None:
            rest = without_addenda(later.text, new.reading.blocks)
            if rest == later.text or not rest.strip():
                raise InputError(
                    f"{later.source}: has no report with a section headed as an addendum; give "
                    "the note before and the note after"
                )
            earlier = Note(rest, later.note_id, f"{later.source} without its addenda")
        old = audit_note(auditor, earlier)
        found = hold_together(
            old.result,
            new.result,
            original_kept=keeps(earlier.text, later.text, new.reading.blocks),
            addenda=sum(block.kind == ADDENDUM for block in new.reading.blocks),
        )
        if format == "json":
            out = render_json(found)
        else:
            out = render_text(found, later, text_options(sys.stdout))
        write(sys.stdout, out + "\n")
        say_remarks(new.result, later)
        code = exit_codes.exit_code(new.result.verdict, "needs_review")
    raise typer.Exit(code)
