"""The Python interface: one note in, one typed result out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spacy.language import Language
from spacy.tokens import Doc

from opnote_audit.annotate.pipeline import SECOND_READING, load_pipeline
from opnote_audit.annotate.reading import Reading
from opnote_audit.checks.audit import Auditor, applicable
from opnote_audit.checks.checklist import checklist_in
from opnote_audit.checks.result import AuditResult
from opnote_audit.errors import InputError
from opnote_audit.model_options import DEFAULT_MODELS, ModelOptions
from opnote_audit.paths import patterns_dir
from opnote_audit.resolve.model import Operation
from opnote_audit.resolve.operation import Resolver
from opnote_audit.rules.grammar import load_grammar

if TYPE_CHECKING:
    from opnote_audit.entities import EntityFinder, EntityModel

_RUNAWAY = re.compile(r"\S{300,}")
_SPREAD = re.compile(r"(\S{60})\S")
_SURROGATE = re.compile("[\ud800-\udfff]")


class NoteAuditor:
    """The whole line, loaded once: read, annotate, resolve, audit.

    Parameters
    ----------
    patterns
        A folder of rule files to use instead of the package's own.
    models
        Which models to use beside the rules.

    Raises
    ------
    RuleFileError
        If a rule file is missing or broken; the message names the file and the entry.
    ModelError
        If the model that ``models`` names cannot be used; the message says why.
    """

    def __init__(self, patterns: Path | None = None, models: ModelOptions = DEFAULT_MODELS) -> None:
        folder = Path(patterns) if patterns is not None else patterns_dir()
        model: EntityModel | None = None
        if models.entities:
            # Only with a model: without one, nothing of it is imported. And first: what is wrong
            # with it should be known at once.
            from opnote_audit.entities import load_entity_model

            model = load_entity_model(models.entities)
        self.nlp: Language = load_pipeline(patterns, doc_view=False, learned=models.learned)
        # Asked where the rules place no further segment, which spares every other note its time.
        self._second = None
        if models.learned:
            self._second = self.nlp.get_pipe(SECOND_READING)
            self.nlp.disable_pipe(SECOND_READING)
        self._entities = _finder(model, self.nlp, folder) if model is not None else None
        self._resolver = Resolver(load_grammar(folder / "grammar.json"))
        self._auditor = Auditor(checklist_in(folder))

    def read(self, text: str) -> Reading:
        """Return the note as read: sections, levels and mentions with their context.

        ``text`` is never altered; offsets are code points of it.
        """
        doc, reading = self._read(text)
        if self._second is not None:
            self._second(doc)
        return reading

    def _read(self, text: str) -> tuple[Doc, Reading]:
        shown = _shown(text)
        doc = self.nlp.make_doc(shown)
        doc.user_data["opnote"] = Reading(shown)
        doc = self.nlp(doc)
        reading: Reading = doc._.opnote
        reading.text = text
        return doc, reading

    def operation(self, text: str) -> Operation:
        """Return the operation that the note tells of."""
        return self._resolver.resolve(self._read(text)[1])

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
        return self.examine(text, note_id, source, encoding)[2]

    def examine(
        self,
        text: str,
        note_id: str = "note",
        source: str | None = None,
        encoding: str | None = None,
    ) -> tuple[Reading, Operation, AuditResult]:
        """Return the audit of one note, after what the stages before it made of the note.

        Raises
        ------
        InputError
            If the note is empty or white space.
        """
        if not text.strip():
            raise InputError("the note is empty; nothing to audit")
        doc, reading = self._read(text)
        operation = self._resolver.resolve(reading)
        if self._second is not None and not applicable(operation):
            self._second(doc)
        result = self._auditor.audit(
            operation,
            text,
            reading.section_at,
            note_id,
            source,
            encoding,
            sections_by=reading.sections_by,
            suspicions=reading.suspicions,
        )
        if self._entities is not None and result.verdict != "not_applicable":
            found = self._entities.remarks(_shown(text), reading, operation)
            result = replace(result, remarks=(*result.remarks, *found))
        return reading, operation, result

    @property
    def model_notice(self) -> str:
        """What the user should know of the model that was named; empty for nothing."""
        return self._entities.model.notice if self._entities is not None else ""


def _shown(text: str) -> str:
    """Return ``text`` as spaCy can take it, code point for code point."""
    # spaCy's string store takes no lone surrogates; one stand-in character keeps offsets.
    shown = _SURROGATE.sub("\ufffd", text) if not text.isascii() else text
    # spaCy's tokenizer is quadratic in a chunk without white space: no word is that long.
    return _RUNAWAY.sub(lambda m: _SPREAD.sub(r"\1 ", m.group()), shown)


def _finder(model: EntityModel, nlp: Language, folder: Path) -> EntityFinder:
    from opnote_audit.entities import EntityFinder
    from opnote_audit.rules.entities import load_entity_rules

    # A folder of rules made before there was this file, or by somebody who does not care, lacks it.
    name = "entities.json"
    home = folder if (folder / name).is_file() else patterns_dir()
    rules = load_entity_rules(home / name)
    return EntityFinder(model, rules, nlp.get_pipe("opnote_context"), nlp.vocab)


_default: NoteAuditor | None = None


def load_auditor(
    patterns: Path | None = None, models: ModelOptions = DEFAULT_MODELS
) -> NoteAuditor:
    """Return an auditor with the package's rules, or with those of the folder ``patterns``.

    ``models`` says which models to use beside them.
    """
    return NoteAuditor(patterns, models)


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
