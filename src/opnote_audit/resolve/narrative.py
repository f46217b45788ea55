"""The narrative, walked clause by clause: what was done, where, and how the place is known.

The walker keeps the level in hand (the *focus*) as a reader does: "Attention was turned to
T10" sets it, "the same was then done one level down" moves it, "both levels" widens it for
one clause. Exposure, counting and hardware name levels without setting it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opnote_audit import spine
from opnote_audit.annotate.levels import LevelMention
from opnote_audit.annotate.reading import TAKING, Clause, Mention, Reading
from opnote_audit.resolve.attach import Attacher
from opnote_audit.resolve.corrections import corrected_levels
from opnote_audit.resolve.grammar import Grammar
from opnote_audit.resolve.heading import Heading, span_of
from opnote_audit.resolve.model import (
    ACTS,
    ANTERIOR,
    COLLECTIVE,
    CORPECTOMY,
    COSTO,
    DENIED,
    DISC,
    EXPLICIT,
    FOCUS,
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
    UNKNOWN,
    UNNAMED,
    Fact,
    Span,
)

_ACT_KIND = {
    "laminectomy": LAMINAR,
    "foraminotomy": LAMINAR,
    "facetectomy": LAMINAR,
    "discectomy": DISC,
    "corpectomy": CORPECTOMY,
    "decompression": FREED,
    "pediculectomy": PEDICLE,
    "excision": MASS,
}
_ROUTE_KIND = {
    "transpedicular": NAMED,
    "transfacet": LATERAL,
    "far_lateral": LATERAL,
    "costotransversectomy": COSTO,
    "extracavitary": COSTO,
    "anterior": ANTERIOR,
    "posterior": POSTERIOR,
}
_STRUCTURE_KIND = {"LAMINA": LAMINAR, "FACET": LAMINAR, "PARS": LAMINAR, "DISC": DISC, "RIB": COSTO}
_COPIED = (NAMED, PEDICLE, LATERAL, COSTO, LAMINAR, DISC, FREED)
_ROUTES = frozenset({NAMED, PEDICLE, LATERAL, COSTO})
_SAME_REACH = 26
# Labels that alone in a clause, without a level, say nothing of what was done where.
_QUIET = frozenset({"CUE", "NEURAL", "ENDPLATE", "GRAFT", "CORRECTION", "ELSEWHERE"})
_STRUCTURES = frozenset(
    {"PEDICLE", "LAMINA", "FACET", "PARS", "DISC", "PATHOLOGY", "WEAK_PATHOLOGY", "RIB"}
)
_ACTING = frozenset({"ACT", "PATHOLOGY", "WEAK_PATHOLOGY"})
_HARDWARE = frozenset({"INSTRUMENT", "NOT_FAMILY"})
_ROUTED = frozenset({"ACT", "APPROACH"})
_TELLING = _STRUCTURES | {"APPROACH", "NOT_FAMILY", "ACT", "FREED"}
_COUNT = {"two": 2, "three": 3, "four": 4}
NARRATIVE = frozenset({"narrative", "addendum"})


@dataclass(slots=True)
class Story:
    """What the narrative says: facts in order, and the levels in hand at each clause."""

    facts: list[Fact] = field(default_factory=list)
    in_hand: dict[int, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    explicit: dict[str, Span] = field(default_factory=dict)
    needle: list[Span] = field(default_factory=list)
    additional: dict[str, Span] = field(default_factory=dict)
    roots: list[Span] = field(default_factory=list)


def shift(level: str, step: int) -> str | None:
    """Return the segment one below (``step`` 1) or above (-1): T9 gives T10, L3-L4 L4-L5."""
    parts = spine.ends(level)
    places = [spine.ORDER[p] + step for p in parts]
    if min(places) < 0 or max(places) >= len(spine.VERTEBRAE):
        return None
    return "-".join(spine.VERTEBRAE[p] for p in places)


def _own_route(clause: Clause) -> bool:
    """Tell whether a clause names its own route ("similarly decompressed by laminectomy")."""
    other = any(
        (m.label == "ACT" and m.value == "laminectomy")
        or (m.label == "APPROACH" and m.value != "transpedicular" and m.done)
        for m in clause.mentions
    )
    same = any(
        m.label == "PEDICLE" or (m.label == "APPROACH" and m.value == "transpedicular")
        for m in clause.mentions
    )
    return other and not same


def _is_done(same: Mention, clause: Clause) -> bool:
    """Tell whether a bare "the same" is of an act ("the same was done"), not of a thing."""
    for mention in clause.mentions:
        if same.end <= mention.start < same.end + _SAME_REACH:
            if mention.label == "ACT" or (
                mention.label == "APPROACH" and mention.value == "transpedicular"
            ):
                return True
            if mention.label == "VERB" and mention.value == "do" and mention.done:
                return True
    return False


class Walker:
    """Walks the narrative of one reading."""

    def __init__(
        self, reading: Reading, heading: Heading, grammar: Grammar, attacher: Attacher
    ) -> None:
        self._reading = reading
        self._text = reading.text
        self._heading = heading
        self._grammar = grammar
        self._attacher = attacher
        self._offered = {h.level for h in heading.offered}
        self._gone = corrected_levels(reading)
        self._own = {h.level for h in heading.levels if "-" not in h.level}
        self._focus: tuple[str, ...] = ()
        self._how = UNKNOWN
        self._ranged = False
        self._previous: tuple[str, ...] = ()
        self._weak: tuple[str, ...] = ()
        self._unknown = 0
        self._facts: list[Fact] = []
        self._mass: Mention | None = None
        self._mass_sentence = -1
        # Kept beside the facts, so that an hour-long addendum costs no more than its length.
        self._kinds: dict[str, set[str]] = {}
        self._hows: dict[str, set[str]] = {}
        self._worked: dict[str, None] = {}
        self._story = Story()

    def walk(self) -> Story:
        """Return the story of the narrative."""
        for sentence in self._reading.sentences:
            if sentence.kind not in NARRATIVE:
                continue
            for number in sentence.clauses:
                self._clause(number)
        self._story.facts = self._facts
        return self._story

    def _record(self, fact: Fact) -> None:
        self._facts.append(fact)
        work = fact.kind in ACTS or fact.kind in (NAMED, LATERAL, COSTO)
        for name in fact.levels:
            self._kinds.setdefault(name, set()).add(fact.kind)
            self._hows.setdefault(name, set()).add(fact.how)
            if work and not name.startswith(UNNAMED):
                self._worked.setdefault(name)

    # -- levels ---------------------------------------------------------------------------

    def _levels(self, clause: Clause) -> list[LevelMention]:
        out = []
        for level in clause.levels:
            if level.use in ("root", "rib"):
                self._story.roots.append(Span(level.start, level.end, "level"))
            if level.use == "level" and level.start not in self._gone:
                out.append(level)
        return out

    def _canonical(self, names: tuple[str, ...], beside: tuple[str, ...]) -> tuple[str, ...]:
        """Return ``names`` with an end of an interspace in hand read as that interspace."""
        out = []
        for name in names:
            if "-" not in name and name not in self._own:
                home = next(
                    (s for s in (*beside, *self._focus) if "-" in s and name in spine.ends(s)), None
                )
                name = home or name
            if name not in out:
                out.append(name)
        return tuple(out)

    def _bases(self, clause: Clause, levels: list[LevelMention]) -> dict[int, Mention]:
        """Return levels that only say from where to count ("one level below T9")."""
        bases = {}
        for mention in clause.mentions:
            if mention.label == "RELATIVE" and mention.value in ("below", "above"):
                for level in levels:
                    if 0 < level.start - mention.end < 8:
                        bases[level.start] = mention
            if mention.label == "SAME":
                for level in levels:
                    gap = self._text[mention.end : level.start]
                    if 0 < len(gap) < _SAME_REACH and self._grammar.likens(
                        self._text[mention.start : mention.end], gap
                    ):
                        bases[level.start] = mention
        return bases

    def _known(self) -> tuple[str, ...]:
        """Return the levels worked on so far, in order."""
        return tuple(self._worked)

    def _collective(self, mention: Mention) -> tuple[tuple[str, ...], str]:
        """Return the levels that "both levels" and its kin mean, and how they are known."""
        known = self._known()
        offered = tuple(h.level for h in self._heading.offered) or tuple(
            h.level for h in self._heading.levels if h.decompressed
        )
        count = _COUNT.get(mention.value)
        if count is None:
            if len(self._focus) > 1 and self._how == EXPLICIT:
                return self._focus, COLLECTIVE
            if self._focus and self._focus[0].startswith(UNNAMED):
                return self._focus, UNKNOWN
            if len(known) > 1:
                return known, self._known_by(known)
            if len(self._weak) > 1:
                return self._weak, COLLECTIVE
            return (offered, HEADING) if len(offered) > 1 else ((), UNKNOWN)
        for names in (known, self._focus, self._weak, known[-count:]):
            if len(names) == count and not any(n.startswith(UNNAMED) for n in names):
                return names, self._known_by(names)
        if len(offered) == count:
            return offered, HEADING
        return (), UNKNOWN

    def _known_by(self, names: tuple[str, ...]) -> str:
        """Return ``HEADING`` when nothing but the heading has named ``names`` so far."""
        hows = set().union(*(self._hows.get(n, ()) for n in names))
        return HEADING if hows == {HEADING} else COLLECTIVE

    # -- one clause -----------------------------------------------------------------------

    def _clause(self, number: int) -> None:
        clause = self._reading.clauses[number]
        mentions = clause.mentions
        if not mentions and not clause.levels:
            self._story.in_hand[number] = (self._focus, self._how)
            return
        if not clause.levels and _QUIET.issuperset(m.label for m in mentions):
            self._story.in_hand[number] = (self._focus, FOCUS)
            if any(m.value == "closing" for m in mentions if m.label == "CUE"):
                self._set_focus((), UNKNOWN, False)
            return
        levels = self._levels(clause)
        bases = self._bases(clause, levels)
        levels = [v for v in levels if v.start not in bases]
        # One pass: this runs for every clause of every note.
        cues: set[str] = set()
        labels: set[str] = set()
        routed = refused = False
        collective = relative = None
        for mention in mentions:
            label = mention.label
            labels.add(label)
            if label == "CUE":
                cues.add(mention.value)
            elif label == "APPROACH":
                routed = routed or mention.value != "anterior"
            elif label == "VERB":
                refused = refused or "negated" in mention.flags
            elif label == "COLLECTIVE" and collective is None and mention.done:
                collective = mention
            elif label == "RELATIVE" and relative is None and mention.done:
                relative = mention
        fates = self._fates(clause) if labels & _STRUCTURES else {}
        removed = "removed" in fates.values()
        acting = removed or routed or bool(labels & _ACTING)
        hardware = (
            bool(labels & _HARDWARE or "implant_step" in cues)
            and "ACT" not in labels
            and not removed
        )
        single = len(levels) == 1 and len(levels[0].segments) == 1
        passing = not acting and (
            "localize" in cues or ("expose" in cues and not single and "move" not in cues)
        )
        kept = bool(fates) and set(fates.values()) <= {"kept"} and not labels & _ROUTED
        denied = refused and not removed and not labels & _ROUTED

        # What is only inferred or supplied by the heading stays so while it is in hand.
        carried = self._how if self._how in (INFERRED, HEADING, UNKNOWN) and self._focus else FOCUS
        names, how, ranged, level_span = self._focus, carried, self._ranged, None
        if levels:
            found = tuple(dict.fromkeys(s for v in levels for s in v.segments))
            beside = tuple(s for s in found if "-" in s)
            names, how, ranged = (
                self._canonical(found, beside),
                EXPLICIT,
                any(v.is_range for v in levels),
            )
            level_span = Span(levels[0].start, levels[0].end, "level")
        elif collective is not None:
            found, how = self._collective(collective)
            if how == UNKNOWN and (collective.value == "multi" or not self._focus):
                self._unknown += 1
                found = tuple(
                    f"{UNNAMED}{self._unknown}.{i}" for i in range(_COUNT.get(collective.value, 2))
                )
            elif how == UNKNOWN:
                found, how = self._focus, FOCUS
            names, ranged = found, False
            level_span = span_of(collective, "level")
        elif relative is not None:
            names, how = self._relative(relative, bases, levels)
            ranged = False
            level_span = span_of(relative, "level")

        if (
            len(names) == 1
            and len(self._focus) == 1
            and "-" in names[0]
            and self._focus[0] in spine.ends(names[0])
            and self._focus[0] not in self._own
            and PEDICLE in self._kinds.get(self._focus[0], ())
        ):
            self._rename(self._focus[0], names[0])
        useful = not (passing or hardware or kept or denied)
        if levels and useful:
            self._set_focus(names, how, ranged)
            for level in levels:
                for name in self._canonical(level.segments, names):
                    if not level.is_range:
                        self._story.explicit.setdefault(name, Span(level.start, level.end, "level"))
        elif levels and passing:
            self._weak = names
        elif relative is not None and useful and names and not levels:
            self._set_focus(names, how, False)
        for mention in mentions if "ADDITIONAL" in labels else ():
            if (
                mention.label == "ADDITIONAL"
                and mention.done
                and len(names) == 1
                and (levels or how != UNKNOWN)
                and useful
            ):
                self._story.additional.setdefault(names[0], span_of(mention, "level"))
        self._story.in_hand[number] = (names, how)
        if "WRONG_LEVEL" in labels and self._focus:
            self._take_back(clause, self._focus)
        if "closing" in cues and not acting and not levels:
            self._set_focus((), UNKNOWN, False)
        if "VERB" in labels and not fates and self._mass is not None:
            self._pronoun_mass(clause, names, how, ranged, level_span)
        met = [m for m in mentions if m.label == "PATHOLOGY"] if "PATHOLOGY" in labels else []
        if met:
            self._mass = met[-1] if met[-1].done else None
            self._mass_sentence = clause.sentence
        if labels & _TELLING:
            self._emit(clause, levels, names, how, ranged, level_span, fates, cues, labels)
        if "SAME" in labels:
            self._sameness(clause, names, how, level_span)

    def _take_back(self, clause: Clause, names: tuple[str, ...]) -> None:
        """Forget the work on ``names``: it was at the wrong level, and was left."""
        if any(m.label == "WRONG_LEVEL" and m.done for m in clause.mentions):
            self._facts = [f for f in self._facts if not set(f.levels) & set(names)]
            for name in names:
                self._kinds.pop(name, None)
                self._worked.pop(name, None)
                self._story.explicit.pop(name, None)
            self._set_focus((), UNKNOWN, False)

    def _rename(self, vertebra: str, interspace: str) -> None:
        """Give the work on a vertebra to the interspace that turns out to be its target.

        "The L4 pedicle was drilled. Through this route the disc at L3-L4 was removed."
        """
        for index, fact in enumerate(self._facts):
            if vertebra in fact.levels:
                moved = tuple(interspace if n == vertebra else n for n in fact.levels)
                self._facts[index] = replace(fact, levels=moved)
        for table in (self._kinds, self._hows):
            if vertebra in table:
                table.setdefault(interspace, set()).update(table.pop(vertebra))
        if vertebra in self._worked:
            del self._worked[vertebra]
            self._worked.setdefault(interspace)
        self._story.explicit.pop(vertebra, None)

    def _set_focus(self, names: tuple[str, ...], how: str, ranged: bool) -> None:
        if names != self._focus:
            if (
                self._focus
                and not (set(self._focus) & set(names))
                and not all(n.startswith(UNNAMED) for n in self._focus)
            ):
                self._previous = self._focus
            self._focus = names
        self._how, self._ranged = how, ranged

    def _relative(
        self, mention: Mention, bases: dict[int, Mention], levels: list[LevelMention]
    ) -> tuple[tuple[str, ...], str]:
        """Return the level that "one level below" or "the adjacent level" means."""
        if mention.value in ("below", "above"):
            step = 1 if mention.value == "below" else -1
            base: tuple[str, ...] = self._focus
            for start, owner in bases.items():
                if owner is mention:
                    base = next(v.segments for v in self._reading.levels if v.start == start)
            if base and not base[-1].startswith(UNNAMED):
                ordered = sorted(base, key=spine.position)
                moved = shift(ordered[-1] if step > 0 else ordered[0], step)
                if moved:
                    return (moved,), INFERRED
        if self._how == UNKNOWN and self._focus and self._focus[0].startswith(UNNAMED):
            return self._focus, UNKNOWN
        self._unknown += 1
        return (f"{UNNAMED}{self._unknown}",), UNKNOWN

    def _fates(self, clause: Clause) -> dict[int, str]:
        """Return what happened to each structure of the clause, by the mention's start."""
        fates = {}
        for mention in clause.mentions:
            if mention.label in _STRUCTURES:
                if mention.label not in (
                    "PATHOLOGY",
                    "WEAK_PATHOLOGY",
                ) and self._grammar.is_landmark(self._text, mention, clause):
                    continue
                found = self._grammar.fate(self._reading, clause, mention)
                if found:
                    fates[mention.start] = found
        return fates

    def _place(
        self,
        clause: Clause,
        mention: Mention,
        levels: list[LevelMention],
        names: tuple[str, ...],
        how: str,
        ranged: bool,
    ) -> tuple[tuple[str, ...], str, bool, Span | None]:
        """Return the levels of one mention: those that modify it directly, else the clause's."""
        direct = self._attacher.direct(self._text, mention, levels) if len(levels) > 1 else None
        if direct is not None:
            beside = tuple(s for v in levels for s in v.segments if "-" in s)
            return (
                self._canonical(direct.segments, beside),
                EXPLICIT,
                direct.is_range,
                Span(direct.start, direct.end, "level"),
            )
        return names, how, ranged, None

    def _emit(
        self,
        clause: Clause,
        levels: list[LevelMention],
        names: tuple[str, ...],
        how: str,
        ranged: bool,
        level_span: Span | None,
        fates: dict[int, str],
        cues: set[str],
        labels: set[str],
    ) -> None:
        offered = self._offered
        neural = bool(labels & {"NEURAL", "LAMINA", "ACT", "PATHOLOGY"})
        needle = "needle" in cues and not labels & {"NEURAL", "LAMINA", "ACT"}
        screws = (
            bool(labels & {"INSTRUMENT", "NOT_FAMILY"} or "implant_step" in cues) and not neural
        )
        osteotomy = self._in_osteotomy(clause)

        def add(kind: str, mention: Mention) -> None:
            at, by, wide, span = self._place(clause, mention, levels, names, how, ranged)
            vague = False
            if by in (FOCUS, INFERRED) and len(at) > 1:
                narrowed = tuple(n for n in at if n in offered)
                if narrowed and kind in (PEDICLE, NAMED):
                    at = narrowed
                vague = (
                    kind == PEDICLE
                    and len(at) > 1
                    and not self._text[mention.start : mention.end].lower().endswith("s")
                )
            evidence = span_of(
                mention, "route" if mention.label == "PEDICLE" and kind == NAMED else kind
            )
            self._record(Fact(kind, at, evidence, by, wide, vague, span or level_span))

        for mention in clause.mentions:
            label = mention.label
            if label == "APPROACH":
                if mention.value == "percutaneous":
                    if mention.done:
                        self._story.needle.append(span_of(mention, "approach"))
                elif mention.done and not (needle or screws or osteotomy):
                    add(_ROUTE_KIND[mention.value], mention)
                elif mention.done and mention.value == "transpedicular" and needle:
                    self._story.needle.append(span_of(mention, "approach"))
                elif "negated" in mention.flags and mention.value == "transpedicular":
                    add(DENIED, mention)
            elif label == "NOT_FAMILY" and mention.value == "needle" and mention.done:
                self._story.needle.append(span_of(mention, "approach"))
            elif label == "ACT":
                if mention.done:
                    add(_ACT_KIND[mention.value], mention)
                elif mention.flags == {"negated"}:
                    add(DENIED, mention)
            elif (
                label == "FREED"
                and mention.done
                and "NEURAL" in labels | self._sentence_labels(clause)
            ):
                add(FREED, mention)
            elif label == "PEDICLE":
                if needle or screws or osteotomy or mention.flags - {"negated"}:
                    continue
                if self._grammar.names_route(self._text, mention, clause) and mention.done:
                    add(NAMED, mention)
                    continue
                found = fates.get(mention.start)
                if found == "removed":
                    add(PEDICLE, mention)
                elif found == "kept":
                    add(POSTERIOR, mention)
            elif label in _STRUCTURE_KIND and fates.get(mention.start) == "removed":
                add(_STRUCTURE_KIND[label], mention)
            elif label in ("PATHOLOGY", "WEAK_PATHOLOGY"):
                found = fates.get(mention.start)
                if found in ("removed", "kept"):
                    add(MASS if found == "removed" else LEFT, mention)

    def _in_osteotomy(self, clause: Clause) -> bool:
        """Tell whether the sentence is of an osteotomy, which may take the pedicles too."""
        sentence = self._reading.sentences[clause.sentence]
        return any(
            m.label == "NOT_FAMILY" and m.value == "osteotomy" and m.done
            for i in sentence.clauses
            for m in self._reading.clauses[i].mentions
        )

    def _pronoun_mass(
        self,
        clause: Clause,
        names: tuple[str, ...],
        how: str,
        ranged: bool,
        level_span: Span | None,
    ) -> None:
        """Read "(the tumor was found) and it was removed": the pathology before is taken."""
        if clause.sentence - self._mass_sentence > 1:
            return
        verb = next((m for m in clause.mentions if m.label == "VERB"), None)
        if (
            verb is not None
            and verb.value in TAKING
            and verb.done
            and self._grammar.opens_with_pronoun(self._text, clause)
            and self._grammar.is_passive(self._reading, clause, verb)
        ):
            self._record(Fact(MASS, names, span_of(verb, MASS), how, ranged, False, level_span))

    def _sentence_labels(self, clause: Clause) -> set[str]:
        sentence = self._reading.sentences[clause.sentence]
        return {m.label for i in sentence.clauses for m in self._reading.clauses[i].mentions}

    def _sameness(
        self, clause: Clause, names: tuple[str, ...], how: str, level_span: Span | None
    ) -> None:
        """Carry what was done before to the level in hand ("the same was done at L1")."""
        for mention in clause.mentions:
            if mention.label != "SAME" or not mention.done or not names:
                continue
            if mention.value == "bare" and not _is_done(mention, clause):
                continue
            source = self._source(clause, mention, names)
            if not source:
                continue
            kinds = set().union(*(self._kinds.get(n, ()) for n in source))
            if _own_route(clause):
                kinds -= _ROUTES
            here = set().union(*(self._kinds.get(n, ()) for n in names))
            for kind in _COPIED:
                if kind not in kinds or (
                    mention.value == "also" and (kind != NAMED or PEDICLE not in here)
                ):
                    continue
                fact = Fact(
                    kind,
                    names,
                    span_of(mention, "approach" if kind == NAMED else kind),
                    how,
                    level_span=level_span,
                )
                self._record(
                    replace(fact, how=EXPLICIT if how == FOCUS and self._how == EXPLICIT else how)
                )
            return

    def _source(self, clause: Clause, mention: Mention, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the levels that were done before and are meant by "the same"."""
        for level in clause.levels:
            if level.use == "level" and level.start >= mention.start:
                found = self._canonical(level.segments, names)
                if not set(found) & set(names):
                    return found
        if self._previous and not set(self._previous) & set(names):
            return self._previous
        known = [n for n in self._known() if n not in names]
        return (known[-1],) if known else ()
