"""Read a note: bytes in, exact text out, with the encoding named. Nothing is normalised."""

from __future__ import annotations

from opnote_audit.read.decode import decode
from opnote_audit.read.note import (
    DEFAULT_MAX_BYTES,
    STDIN,
    Note,
    note_from_bytes,
    note_id_for,
    read_note,
    source_for,
)

__all__ = [
    "DEFAULT_MAX_BYTES",
    "STDIN",
    "Note",
    "decode",
    "note_from_bytes",
    "note_id_for",
    "read_note",
    "source_for",
]
