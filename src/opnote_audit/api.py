"""The Python interface: one note in, one typed result out."""

from __future__ import annotations

import re
from pathlib import Path

from spacy.language import Language

from opnote_audit.annotate.pipeline import load_pipeline
from opnote_audit.annotate.reading import Reading
from opnote_audit.checks.audit import Auditor
from opnote_audit.checks.predicates import OUTCOMES
from opnote_audit.checks.result import AuditResult
from opnote_audit.errors import InputError
from opnote_audit.paths import patterns_dir
from opnote_audit.resolve.model import Operation
from opnote_audit.resolve.operation import Resolver
from opnote_audit.rules.checklist import load_checklist
from opnote_audit.rules.grammar import load_grammar

_RUNAWAY = re.compile(r"\S{300,}")
_SPREAD = re.compile(r"(\S{60})\S")
_SURROGATE = re.compile("[\ud800-\udfff]")


class NoteAuditor:
    """The whole line, loaded once: read, annotate, resolve, audit.

    Parameters
    ----------
    patterns
        A folder of rule files to use instead of the package's own.

    Raises
    ------
    RuleFileError
        If a rule file is missing or broken; the message names the file and the entry.
    """

    def __init__(self, patterns: Path | None = None) -> None:
        folder = Path(patterns) if patterns is not None else patterns_dir()
        self.nlp: Language = load_pipeline(patterns, doc_view=False)
        self._resolver = Resolver(load_grammar(folder / "grammar.json"))
        self._auditor = Auditor(load_checklist(folder / "checklists" / "63057.json", OUTCOMES))

    def read(self, text: str) -> Reading:
        """Return the note as read: sections, levels and mentions with their context.

        ``text`` is never altered; offsets are code points of it.
        """
        # spaCy's string store takes no lone surrogates; one stand-in character keeps offsets.
        shown = _SURROGATE.sub("\ufffd", text) if not text.isascii() else text
        # spaCy's tokenizer is quadratic in a chunk without white space: no word is that long.
        shown = _RUNAWAY.sub(lambda m: _SPREAD.sub(r"\1 ", m.group()), shown)
        doc = self.nlp.make_doc(shown)
        doc.user_data["opnote"] = Reading(shown)
        reading: Reading = self.nlp(doc)._.opnote
        reading.text = text
        return reading

    def operation(self, text: str) -> Operation:
        """Return the operation that the note tells of."""
        return self._resolver.resolve(self.read(text))

    def audit(
        self,
        text: str,
        note_id: str = "note",
        source: str | None = None,
        encoding: str | None = None,
    ) -> AuditResult:
        """Return the audit of one note.

        Raises
        ------
        InputError
            If the note is empty or white space.
        """
        if not text.strip():
            raise InputError("the note is empty; nothing to audit")
        reading = self.read(text)
        operation = self._resolver.resolve(reading)
        return self._auditor.audit(operation, text, reading.section_at, note_id, source, encoding)


_default: NoteAuditor | None = None


def load_auditor(patterns: Path | None = None) -> NoteAuditor:
    """Return an auditor with the package's rules, or with those of the folder ``patterns``."""
    return NoteAuditor(patterns)


def audit(text: str, note_id: str = "note", source: str | None = None) -> AuditResult:
    """Audit one operative note with the package's own rules.

    Parameters
    ----------
    text
        The note.
    note_id, source
        Passed through to the result.

    Raises
    ------
    InputError
        If the note is empty or white space.
    """
    global _default
    if _default is None:
        _default = load_auditor()
    return _default.audit(text, note_id, source)
