"""The command line. It only parses and prints; everything it does can be called from Python.

Nothing heavy is imported here or in the command modules: ``--help`` must answer at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from opnote_audit.commands import batch, check, compare, exit_codes, explain, query, report, suggest
from opnote_audit.commands.terminal import PROGRAM, SETTINGS, guarded, write

_HELP = f"""Audit operative notes against the documentation checklist of CPT add-on 63057.

A documentation aid, not coding advice. Nothing leaves this machine.

\b
Examples:
  opnote-audit check note.txt
  opnote-audit check notes/*.txt --format jsonl > results.jsonl
  opnote-audit explain R2

{exit_codes.HELP}"""

_COMMANDS = (check, batch, report, explain, suggest, query, compare)

# Rich and pretty tracebacks stay off: they cost start-up time, and a traceback with local
# variables would print the note.
app = typer.Typer(
    name=PROGRAM,
    help=_HELP,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Show the version and exit.")
    ] = False,
) -> None:
    if version:
        with guarded():
            write(sys.stdout, f"{PROGRAM} {_version()}\n")
        raise typer.Exit(exit_codes.CLEAN)
    if context.invoked_subcommand is None:
        write(sys.stderr, context.get_help() + "\n")
        raise typer.Exit(exit_codes.FAILURE)


for _command in _COMMANDS:
    _command.register(app)


def main() -> None:
    """Run the command line; the entry point of ``opnote-audit``."""
    try:
        app(prog_name=PROGRAM)
    except KeyboardInterrupt:
        sys.exit(exit_codes.INTERRUPTED)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(PROGRAM)
    except PackageNotFoundError:
        return "(not installed)"
