"""Arthrodesis: whether one was done, of what kind, and over which interspaces (R5)."""

from __future__ import annotations

from itertools import pairwise

from opnote_audit import spine
from opnote_audit.annotate.levels import LevelMention
from opnote_audit.annotate.reading import TAKING, Mention, Reading, Sentence
from opnote_audit.resolve.attach import Attacher
from opnote_audit.resolve.heading import Heading, span_of
from opnote_audit.resolve.model import FusionFact, Span
from opnote_audit.resolve.narrative import NARRATIVE

_KINDS = ("interbody", "posterolateral", "anterior")


def fused_interspaces(
    levels: tuple[str, ...], ranges: tuple[tuple[str, str], ...] = ()
) -> tuple[str, ...]:
    """Return the interspaces that a fusion's levels mean, from head to tail.

    An interspace is itself; a range is every interspace in it; a run of vertebrae is the
    interspaces between neighbours ("decorticated at T11, T12 and L1").
    """
    out = {s for s in levels if "-" in s}
    for upper, lower in ranges:
        out.update(spine.interspaces(upper, lower))
    single = sorted({s for s in levels if "-" not in s}, key=spine.position)
    for upper, lower in pairwise(single):
        if spine.adjacent(upper, lower):
            out.add(f"{upper}-{lower}")
        elif len(single) == 2:
            out.update(spine.interspaces(upper, lower))
    return tuple(sorted(out, key=spine.position))


def _levels_of(
    attacher: Attacher, sentence: Sentence, reading: Reading, mention: Mention
) -> list[LevelMention]:
    """Return the levels in a narrative clause (else sentence) that belong to ``mention``."""
    rivals = ("FUSION", "ACT", "INSTRUMENT", "APPROACH", "GRAFT")
    clause = reading.clauses[mention.clause]
    for clauses in ([clause], [reading.clauses[i] for i in sentence.clauses]):
        acts = [m for c in clauses for m in c.mentions if m.label in rivals]
        found = [v for c in clauses for v in c.levels if v.use == "level"]
        mine = []
        for level in found:
            act = attacher.nearest(reading.text, level, acts)
            if act is not None and act.label in ("FUSION", "GRAFT"):
                mine.append(level)
        if mine:
            return mine
    return []


def read_fusion(
    reading: Reading, heading: Heading, anterior: bool, attacher: Attacher
) -> FusionFact:
    """Return the arthrodesis of the operation.

    Parameters
    ----------
    reading, heading
        The note as read, and what its heading offers.
    anterior
        Whether the operation is an anterior or lateral one, which decides what a bare
        "fusion", "cage" or "interbody" means.
    attacher
        Tells which level belongs to which word.
    """
    kinds: dict[str, tuple[set[str], list[Span]]] = {}
    grafted = bedded = False
    doubtful: list[Span] = []

    def note(kind: str, segments: tuple[str, ...], span: Span) -> None:
        found = kinds.setdefault(kind, (set(), []))
        found[0].update(segments)
        found[1].append(span)

    def kind_of(value: str) -> str:
        if value == "interbody" or value == "cage":
            return "anterior" if anterior else "interbody"
        if value == "plate":
            return "anterior"
        if value == "generic":
            return "anterior" if anterior else "posterolateral"
        return value

    specific = {kind_of(f.value) for f in heading.fusions if f.value in _KINDS}
    for fusion in heading.fusions:
        kind = kind_of(fusion.value)
        if fusion.value in ("generic", "cage", "plate") and len(specific) == 1:
            kind = next(iter(specific))
        if (
            fusion.value in ("cage", "plate")
            and not specific
            and not any(f.value not in ("cage", "plate") for f in heading.fusions)
        ):
            doubtful.append(fusion.span)
            continue
        note(kind, fused_interspaces(fusion.levels, fusion.ranged), fusion.span)

    denied = False
    caged: list[tuple[Mention, Sentence]] = []
    for index in dict.fromkeys(
        m.sentence for m in reading.mentions if m.label in ("FUSION", "GRAFT") and m.sentence >= 0
    ):
        sentence = reading.sentences[index]
        if sentence.kind not in NARRATIVE:
            continue
        mentions = [m for i in sentence.clauses for m in reading.clauses[i].mentions]
        verbs = {m.value for m in mentions if m.label == "VERB" and m.done}
        grafted = grafted or any(m.label == "GRAFT" and m.done for m in mentions)
        for mention in mentions:
            if mention.label != "FUSION":
                continue
            if not mention.done:
                denied = denied or (
                    "negated" in mention.flags
                    and not any(v.use == "level" for v in reading.clauses[mention.clause].levels)
                )
                continue
            levels = _levels_of(attacher, sentence, reading, mention)
            names = tuple(s for v in levels for s in v.segments)
            ranges = tuple(
                (p.segments[0], p.segments[-1]) for v in levels for p in v.items if p.is_range
            )
            segments = fused_interspaces(names, ranges)
            span = span_of(mention, "fusion")
            if mention.value == "graft_bed":
                bedded = True
                if kinds or any(m.label == "GRAFT" and m.done for m in mentions):
                    note("posterolateral" if not anterior else "anterior", segments, span)
                continue
            if mention.value in ("cage", "plate"):
                caged.append((mention, sentence))
                continue
            if mention.value == "generic" and not (kinds or verbs & {"do", *TAKING} or levels):
                continue
            if mention.value == "generic" and len(kinds) == 1:
                note(next(iter(kinds)), segments, span)
            elif mention.value == "generic" and kinds:
                note(
                    "interbody" if "interbody" in kinds and not anterior else next(iter(kinds)),
                    (),
                    span,
                )
            else:
                note(kind_of(mention.value), segments, span)
    for mention, sentence in caged:
        levels = _levels_of(attacher, sentence, reading, mention)
        names = tuple(s for v in levels for s in v.segments)
        kind = kind_of(mention.value)
        if mention.value == "cage" and "interbody" not in kinds and "anterior" in kinds:
            kind = "anterior"
        if kind in kinds or mention.value == "cage" or grafted or doubtful:
            note(kind, fused_interspaces(names), span_of(mention, "fusion"))
    if (
        not any(s for s, _ in kinds.values())
        and "posterolateral" in kinds
        and not denied
        and bedded
    ):
        pass
    elsewhere = _elsewhere(reading)
    if not kinds:
        return FusionFact(elsewhere=elsewhere)
    if denied and not heading.fusions and set(kinds) == {"posterolateral"} and not bedded:
        return FusionFact(elsewhere=elsewhere)
    kind = next(k for k in _KINDS if k in kinds)
    segments = tuple(sorted({s for names, _ in kinds.values() for s in names}, key=spine.position))
    spans = tuple(s for _, found in kinds.values() for s in found)
    inner = tuple(sorted(kinds.get("interbody", (set(), []))[0], key=spine.position))
    return FusionFact(True, kind, segments, spans, elsewhere, inner, "interbody" in kinds)


def _elsewhere(reading: Reading) -> tuple[Span, ...]:
    """Return where the note says that part of the spinal work is dictated elsewhere.

    Access, closure and embolization are not that (domain notes, section 2).
    """
    found = []
    for mention in reading.mentions:
        if mention.label != "ELSEWHERE" or "negated" in mention.flags:
            continue
        sentence = reading.sentences[mention.sentence]
        cues = {
            m.value
            for i in sentence.clauses
            for m in reading.clauses[i].mentions
            if m.label == "CUE"
        }
        if mention.sentence and not cues & {"stage", "access"}:
            # "... who performed his part of the operation. It is described in his own note."
            before = reading.sentences[mention.sentence - 1]
            cues |= {
                m.value
                for i in before.clauses
                for m in reading.clauses[i].mentions
                if m.label == "CUE"
            }
        if "stage" in cues or ("portion" in cues and "access" not in cues):
            found.append(span_of(mention, "fusion"))
    return tuple(found)
