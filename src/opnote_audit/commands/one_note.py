"""What commands about a single note share: read it, audit it, keep all that was believed of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from opnote_audit.checks.result import AuditResult
from opnote_audit.commands.terminal import complain
from opnote_audit.errors import InputError, ModelError, RuleFileError
from opnote_audit.model_options import ModelOptions
from opnote_audit.read import Note, source_for
from opnote_audit.read.documents import read_document
from opnote_audit.report.position import LineIndex

if TYPE_CHECKING:
    from opnote_audit.annotate.reading import Reading
    from opnote_audit.api import NoteAuditor
    from opnote_audit.resolve.model import Operation


@dataclass(frozen=True, slots=True)
class Audited:
    """A note, and what each stage of the line made of it."""

    note: Note
    reading: Reading
    operation: Operation
    result: AuditResult


def read_input(path: str, max_bytes: int) -> Note:
    """Read one note; an error names the file.

    Raises
    ------
    InputError
        The note cannot be read, or has no words.
    """
    try:
        note = read_document(path, max_bytes)
    except InputError as error:
        raise InputError(f"{source_for(path)}: {error}") from None
    if not note.text.strip():
        raise InputError(f"{source_for(path)}: the note is empty; nothing to audit")
    return note


def rules_folder(patterns: str | None) -> Path | None:
    """Return the folder that ``--patterns`` means, or ``None`` for ours.

    Raises
    ------
    RuleFileError
        There is no such folder.
    """
    if patterns is None:
        return None
    folder = Path(patterns)
    if not folder.is_dir():
        raise RuleFileError(
            f"{patterns}: no such folder of rule files; give the folder that --patterns means"
        )
    return folder


def load_auditor(patterns: Path | None, models: ModelOptions) -> NoteAuditor:
    """Load the line; called late, since it takes a second that a wrong file name need not cost.

    A model that cannot be used is said on standard error, and the line is loaded without it.
    """
    from opnote_audit._quiet import lean_start

    with lean_start():
        from opnote_audit.api import load_auditor as load

        if models.entities is None:
            return load(patterns=patterns, models=models)
        try:
            auditor = load(patterns=patterns, models=models)
        except ModelError as error:
            _say_without(error)
            return load(patterns=patterns, models=replace(models, entities=None))
    if auditor.model_notice:
        complain(auditor.model_notice)
    return auditor


def usable_models(models: ModelOptions) -> ModelOptions:
    """Return ``models`` without a model that cannot be used, which is said on standard error.

    For a batch, whose workers must not each say it.
    """
    if models.entities is None:
        return models
    from opnote_audit.entities import load_entity_model

    try:
        notice = load_entity_model(models.entities).notice
    except ModelError as error:
        _say_without(error)
        return replace(models, entities=None)
    if notice:
        complain(notice)
    return models


def _say_without(error: ModelError) -> None:
    complain(f"{error}; going on without it")


def audit_note(auditor: NoteAuditor, note: Note) -> Audited:
    """Run a note through the line."""
    found = auditor.examine(note.text, note.note_id, note.source, note.encoding)
    return Audited(note, *found)


def say_remarks(result: AuditResult, note: Note) -> None:
    """Say on standard error what the reviewer should look at, by place and without its words.

    For commands whose output is not about the audit. Remarks about the note as a whole are left
    to ``check``.
    """
    index = LineIndex(note.text)
    where = source_for(note.source or note.note_id)
    for remark in result.remarks:
        for item in remark.evidence:
            line, column = index.position(item.start)
            complain(f"{where}:{line}:{column}: {remark.message}")
