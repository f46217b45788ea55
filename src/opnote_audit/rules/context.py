"""ConText rules: medspaCy's own defaults, written out as literals, with ours on top.

``context.json`` is in medspaCy's JSON form (``context_rules``) with two additions of its
own: ``drop_defaults`` names the defaults that mislead in an operative note, each with its
reason ("free" negates a finding in a radiology report, but frees a root here), and a rule's
``metadata.scope`` says how far it reaches: ``clause`` (the default for negation) or
``sentence`` (the default for the rest).

Token patterns are written out because spaCy's ``Matcher`` over them costs twenty times what
the ``PhraseMatcher`` does over the same words.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.rules.files import Strict, read_json, validate

Direction = Literal["FORWARD", "BACKWARD", "BIDIRECTIONAL", "TERMINATE", "PSEUDO"]
FLAGS = frozenset(
    {
        "NEGATED_EXISTENCE",
        "HYPOTHETICAL",
        "POSSIBLE_EXISTENCE",
        "HISTORICAL",
        "FAMILY",
        "PLANNED",
        "ALTERNATIVE",
        "CONSENT",
    }
)


class _Meta(Strict):
    scope: Literal["clause", "sentence"] | None = None
    reason: str = Field(min_length=1)
    variants: tuple[str, ...] = ()


class _Rule(Strict):
    literal: str = Field(min_length=1)
    category: str
    direction: Direction
    max_scope: int | None = Field(default=None, gt=0)
    metadata: _Meta


class _Drop(Strict):
    literal: str
    reason: str = Field(min_length=1)


class _File(Strict):
    schema_version: str
    source: str
    drop_defaults: tuple[_Drop, ...]
    context_rules: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True)
class ContextTerm:
    """One literal ConText rule. ``wide`` rules reach to the sentence's ends."""

    literal: str
    category: str
    direction: str
    max_scope: int | None
    wide: bool


def _options(token: dict[str, Any]) -> list[str]:
    """Return the words that one token of a spaCy pattern accepts ('' where it may be absent)."""
    value = token.get("LOWER", token.get("TEXT"))
    words = (
        [value]
        if isinstance(value, str)
        else list(value["IN"])
        if isinstance(value, dict) and "IN" in value
        else []
    )
    if not words or set(token) - {"LOWER", "TEXT", "OP"} or token.get("OP", "?") not in ("?", "1"):
        raise ValueError("not a plain pattern")
    return [*words, ""] if token.get("OP") == "?" else words


def expand(pattern: list[dict[str, Any]]) -> list[str]:
    """Return every literal that a spaCy token pattern of plain words accepts.

    Raises ``ValueError`` for a pattern that is more than words, ``IN`` lists and ``?``.
    """
    return [" ".join(w for w in words if w) for words in itertools.product(*map(_options, pattern))]


def medspacy_defaults() -> list[ContextTerm]:
    """Return medspaCy's default English ConText rules as literals.

    Raises
    ------
    RuleFileError
        If the installed medspaCy carries them in a form that this version cannot read.
    """
    from medspacy.context import context as module

    path = Path(module.__file__).resolve().parents[2] / "resources" / "en" / "context_rules.json"
    try:
        rules = json.loads(path.read_text(encoding="utf-8"))["context_rules"]
        terms = []
        for rule in rules:
            literals = expand(rule["pattern"]) if rule.get("pattern") else [rule["literal"]]
            wide = rule["category"] != "NEGATED_EXISTENCE"
            terms += [
                ContextTerm(
                    t.lower(), rule["category"], rule["direction"], rule.get("max_scope"), wide
                )
                for t in literals
                if t
            ]
    except (OSError, ValueError, KeyError) as err:
        raise RuleFileError(
            f"medspaCy's default ConText rules could not be read ({type(err).__name__}); "
            "install medspacy 1.3"
        ) from None
    return terms


def load_context(path: Path) -> list[ContextTerm]:
    """Return medspaCy's defaults without the dropped ones, then the rules of ``path``.

    A rule of ours replaces a default with the same literal.

    Raises
    ------
    RuleFileError
        For a broken file, a category that nothing reads, or a ``drop_defaults`` entry that
        names no default (it would silently do nothing).
    """
    data = validate(_File, read_json(path), path)
    ours: list[ContextTerm] = []
    for number, rule in enumerate(data.context_rules, 1):
        if rule.category not in FLAGS:
            raise RuleFileError(
                f"{path}: context_rules, entry {number} ({rule.literal!r}): unknown category "
                f"{rule.category!r}; "
                f"use one of {', '.join(sorted(FLAGS))}"
            )
        scope = rule.metadata.scope or (
            "clause" if rule.category == "NEGATED_EXISTENCE" else "sentence"
        )
        for literal in (rule.literal, *rule.metadata.variants):
            ours.append(
                ContextTerm(
                    literal.lower(),
                    rule.category,
                    rule.direction,
                    rule.max_scope,
                    scope == "sentence",
                )
            )
    defaults = medspacy_defaults()
    known = {term.literal for term in defaults}
    dropped = set()
    for number, drop in enumerate(data.drop_defaults, 1):
        if drop.literal.lower() not in known:
            raise RuleFileError(
                f"{path}: drop_defaults, entry {number} ({drop.literal!r}): "
                "medspaCy has no such default; "
                "remove the entry"
            )
        dropped.add(drop.literal.lower())
    mine = {term.literal for term in ours}
    return [t for t in defaults if t.literal not in dropped and t.literal not in mine] + ours
