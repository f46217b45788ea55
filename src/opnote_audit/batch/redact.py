"""Results without the words of the note, and back: offsets stay, texts go and come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from opnote_audit.checks.result import AuditResult, Evidence

_Spans = tuple[Evidence, ...]


def redacted(result: AuditResult) -> AuditResult:
    """Return ``result`` with the text of every span empty; messages never hold note text."""
    return _with_spans(result, lambda spans: tuple(replace(span, text="") for span in spans))


def restored(result: AuditResult, text: str) -> AuditResult:
    """Return ``result`` with every span's text taken from ``text``, the note that was audited."""
    return _with_spans(
        result,
        lambda spans: tuple(replace(span, text=text[span.start : span.end]) for span in spans),
    )


def without_places(result: AuditResult) -> AuditResult:
    """Return ``result`` without any span, for a report that cannot show where they are."""
    return _with_spans(result, lambda spans: ())


def spans_of(result: AuditResult) -> Iterator[Evidence]:
    """Yield every span of ``result``."""
    yield from result.approach_evidence
    for segment in result.segments:
        yield from segment.evidence
    for check in result.checklist:
        yield from check.evidence
    for remark in result.remarks:
        yield from remark.evidence


def _with_spans(result: AuditResult, change: Callable[[_Spans], _Spans]) -> AuditResult:
    return replace(
        result,
        approach_evidence=change(result.approach_evidence),
        segments=tuple(replace(s, evidence=change(s.evidence)) for s in result.segments),
        checklist=tuple(replace(c, evidence=change(c.evidence)) for c in result.checklist),
        remarks=tuple(replace(r, evidence=change(r.evidence)) for r in result.remarks),
    )
