"""``opnote-audit check NOTE...``: read each note, audit it, print the result."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from opnote_audit.checks.result import AuditResult, error_result
from opnote_audit.commands import exit_codes
from opnote_audit.commands.one_note import load_auditor as _load_auditor
from opnote_audit.commands.options import (
    MAX_SIZE,
    NOTE_KEY,
    ConversionFactor,
    FailOn,
    Gpci,
    MaxSize,
    Model,
    NoModels,
    NoteKey,
    Patterns,
    check_claim_options,
    models_of,
    one_of,
    read_once,
    size_of,
)
from opnote_audit.commands.terminal import (
    SETTINGS,
    complain,
    defect,
    guarded,
    text_options,
    write,
)
from opnote_audit.errors import InputError, OpnoteError, RuleFileError
from opnote_audit.model_options import DEFAULT_MODELS, ModelOptions
from opnote_audit.read import Note, note_id_for, source_for
from opnote_audit.read.documents import read_document
from opnote_audit.report import FORMATS

if TYPE_CHECKING:
    from opnote_audit.claims.join import ClaimJoin

_HELP = f"""Audit operative notes against the checklist of CPT add-on 63057.

Notes may be text, Markdown, Word (.docx), PDF with a text layer or RTF.
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
    patterns: Patterns = None,
    model: Model = None,
    no_models: NoModels = False,
    fail_on: FailOn = "needs_review",
    max_size: MaxSize = MAX_SIZE,
    claim: Annotated[
        str | None,
        typer.Option(metavar="CLAIM", help="The claim: JSON, CSV or X12 837P; adds C1 to C8."),
    ] = None,
    note_key: NoteKey = NOTE_KEY,
    conversion_factor: ConversionFactor = None,
    gpci: Gpci = None,
) -> None:
    """Audit notes and print the results (the command's body; see :data:`_HELP`)."""
    one_of(FORMATS, format)
    one_of(exit_codes.FAIL_ON, fail_on)
    limit = size_of(max_size)
    read_once(*notes, claim)
    check_claim_options("a --claim", claim, note_key, conversion_factor, gpci)
    with guarded():
        folder = Path(patterns) if patterns is not None else None
        join = None
        if claim is not None:
            join = _join(claim, note_key, folder, conversion_factor, gpci)
        output = FORMATS[format](text_options(sys.stdout, quiet=quiet))
        code = exit_codes.CLEAN
        models = models_of(model, no_models)
        for result, note in audit_files(notes, folder, limit, join, models):
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
    paths: Sequence[str],
    patterns: Path | None,
    max_bytes: int,
    join: ClaimJoin | None = None,
    models: ModelOptions = DEFAULT_MODELS,
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
    models
        Which models to use beside the rules.

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
            note = read_document(path, max_bytes)
        except InputError as error:
            yield _failed(path, str(error))
            continue
        # Only now: loading the pipeline takes a second, which a wrong file name need not cost.
        if auditor is None:
            auditor = _load_auditor(patterns, models)
        yield _audit(auditor, note, join, len(paths) == 1), note


def _check_folder(patterns: Path | None) -> None:
    if patterns is not None and not patterns.is_dir():
        raise RuleFileError(
            f"{patterns}: no such folder of rule files; give the folder that --patterns means"
        )


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
