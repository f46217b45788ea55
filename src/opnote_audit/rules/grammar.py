"""Grammar rules: the closed-class words that the reader leans on (``grammar.json``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from opnote_audit.rules.files import Strict, read_json, validate


class Words(Strict):
    """A list of words with the reason that it is there."""

    reason: str = Field(min_length=1)
    words: tuple[str, ...] = Field(min_length=1)


class GrammarRules(Strict):
    """The lists of ``grammar.json``; each says in ``reason`` what it decides."""

    schema_version: str
    source: str
    abbreviations: Words
    spoken_stops: Words
    conjunctions: Words
    clause_openers: Words
    comma_openers: Words
    auxiliaries: Words
    plain_verbs: Words
    active_verbs: Words
    landmarks: Words
    routes: Words
    determiners: Words
    fillers: Words
    parts: Words
    attachers: Words
    pronouns: Words
    level_nouns: Words
    sides: Words
    linkers: Words
    parters: Words
    joiners: Words
    comparisons: Words
    heading_splits: Words


def alternatives(words: Iterable[str]) -> str:
    """Return a regular expression's alternatives for ``words``, longest first, escaped."""
    return "|".join(
        re.escape(w).replace(r"\ ", r"\s") for w in sorted(words, key=len, reverse=True)
    )


def load_grammar(path: Path) -> GrammarRules:
    """Return the grammar rules of ``path``; raises :class:`RuleFileError` when it is broken."""
    return validate(GrammarRules, read_json(path), path)
