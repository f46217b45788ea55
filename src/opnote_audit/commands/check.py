"""``opnote-audit check NOTE...``: read each note, audit it, print the result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Protocol

import typer

from opnote_audit.checks.result import AuditResult, error_result
from opnote_audit.commands import exit_codes
from opnote_audit.commands.sizes import parse_size
from opnote_audit.commands.terminal import (
    SETTINGS,
    complain,
    defect,
    guarded,
    shows_unicode,
    wants_color,
    width_of,
    write,
)
from opnote_audit.errors import InputError, OpnoteError, RuleFileError
from opnote_audit.read import STDIN, Note, note_id_for, read_note, source_for
from opnote_audit.report import FORMATS, TextOptions

_HELP = f"""Audit operative notes against the checklist of CPT add-on 63057.

Says for each note whether it supports 63057, for how many units, and what is missing, each
finding pinned to the words of the note. Nothing leaves this machine.

\b
Examples:
  opnote-audit check note.txt
  opnote-audit check notes/*.txt --quiet
  opnote-audit check note.txt --format json > result.json
  cat note.txt | opnote-audit check -
  opnote-audit check note.txt --fail-on deficient

{exit_codes.HELP}"""


class Auditor(Protocol):
    """What this command needs of :class:`opnote_audit.api.Auditor`."""

    def audit(
        self, text: str, note_id: str, source: str | None, encoding: str | None = None
    ) -> AuditResult:
        """Audit one note."""
        ...


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "check", help=_HELP, short_help="Audit operative notes.", context_settings=SETTINGS
    )(check)


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}")
        return value

    return parse


def _size(value: str) -> int:
    try:
        return parse_size(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def check(
    notes: Annotated[
        list[str], typer.Argument(metavar="NOTE", help="Files, or - for standard input.")
    ],
    format: Annotated[
        str,
        typer.Option("--format", "-f", metavar="|".join(FORMATS), help="How to print the results."),
    ] = "text",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Text only: one line a note.")
    ] = False,
    patterns: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="A folder of rule files to use instead of ours."),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="|".join(exit_codes.FAIL_ON), help="The verdict from which to exit with 1."
        ),
    ] = "needs_review",
    max_size: Annotated[
        str, typer.Option(metavar="SIZE", help="The largest note to read, e.g. 20MB.")
    ] = "5MB",
) -> None:
    """Audit notes and print the results (the command's body; see :data:`_HELP`)."""
    _one_of(list(FORMATS))(format)
    _one_of(list(exit_codes.FAIL_ON))(fail_on)
    limit = _size(max_size)
    if notes.count(STDIN) > 1:
        raise typer.BadParameter("standard input (-) can be read only once")
    with guarded():
        options = TextOptions(
            color=wants_color(sys.stdout),
            width=width_of(sys.stdout),
            unicode=shows_unicode(sys.stdout),
            quiet=quiet,
        )
        output = FORMATS[format](options)
        code = exit_codes.CLEAN
        for result, note in audit_files(
            notes, Path(patterns) if patterns is not None else None, limit
        ):
            if result.verdict == "error":
                complain(f"{source_for(result.source or result.note_id)}: {result.error}")
            write(sys.stdout, output.add(result, note))
            code = max(code, exit_codes.exit_code(result.verdict, fail_on))
        write(sys.stdout, output.close())
    raise typer.Exit(code)


def audit_files(
    paths: Sequence[str], patterns: Path | None, max_bytes: int
) -> Iterator[tuple[AuditResult, Note]]:
    """Read and audit each file in turn; a note that cannot be audited gives an error result.

    Parameters
    ----------
    paths
        Files, or ``-`` for standard input.
    patterns
        A folder of rule files, or ``None`` for ours.
    max_bytes
        The largest note to read.

    Yields
    ------
    tuple of AuditResult and Note
        One for each path, in order. The note of an error result has an empty text.

    Raises
    ------
    RuleFileError
        The rules cannot be used, so that no note can be audited.
    """
    if patterns is not None and not patterns.is_dir():
        raise RuleFileError(
            f"{patterns}: no such folder of rule files; give the folder that --patterns means"
        )
    auditor: Auditor | None = None
    for path in paths:
        try:
            note = read_note(path, max_bytes)
        except InputError as error:
            yield _failed(path, str(error))
            continue
        # Only now: loading the pipeline takes a second, which a wrong file name need not cost.
        if auditor is None:
            auditor = _load_auditor(patterns)
        yield _audit(auditor, note), note


def _load_auditor(patterns: Path | None) -> Auditor:
    from opnote_audit.api import load_auditor

    return load_auditor(patterns=patterns)


def _audit(auditor: Auditor, note: Note) -> AuditResult:
    try:
        return auditor.audit(note.text, note.note_id, note.source, note.encoding)
    except RuleFileError:
        raise
    except OpnoteError as error:
        return error_result(note.note_id, note.source, str(error))
    except Exception as error:
        # A defect of ours must not stop the other notes.
        return error_result(note.note_id, note.source, defect(error))


def _failed(path: str, reason: str) -> tuple[AuditResult, Note]:
    note = Note(text="", note_id=note_id_for(path), source=source_for(path))
    return error_result(note.note_id, note.source, reason), note
