"""What commands about a single note share: read it, audit it, keep all that was believed of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opnote_audit.checks.result import AuditResult
from opnote_audit.errors import InputError, RuleFileError
from opnote_audit.read import Note, source_for
from opnote_audit.read.documents import read_document

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


def load_auditor(patterns: Path | None) -> NoteAuditor:
    """Load the line; called late, since it takes a second that a wrong file name need not cost."""
    from opnote_audit._quiet import lean_start

    with lean_start():
        from opnote_audit.api import load_auditor as load

        return load(patterns=patterns)


def audit_note(auditor: NoteAuditor, note: Note) -> Audited:
    """Run a note through the line."""
    return Audited(
        note,
        auditor.read(note.text),
        auditor.operation(note.text),
        auditor.audit(note.text, note.note_id, note.source, note.encoding),
    )
