"""Level rules: letters, number words, and the look-alikes that are no level (``levels.json``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from opnote_audit.rules.files import Strict, read_json, validate


class RegionRule(Strict):
    """A region's letter, how it is spelled, and its last vertebra's number.

    ``needs_company``: a spelling that counts only where the note uses it for more than one
    level or for an interspace (``D9`` alone may be a dose).
    """

    letter: str = Field(pattern="^[CTLS]$")
    spellings: tuple[str, ...]
    words: tuple[str, ...]
    last: int = Field(gt=0, le=12)
    needs_company: bool = False


class NotLevel(Strict):
    """A look-alike: which levels (all when empty), and the words after or before it."""

    use: str
    levels: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]
    before_needs_after: bool = False
    reason: str


class _File(Strict):
    schema_version: str
    source: str
    regions: tuple[RegionRule, ...] = Field(min_length=1)
    numbers: dict[str, int]
    ordinals: dict[str, int]
    not_levels: tuple[NotLevel, ...]
    range_words: tuple[str, ...]
    named_range_words: tuple[str, ...]
    list_words: tuple[str, ...]
    vertebra_words: tuple[str, ...]
    interspace_words: tuple[str, ...]
    between_words: tuple[str, ...]
    bare_number_stops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelRules:
    """What ``levels.json`` says, ready for the parser."""

    regions: tuple[RegionRule, ...]
    numbers: dict[str, int]
    ordinals: dict[str, int]
    not_levels: tuple[NotLevel, ...]
    range_words: tuple[str, ...]
    named_range_words: tuple[str, ...]
    list_words: tuple[str, ...]
    vertebra_words: tuple[str, ...]
    interspace_words: tuple[str, ...]
    between_words: tuple[str, ...]
    bare_number_stops: tuple[str, ...]


def load_levels(path: Path) -> LevelRules:
    """Return the level rules of ``path``; raises :class:`RuleFileError` when it is broken."""
    data = validate(_File, read_json(path), path)
    return LevelRules(
        data.regions,
        data.numbers,
        data.ordinals,
        data.not_levels,
        data.range_words,
        data.named_range_words,
        data.list_words,
        data.vertebra_words,
        data.interspace_words,
        data.between_words,
        data.bare_number_stops,
    )
