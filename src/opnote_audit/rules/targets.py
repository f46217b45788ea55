"""Target rules: the terms that are looked for in a note, in medspaCy's own JSON form.

A file holds ``{"schema_version", "source", "target_rules": [...]}``; each rule has
``literal``, ``category`` and ``metadata`` with ``value`` (what the term stands for),
``reason`` (why the rule is there) and ``variants`` (further spellings of the same thing).
Literals only: they are matched on the lower-cased form of whole tokens, with one pass of
spaCy's ``PhraseMatcher``, whatever their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, field_validator

from opnote_audit.errors import RuleFileError
from opnote_audit.rules.files import Strict, read_json, validate

CATEGORIES = frozenset(
    [
        "APPROACH",
        "NOT_FAMILY",
        "ACT",
        "FREED",
        "VERB",
        "PEDICLE",
        "LAMINA",
        "FACET",
        "PARS",
        "NEURAL",
        "DISC",
        "ENDPLATE",
        "RIB",
        "PATHOLOGY",
        "WEAK_PATHOLOGY",
        "FUSION",
        "GRAFT",
        "INSTRUMENT",
        "SAME",
        "RELATIVE",
        "COLLECTIVE",
        "ADDITIONAL",
        "CORRECTION",
        "ELSEWHERE",
        "PRIMARY_CODE",
        "WRONG_LEVEL",
        "CUE",
        "OPCUE",
    ]
)


class _Meta(Strict):
    value: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    variants: tuple[str, ...] = ()


class _Rule(Strict):
    literal: str
    category: str
    metadata: _Meta

    @field_validator("category")
    @classmethod
    def _known(cls, category: str) -> str:
        if category not in CATEGORIES:
            raise ValueError(
                f"unknown category {category!r}; use one of {', '.join(sorted(CATEGORIES))}"
            )
        return category


class _File(Strict):
    schema_version: str
    source: str
    target_rules: tuple[_Rule, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Term:
    """One spelling to look for: ``literal`` in lower case, its ``label`` and ``value``."""

    literal: str
    label: str
    value: str


def load_terms(folder: Path) -> list[Term]:
    """Return every term of the ``*.json`` files in ``folder``, in file and rule order.

    Raises
    ------
    RuleFileError
        If the folder has no rule file, a file is broken, a literal is blank (it could never
        match), or one category gives a literal two values.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise RuleFileError(f"{folder}: no target rule file (*.json) found; expected at least one")
    terms: list[Term] = []
    seen: dict[tuple[str, str], tuple[str, Path]] = {}
    for path in paths:
        data = validate(_File, read_json(path), path)
        for number, rule in enumerate(data.target_rules, 1):
            for literal in (rule.literal, *rule.metadata.variants):
                where = f"{path}: target_rules, entry {number} ({rule.literal!r})"
                text = " ".join(literal.lower().split())
                if not text:
                    raise RuleFileError(f"{where}: a blank literal can never match; remove it")
                if rule.category == "CUE":  # one word may be a cue of several kinds
                    terms.append(Term(text, rule.category, rule.metadata.value))
                    continue
                known = seen.setdefault((text, rule.category), (rule.metadata.value, path))
                if known[0] != rule.metadata.value:
                    raise RuleFileError(
                        f"{where}: {literal!r} already means {known[0]!r} for {rule.category} "
                        f"in {known[1].name}; keep one"
                    )
                terms.append(Term(text, rule.category, rule.metadata.value))
    return terms
