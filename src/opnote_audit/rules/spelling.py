"""Spelling rules: words worth recognising in spite of a slip, and words never to touch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from opnote_audit.rules.files import Strict, read_json, validate


class _File(Strict):
    schema_version: str
    source: str
    reason: str
    words: tuple[str, ...] = Field(min_length=1)
    never: tuple[str, ...]
    endings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpellingRules:
    """``words`` that slips are mended to; ``known`` words that are never mended.

    ``endings`` tell an inflection from a slip.
    """

    words: tuple[str, ...]
    known: frozenset[str]
    endings: frozenset[str]


def load_spelling(path: Path) -> SpellingRules:
    """Return the spelling rules of ``path``; raises :class:`RuleFileError` when it is broken."""
    data = validate(_File, read_json(path), path)
    words = tuple(w.lower() for w in data.words)
    return SpellingRules(
        words, frozenset(words) | frozenset(w.lower() for w in data.never), frozenset(data.endings)
    )
