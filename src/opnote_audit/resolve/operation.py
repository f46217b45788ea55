"""Put the operation together: segments, their route and role, pathology, fusion.

Small steps, each a function: gather facts by level, name what was never named, join a
vertebra with its interspace, settle each segment's route, its role, its pathologies.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opnote_audit import spine
from opnote_audit.annotate.reading import Reading
from opnote_audit.resolve.attach import Attacher
from opnote_audit.resolve.fusion import read_fusion
from opnote_audit.resolve.grammar import Grammar
from opnote_audit.resolve.heading import Heading, read_heading
from opnote_audit.resolve.model import (
    ACTS,
    ANTERIOR,
    CORPECTOMY,
    COSTO,
    DENIED,
    DISC,
    EXPLICIT,
    FREED,
    HEADING,
    INFERRED,
    LAMINAR,
    LATERAL,
    LEFT,
    MASS,
    NAMED,
    PEDICLE,
    POSTERIOR,
    UNNAMED,
    Fact,
    FusionFact,
    HeadingLevel,
    Operation,
    Pathology,
    Segment,
    Span,
)
from opnote_audit.resolve.narrative import Story, Walker
from opnote_audit.resolve.pathology import PathologyPlacer
from opnote_audit.rules.grammar import GrammarRules

_ORDER = (
    "transpedicular",
    "transpedicular_described",
    "transfacet_extraforaminal",
    "posterior",
    "costovertebral_extracavitary",
    "anterior_lateral",
    "percutaneous_transpedicular",
)
# How far before the naming of the route a lesion may be met there, in code points.
_MET = 300
_FAMILY = frozenset(_ORDER[:3])


@dataclass(slots=True)
class Site:
    """A level under construction: its facts, what the heading says of it, its pathologies."""

    name: str
    facts: list[Fact] = field(default_factory=list)
    heading: HeadingLevel | None = None
    pathologies: list[Pathology] = field(default_factory=list)
    explicit: Span | None = None
    additional: Span | None = None

    def spans(self, *kinds: str) -> tuple[Span, ...]:
        """Return the spans of the facts of ``kinds``."""
        return tuple(dict.fromkeys(f.span for f in self.facts if f.kind in kinds))

    def has(self, *kinds: str) -> bool:
        """Tell whether some fact is of one of ``kinds``."""
        return any(f.kind in kinds for f in self.facts)

    @property
    def first(self) -> int:
        """Where the work on this level begins in the narrative."""
        routes = [f.span.start for f in self.facts if f.kind in (NAMED, PEDICLE, LATERAL)]
        return min(routes or [f.span.start for f in self.facts if f.kind in ACTS], default=1 << 60)


class Resolver:
    """Turns readings into operations; built once, used for every note."""

    def __init__(self, rules: GrammarRules) -> None:
        self._grammar = Grammar(rules)
        self._attacher = Attacher(rules)
        self._pathologies = PathologyPlacer(rules)

    def resolve(self, reading: Reading) -> Operation:
        """Return the operation that ``reading`` tells of."""
        if not reading.is_operative or not reading.mentions:
            return Operation(is_operative=reading.is_operative)
        heading = read_heading(reading, self._attacher, self._grammar)
        story = Walker(reading, heading, self._grammar, self._attacher).walk()
        return self._assemble(reading, heading, story)

    def _assemble(self, reading: Reading, heading: Heading, story: Story) -> Operation:
        anterior = _is_anterior(heading, story)
        fusion = read_fusion(reading, heading, anterior, self._attacher)
        sites, hidden = gather(reading, heading, story)
        offered = tuple(h.level for h in heading.levels if h.decompressed or h.transpedicular)
        placed, loose = self._pathologies.place(reading, story, offered)
        sites = join(sites, heading, _interspaces(reading))
        if _osteotomy(reading):
            for site in sites.values():
                if not any(f.kind == NAMED and f.span.kind == NAMED for f in site.facts):
                    site.facts = [f for f in site.facts if f.kind not in (PEDICLE, NAMED)]
        by_needle = _needle_work(reading, story)
        if by_needle:
            for site in sites.values():
                if not site.has(LAMINAR, PEDICLE, DISC, CORPECTOMY):
                    site.facts, site.heading = [], None
            hidden = []
        give_pathologies(sites, placed, loose)
        hidden_pathology = any(name.startswith(UNNAMED) for names, _ in placed for name in names)
        extra = _extra_levels(sites, heading)
        segments = []
        for site in sites.values():
            segment = settle(site, anterior, fusion, extra)
            if segment is not None:
                segments.append(segment)
        segments = _drop_swapped(segments, heading)
        segments = assign_roles(segments, sites, heading, bool(hidden))
        approach, spans = note_approach(
            segments, reading, heading, story, fusion, anterior, hidden, by_needle
        )
        primary = next((s for s in segments if s.role == "primary"), None)
        unnamed = _unnamed(hidden, heading, segments)
        code = _primary_code(primary, segments, reading, hidden)
        return Operation(
            is_operative=True,
            approach=approach,
            approach_spans=spans,
            segments=tuple(segments),
            primary_code=code,
            fusion=fusion,
            unnamed=tuple(unnamed),
            unnamed_named_approach=any(f.kind == NAMED for f in hidden),
            unnamed_pathology=hidden_pathology,
            billed=tuple(
                Span(m.start, m.end, "level")
                for m in reading.mentions
                if m.label == "ADDITIONAL" and reading.text[m.start : m.end] == "63057" and m.done
            ),
            disagreement=_disagreement(segments, heading),
            stated_primary=_stated_primary(reading),
        )


def _needle_work(reading: Reading, story: Story) -> bool:
    """Tell whether the operation was done by needle, cannula or catheter.

    Dye that "decompresses" a root, or a fracture reduced by a balloon, is no open
    decompression (domain notes, section 5).
    """
    needles = sum(m.label == "CUE" and m.value == "needle" for m in reading.mentions)
    opened = len({f.span.start for f in story.facts if f.kind in (LAMINAR, PEDICLE, CORPECTOMY)})
    return needles > 3 + 3 * opened


def _osteotomy(reading: Reading) -> bool:
    """Tell whether an osteotomy through the pedicles was done.

    A pedicle taken in a subtraction osteotomy is deformity work, unless the approach is
    named transpedicular there (domain notes, section 5).
    """
    return any(
        m.label == "NOT_FAMILY"
        and m.value == "osteotomy"
        and m.done
        and reading.sentences[m.sentence].kind in ("heading", "narrative")
        for m in reading.mentions
    )


def _is_anterior(heading: Heading, story: Story) -> bool:
    kinds = [value for value, _ in heading.approaches]
    told = [f for f in story.facts if f.kind == ANTERIOR]
    if any(k == "transpedicular" for k in kinds) or any(
        f.kind in (NAMED, PEDICLE) for f in story.facts
    ):
        return False
    return (
        "anterior" in kinds
        or any(f.value == "anterior" for f in heading.fusions)
        or len({f.span.start for f in told}) >= 2
    )


def gather(reading: Reading, heading: Heading, story: Story) -> tuple[dict[str, Site], list[Fact]]:
    """Return sites by level, and the transpedicular facts whose level is never named.

    A level that the narrative leaves open ("the adjacent level", "both levels", no level at
    all) takes the heading's where that leaves no choice; the fact then says so. An addendum
    that describes one more level names it.
    """
    sites: dict[str, Site] = {}
    told = {n for f in story.facts for n in f.levels if f.how == EXPLICIT and f.kind != DENIED}
    offered = [h.level for h in heading.offered] or [
        h.level for h in heading.levels if h.decompressed
    ]
    untold = [
        n
        for n in offered
        if not any(spine.overlap(n, t) for t in told if not t.startswith(UNNAMED))
    ]
    first_told = {
        n for f in story.facts for n in f.levels if reading.section_at(f.span.start) != "addendum"
    }
    added = [
        n
        for f in story.facts
        if f.kind in (PEDICLE, NAMED)
        and f.how == EXPLICIT
        and reading.section_at(f.span.start) == "addendum"
        for n in f.levels
        if n not in first_told
    ]
    added = list(dict.fromkeys(added))
    names: dict[str, str] = {}
    hidden: list[Fact] = []
    for fact in story.facts:
        levels = fact.levels
        how = fact.how
        if not levels:
            if fact.kind not in ACTS and fact.kind not in (NAMED, LATERAL, COSTO):
                continue
            worked = any(f.levels and f.kind in (PEDICLE, NAMED) for f in story.facts)
            if fact.kind == NAMED and worked:
                # Named once, before any level was in hand: it holds for all that follows.
                levels = tuple(
                    dict.fromkeys(
                        n
                        for f in story.facts
                        if f.kind == PEDICLE
                        for n in f.levels
                        if not n.startswith(UNNAMED)
                    )
                )
                how = "global"
            elif not told or len(offered) == 1:
                levels, how = tuple(offered), HEADING
            if not levels:
                continue
        for name in levels:
            if name.startswith(UNNAMED):
                if name not in names and added and fact.kind in (NAMED, PEDICLE):
                    names[name] = added.pop(0)
                if (
                    name not in names
                    and untold
                    and fact.kind in (NAMED, PEDICLE, LAMINAR, FREED, MASS, DISC)
                ):
                    names[name] = untold.pop(0)
                if name not in names:
                    hidden.append(fact)
                    continue
                sites.setdefault(names[name], Site(names[name])).facts.append(
                    replace(fact, levels=(names[name],), how=HEADING)
                )
                continue
            sites.setdefault(name, Site(name)).facts.append(
                fact if how == fact.how else replace(fact, how=how)
            )
    for level in heading.levels:
        sites.setdefault(level.level, Site(level.level)).heading = level
    for name, span in story.explicit.items():
        if name in sites:
            sites[name].explicit = span
    for name, span in story.additional.items():
        if name in sites:
            sites[name].additional = span
    return sites, [f for f in hidden if f.kind in (NAMED, PEDICLE)]


def _interspaces(reading: Reading) -> tuple[str, ...]:
    """Return the interspaces that diagnosis, heading, findings or narrative name."""
    found = {
        name: None
        for level in reading.levels
        if level.use == "level"
        and reading.section_at(level.start) in ("diagnosis", "heading", "findings", "narrative")
        for name in level.segments
        if "-" in name
    }
    return tuple(found)


def join(
    sites: dict[str, Site], heading: Heading, mentioned: tuple[str, ...] = ()
) -> dict[str, Site]:
    """Join a vertebra with the interspace that it is an end of (domain notes, section 4).

    Where two named interspaces share it, a thoracic (or cervical) vertebra goes with the one
    above, a lumbar one with the one below. A vertebra that the heading lists beside the
    interspace as a target of its own stays.
    """
    targets = {h.level for h in heading.levels if h.decompressed}
    spaces = [
        n
        for n in sites
        if "-" in n and (n in targets or any(f.kind != DENIED for f in sites[n].facts))
    ]
    out = dict(sites)
    for name in list(sites):
        if "-" in name or name in targets:
            continue
        homes = sorted((s for s in spaces if name in spine.ends(s)), key=spine.position)
        if not homes and not sites[name].has(PEDICLE, NAMED, COSTO, LATERAL):
            # Bone work on one or both laminae of an interspace that the note names elsewhere.
            homes = sorted((s for s in mentioned if name in spine.ends(s)), key=spine.position)
            homes = [
                s for s in homes if any(e in sites for e in spine.ends(s) if e != name)
            ] or homes[:0]
        if not homes:
            continue
        home = homes[0] if name[0] in "CT" or len(homes) == 1 else homes[-1]
        site = out.pop(name)
        out.setdefault(home, Site(home))
        out[home].facts += site.facts
        out[home].explicit = out[home].explicit or site.explicit
        out[home].additional = out[home].additional or site.additional
    # "The T3/4 facets were removed": the joint above a pedicle that was taken is exposure.
    for name in [
        n for n in out if "-" in n and n not in targets and not out[n].has(PEDICLE, LATERAL, COSTO)
    ]:
        uses = [v for v in reversed(spine.ends(name)) if v in out and out[v].has(PEDICLE)]
        if uses and not out[name].has(DISC):
            out[uses[0]].facts += [f for f in out[name].facts if f.kind != NAMED]
            del out[name]
    # The heading names a vertebra, the narrative an interspace that holds it: one segment,
    # under the name that tells more.
    for name in [n for n in out if "-" not in n and n in targets]:
        site = out[name]
        holders = [s for s in spaces if s in out and name in spine.ends(s) and s not in targets]
        if len(holders) == 1 and not any(f.how == EXPLICIT for f in site.facts):
            space = out[holders[0]]
            if space.heading is None:
                space.heading = site.heading
                space.facts += site.facts
                del out[name]
    return out


def give_pathologies(
    sites: dict[str, Site], placed: list[tuple[tuple[str, ...], Pathology]], loose: list[Pathology]
) -> None:
    """Put pathologies at their sites; an unplaced one goes to the only site there is."""
    for names, pathology in placed:
        for name in names:
            if name.startswith(UNNAMED):
                continue
            if name in sites:
                sites[name].pathologies.append(pathology)
                continue
            # Vertebra and interspace: the same neighbours as in join().
            homes = sorted((s for s in sites if spine.overlap(s, name)), key=spine.position)
            if "-" not in name and homes:
                homes = [homes[0] if name[0] in "CT" else homes[-1]]
            elif homes:
                # A disc is reached by the lower vertebra in the thoracic spine.
                lower = [h for h in homes if h == spine.ends(name)[-1]]
                homes = lower or homes[:1]
            for home in homes:
                sites[home].pathologies.append(pathology)
    for site in sites.values():
        # "Foraminal stenosis at L4-L5 ... the stenosis was relieved": one stenosis.
        if any(p.value == "foraminal_stenosis" for p in site.pathologies):
            site.pathologies = [
                p
                for p in site.pathologies
                if p.value != "stenosis" or p.span.end - p.span.start > len("stenosis")
            ]
    worked = [
        s for s in sites.values() if s.facts and not all(f.kind == DENIED for f in s.facts)
    ] or list(sites.values())
    if len(worked) == 1 and not worked[0].pathologies:
        worked[0].pathologies += loose


def _naming(site: Site) -> str:
    """Return how the level of a site is known: named, range, inferred, vague or heading."""
    facts = [f for f in site.facts if f.kind in ACTS or f.kind in (NAMED, LATERAL, COSTO)]
    if not facts:
        return "heading"
    if site.explicit is not None or any(f.how == EXPLICIT and not f.ranged for f in facts):
        if all(f.vague for f in facts if f.kind in (PEDICLE, NAMED)) and site.has(PEDICLE, NAMED):
            return "vague"
        return "named"
    if any(f.ranged for f in facts):
        return "range"
    if any(f.how == INFERRED for f in facts):
        return "inferred"
    if all(f.how == HEADING for f in facts):
        return "heading"
    if all(f.vague for f in facts):
        return "vague"
    return "named"


def _extra_levels(sites: dict[str, Site], heading: Heading) -> bool:
    """Tell whether the heading names the decompressed levels, so that bare bone work does not."""
    return any(h.decompressed for h in heading.levels)


def settle(site: Site, anterior: bool, fusion: FusionFact, headed: bool) -> Segment | None:
    """Return the segment of a site, its role not yet set, or ``None`` if none was decompressed."""
    head = site.heading
    acts = [f for f in site.facts if f.kind in ACTS]
    named = site.spans(NAMED)
    pedicle = site.spans(PEDICLE)
    in_heading = tuple(s for s in (head.transpedicular if head else None,) if s)
    other_route: tuple[Span, ...] = ()
    taken_back = _taken_back(site)
    if taken_back:
        approach, other_route = "posterior", taken_back
    elif site.has(COSTO) and not (named and pedicle):
        approach, other_route = "costovertebral_extracavitary", site.spans(COSTO)
    elif named or pedicle:
        approach = "transpedicular" if named or in_heading else "transpedicular_described"
    elif site.name in fusion.interbody_segments and not (
        head is not None and (head.lateral or in_heading)
    ):
        # A muscle-splitting exposure for an interbody fusion is no decompressive corridor.
        approach, other_route = "posterior", site.spans(LATERAL, LAMINAR, DISC, FREED)
    elif site.has(LATERAL) or (head is not None and head.lateral and acts):
        approach = "transfacet_extraforaminal"
        other_route = site.spans(LATERAL) or ((head.lateral,) if head and head.lateral else ())
    elif in_heading and site.has(POSTERIOR):
        approach, other_route = "posterior", site.spans(POSTERIOR)
    elif in_heading:
        approach = "transpedicular"
    elif head is not None and head.costo:
        approach, other_route = "costovertebral_extracavitary", (head.costo,)
    else:
        approach = "anterior_lateral" if anterior else "posterior"
        other_route = site.spans(POSTERIOR, LAMINAR, DISC, FREED)
    if approach in ("posterior", "anterior_lateral") and not _is_decompressed(site, fusion, headed):
        return None
    if (
        not acts
        and not named
        and approach != "transpedicular"
        and not site.has(COSTO, LATERAL)
        and not (head and head.decompressed)
    ):
        return None
    if not acts and not named and site.has(DENIED) and not site.has(PEDICLE):
        return None
    # The route is named and the lesion met through it: that is the work, by whatever verb.
    met = [p for p in site.pathologies if named and p.span.start > named[0].start - _MET]
    treated = tuple(dict.fromkeys(f.span for f in acts)) or (named if met else ())
    if approach == "transpedicular" and not acts and not in_heading and not treated:
        return None
    if anterior and site.name[0] not in "CTL":
        return None
    offered = tuple(
        s
        for s in (
            head.transpedicular if head else None,
            head.additional if head else None,
            site.additional,
            *(named if taken_back else ()),
        )
        if s
    )
    levels = tuple(
        dict.fromkeys(
            s
            for s in (
                site.explicit,
                *(f.level_span for f in site.facts if f.level_span),
                head.span if head else None,
            )
            if s
        )
    )
    return Segment(
        name=site.name,
        role="",
        approach=approach,
        naming=_naming(site),
        named=named,
        heading=in_heading,
        pedicle=pedicle,
        other_route=other_route,
        treated=treated,
        levels=levels,
        pathologies=tuple(site.pathologies),
        offered=offered,
        denied=site.spans(DENIED),
        left=() if site.has(MASS) else site.spans(LEFT),
        summary=_summary_only(site),
    )


def _taken_back(site: Site) -> tuple[Span, ...]:
    """Return the words that take a named route back: afterwards the pedicle is expressly kept.

    "Transpedicular decompression of T9 and T10 was carried out ... The T10 pedicles were left."
    A summary names what was meant to be done; what was done at the level is told after it.
    """
    named, kept = site.spans(NAMED), site.spans(POSTERIOR)
    if not named or not kept or site.has(PEDICLE):
        return ()
    return kept if max(s.start for s in named) < min(s.start for s in kept) else ()


def _summary_only(site: Site) -> bool:
    """Tell whether a route is named for several levels at once, and the details show another.

    "Transpedicular decompression of T9 and T10 was carried out ... At T10 a laminectomy was
    done": the lamina of this very level is told of afterwards, its pedicle never.
    """
    named = [f for f in site.facts if f.kind == NAMED]
    if not named or site.has(PEDICLE) or any(len(f.levels) < 2 for f in named):
        return False
    last = max(f.span.start for f in named)
    return any(
        f.kind == LAMINAR and f.levels == (site.name,) and f.span.start > last for f in site.facts
    )


def _is_decompressed(site: Site, fusion: FusionFact, headed: bool) -> bool:
    """Tell whether a site was decompressed posteriorly or anteriorly.

    A disc removed only to prepare an interspace for fusion is no decompression (domain
    notes, section 5). Where the heading names the decompressed levels, bone work at others
    must be an act by name.
    """
    if site.has(DENIED) and not site.has(FREED, LAMINAR, DISC):
        return False
    freed = site.has(FREED, LAMINAR, MASS, PEDICLE, CORPECTOMY) or (
        site.heading is not None and site.heading.freed
    )
    reason = (
        site.has(FREED, MASS)
        or site.pathologies
        or (site.heading is not None and site.heading.freed)
    )
    if not reason and not (site.name[0] == "C" and site.pathologies):
        return False  # a laminectomy to reach a dural tear, a release: nothing was freed
    head = site.heading is not None and site.heading.decompressed is not None
    # (An anterior cervical discectomy with fusion is decompression by its nature: 22551.)
    if (
        site.name in fusion.segments
        and not freed
        and not (site.name[0] == "C" and site.pathologies)
    ):
        return False
    if headed and not head:
        return (
            any(f.kind in (FREED, LAMINAR, DISC) and f.how == EXPLICIT for f in site.facts)
            and freed
            and "-" in site.name
        ) or (site.has(FREED) and site.explicit is not None)
    return head or freed or site.has(DISC)


def _drop_swapped(segments: list[Segment], heading: Heading) -> list[Segment]:
    """Leave out levels that only the heading has where the narrative has others in their place.

    The narrative rules; the audit reports the disagreement (domain notes, sections 2 and 5).
    """
    told = [s for s in segments if s.approach in _FAMILY and s.naming != "heading"]
    unheard = [s for s in told if not any(spine.overlap(h.level, s.name) for h in heading.levels)]
    if not unheard:
        return segments
    return [s for s in segments if s.naming != "heading" or s.treated]


def assign_roles(
    segments: list[Segment], sites: dict[str, Site], heading: Heading, hidden: bool
) -> list[Segment]:
    """Return the segments with their roles, in the order of the operation."""
    order = {h.level: i for i, h in enumerate(heading.levels)}

    def key(segment: Segment) -> tuple[int, int, tuple[int, int]]:
        return (
            sites[segment.name].first,
            order.get(segment.name, 1 << 30),
            spine.position(segment.name),
        )

    family = [
        s
        for s in segments
        if s.approach in _FAMILY
        and spine.region(s.name) in ("thoracic", "lumbar")
        and not (s.approach == "transfacet_extraforaminal" and spine.region(s.name) == "thoracic")
    ]
    family.sort(key=key)
    others = [s for s in segments if s not in family]
    only_extra = len(family) == 1 and others and _called_additional(family[0], sites)
    out = []
    for index, segment in enumerate(family):
        role = "primary" if index == 0 and not only_extra else "additional"
        out.append(replace(segment, role=role))
    out += [
        replace(s, role="other", offered=s.offered if family or s.heading else ()) for s in others
    ]
    if not family:
        out = [replace(s, offered=()) for s in out]
    return out


def _called_additional(segment: Segment, sites: dict[str, Site]) -> bool:
    site = sites[segment.name]
    return site.additional is not None or (
        site.heading is not None and site.heading.additional is not None
    )


def _unnamed(hidden: list[Fact], heading: Heading, segments: list[Segment]) -> list[Span]:
    """Return where a further transpedicular segment is told of but never named."""
    spans = [f.level_span or f.span for f in hidden]
    family = [s for s in segments if s.role in ("primary", "additional")]
    if heading.unnamed_additional and len(family) < 2:
        spans += heading.unnamed_additional
    return list(dict.fromkeys(spans))


def _primary_code(
    primary: Segment | None, segments: list[Segment], reading: Reading, hidden: list[Fact]
) -> str | None:
    if primary is not None:
        return "63055" if spine.region(primary.name) == "thoracic" else "63056"
    if hidden and not any(s.role == "additional" for s in segments):
        text = reading.text.lower()
        return "63055" if text.count("thoracic") >= text.count("lumbar") else "63056"
    return None


def _stated_primary(reading: Reading) -> str | None:
    """Return the primary code that the note itself writes, where it writes just one of them."""
    codes = {
        m.value
        for m in reading.mentions
        if m.label == "PRIMARY_CODE"
        and m.done
        and reading.section_at(m.start) in ("heading", "narrative", "closing", "addendum")
    }
    return codes.pop() if len(codes) == 1 else None


def _disagreement(segments: list[Segment], heading: Heading) -> tuple[Span, ...]:
    """Return the words on which heading and narrative differ about transpedicular levels."""
    offered = heading.offered
    if not offered:
        return ()
    told = [s for s in segments if s.role in ("primary", "additional") and s.naming != "heading"]
    if not told:
        return ()
    listed = [
        h for h in heading.levels if h.decompressed or h.transpedicular or h.lateral or h.additional
    ]
    spans = []
    for level in offered:
        if not any(spine.overlap(level.level, s.name) for s in segments if s.naming != "heading"):
            spans.append(level.span)
    for segment in told:
        if not any(spine.overlap(h.level, segment.name) for h in listed) and segment.levels:
            spans.append(segment.levels[0])
    return tuple(spans)


def note_approach(
    segments: list[Segment],
    reading: Reading,
    heading: Heading,
    story: Story,
    fusion: FusionFact,
    anterior: bool,
    hidden: list[Fact],
    by_needle: bool,
) -> tuple[str, tuple[Span, ...]]:
    """Return the note's approach label and the words for it (contract, approach labels)."""
    labels = {s.approach for s in segments}
    if any(f.kind == NAMED for f in hidden):
        labels.add("transpedicular")
    elif hidden:
        labels.add("transpedicular_described")
    for label in _ORDER:
        if label in labels:
            spans = [
                x
                for s in segments
                if s.approach == label
                for x in (*s.named, *s.heading, *s.pedicle, *s.other_route)
            ]
            spans += [f.span for f in hidden if label.startswith("transpedicular")]
            return label, tuple(dict.fromkeys(spans))
    spine_work = any(
        v.use == "level"
        and reading.section_at(v.start) not in ("indication", "other", "closing", "planned")
        for v in reading.levels
    )
    needle = (*heading.percutaneous, *story.needle)
    if needle:
        return "percutaneous_transpedicular", tuple(needle)
    if not spine_work or (by_needle and not fusion.performed):
        return "none", ()
    if anterior:
        return "anterior_lateral", tuple(
            s for v, s in heading.approaches if v == "anterior"
        ) or fusion.spans
    if any(f.kind == COSTO for f in story.facts):
        return "costovertebral_extracavitary", tuple(f.span for f in story.facts if f.kind == COSTO)
    worked = [f for f in story.facts if f.kind in (LAMINAR, DISC, FREED, POSTERIOR)]
    if fusion.performed and fusion.type == "anterior":
        return "anterior_lateral", fusion.spans
    if fusion.performed or worked:
        return "posterior", fusion.spans or tuple(f.span for f in worked[:3])
    return "none", ()
