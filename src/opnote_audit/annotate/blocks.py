"""Sections settled by what they hold, and whether the note is an operative note at all.

Headers mislead: ``PROCEDURE:`` may head a list or the whole narrative, a history may run on
into the operation, and many notes have no header. The cues are data (``OPCUE`` terms).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from opnote_audit.annotate.reading import TAKING, Block, Mention
from opnote_audit.annotate.sections import Section

_NARRATIVE_LENGTH = 350
_CUES_AFTER_START = 3
_CUES_WITHOUT_START = 4
_SOON = 1_000  # code points
_OWN_STEPS = 2
_HEADER_GAP = 3  # code points: a line break right after the header is not its first line
_SWOLLEN = 600  # code points: no surgeon's name is that long


def _cues(mentions: list[Mention], low: int, high: int) -> list[Mention]:
    first = bisect_left(mentions, low, key=_start)
    return mentions[first : bisect_left(mentions, high, key=_start)]


def _start(mention: Mention) -> int:
    return mention.start


def settle(
    text: str, sections: list[Section], sentences: list[tuple[int, int]], cues: list[Mention]
) -> list[Block]:
    """Return the blocks of a note.

    Parameters
    ----------
    text
        The note.
    sections
        Sections by header, covering the text.
    sentences
        Sentence offsets in order.
    cues
        The ``OPCUE`` mentions, and the verbs of removal, in order.
    """
    steps = [c for c in cues if c.value in ("start", "step") or c.value in TAKING]
    headed = any(s.kind in ("diagnosis", "heading", "narrative", "indication") for s in sections)
    blocks: list[Block] = []
    for section in sections:
        inside = _cues(steps, section.body, section.end)
        distinct = {text[c.start : c.end].lower() for c in inside}
        kind = section.kind
        told = any(b.kind == "narrative" and b.end - b.body > 20 for b in blocks)
        # "Asleep, turned prone. Reason: metastases ..." begins before its header's section.
        begun = any(c.value == "start" for c in _cues(steps, 0, section.start)) and (
            len({text[c.start : c.end].lower() for c in inside if c.value == "step"}) >= _OWN_STEPS
        )
        if (
            kind == "heading"
            and section.end - section.body > _NARRATIVE_LENGTH
            and len(distinct) >= _CUES_AFTER_START
        ):
            kind = "narrative"
        if kind in ("narrative", "addendum", "planned", "heading"):
            blocks.append(Block(kind, section.start, section.body, section.end, section.title))
            continue
        swollen = kind == "other" and section.end - section.body > _SWOLLEN
        if (
            kind in ("indication", "other")
            and (told or swollen or begun)
            and len(distinct) >= _CUES_WITHOUT_START
        ):
            # "POSITION: prone ...  COURSE: the lamina was removed ...": the work has begun.
            # Its first line is still what the header says, unless all stands on one line.
            line = text.find("\n", section.body + _HEADER_GAP, inside[0].start) + 1
            _split(blocks, section, kind, line or _sentence_of(sentences, section, inside[0]))
            continue
        start = _operation_start(
            section, sentences, inside, 4 if kind == "closing" else _CUES_AFTER_START
        )
        if kind == "unheaded":
            kind = ("other" if headed else "narrative") if start is None else "indication"
        _split(blocks, section, kind, start)
    return blocks


def _split(blocks: list[Block], section: Section, kind: str, start: int | None) -> None:
    """Add ``section`` to ``blocks``: of its kind up to ``start``, narrative from there on."""
    if start is None or start <= section.body:
        kind = kind if start is None else "narrative"
        blocks.append(Block(kind, section.start, section.body, section.end, section.title))
        return
    blocks.append(Block(kind, section.start, section.body, start, section.title))
    blocks.append(Block("narrative", start, start, section.end, ""))


def _sentence_of(sentences: list[tuple[int, int]], section: Section, cue: Mention) -> int | None:
    """Return where the sentence of ``cue`` begins within ``section``."""
    index = bisect_right(sentences, (cue.start, 1 << 60)) - 1
    if index < 0 or cue.start >= sentences[index][1]:
        return None
    return max(sentences[index][0], section.body)


def _operation_start(
    section: Section, sentences: list[tuple[int, int]], inside: list[Mention], least: int
) -> int | None:
    """Return where the operation begins in a section, if it does."""
    starts = [c for c in inside if c.value == "start" and "historical" not in c.flags]
    for cue in starts:
        if len(_cues(inside, cue.start, section.end)) < least:
            return None
        start = _sentence_of(sentences, section, cue)
        if start is not None:
            return start
    return None


def work_begins(mentions: list[Mention]) -> int | None:
    """Return where the patient is put on the table, if operative steps follow soon.

    Parameters
    ----------
    mentions
        Of the whole note, in order.

    Returns
    -------
    int or None
        The offset of the first such words, with three other steps in the next thousand code
        points; ``None`` where there are none.
    """
    cues = [
        m
        for m in mentions
        if (m.label == "OPCUE" and m.value in ("start", "step"))
        or (m.label == "VERB" and m.value in TAKING)
    ]
    for index, cue in enumerate(cues):
        if cue.value != "start" or "historical" in cue.flags:
            continue
        soon = cues[index + 1 : index + 1 + _CUES_AFTER_START]
        if len(soon) == _CUES_AFTER_START and soon[-1].start - cue.start < _SOON:
            return cue.start
    return None


def operative(text: str, blocks: list[Block], cues: list[Mention]) -> bool:
    """Tell whether the note reports an operation of its own.

    A clinic note, consult, discharge summary or history that tells of an operation is no
    operative note (domain notes, section 5). A bare sentence or two, with no sign of either
    kind, is taken at its word.
    """
    steps = {text[c.start : c.end].lower() for c in cues if c.value in ("start", "step")}
    clinic = {text[c.start : c.end].lower() for c in cues if c.value == "clinic"}
    headed = any(b.kind in ("heading", "narrative") and b.title for b in blocks)
    if len(clinic) >= 2 and len(steps) < 4 + len(clinic):
        return False
    if headed or len(steps) >= 2:
        return True
    return len(text) < 800 and not clinic
