"""Section rules: the headers of operative notes, in medspaCy's JSON form.

``sections.json`` holds ``section_rules`` (``literal`` and ``category``), ``reasons`` (what
each category is for) and ``keywords``: words that classify a line that is shaped like a
header but is not listed, tried in file order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.rules.files import Strict, read_json, validate

KINDS = frozenset(
    [
        "diagnosis",
        "heading",
        "planned",
        "indication",
        "findings",
        "narrative",
        "addendum",
        "closing",
        "other",
    ]
)


_PREFIXES = ("pre", "post", "intra")
_APART = re.compile(rf"\b({'|'.join(_PREFIXES)})[ -](?=operative|op\b|procedure)")
_FIRST_WORD = re.compile(r"[a-z]+")


class _Rule(Strict):
    literal: str = Field(min_length=1)
    category: str


class _Keyword(Strict):
    words: tuple[str, ...] = Field(min_length=1)
    category: str


class _File(Strict):
    schema_version: str
    source: str
    reasons: dict[str, str]
    keywords: tuple[_Keyword, ...]
    section_rules: tuple[_Rule, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class SectionRules:
    """Known headers (normalised title to kind) and keywords for unlisted header lines.

    ``first_words`` are the first words of the titles, to pass over other words quickly.
    """

    titles: dict[str, str]
    keywords: tuple[tuple[frozenset[str], str], ...]
    first_words: frozenset[str]

    def keyword_kind(self, title: str) -> str | None:
        """Return the kind of an unlisted header by the words in it, or ``None``."""
        words = set(title.split())
        return next((kind for keys, kind in self.keywords if words & keys), None)


def normalize_title(title: str) -> str:
    """Return ``title`` in lower case, single-spaced, without decoration at its ends.

    "Pre-operative" and "pre operative" become "preoperative".
    """
    plain = " ".join(title.lower().split()).strip(" *_#=-–—.[]<>|:\t")
    return _APART.sub(r"\1", plain)


def load_sections(path: Path) -> SectionRules:
    """Return the section rules of ``path``.

    Raises
    ------
    RuleFileError
        For a broken file, an unknown category, or a literal listed under two categories.
    """
    data = validate(_File, read_json(path), path)
    titles: dict[str, str] = {}
    for number, rule in enumerate(data.section_rules, 1):
        where = f"{path}: section_rules, entry {number} ({rule.literal!r})"
        if rule.category not in KINDS:
            raise RuleFileError(
                f"{where}: unknown category {rule.category!r}; "
                f"use one of {', '.join(sorted(KINDS))}"
            )
        title = normalize_title(rule.literal)
        if titles.setdefault(title, rule.category) != rule.category:
            raise RuleFileError(f"{where}: already listed under {titles[title]!r}; keep one")
    for number, word in enumerate(data.keywords, 1):
        if word.category not in KINDS:
            raise RuleFileError(
                f"{path}: keywords, entry {number}: unknown category {word.category!r}"
            )
    # "Preoperative" may be written apart, and then begins with its prefix.
    first = {_FIRST_WORD.search(title) for title in titles}
    words = {m.group() for m in first if m is not None} | set(_PREFIXES)
    keywords = tuple((frozenset(k.words), k.category) for k in data.keywords)
    return SectionRules(titles, keywords, frozenset(words))
