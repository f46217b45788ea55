"""A drawing of the spine, T1 to S1: what was done where, in one look (SVG, no script).

The vertebrae stand one below the other. A decompressed segment is framed in the shape and tone
of its status and led to a label that says it in words; fused levels stand in a bracket.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from opnote_audit import spine
from opnote_audit.checks.result import AuditResult, SegmentResult, Status
from opnote_audit.report.style import Style, words
from opnote_audit.report.templating import environment

STATUS_WORDS = {
    "pass": "supported",
    "warn": "needs review",
    "fail": "not supported",
    "na": "not of this family",
}
"""What a segment's status is called where it is drawn or listed."""

_WIDTH = 358
_TOP = 14
_DISC = 5
_HEIGHTS = {"C": 16, "T": 20, "L": 26, "S": 24}
# Widths grow downward, as vertebrae do.
_CENTER = 90
_LABEL_X = 166
_LABEL_CHARS = 31
_LINE = 14
_LABEL_GAP = 8
_ENDPLATE = 0.2
# Half the length of a bracket's words, which are written along it.
_BRACKET_TEXT = 56
_RANK = {"na": 0, "pass": 1, "warn": 2, "fail": 3}
_BY_SEGMENT = ("R1", "R2", "R3", "R5")


@dataclass(frozen=True, slots=True)
class _Vertebra:
    name: str
    y: float
    height: float
    width: float
    active: bool

    @property
    def x(self) -> float:
        return _CENTER - self.width / 2

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class _Band:
    """A segment's frame, and its label with the line that leads to it."""

    x: float
    y: float
    width: float
    height: float
    role: str
    status: str
    title: str
    lines: tuple[str, ...]
    label_y: float
    sign: str

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class _Bracket:
    top: float
    bottom: float
    text: str
    text_y: float


def segment_status(result: AuditResult, segment: SegmentResult) -> Status:
    """Return how a segment stands, from what the requirements say of it.

    ``na`` for a segment of another family that nothing finds fault with; the primary stands as
    R4 does; a further segment as the worst requirement that names it. A further segment that
    is not supported though no requirement names it (each names those of its worst outcome
    only) stands as the worst of them.
    """
    named: list[Status] = [
        check.status
        for check in result.checklist
        if segment.segment in check.segments and check.status in ("warn", "fail")
    ]
    if segment.role == "primary":
        named += [check.status for check in result.checklist if check.id == "R4"]
    elif segment.role == "additional" and not segment.supported and not named:
        named = [check.status for check in result.checklist if check.id in _BY_SEGMENT]
        named.append("warn")
    elif segment.role == "additional":
        named.append("pass")
    return max(named, key=_RANK.__getitem__, default="na")


def draw_spine(result: AuditResult) -> Markup:
    """Return the drawing of a result's segments and fusion.

    Cervical, sixth lumbar and lower sacral vertebrae are drawn where the result names them.
    """
    shown = _vertebrae(result)
    by_name = {vertebra.name: vertebra for vertebra in shown}
    bands = _bands(result, by_name)
    bottom = max([shown[-1].bottom, *(b.label_y + _label_height(b.lines[:-1]) for b in bands)])
    fusion = _fusion_text(result)
    unplaced = [f"{fusion}: level not stated"] if fusion and not result.fusion.segments else []
    if _unnamed(result):
        unplaced.append(f"{Style().symbol('fail')} a further segment whose level is never named")
    return Markup(
        environment()
        .get_template("spine.svg")
        .render(
            width=_WIDTH,
            height=round(bottom + 10 + 20 * len(unplaced)),
            floor=round(bottom),
            label_x=_LABEL_X,
            line=_LINE,
            center=_CENTER,
            vertebrae=shown,
            bands=bands,
            brackets=_brackets(result, by_name, fusion),
            unplaced=unplaced,
            description=describe_operation(result),
        )
    )


def describe_operation(result: AuditResult) -> str:
    """Return the drawing in words, for those who cannot see it."""
    parts = [
        f"{one.segment} {one.role}, {words(one.approach)}, {_pathology_text(one)}, "
        f"{STATUS_WORDS[segment_status(result, one)]}"
        for one in result.segments
    ] or ["no decompressed segment"]
    if _unnamed(result):
        parts.append("a further segment whose level is never named")
    fusion = _fusion_text(result)
    if fusion:
        parts.append(f"{fusion} at {', '.join(result.fusion.segments) or 'a level not stated'}")
    return "; ".join(parts) + "."


def _unnamed(result: AuditResult) -> bool:
    """Tell whether a further segment is hinted at but never named: it is listed nowhere."""
    return any(check.id == "R1" and check.rule == "unnamed" for check in result.checklist)


def _vertebrae(result: AuditResult) -> list[_Vertebra]:
    named = {
        "C7" if end == "C8" else end
        for segment in (*(s.segment for s in result.segments), *result.fusion.segments)
        for end in spine.ends(segment)
    }
    placed = [spine.ORDER[name] for name in named if name in spine.ORDER]
    first = min([spine.ORDER["T1"], *placed])
    last = max([spine.ORDER["S1"], *placed])
    names = list(spine.VERTEBRAE[first : last + 1])
    if "L6" in named:
        names.insert(names.index("L5") + 1, "L6")
    touched = {end for segment in result.segments for end in spine.ends(segment.segment)}
    out: list[_Vertebra] = []
    y: float = _TOP
    for name in names:
        height = _HEIGHTS[name[0]]
        width = 40 + 34 * spine.ORDER[name] / spine.ORDER["S1"]
        out.append(_Vertebra(name, y, height, round(width, 1), name in touched))
        y += height + _DISC
    return out


def _bands(result: AuditResult, by_name: dict[str, _Vertebra]) -> list[_Band]:
    placed: list[tuple[SegmentResult, float, float, float]] = []
    for segment in sorted(result.segments, key=lambda one: spine.position(one.segment)):
        members = _members(segment.segment, by_name)
        if len(members) == 1:
            top, bottom = members[0].y - 3, members[0].bottom + 3
        else:
            # An interspace: the disc and the endplates beside it.
            top = members[0].bottom - _ENDPLATE * members[0].height
            bottom = members[-1].y + _ENDPLATE * members[-1].height
        placed.append((segment, top, bottom, max(one.width for one in members) + 12))
    texts = [_label_lines(segment) for segment, *_ in placed]
    tops = _spread(
        [
            (top + bottom) / 2 - _label_height(lines) / 2
            for (_, top, bottom, _), lines in zip(placed, texts, strict=True)
        ],
        [_label_height(lines) for lines in texts],
        _TOP,
        max(one.bottom for one in by_name.values()),
    )
    style = Style()
    bands = []
    for (segment, top, bottom, width), lines, label_y in zip(placed, texts, tops, strict=True):
        status = segment_status(result, segment)
        bands.append(
            _Band(
                x=_CENTER - width / 2,
                y=top,
                width=width,
                height=bottom - top,
                role=segment.role,
                status=status,
                title=f"{segment.segment} {segment.role}",
                lines=(*lines, STATUS_WORDS[status]),
                label_y=label_y,
                sign=style.symbol(status),
            )
        )
    return bands


def _label_lines(segment: SegmentResult) -> tuple[str, ...]:
    texts = (words(segment.approach), _pathology_text(segment))
    return tuple(line for text in texts for line in textwrap.wrap(text, _LABEL_CHARS))


def _pathology_text(segment: SegmentResult) -> str:
    text = ", ".join(map(words, segment.pathologies)) or "no pathology stated"
    return text if segment.treated else f"{text}, not treated"


def _label_height(lines: Sequence[str]) -> float:
    # The title, the lines given, and the status where it is not among them yet.
    return _LINE * (len(lines) + 2)


def _spread(wanted: list[float], heights: list[float], low: float, high: float) -> list[float]:
    """Return tops of labels near those wanted, none upon another, in the given order.

    They start at ``low`` or below and, where there is room, end at ``high`` or above.
    """
    tops: list[float] = []
    floor = low
    for want, height in zip(wanted, heights, strict=True):
        tops.append(max(want, floor))
        floor = tops[-1] + height + _LABEL_GAP
    ceiling = high
    for index in range(len(tops) - 1, -1, -1):
        tops[index] = min(tops[index], ceiling - heights[index])
        ceiling = tops[index] - _LABEL_GAP
    # Too many for the height: from the top again, and the drawing grows downward.
    floor = low
    for index, height in enumerate(heights):
        tops[index] = max(tops[index], floor)
        floor = tops[index] + height + _LABEL_GAP
    return tops


def _fusion_text(result: AuditResult) -> str:
    if not result.fusion.performed:
        return ""
    return f"{words(result.fusion.type)} fusion" if result.fusion.type else "fusion"


def _brackets(result: AuditResult, by_name: dict[str, _Vertebra], text: str) -> list[_Bracket]:
    if not text:
        return []
    spans = sorted(
        (members[0].middle, members[-1].middle)
        if len(members) > 1
        else (members[0].y, members[0].bottom)
        for members in (_members(name, by_name) for name in result.fusion.segments)
    )
    joined: list[tuple[float, float]] = []
    for top, bottom in spans:
        if joined and top <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(bottom, joined[-1][1]))
        else:
            joined.append((top, bottom))
    lowest = max(one.bottom for one in by_name.values()) - _BRACKET_TEXT
    return [
        _Bracket(top, bottom, text, min(max((top + bottom) / 2, _TOP + _BRACKET_TEXT), lowest))
        for top, bottom in joined
    ]


def _members(segment: str, by_name: dict[str, _Vertebra]) -> list[_Vertebra]:
    names: Iterable[str] = ("C7" if end == "C8" else end for end in spine.ends(segment))
    members = sorted((by_name[name] for name in names), key=lambda one: one.y)
    # C7-C8 is one vertebra to the eye.
    return members if len(members) < 2 or members[0] is not members[1] else members[:1]
