"""``opnote-audit check NOTE...``: read each note, audit it, print the result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

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

if TYPE_CHECKING:
    from opnote_audit.claims.join import ClaimJoin

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
  opnote-audit check note.txt --claim claim.json

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


def _note_key(value: str) -> None:
    from opnote_audit.claims.note_key import parse_note_key

    try:
        parse_note_key(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


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
    claim: Annotated[
        str | None,
        typer.Option(metavar="CLAIM", help="The claim: JSON, CSV or X12 837P; adds C1 to C8."),
    ] = None,
    note_key: Annotated[
        str,
        typer.Option(metavar="KEY", help="X12: what holds the note id, CLM01 or REF:EA."),
    ] = "CLM01",
    conversion_factor: Annotated[
        str | None,
        typer.Option(metavar="DOLLARS", help="Dollars per RVU, instead of the year's."),
    ] = None,
    gpci: Annotated[
        str | None,
        typer.Option(metavar="W,PE,MP", help="The place's GPCI, for its fee, e.g. 1.05,1.2,0.9."),
    ] = None,
) -> None:
    """Audit notes and print the results (the command's body; see :data:`_HELP`)."""
    _one_of(list(FORMATS))(format)
    _one_of(list(exit_codes.FAIL_ON))(fail_on)
    limit = _size(max_size)
    if notes.count(STDIN) > 1:
        raise typer.BadParameter("standard input (-) can be read only once")
    if claim is None and (conversion_factor is not None or gpci is not None):
        raise typer.BadParameter("--conversion-factor and --gpci need a --claim")
    if claim is not None:
        _note_key(note_key)
    if claim == STDIN and STDIN in notes:
        raise typer.BadParameter("standard input (-) can be read only once")
    with guarded():
        folder = Path(patterns) if patterns is not None else None
        join = None
        if claim is not None:
            join = _join(claim, note_key, folder, conversion_factor, gpci)
        options = TextOptions(
            color=wants_color(sys.stdout),
            width=width_of(sys.stdout),
            unicode=shows_unicode(sys.stdout),
            quiet=quiet,
        )
        output = FORMATS[format](options)
        code = exit_codes.CLEAN
        for result, note in audit_files(notes, folder, limit, join):
            if result.verdict == "error":
                complain(f"{source_for(result.source or result.note_id)}: {result.error}")
            write(sys.stdout, output.add(result, note))
            code = max(code, exit_codes.exit_code(result.verdict, fail_on))
        write(sys.stdout, output.close())
    raise typer.Exit(code)


def _join(
    claim: str,
    note_key: str,
    patterns: Path | None,
    conversion_factor: str | None,
    gpci: str | None,
) -> ClaimJoin:
    # Only with a claim: without one, nothing of the claims is imported.
    from opnote_audit.claims.join import join_claims
    from opnote_audit.claims.source import load_claims

    _check_folder(patterns)
    book = load_claims(claim, note_key)
    for warning in book.warnings:
        complain(f"{source_for(claim)}: {warning}")
    return join_claims(book, patterns, conversion_factor, gpci)


def audit_files(
    paths: Sequence[str], patterns: Path | None, max_bytes: int, join: ClaimJoin | None = None
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
    join
        The claims, one for each note; a note without a claim is then an error.

    Yields
    ------
    tuple of AuditResult and Note
        One for each path, in order. The note of an error result has an empty text.

    Raises
    ------
    RuleFileError
        The rules cannot be used, so that no note can be audited.
    """
    _check_folder(patterns)
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
        yield _audit(auditor, note, join, len(paths) == 1), note


def _check_folder(patterns: Path | None) -> None:
    if patterns is not None and not patterns.is_dir():
        raise RuleFileError(
            f"{patterns}: no such folder of rule files; give the folder that --patterns means"
        )


def _load_auditor(patterns: Path | None) -> Auditor:
    from opnote_audit._quiet import lean_start

    with lean_start():
        from opnote_audit.api import load_auditor

        return load_auditor(patterns=patterns)


def _audit(
    auditor: Auditor, note: Note, join: ClaimJoin | None = None, alone: bool = False
) -> AuditResult:
    try:
        result = auditor.audit(note.text, note.note_id, note.source, note.encoding)
        if join is not None:
            result = join.apply(result, note.text, alone=alone, required=True)
            _say_other_note(join, note, alone)
        return result
    except RuleFileError:
        raise
    except OpnoteError as error:
        return error_result(note.note_id, note.source, str(error))
    except Exception as error:
        # A defect of ours must not stop the other notes.
        return error_result(note.note_id, note.source, defect(error))


def _say_other_note(join: ClaimJoin, note: Note, alone: bool) -> None:
    """Say that the file's only claim names another note, where its note id is its own."""
    found = join.claim_for(note.note_id, alone=alone)
    named = found.note_id if found is not None else None
    if found is not None and named not in (None, note.note_id, found.claim_id):
        complain(
            f"{source_for(note.source or note.note_id)}: the claim {found.claim_id} names "
            f"another note ({named}); it was taken for this one, being the only claim"
        )


def _failed(path: str, reason: str) -> tuple[AuditResult, Note]:
    note = Note(text="", note_id=note_id_for(path), source=source_for(path))
    return error_result(note.note_id, note.source, reason), note
