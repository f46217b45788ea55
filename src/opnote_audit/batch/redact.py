"""Results without the words of the note: offsets stay, texts go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from opnote_audit.checks.result import AuditResult, Evidence


def redacted(result: AuditResult) -> AuditResult:
    """Return ``result`` with the text of every span empty; messages never hold note text."""
    return _with_texts(result, lambda span: "")


def restored(result: AuditResult, text: str) -> AuditResult:
    """Return ``result`` with every span's text taken from ``text``, the note that was audited."""
    return _with_texts(result, lambda span: text[span.start : span.end])


def _with_texts(result: AuditResult, text_of: Callable[[Evidence], str]) -> AuditResult:
    def changed(spans: Iterable[Evidence]) -> tuple[Evidence, ...]:
        return tuple(replace(span, text=text_of(span)) for span in spans)

    return replace(
        result,
        approach_evidence=changed(result.approach_evidence),
        segments=tuple(replace(s, evidence=changed(s.evidence)) for s in result.segments),
        checklist=tuple(replace(c, evidence=changed(c.evidence)) for c in result.checklist),
    )
