"""``opnote-audit suggest NOTE``: the claim that the note supports."""

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
    OneNote,
    Patterns,
    models_of,
    one_of,
    size_of,
)
from opnote_audit.commands.terminal import (
    SETTINGS,
    guarded,
    text_options,
    write,
)

_FORMATS = ("text", "json", "markdown")

_HELP = """Propose the claim that an operative note supports.

The primary, units of 63057, modifiers, diagnosis candidates for each segment, and the
neighbouring families that the note rather documents, with the words that say so. A proposal
for a coder, who decides.

\b
Examples:
  opnote-audit suggest note.txt
  opnote-audit suggest note.txt --format json
  cat note.txt | opnote-audit suggest -

\b
Exit codes:
  0  nothing to mend in the note
  1  the audit of the note has findings
  2  the note could not be audited, or the command was used wrongly
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "suggest",
        help=_HELP,
        short_help="Propose the claim that a note supports.",
        context_settings=SETTINGS,
    )(suggest)


def suggest(
    note: OneNote,
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="|".join(_FORMATS), help="How to print it.")
    ] = "text",
    patterns: Patterns = None,
    model: Model = None,
    no_models: NoModels = False,
    max_size: MaxSize = MAX_SIZE,
) -> None:
    """Print the claim that a note supports (the command's body; see :data:`_HELP`)."""
    from opnote_audit.commands.one_note import (
        audit_note,
        load_auditor,
        read_input,
        rules_folder,
        say_remarks,
    )

    one_of(_FORMATS, format)
    limit = size_of(max_size)
    with guarded():
        folder = rules_folder(patterns)
        text = read_input(note, limit)
        from opnote_audit.suggest import Suggester
        from opnote_audit.suggest.render import render_json, render_markdown, render_text

        suggester = Suggester(folder)
        found = audit_note(load_auditor(folder, models_of(model, no_models)), text)
        suggestion = suggester.suggest(found.result, found.operation, found.reading)
        if format == "json":
            out = render_json(suggestion)
        elif format == "markdown":
            out = render_markdown(suggestion, text)
        else:
            out = render_text(suggestion, text, text_options(sys.stdout))
        write(sys.stdout, out + "\n")
        say_remarks(found.result, text)
        code = exit_codes.exit_code(found.result.verdict, "needs_review")
    raise typer.Exit(code)
