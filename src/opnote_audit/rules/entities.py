"""Entity rules: which entities of a user's model are shown, and where (``entities.json``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.rules.files import Strict, read_json, validate
from opnote_audit.rules.sections import KINDS


class _Labels(Strict):
    of: str = Field(min_length=1)
    labels: tuple[str, ...] = Field(min_length=1)
    reason: str = Field(min_length=1)


class _Words(Strict):
    name: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    words: tuple[str, ...] = Field(min_length=1)


class _File(Strict):
    schema_version: str
    source: str
    reason: str
    sections: tuple[str, ...] = Field(min_length=1)
    neighbours: int = Field(ge=0, le=10)
    sentences: int = Field(gt=0)
    longest_sentence: int = Field(gt=0)
    maximum: int = Field(gt=0, le=50)
    shortest: int = Field(gt=0)
    ignored_labels: tuple[_Labels, ...]
    ignored_words: tuple[_Words, ...]


@dataclass(frozen=True, slots=True)
class EntityRules:
    """What ``entities.json`` says, ready for use.

    ``sections`` are the kinds of section that are looked at, ``neighbours`` the sentences on
    either side of one that names the level, ``sentences`` how many are read for a segment, each
    of at most ``longest_sentence`` code points; ``maximum`` entities are shown for a segment,
    each with a word of at least ``shortest`` letters. ``labels`` are ignored (lower case), and
    entities that end in one of ``words``.
    """

    sections: frozenset[str]
    neighbours: int
    sentences: int
    longest_sentence: int
    maximum: int
    shortest: int
    labels: frozenset[str]
    words: frozenset[str]

    def ignores(self, word: str) -> bool:
        """Tell whether an entity that ends in ``word`` (lower case) is no pathology."""
        return any(word.removesuffix(ending) in self.words for ending in ("", "s", "es"))


def load_entity_rules(path: Path) -> EntityRules:
    """Return the entity rules of ``path``.

    Raises
    ------
    RuleFileError
        It is broken, names a kind of section that there is not, or holds a word that can
        never match.
    """
    data = validate(_File, read_json(path), path)
    for number, kind in enumerate(data.sections, 1):
        if kind not in KINDS:
            raise RuleFileError(
                f"{path}: sections, entry {number} ({kind!r}): no such kind of section; use one "
                f"of {', '.join(sorted(KINDS))}"
            )
    for number, group in enumerate(data.ignored_words, 1):
        for word in group.words:
            if word.split() != [word]:
                raise RuleFileError(
                    f"{path}: ignored_words, entry {number} ({group.name!r}): {word!r} can never "
                    "match; write one word, the last of an entity"
                )
    return EntityRules(
        frozenset(data.sections),
        data.neighbours,
        data.sentences,
        data.longest_sentence,
        data.maximum,
        data.shortest,
        frozenset(label.lower() for group in data.ignored_labels for label in group.labels),
        frozenset(word.lower() for group in data.ignored_words for word in group.words),
    )
