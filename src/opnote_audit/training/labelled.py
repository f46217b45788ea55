"""Labelled examples: pieces of headed notes with their section, sentences with their work.

Labels are weak: a section's class is what its header says, a sentence's is what the rules
found in it with certainty. A piece that is neither clearly one nor the other gets no label and
is left out of training and of every figure.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from opnote_audit.annotate.pipeline import Sections
from opnote_audit.api import NoteAuditor
from opnote_audit.learned.features import UNITS
from opnote_audit.learned.pieces import joined, pieces, token_units
from opnote_audit.learned.second_reader import MARKED
from opnote_audit.model_options import ModelOptions
from opnote_audit.training.headerless import Headerless, Part, strip_headers
from opnote_audit.training.notes import CORPUS, TrainingNote
from opnote_audit.training.recipes import Noise, SectionClasses, SectionNotes, Sentences

OTHER = "other"
NOTE = "note_id"
SOURCE = "source"
FORM = "form"

_LEAST_PARTS = 3
_OWN = 0.8
"""The share of a piece that must come from one section for the piece to have its class."""
_BAG = 20
_OPERATION = frozenset({"heading", "narrative"})
_ABOUT = frozenset({"heading", "diagnosis", "indication", "planned"})


def rules_only() -> NoteAuditor:
    """Return the auditor whose rules give the labels, without the trained components."""
    return NoteAuditor(models=ModelOptions(learned=False))


# -- sections -------------------------------------------------------------------------------


def section_docs(note: TrainingNote, auditor: NoteAuditor, classes: SectionClasses) -> list[Doc]:
    """Return a headed note without its headers, folded and in lines, its pieces labelled.

    Empty for a note without headers to learn from.
    """
    reading = auditor.read(note.text)
    if not any(block.title for block in reading.blocks):
        return []
    docs = []
    for form, fold in (("folded", True), ("lines", False)):
        stripped = strip_headers(note.text, reading.blocks, fold=fold)
        if len(stripped.parts) < _LEAST_PARTS:
            return []
        docs.append(_section_doc(note, stripped, form, auditor, classes))
    return docs


def _section_doc(
    note: TrainingNote,
    stripped: Headerless,
    form: str,
    auditor: NoteAuditor,
    classes: SectionClasses,
) -> Doc:
    doc = auditor.nlp.make_doc(stripped.text)
    step = auditor.nlp.get_pipe("opnote_sections")
    assert isinstance(step, Sections)
    found = pieces(stripped.text, step.splitter.sentences(stripped.text))
    labels = []
    for start, end in found:
        part = max(stripped.parts, key=lambda p: _shared(p, start, end))
        sure = _shared(part, start, end) >= _OWN * (end - start)
        labels.append(classes.of(part.kind, part.title) if sure else "")
    return _marked(doc, found, labels, note, form)


def _shared(part: Part, start: int, end: int) -> int:
    return min(part.end, end) - max(part.start, start)


def written_notes(notes: SectionNotes, auditor: NoteAuditor) -> list[Doc]:
    """Return the written notes, folded, each sentence with its class."""
    docs = []
    for number, pairs in enumerate(notes.notes, 1):
        text, spans = joined([sentence for _, sentence in pairs])
        note = TrainingNote(f"written-{number}", text, "written")
        doc = auditor.nlp.make_doc(text)
        docs.append(_marked(doc, spans, [label for label, _ in pairs], note, "folded"))
    return docs


# -- work through the pedicle -----------------------------------------------------------------


def reader_doc(note: TrainingNote, auditor: NoteAuditor) -> Doc:
    """Return a note with its sentences labelled by what the rules found in them.

    Marked are the sentences of the operation that name or describe the route of a segment of
    the family; sentences that rest on such a segment otherwise have no label.
    """
    reading = auditor.read(note.text)
    routes: list[int] = []
    rests: list[int] = []
    if note.source != CORPUS:  # none of whose notes is of the family
        for segment in auditor.operation(note.text).segments:
            if segment.role in ("primary", "additional"):
                routes += [s.start for s in (*segment.named, *segment.pedicle, *segment.heading)]
                rests += [s.start for s in (*segment.levels, *segment.treated)]
    labels = []
    for sentence in reading.sentences:
        inside = range(sentence.start, sentence.end)
        route = any(at in inside for at in routes)
        if route and sentence.kind in _OPERATION:
            labels.append(MARKED)
        elif route or any(at in inside for at in rests) or (routes and sentence.kind in _ABOUT):
            labels.append("")
        else:
            labels.append(OTHER)
    doc = auditor.nlp.make_doc(reading.text)
    return _marked(doc, [(s.start, s.end) for s in reading.sentences], labels, note, "sentences")


def written_docs(sentences: Sentences, noise: Noise, seed: int, auditor: NoteAuditor) -> list[Doc]:
    """Return the written sentences, and noised copies of them."""
    chance = random.Random(seed)
    docs = []
    for label, texts in ((MARKED, sentences.positive), (OTHER, sentences.negative)):
        docs += bags(texts, label, auditor)
        docs += bags(noised(texts, label, noise, chance), label, auditor)
    return docs


def noised_docs(docs: Iterable[Doc], noise: Noise, seed: int, auditor: NoteAuditor) -> list[Doc]:
    """Return noised copies of the marked sentences of ``docs``."""
    chance = random.Random(seed)
    texts = [s.text for doc in docs for s in doc.spans[UNITS] if s.label_ == MARKED]
    return bags(noised(texts, MARKED, noise, chance), MARKED, auditor)


def noised(texts: Iterable[str], label: str, noise: Noise, chance: random.Random) -> Iterator[str]:
    """Yield copies of ``texts`` with words left out and letters lost or swapped."""
    for text in texts:
        for _ in range(noise.copies.get(label, 0)):
            words = [_altered(word, noise, chance) for word in text.split()]
            yield " ".join(word for word in words if word) or text


def _altered(word: str, noise: Noise, chance: random.Random) -> str:
    lot = chance.random()
    if lot < noise.drop_word:
        return ""
    lot -= noise.drop_word
    if len(word) < 5 or lot >= noise.drop_letter + noise.swap_letters:
        return word
    at = chance.randrange(1, len(word) - 2)
    if lot < noise.drop_letter:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def bags(texts: Iterable[str], label: str, auditor: NoteAuditor) -> list[Doc]:
    """Return sentences of one class, twenty to a ``Doc``."""
    listed = list(texts)
    docs = []
    for first in range(0, len(listed), _BAG):
        text, spans = joined(listed[first : first + _BAG])
        note = TrainingNote(f"{label}-{first}", text, "written")
        doc = auditor.nlp.make_doc(text)
        docs.append(_marked(doc, spans, [label] * len(spans), note, "sentences"))
    return docs


# -- keeping ----------------------------------------------------------------------------------


def _marked(
    doc: Doc, spans: Sequence[tuple[int, int]], labels: Sequence[str], note: TrainingNote, form: str
) -> Doc:
    units = token_units(spans, [token.idx for token in doc])
    doc.spans[UNITS] = [
        Span(doc, int(low), int(high), label=label)
        for (low, high), label in zip(units, labels, strict=True)
        if high > low
    ]
    doc.user_data = {NOTE: note.note_id, SOURCE: note.source, FORM: form}
    return doc


def write_docs(docs: Iterable[Doc], path: Path) -> None:
    """Write labelled docs in spaCy's binary form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    DocBin(docs=docs, store_user_data=True).to_disk(path)


def read_docs(path: Path, vocab: Vocab) -> list[Doc]:
    """Return the docs that :func:`write_docs` wrote."""
    return list(DocBin().from_disk(path).get_docs(vocab))
