"""The spaCy pipeline: registered factories, and ``load_pipeline``.

The steps, in order; each writes to the ``Reading`` kept at ``doc._.opnote``:

``opnote_terms``     terms of the target rules, slips of spelling mended, short forms that
                     the note defines
``opnote_levels``    vertebral levels
``opnote_sections``  sections, sentences and clauses, and the parts of the note by content;
                     a trained classifier divides what headers leave undivided
``opnote_context``   ConText flags on the mentions
``opnote_second_reader``  the sentence that a second trained classifier takes for work through
                     the pedicle
``opnote_doc_view``  the sentences as ``doc.sents``

``Doc._.opnote`` is the reading, ``Doc._.levels``, ``Doc._.mentions`` and
``Doc._.note_sections`` are views of it.
"""

# No "from __future__ import annotations" here: spaCy reads the factories' annotations at run
# time and cannot resolve them as strings.
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from spacy.attrs import IDX, LENGTH, SENT_START
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import registry

from opnote_audit.annotate.abbreviations import defined_mentions
from opnote_audit.annotate.blocks import operative, settle
from opnote_audit.annotate.context import ContextAnnotator
from opnote_audit.annotate.levels import LevelParser
from opnote_audit.annotate.reading import TAKING, Clause, Mention, Reading, Sentence
from opnote_audit.annotate.sections import find_sections
from opnote_audit.annotate.sentences import Splitter
from opnote_audit.annotate.spelling import Speller
from opnote_audit.annotate.terms import TermMatcher
from opnote_audit.paths import models_dir, patterns_dir
from opnote_audit.rules.context import load_context
from opnote_audit.rules.grammar import load_grammar
from opnote_audit.rules.levels import load_levels
from opnote_audit.rules.sections import load_sections
from opnote_audit.rules.spelling import load_spelling
from opnote_audit.rules.targets import load_terms

if TYPE_CHECKING:
    from opnote_audit.learned.second_reader import SecondReader
    from opnote_audit.learned.sections import SectionReader

PIPELINE = "opnote_63057"
SECOND_READING = "opnote_second_reader"


def _reading(doc: Doc) -> Reading:
    reading = doc.user_data.get("opnote")
    if reading is None:
        reading = doc.user_data["opnote"] = Reading(doc.text)
    return reading


def _register_extensions() -> None:
    getters = {
        "opnote": _reading,
        "levels": lambda doc: _reading(doc).levels,
        "mentions": lambda doc: _reading(doc).mentions,
        # medspaCy claims Doc._.sections for its own.
        "note_sections": lambda doc: _reading(doc).blocks,
    }
    for name, getter in getters.items():
        if not Doc.has_extension(name):
            Doc.set_extension(name, getter=getter)


_register_extensions()


def _token_offsets(doc: Doc) -> tuple[list[int], list[int]]:
    """Return the tokens' start and end code-point offsets."""
    array = doc.to_array([IDX, LENGTH])
    starts = array[:, 0].astype(np.int64)
    return starts.tolist(), (starts + array[:, 1].astype(np.int64)).tolist()


@registry.tokenizers("opnote.clinical_tokenizer.v1")  # type: ignore[untyped-decorator]
def _make_tokenizer() -> Any:
    """Make medspaCy's clinical tokenizer: punctuation always splits ("L4/5", "right-sided").

    Without spaCy's 1,347 special cases ("Dr.", "didn't"): once one has matched, spaCy's
    tokenizer caches nothing more of that document, which makes it three times as slow, and
    no rule here needs them.
    """

    def create(nlp: Language) -> Tokenizer:
        from medspacy.custom_tokenizer import create_medspacy_tokenizer

        defaults = SimpleNamespace(
            infixes=nlp.Defaults.infixes,
            prefixes=nlp.Defaults.prefixes,
            suffixes=nlp.Defaults.suffixes,
            tokenizer_exceptions={},
        )
        bare = SimpleNamespace(
            vocab=nlp.vocab, tokenizer=SimpleNamespace(token_match=None), Defaults=defaults
        )
        return create_medspacy_tokenizer(bare)

    return create


class _Terms:
    def __init__(self, nlp: Language, folder: Path) -> None:
        self._matcher = TermMatcher(
            nlp, load_terms(folder / "targets"), Speller(load_spelling(folder / "spelling.json"))
        )

    def also(self, nlp: Language, literals: Iterable[str]) -> None:
        """Look for another step's literals in the same pass."""
        self._matcher.also(nlp, literals)

    def __call__(self, doc: Doc) -> Doc:
        reading = _reading(doc)
        offsets, ends = reading.token_starts, reading.token_ends = _token_offsets(doc)
        mentions = self._matcher(doc, offsets, ends)
        reading.context_matches = self._matcher.guest_matches
        further = defined_mentions(doc, reading.text, mentions, offsets, ends)
        if further:
            mentions = sorted([*mentions, *further], key=lambda m: m.start_token)
        reading.mentions = mentions
        return doc


class _Levels:
    def __init__(self, folder: Path) -> None:
        self._parser = LevelParser(load_levels(folder / "levels.json"))

    def __call__(self, doc: Doc) -> Doc:
        reading = _reading(doc)
        reading.levels = self._parser.find(reading.text, reading.lower)
        return doc


class Sections:
    """The step ``opnote_sections``.

    Parameters
    ----------
    folder
        The folder of rule files.
    reader
        Divides what headers leave undivided; ``None`` to go by operative steps alone.
    """

    def __init__(self, folder: Path, reader: "SectionReader | None" = None) -> None:
        self._rules = load_sections(folder / "sections.json")
        self.splitter = Splitter(load_grammar(folder / "grammar.json"))
        self.reader = reader

    def __call__(self, doc: Doc) -> Doc:
        reading = _reading(doc)
        text = reading.text
        sections = find_sections(text, self._rules)
        divided = self.reader.divide(doc, reading, sections) if self.reader else None
        if divided is not None:
            sections, reading.sections_by = divided, "classifier"
        elif not any(s.title for s in sections):
            reading.sections_by = "content"
        breaks = tuple(b for s in sections for b in (s.start, s.body))
        spans = self.splitter.sentences(text, breaks)
        cues = [m for m in reading.mentions if m.label == "OPCUE"]
        work = [
            m
            for m in reading.mentions
            if m.label == "OPCUE" or (m.label == "VERB" and m.value in TAKING)
        ]
        reading.blocks = settle(text, sections, spans, work)
        reading.is_operative = operative(text, reading.blocks, cues)
        _fill(reading, spans, self.splitter)
        return doc


_WORK = ("start", "step")
_GUESSED = frozenset({"diagnosis", "findings", "narrative", "other", "closing"})

# Labels that say nothing of an act: a sentence with no others need not be taken apart.
_MUTE = frozenset({"CUE", "NEURAL", "GRAFT", "ENDPLATE"})


def _fill(reading: Reading, spans: list[tuple[int, int]], splitter: Splitter) -> None:
    """Build sentences and clauses, and put levels and mentions into them.

    A sentence without a mention or level is one clause: nobody will ask about its parts.
    """
    blocks = reading.blocks
    # Cues of the operation have told what the sections are; clauses need them no more.
    mentions = [m for m in reading.mentions if m.label != "OPCUE"]
    levels = reading.levels
    titles = [m.start for m in reading.mentions if m.label == "OPCUE" and m.value == "title"]
    work = (m.start for m in reading.mentions if m.label == "OPCUE" and m.value in _WORK)
    begun = next(work, len(reading.text)) if titles else 0
    stated = False
    block = at_mention = at_level = 0
    for start, end in spans:
        while block + 1 < len(blocks) and blocks[block + 1].start <= start:
            block += 1
        kind = blocks[block].kind if start >= blocks[block].body else "title"
        # "The procedure was a transpedicular decompression of T5 and T6" before the work begins
        # is what a heading says; after "What was the operation?" the answer is.
        states = bool(titles) and bisect_left(titles, start) < bisect_left(titles, end)
        # A classifier may take it for something else; the first operative step tells better.
        before = kind == "indication" or (kind in _GUESSED and end <= begun)
        if before and (states or stated) and not blocks[block].title:
            kind = "heading"
        stated = states and reading.text[end - 1] == "?"
        sentence = Sentence(start, end, kind, block)
        first_mention, first_level = at_mention, at_level
        while at_mention < len(mentions) and mentions[at_mention].start < end:
            at_mention += 1
        while at_level < len(levels) and levels[at_level].start < end:
            at_level += 1
        here, found = mentions[first_mention:at_mention], levels[first_level:at_level]
        telling = found or any(m.label not in _MUTE for m in here)
        parts = splitter.clauses(reading.lower, start, end) if telling else [(start, end)]
        number = len(reading.sentences)
        next_mention = next_level = 0
        reading.sentences.append(sentence)
        for low, high in parts:
            sentence.clauses.append(len(reading.clauses))
            clause = Clause(low, high, number)
            reading.clauses.append(clause)
            last = high if high < end else end + 1
            while next_level < len(found) and found[next_level].start < last:
                clause.levels.append(found[next_level])
                next_level += 1
            while next_mention < len(here) and here[next_mention].start < last:
                mention = here[next_mention]
                mention.clause, mention.sentence = len(reading.clauses) - 1, number
                clause.mentions.append(mention)
                next_mention += 1


def _mark_sentences(doc: Doc, starts: list[int]) -> None:
    """Set the Doc's sentence starts in one call (token by token is quadratic in spaCy 3.7)."""
    if not len(doc):
        return
    offsets, _ = _token_offsets(doc)
    marks = np.full(len(doc), -1, dtype=np.int64)
    marks[0] = 1
    for start in starts:
        index = bisect_left(offsets, start)
        if index < len(marks):
            marks[index] = 1
    values: Any = marks.astype(np.uint64).reshape(-1, 1)
    doc.from_array([SENT_START], values)


class SecondReading:
    """The step ``opnote_second_reader``."""

    def __init__(self, reader: "SecondReader | None" = None) -> None:
        self.reader = reader

    def __call__(self, doc: Doc) -> Doc:
        reading = _reading(doc)
        if self.reader is not None:
            reading.suspicions = self.reader.suspicions(doc, reading)
        return doc


class _DocView:
    """Shows the reading in spaCy's own terms: sentence starts of the ``Doc``."""

    def __call__(self, doc: Doc) -> Doc:
        _mark_sentences(doc, [s.start for s in _reading(doc).sentences])
        return doc


class _Context:
    def __init__(self, nlp: Language, folder: Path) -> None:
        self._annotate = ContextAnnotator(nlp, load_context(folder / "context.json"))
        if nlp.has_pipe("opnote_terms"):
            terms: Any = nlp.get_pipe("opnote_terms")
            terms.also(nlp, self._annotate.literals)

    def __call__(self, doc: Doc) -> Doc:
        reading = _reading(doc)
        self._annotate(doc, reading, reading.token_starts, reading.token_ends)
        self._annotate.unticked(reading)
        self._annotate.asked(reading)
        return doc


def _folder(patterns: str | None) -> Path:
    return Path(patterns) if patterns else patterns_dir()


@Language.factory("opnote_terms", default_config={"patterns": None}, assigns=["doc._.mentions"])
def _create_terms(nlp: Language, name: str, patterns: str | None) -> _Terms:
    return _Terms(nlp, _folder(patterns))


@Language.factory("opnote_levels", default_config={"patterns": None}, assigns=["doc._.levels"])
def _create_levels(nlp: Language, name: str, patterns: str | None) -> _Levels:
    return _Levels(_folder(patterns))


@Language.factory(
    "opnote_sections",
    default_config={"patterns": None, "learned": None},
    assigns=["doc._.note_sections"],
)
def _create_sections(
    nlp: Language, name: str, patterns: str | None, learned: str | None
) -> Sections:
    sections = Sections(_folder(patterns))
    if learned is not None:
        from opnote_audit.learned.artefact import load_classifier
        from opnote_audit.learned.sections import SectionReader

        classifier = load_classifier(models_dir() / learned, nlp.vocab)
        sections.reader = SectionReader(classifier, sections.splitter)
    return sections


@Language.factory(
    SECOND_READING,
    default_config={"learned": None},
    requires=["doc._.mentions", "doc._.note_sections"],
)
def _create_second_reader(nlp: Language, name: str, learned: str | None) -> SecondReading:
    second = SecondReading()
    if learned is not None:
        from opnote_audit.learned.artefact import load_classifier
        from opnote_audit.learned.second_reader import SecondReader

        second.reader = SecondReader(load_classifier(models_dir() / learned, nlp.vocab))
    return second


@Language.factory("opnote_context", default_config={"patterns": None}, requires=["doc._.mentions"])
def _create_context(nlp: Language, name: str, patterns: str | None) -> _Context:
    return _Context(nlp, _folder(patterns))


@Language.factory("opnote_doc_view", assigns=["doc.sents"])
def _create_doc_view(nlp: Language, name: str) -> _DocView:
    return _DocView()


def load_pipeline(
    patterns: Path | str | None = None, *, doc_view: bool = True, learned: bool = True
) -> Language:
    """Return the reading pipeline as a spaCy ``Language``.

    Parameters
    ----------
    patterns
        A folder of rule files to use instead of the package's own.
    doc_view
        Whether to mark ``doc.sents`` too, which the audit itself does not need.
    learned
        Whether to add the trained components.

    Raises
    ------
    RuleFileError
        If a rule file, or a trained component's file, is missing or broken; the message names
        the file and the entry.
    """
    from spacy.util import load_config, load_model_from_config

    config = load_config(models_dir() / PIPELINE / "config.cfg")
    if patterns is not None:
        for component in config["components"].values():
            if "patterns" in component:
                component["patterns"] = str(patterns)
    exclude = [] if doc_view else ["opnote_doc_view"]
    if not learned:
        config["components"]["opnote_sections"]["learned"] = None
        exclude.append(SECOND_READING)
    nlp = load_model_from_config(config, auto_fill=True, exclude=exclude)
    # spaCy's limit guards parsers and NER models, which are not here; readers have their own.
    nlp.max_length = 1 << 40
    return nlp


__all__ = ["Mention", "Reading", "load_pipeline"]
