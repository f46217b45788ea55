"""The recipes of the trained components: ``models/training/*.json``, validated."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from opnote_audit.paths import models_dir
from opnote_audit.rules.files import Strict, read_json, validate
from opnote_audit.rules.sections import normalize_title


class Recipe(Strict):
    """How one component is trained.

    ``length`` is the number of hash buckets, ``rate`` Adam's learning rate, ``batch`` the
    notes in a batch, ``place`` whether a piece's place in its note counts.
    """

    seed: int
    length: int = Field(gt=0)
    place: bool
    epochs: int = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    rate: float = Field(gt=0)
    batch: int = Field(gt=0)


class Noise(Strict):
    """How sentences are noised: copies by class, and how likely a word is altered."""

    copies: dict[str, int]
    drop_word: float = Field(ge=0, le=1)
    drop_letter: float = Field(ge=0, le=1)
    swap_letters: float = Field(ge=0, le=1)


class Thinned(Strict):
    """The share of rule terms taken away, and the seeds with which it is done."""

    share: float = Field(gt=0, lt=1)
    seeds: tuple[int, ...] = Field(min_length=1)


class Recipes(Strict):
    """``recipes.json``.

    ``written_copies`` is how often each written note is learned from; ``threshold`` is the
    probability from which the second reader is believed.
    """

    schema_version: str
    source: str
    section_classifier: Recipe
    second_reader: Recipe
    noise: Noise
    written_copies: int = Field(ge=1)
    threshold: float = Field(gt=0, lt=1)
    folds: int = Field(ge=2)
    thinned: Thinned


class SectionClasses(Strict):
    """``section_classes.json``: the class of a section by its category, or by its title's words."""

    schema_version: str
    source: str
    categories: dict[str, str]
    titles: dict[str, tuple[str, ...]]

    def of(self, category: str, title: str) -> str:
        """Return the class of a section; empty where it is not known."""
        if title and category in ("other", "closing"):
            words = set(normalize_title(title).split())
            for name, listed in self.titles.items():
                if words.intersection(listed):
                    return name
        return self.categories.get(category, "")


class Keywords(Strict):
    """``section_keywords.json``: the keyword baseline."""

    schema_version: str
    source: str
    default: str
    keywords: dict[str, tuple[str, ...]]

    def of(self, text: str) -> str:
        """Return the class most of whose keywords stand in ``text``."""
        low = text.lower()
        hits = {name: sum(word in low for word in words) for name, words in self.keywords.items()}
        best = max(hits, key=hits.__getitem__)
        return best if hits[best] else self.default


class Sentences(Strict):
    """``transpedicular.json``: written sentences with and without work through the pedicle."""

    schema_version: str
    source: str
    positive: tuple[str, ...] = Field(min_length=1)
    negative: tuple[str, ...] = Field(min_length=1)


class SectionNotes(Strict):
    """``section_notes.json``: written notes without headers, as (class, sentence) pairs."""

    schema_version: str
    source: str
    notes: tuple[tuple[tuple[str, str], ...], ...] = Field(min_length=1)


def folder() -> Path:
    """Return ``models/training``."""
    return models_dir() / "training"


def load_recipes() -> Recipes:
    """Return the recipes; raise :class:`RuleFileError` for a broken file."""
    path = folder() / "recipes.json"
    return validate(Recipes, read_json(path), path)


def load_classes() -> SectionClasses:
    """Return the section classes; raise :class:`RuleFileError` for a broken file."""
    path = folder() / "section_classes.json"
    return validate(SectionClasses, read_json(path), path)


def load_keywords() -> Keywords:
    """Return the keyword baseline; raise :class:`RuleFileError` for a broken file."""
    path = folder() / "section_keywords.json"
    return validate(Keywords, read_json(path), path)


def load_sentences() -> Sentences:
    """Return the written sentences; raise :class:`RuleFileError` for a broken file."""
    path = folder() / "transpedicular.json"
    return validate(Sentences, read_json(path), path)


def load_section_notes() -> SectionNotes:
    """Return the written notes; raise :class:`RuleFileError` for a broken file."""
    path = folder() / "section_notes.json"
    return validate(SectionNotes, read_json(path), path)
