"""The part of a batch that runs in every worker: read, audit, render, hand back plain rows.

:func:`audit_items` is the one function that audits inputs, whether it runs in this process, in
another one or on another machine. Nothing of spaCy crosses its border.
"""

from __future__ import annotations

import gc
import hashlib
import json
import threading
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opnote_audit.batch.files import PAGES, OwnerFile, bring_page
from opnote_audit.batch.inputs import Input
from opnote_audit.batch.redact import redacted
from opnote_audit.checks.result import AuditResult, Verdict, error_result
from opnote_audit.errors import InputError, ModelError, OpnoteError, RuleFileError
from opnote_audit.model_options import DEFAULT_MODELS, ModelOptions
from opnote_audit.read import DEFAULT_MAX_BYTES, Note, note_from_bytes
from opnote_audit.read.documents import document_from_bytes, read_document_bytes

if TYPE_CHECKING:
    from opnote_audit.api import NoteAuditor
    from opnote_audit.claims.book import ClaimBook
    from opnote_audit.claims.join import ClaimJoin

_MAX_NEW_WORDS = 20_000
"""Words that spaCy's vocabulary may gain (0.7 kB each) before the pipeline is built afresh."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker must know beside the inputs: plain data, the same for a whole batch.

    ``rules`` is the digest of everything that can change a result for the same input;
    ``staging`` is where pages are written (``None``: no pages), ``finished`` where those of an
    earlier run stand.
    """

    rules: str
    patterns: str | None = None
    max_bytes: int = DEFAULT_MAX_BYTES
    redact: bool = False
    staging: str | None = None
    finished: str | None = None
    claims: ClaimsSource | None = None
    models: ModelOptions = DEFAULT_MODELS


@dataclass(frozen=True, slots=True)
class ClaimsSource:
    """The file of claims that a batch's notes are held against, and how it is read."""

    path: str
    note_key: str
    conversion_factor: str | None = None
    gpci: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An input with its place in the batch (from one) and the name of its page."""

    number: int
    input: Input
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: its line of ``results.jsonl``, without the newline.

    ``line`` is ``None`` when an earlier run left the very same line, known by its
    ``fingerprint``.
    """

    number: int
    fingerprint: str | None
    line: str | None
    verdict: Verdict | None = None
    problem: str | None = None


def audit_items(
    items: Iterable[Item], settings: Settings, known: Container[str] = frozenset()
) -> list[Outcome]:
    """Audit each item; whatever is wrong with one of them, it gives an outcome.

    Parameters
    ----------
    items
        What to audit.
    settings
        How.
    known
        Fingerprints of results that are at hand; their items are read but not audited again.

    Returns
    -------
    list of Outcome
        One for each item, in their order.

    Raises
    ------
    RuleFileError
        The rules cannot be used, so that nothing can be audited.
    ModelError
        The model that the batch names cannot be used here.
    """
    return [_outcome(item, settings, known) for item in items]


def failed(item: Item, reason: str, settings: Settings) -> Outcome:
    """Return the outcome of an item that could not be audited, with its page."""
    return _finish(
        item, error_result(item.input.note_id, item.input.source, reason), None, None, settings
    )


def fingerprint(item: Item, data: bytes, settings: Settings) -> str:
    """Return a digest of all that the item's line and page are made from."""
    made_of = [
        settings.rules,
        item.input.note_id,
        item.input.source,
        item.page,
        item.input.columns,
        len(data),
    ]
    head = json.dumps(made_of).encode()
    return hashlib.blake2b(head + b"\n" + data, digest_size=16).hexdigest()


def _outcome(item: Item, settings: Settings, known: Container[str]) -> Outcome:
    source = item.input
    mark = None
    note = None
    try:
        if source.problem is not None:
            raise InputError(source.problem)
        data = _bytes_of(source, settings.max_bytes)
        mark = fingerprint(item, data, settings)
        if mark in known and _page_at_hand(item, settings):
            return Outcome(item.number, mark, None)
        note = _note_of(source, data, settings.max_bytes)
        auditor = _auditor(settings)
        result = auditor.audit(note.text, note.note_id, note.source, note.encoding)
        if settings.claims is not None:
            # A note without a claim keeps its audit: the batch says how many there are.
            result = _join(settings.claims, settings).apply(result, note.text)
    except (RuleFileError, ModelError):
        raise
    except OpnoteError as error:
        result = error_result(source.note_id, source.source, str(error))
    except Exception as error:
        # A defect of ours must not stop the other notes; its message could hold their words.
        result = error_result(source.note_id, source.source, _defect(error))
    if result.verdict == "error":
        # Read again next time: what was wrong may be mended by then.
        mark, note = None, None
    return _finish(item, result, note, mark, settings)


def _finish(
    item: Item, result: AuditResult, note: Note | None, mark: str | None, settings: Settings
) -> Outcome:
    digest = None
    if note is not None:
        digest = hashlib.sha256(note.text.encode("utf-8", "surrogatepass")).hexdigest()
    if settings.redact:
        result = redacted(result)
    page = None
    if item.page is not None and settings.staging is not None:
        page = _write_page(item, item.page, result, note, settings)
    line = {
        **result.to_dict(),
        "columns": dict(item.input.columns),
        "page": page,
        "text_sha256": digest,
        "fingerprint": mark,
    }
    text = json.dumps(line, ensure_ascii=True, allow_nan=False)
    return Outcome(item.number, mark, text, result.verdict, result.error)


def _bytes_of(source: Input, max_bytes: int) -> bytes:
    if source.path is not None:
        return read_document_bytes(source.path, max_bytes)
    return source.data or b""


def _note_of(source: Input, data: bytes, max_bytes: int) -> Note:
    if source.path is not None:
        return document_from_bytes(data, source.note_id, source.source, max_bytes)
    return note_from_bytes(data, source.note_id, source.source, max_bytes)


def _defect(error: Exception) -> str:
    from opnote_audit.commands.terminal import defect

    return defect(error)


# -- pages ----------------------------------------------------------------------------------


def _page_at_hand(item: Item, settings: Settings) -> bool:
    if item.page is None or settings.staging is None:
        return True
    finished = Path(settings.finished) / item.page if settings.finished else None
    return bring_page(Path(settings.staging) / item.page, finished)


def _write_page(
    item: Item, name: str, result: AuditResult, note: Note | None, settings: Settings
) -> str | None:
    """Write a note's page and return its path below the batch's folder; ``None`` without one."""
    from opnote_audit.report.html import render_note_html

    shown = note or Note("", result.note_id, result.source)
    try:
        html = render_note_html(
            result,
            shown,
            back_link="../report.html",
            redacted=settings.redact,
            columns=dict(item.input.columns),
        )
    except Exception:
        # The result stands; a page that fails must not lose it, or stop the other notes.
        return None
    with OwnerFile(Path(settings.staging or ".") / name) as file:
        file.write(html.encode("utf-8", "replace"))
    return f"{PAGES}/{name}"


# -- the pipeline of this process ------------------------------------------------------------


def read_claims(source: ClaimsSource) -> ClaimBook:
    """Return the claims of a batch.

    Raises
    ------
    InputError
        A file that is no claims, or cannot be read.
    """
    from opnote_audit.claims.source import load_claims

    return load_claims(source.path, source.note_key)


def _join(source: ClaimsSource, settings: Settings) -> ClaimJoin:
    """Return what joins notes and claims, made once a thread for the same claims and rules."""
    kept = _pipelines
    if kept.join is None or kept.joined != settings.rules:
        from opnote_audit.claims.join import join_claims

        folder = Path(settings.patterns) if settings.patterns is not None else None
        book = read_claims(source)
        kept.join = join_claims(book, folder, source.conversion_factor, source.gpci)
        kept.joined = settings.rules
    return kept.join


class _Pipelines(threading.local):
    """One pipeline a thread: a Dask worker has several, and spaCy's is not for sharing."""

    auditor: NoteAuditor | None = None
    rules: str | None = None
    words: int = 0
    join: ClaimJoin | None = None
    joined: str | None = None


_pipelines = _Pipelines()


def _auditor(settings: Settings) -> NoteAuditor:
    """Return this thread's auditor, made anew when the rules are others than before.

    spaCy keeps every word it has seen for as long as a pipeline lives (spaCy 3.8 could forget
    them by ``memory_zone``, 3.7 cannot), so a batch would grow with every name and number in
    it. Building the pipeline afresh takes a third of a second once in a few thousand notes.
    """
    kept = _pipelines
    if kept.auditor is not None and kept.rules == settings.rules:
        if len(kept.auditor.nlp.vocab) - kept.words <= _MAX_NEW_WORDS:
            return kept.auditor
        kept.auditor = None
        gc.collect()
    from opnote_audit.api import load_auditor

    folder = Path(settings.patterns) if settings.patterns is not None else None
    kept.auditor = load_auditor(folder, settings.models)
    kept.rules = settings.rules
    kept.words = len(kept.auditor.nlp.vocab)
    return kept.auditor
