"""Sections by what the text says, where no header says it.

Headers rule where there are any. A note without one that tells, or a section that holds more
than half of the note and should not, is divided by the trained classifier: every piece gets a
class by its words, and the order that notes usually have decides between them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from spacy.tokens import Doc

from opnote_audit.annotate.blocks import work_begins
from opnote_audit.annotate.reading import Reading
from opnote_audit.annotate.sections import Section
from opnote_audit.annotate.sentences import Splitter
from opnote_audit.learned.classifier import SentenceClassifier
from opnote_audit.learned.features import UNITS
from opnote_audit.learned.order import Order
from opnote_audit.learned.pieces import pieces, token_units

_TELLING = frozenset({"diagnosis", "heading", "narrative", "indication", "findings"})
# A narrative may well be most of a note, and what stands under "planned" or "addendum" stays it.
_MAY_SWALLOW = frozenset(
    {"diagnosis", "heading", "indication", "findings", "closing", "other", "unheaded"}
)
_SWOLLEN = 600
"""Code points: a section no longer than this is not divided, however short the note is."""

_LEAST_PIECES = 8

_OPERATIONS = frozenset({"ACT", "APPROACH"})
_BEFORE_WORK = ("diagnosis", "heading", "indication")

# The operation has begun when the patient is put to sleep and turned.
_AS_SECTION = {"anesthesia": "narrative"}


def undivided(sections: list[Section], length: int) -> list[Section]:
    """Return the sections that headers leave undivided.

    Parameters
    ----------
    sections
        Sections by header, covering the note.
    length
        Of the note, in code points.

    Returns
    -------
    list of Section
        The whole note as one section where no header tells what a part of it is; else those
        that hold more than half of the note (and more than 600 code points) though their
        header names a part that is short.
    """
    if not any(s.title and s.kind in _TELLING for s in sections):
        return [Section("unheaded", 0, 0, length)]
    return [
        s for s in sections if s.kind in _MAY_SWALLOW and s.end - s.body > max(_SWOLLEN, length / 2)
    ]


class SectionReader:
    """Divides what headers leave undivided.

    Parameters
    ----------
    classifier
        Trained on pieces of headed notes; its configuration holds their usual ``order``.
    splitter
        Splits the sentences that are cut into pieces.
    """

    def __init__(self, classifier: SentenceClassifier, splitter: Splitter) -> None:
        self._classifier = classifier
        self._splitter = splitter
        self._order = Order.from_data(classifier.cfg["order"])

    def divide(self, doc: Doc, reading: Reading, sections: list[Section]) -> list[Section] | None:
        """Return the sections of a note with the undivided ones divided.

        Parameters
        ----------
        doc, reading
            The note, with its text, tokens and mentions.
        sections
            Sections by header, covering the note.

        Returns
        -------
        list of Section or None
            ``None`` where the headers have divided the note already.
        """
        whole = undivided(sections, len(reading.text))
        if not whole:
            return None
        spans = {section.start: self._pieces(reading.text, section) for section in whole}
        # A sentence or two has no parts, and is taken at its word.
        whole = [section for section in whole if len(spans[section.start]) >= _LEAST_PIECES]
        if not whole:
            return None
        kept = [s for s in sections if not any(u.start <= s.start < u.end for u in whole)]
        for section in whole:
            kept += self._parts(doc, reading, section, spans[section.start])
        return sorted(kept, key=lambda s: s.start)

    def _pieces(self, text: str, section: Section) -> list[tuple[int, int]]:
        body = text[section.body : section.end]
        sentences = [
            (low + section.body, high + section.body)
            for low, high in self._splitter.sentences(body)
        ]
        return pieces(text, sentences)

    def _parts(
        self, doc: Doc, reading: Reading, section: Section, spans: list[tuple[int, int]]
    ) -> list[Section]:
        doc.user_data[UNITS] = token_units(spans, reading.token_starts)
        (likely,) = self._classifier.predict([doc])
        labels = self._classifier.labels
        likely = likely * self._possible(reading, spans)
        # Right after a header stands what the header says.
        first = labels.index(section.kind) if section.title and section.kind in labels else None
        parts: list[Section] = []
        for (start, _), number in zip(spans, self._order.best(likely, first), strict=True):
            kind = _AS_SECTION.get(labels[number], labels[number])
            if not parts:
                parts.append(replace(section, kind=kind))
            elif parts[-1].kind != kind:
                parts[-1] = replace(parts[-1], end=start)
                parts.append(Section(kind, start, start, section.end))
        return parts

    def _possible(self, reading: Reading, spans: list[tuple[int, int]]) -> npt.NDArray[np.float32]:
        """Return 1 where a piece may be of a class and 0 where the rules know better.

        A piece that names an operation is no diagnosis, and once the patient lies on the table
        and steps have followed, no diagnosis, heading or indication comes any more.
        """
        labels = self._classifier.labels
        possible = np.ones((len(spans), len(labels)), np.float32)
        starts = [start for start, _ in spans]
        named = {
            bisect_right(starts, m.start) - 1 for m in reading.mentions if m.label in _OPERATIONS
        }
        for number in named:
            if number >= 0:
                possible[number, labels.index("diagnosis")] = 0
        begun = work_begins(reading.mentions)
        if begun is not None:
            later = max(bisect_right(starts, begun) - 1, 0)
            possible[later:, [labels.index(name) for name in _BEFORE_WORK]] = 0
        return possible
