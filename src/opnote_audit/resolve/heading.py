"""What the heading offers: levels with the route, the act and the role that it gives them.

The heading states intent (domain notes, section 5). An item may hold several acts with
levels of their own ("T10 and T11 transpedicular decompression, T8-T12 posterior fusion"):
each level goes to the nearest act, and an act without a level takes the item's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from opnote_audit.annotate.levels import LevelMention
from opnote_audit.annotate.reading import Clause, Mention, Reading
from opnote_audit.resolve.attach import Attacher
from opnote_audit.resolve.corrections import corrected_levels
from opnote_audit.resolve.grammar import Grammar
from opnote_audit.resolve.model import HeadingLevel, Span

_DECOMPRESSIVE = frozenset(
    {
        "laminectomy",
        "foraminotomy",
        "facetectomy",
        "discectomy",
        "corpectomy",
        "decompression",
        "pediculectomy",
        "excision",
    }
)
_FREEING = _DECOMPRESSIVE - {"discectomy", "corpectomy"}
_RUN = 60  # code points between two acts of one run
_ACT_LABELS = ("APPROACH", "ACT", "FUSION", "INSTRUMENT", "NOT_FAMILY")


@dataclass(frozen=True, slots=True)
class HeadingFusion:
    """An arthrodesis that the heading lists: its kind, levels, and words."""

    value: str
    levels: tuple[str, ...]
    ranged: tuple[tuple[str, str], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading: its levels in order, its fusions, and what it names without a level."""

    levels: tuple[HeadingLevel, ...] = ()
    fusions: tuple[HeadingFusion, ...] = ()
    transpedicular: tuple[Span, ...] = ()
    percutaneous: tuple[Span, ...] = ()
    approaches: tuple[tuple[str, Span], ...] = ()
    unnamed_additional: tuple[Span, ...] = ()

    @property
    def offered(self) -> tuple[HeadingLevel, ...]:
        """The levels offered as transpedicular."""
        return tuple(level for level in self.levels if level.transpedicular)


def span_of(mention: Mention, kind: str) -> Span:
    """Return the mention's span as evidence of ``kind``."""
    return Span(mention.start, mention.end, kind)


def _group(mention: Mention) -> str:
    """Return the family of act that a heading mention belongs to."""
    if mention.label == "APPROACH":
        return "percutaneous" if mention.value == "percutaneous" else "decompression"
    if mention.label == "ACT":
        return "decompression"
    if mention.label == "FUSION":
        return "fusion"
    return "hardware"


def _chunks(text: str, acts: list[Mention], levels: list[LevelMention]) -> list[list[Mention]]:
    """Return the runs of acts that share their levels: no level and no stop between them.

    "Laminectomy and transpedicular decompression, T9" is one run; "transpedicular
    decompression T9; laminectomy T8" is two.
    """
    runs: list[list[Mention]] = []
    for act in sorted(acts, key=lambda m: m.start):
        if runs:
            last = runs[-1][-1]
            gap = text[last.end : act.start]
            between = any(last.end <= level.start < act.start for level in levels)
            if not between and ";" not in gap and len(gap) <= _RUN:
                runs[-1].append(act)
                continue
        runs.append([act])
    return runs


class _Item:
    """One heading item under construction: acts, levels, and which belongs to which."""

    def __init__(
        self, text: str, mentions: list[Mention], levels: list[LevelMention], attacher: Attacher
    ) -> None:
        self.acts = [m for m in mentions if m.label in _ACT_LABELS and m.done]
        self.levels = [level for level in levels if level.use == "level"]
        self.additional = next((m for m in mentions if m.label == "ADDITIONAL" and m.done), None)
        self.unnamed = next(
            (
                m
                for m in mentions
                if m.label in ("RELATIVE", "COLLECTIVE")
                and m.value in ("adjacent", "multi", "two", "three", "four")
                and m.done
            ),
            None,
        )
        self.by_group: dict[str, list[LevelMention]] = {}
        self.chunk: dict[int, list[Mention]] = {}
        chunks = _chunks(text, self.acts, self.levels)
        for level in self.levels:
            act = attacher.nearest(text, level, self.acts)
            self.chunk[level.start] = next((c for c in chunks if act in c), [])
            self.by_group.setdefault(_group(act) if act else "none", []).append(level)

    def of(self, group: str) -> list[LevelMention]:
        """Return the levels of a family of act, or the item's levels where it has none."""
        if group in self.by_group:
            return self.by_group[group]
        if any(_group(a) == group for a in self.acts):
            return (
                self.levels
                if group != "decompression" or "none" in self.by_group or len(self.by_group) == 1
                else []
            )
        return []


def _as_route(reading: Reading, clause: Clause, mention: Mention, grammar: Grammar) -> Mention:
    """Return ``mention``, or the approach that it names ("through the pedicles of T5 and T6")."""
    if mention.label != "PEDICLE" or not grammar.names_route(reading.text, mention, clause):
        return mention
    route = Mention(
        "APPROACH",
        "transpedicular",
        mention.start,
        mention.end,
        mention.start_token,
        mention.end_token,
    )
    route.clause, route.sentence = mention.clause, mention.sentence
    route.flags, route.cues = mention.flags, mention.cues
    return route


def read_heading(reading: Reading, attacher: Attacher, grammar: Grammar) -> Heading:
    """Return what the heading sections of ``reading`` offer."""
    text = reading.text
    merged: dict[str, HeadingLevel] = {}
    fusions: list[HeadingFusion] = []
    named: list[Span] = []
    percutaneous: list[Span] = []
    approaches: list[tuple[str, Span]] = []
    unnamed: list[Span] = []
    carried: Mention | None = None
    gone = corrected_levels(reading)
    for sentence in reading.sentences:
        if sentence.kind != "heading":
            carried = None if sentence.kind != "title" else carried
            continue
        clauses = [reading.clauses[i] for i in sentence.clauses]
        mentions = [_as_route(reading, c, m, grammar) for c in clauses for m in c.mentions]
        levels = [level for c in clauses for level in c.levels if level.start not in gone]
        item = _Item(text, mentions, levels, attacher)
        for mention in item.acts:
            if mention.label == "APPROACH":
                approaches.append((mention.value, span_of(mention, "approach")))
        route = next(
            (m for m in item.acts if m.label == "APPROACH" and m.value == "transpedicular"), None
        )
        needle = next(
            (m for m in item.acts if m.label == "APPROACH" and m.value == "percutaneous"), None
        )
        hardware = any(m.label == "NOT_FAMILY" for m in item.acts)
        acts = [m for m in item.acts if m.label == "ACT" and m.value in _DECOMPRESSIVE]
        if needle is not None and not acts:
            percutaneous.append(span_of(needle, "approach"))
            route = None
        if route is not None and not acts and not _route_alone(item):
            route = None
        # "a) T9  b) T10" below "Transpedicular decompression:" inherits it.
        if route is None and carried is not None and item.levels and not item.acts and not hardware:
            route = carried
        if route is not None:
            named.append(span_of(route, "approach"))
            carried = route if not item.levels or carried is route else None
        lateral = next(
            (
                m
                for m in item.acts
                if m.label == "APPROACH" and m.value in ("transfacet", "far_lateral")
            ),
            None,
        )
        costo = next(
            (
                m
                for m in item.acts
                if m.label == "APPROACH" and m.value in ("costotransversectomy", "extracavitary")
            ),
            None,
        )
        targets = item.of("decompression") or (
            item.levels if route is not None and not item.by_group.get("fusion") else []
        )
        if (
            not targets
            and item.additional is not None
            and item.levels
            and not any(_group(a) in ("fusion", "hardware") for a in item.acts)
        ):
            targets = item.levels
        additional = span_of(item.additional, "level") if item.additional else None
        if (additional or item.unnamed) and route is not None and not targets:
            unnamed.append(additional or span_of(item.unnamed, "level"))  # type: ignore[arg-type]
        offered = 0
        for level in targets:
            chunk = item.chunk.get(level.start, [])
            own = next(
                (m for m in chunk if m.label == "APPROACH" and m.value == "transpedicular"), None
            )
            shared = not chunk or route not in item.acts or not any(m.label == "ACT" for m in chunk)
            way = (own or (route if shared else None)) if route else None
            for part in level.items:
                for name in part.segments:
                    # In "T11 (first), T12 (additional)" the word belongs to what follows it;
                    # one word in an item with several levels leaves the first as primary.
                    extra = additional
                    if additional and len({s for t in targets for s in t.segments}) > 1:
                        extra = additional if offered else None
                    fresh = HeadingLevel(
                        name,
                        Span(level.start, level.end, "level"),
                        transpedicular=span_of(way, "approach") if way else None,
                        lateral=span_of(lateral, "approach") if lateral else None,
                        costo=span_of(costo, "approach") if costo else None,
                        additional=extra,
                        decompressed=span_of(acts[0], "act")
                        if acts
                        else (span_of(route, "approach") if route else None),
                        freed=any(a.value in _FREEING for a in acts),
                        ranged=part.is_range,
                    )
                    offered += 1
                    merged[name] = _merge(merged[name], fresh) if name in merged else fresh
        for mention in item.acts:
            if mention.label == "FUSION" and mention.value != "graft_bed":
                levels = item.of("fusion")
                fusions.append(
                    HeadingFusion(
                        mention.value,
                        tuple(s for level in levels for s in level.segments),
                        tuple(
                            (p.segments[0], p.segments[-1])
                            for level in levels
                            for p in level.items
                            if p.is_range
                        ),
                        span_of(mention, "fusion"),
                    )
                )
    return Heading(
        tuple(merged.values()),
        tuple(fusions),
        tuple(named),
        tuple(percutaneous),
        tuple(approaches),
        tuple(unnamed),
    )


def _route_alone(item: _Item) -> bool:
    """Tell whether "transpedicular" stands in an item that names no act, yet not hardware."""
    return not any(_group(a) in ("fusion", "hardware", "percutaneous") for a in item.acts)


def _merge(one: HeadingLevel, other: HeadingLevel) -> HeadingLevel:
    return replace(
        one,
        transpedicular=one.transpedicular or other.transpedicular,
        lateral=one.lateral or other.lateral,
        costo=one.costo or other.costo,
        additional=one.additional or other.additional,
        decompressed=one.decompressed or other.decompressed,
        freed=one.freed or other.freed,
        ranged=one.ranged and other.ranged,
    )
