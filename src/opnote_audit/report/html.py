"""The page of one note: one self-contained file that a coder reads, walks and prints.

Left stands the note, lit up by kind of evidence; right the drawing of the spine, the
checklist, the segments, the units and the findings as text. Nothing in it loads anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from opnote_audit.annotate.sections import find_sections
from opnote_audit.checks.result import AuditResult, CheckResult, Evidence, Remark
from opnote_audit.paths import patterns_dir
from opnote_audit.read import Note
from opnote_audit.report.cells import printable
from opnote_audit.report.findings import findings_text, place, quote
from opnote_audit.report.highlight import (
    KIND_NAMES,
    KINDS,
    Place,
    SectionLike,
    find_places,
    kind_of,
    note_markup,
)
from opnote_audit.report.position import LineIndex
from opnote_audit.report.spine_drawing import STATUS_WORDS, draw_spine, segment_status
from opnote_audit.report.style import Style, verdict_status, words
from opnote_audit.report.templating import assets, environment, local_href, script_json
from opnote_audit.report.text import score_text
from opnote_audit.rules.sections import SectionRules, load_sections

_USUAL_ENCODINGS = (None, "utf-8")
_QUOTE = 90


@dataclass(frozen=True, slots=True)
class _Cited:
    """A place in a requirement's list: its number in the note, its words, where it stands."""

    number: int
    quote: str
    where: str


def render_note_html(
    result: AuditResult,
    note: Note,
    *,
    back_link: str | None = None,
    redacted: bool = False,
    sections: Sequence[SectionLike] | None = None,
    columns: Mapping[str, str] | None = None,
) -> str:
    """Return the page of one note.

    Parameters
    ----------
    result
        What the audit found.
    note
        The note it was found in. Its text may be empty when it is not at hand.
    back_link
        A relative path to the dashboard, for a link at the top.
    redacted
        Whether to leave the note's text out: no words of it are in the page, only places.
    sections
        The note's sections, as annotation settled them (``Reading.blocks``); by default the
        headers are looked up afresh, which takes about a millisecond.
    columns
        Further columns of the table that the note came from (surgeon, facility ...), by name;
        those without a value are left out.

    Returns
    -------
    str
        An HTML document, the same for the same input, that can be written as UTF-8 whatever
        the note holds.

    Raises
    ------
    RuleFileError
        The section rules, needed when ``sections`` is not given, cannot be used.
    """
    style = Style()
    tone = verdict_status(result.verdict)
    context: dict[str, Any] = {
        "assets": assets("note"),
        "result": result,
        "note_id": result.note_id,
        "verdict": words(result.verdict),
        "tone": tone,
        "sign": style.symbol(tone),
        "back": local_href(back_link) if back_link else "",
        "source": result.source or "",
        "carried": [(name, value) for name, value in (columns or {}).items() if value.strip()],
        "read_as": "" if result.encoding in _USUAL_ENCODINGS else result.encoding,
    }
    if result.verdict != "error":
        context |= _body(result, note, redacted, sections, style)
    return environment().get_template("note.html").render(context)


def _body(
    result: AuditResult,
    note: Note,
    redacted: bool,
    sections: Sequence[SectionLike] | None,
    style: Style,
) -> dict[str, Any]:
    shown = bool(note.text) and not redacted
    places = find_places(result, len(note.text)) if shown else []
    if not shown:
        sections = ()
    elif sections is None:
        sections = find_sections(note.text, _section_rules())
    segments = [one.segment for one in result.segments]
    kinds = [kind for kind in KINDS if any(kind in one.kinds for one in places)]
    return {
        "redacted": redacted,
        "linked": bool(places),
        "stale": bool(note.text) and _stale(result, note),
        "text": note_markup(note.text, places, sections, segments) if shown else "",
        "owners": script_json({str(one.number): one.owners for one in places}),
        "legend": [(kind, KIND_NAMES.get(kind, kind)) for kind in kinds],
        "contents": [
            (number, " ".join(printable(one.title).split()))
            for number, one in enumerate(sections, 1)
            if one.title.strip() and one.kind not in ("other", "unheaded")
        ],
        "score": score_text(result.score),
        "primary": " at ".join(filter(None, (result.primary_code, result.primary_segment)))
        or "none",
        "approach": words(result.approach),
        "fusion": _fusion(result),
        "spine": draw_spine(result),
        "checks": [_check(check, note, places, redacted, style) for check in result.checklist],
        "remarks": [_remark(remark, note, places, redacted) for remark in result.remarks],
        "segments": [_segment(result, number, style) for number in range(len(result.segments))],
        # Each line is free of control characters; the newlines between them are meant.
        "findings": escape(Markup("\n").join(findings_text(result, note, redacted).split("\n"))),
    }


@lru_cache(maxsize=1)
def _section_rules() -> SectionRules:
    return load_sections(patterns_dir() / "sections.json")


def _stale(result: AuditResult, note: Note) -> bool:
    """Tell whether some evidence quotes other words than the note has there."""
    cited = [
        *result.approach_evidence,
        *(item for check in result.checklist for item in check.evidence),
        *(item for segment in result.segments for item in segment.evidence),
        *(item for remark in result.remarks for item in remark.evidence),
    ]
    return any(item.text and note.text[item.start : item.end] != item.text for item in cited)


def _fusion(result: AuditResult) -> str:
    if not result.fusion.performed:
        return "none"
    kind = words(result.fusion.type or "kind unknown")
    return f"{kind}, {', '.join(result.fusion.segments) or 'level not stated'}"


def _check(
    check: CheckResult, note: Note, places: Sequence[Place], redacted: bool, style: Style
) -> dict[str, Any]:
    return {
        "id": check.id,
        "status": check.status,
        "sign": style.symbol(check.status),
        "title": check.title,
        "message": check.message,
        "advice": check.advice,
        "places": _cited(check.evidence, note, places, redacted),
    }


def _remark(remark: Remark, note: Note, places: Sequence[Place], redacted: bool) -> dict[str, Any]:
    return {"message": remark.message, "places": _cited(remark.evidence, note, places, redacted)}


def _cited(
    evidence: Sequence[Evidence], note: Note, places: Sequence[Place], redacted: bool
) -> list[_Cited]:
    numbers = {(one.start, one.end): one.number for one in places}
    index = LineIndex(note.text)
    seen: dict[tuple[int, int], _Cited] = {}
    for item in evidence:
        kind = kind_of(item)
        where = [place(note, index, item), KIND_NAMES.get(kind, kind)]
        if item.section:
            where.insert(1, words(item.section))
        hidden = redacted or not note.text
        said = "" if hidden else f"“{quote(note, item, _QUOTE)}”"
        number = numbers.get((max(item.start, 0), min(item.end, len(note.text))), 0)
        if number or hidden:
            seen.setdefault((item.start, item.end), _Cited(number, said, ", ".join(where)))
    return sorted(seen.values(), key=lambda one: one.number)


def _segment(result: AuditResult, number: int, style: Style) -> dict[str, Any]:
    segment = result.segments[number]
    status = segment_status(result, segment)
    return {
        "name": segment.segment,
        "role": segment.role,
        "approach": words(segment.approach),
        "pathology": ", ".join(map(words, segment.pathologies)) or "none stated",
        "treated": segment.treated,
        "status": status,
        "sign": style.symbol(status),
        "state": STATUS_WORDS[status],
    }
