"""The rule files of suggestions: the claim's words (``claim.json``) and the families."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.rules.files import Strict, read_json, validate

FIELDS = ("segments", "fused", "codes", "code", "first", "region", "findings")
"""What the words of ``claim.json`` may name in braces."""

NEEDED: dict[str, frozenset[str]] = {
    "line": frozenset(
        {"primary", "primary_unnamed", "primary_review", "promoted", "add_on", "region_primary"}
    ),
    "modifier": frozenset({"never_51", "distinct", "plain"}),
    "remark": frozenset(
        {
            "addendum",
            "bundled",
            "contiguous_across",
            "laminectomy_included",
            "no_diagnosis",
            "no_primary",
            "nothing",
            "regions_apart",
            "single",
            "suspected",
            "thoracolumbar",
            "unplaced",
        }
    ),
}
"""Every entry that the code says, by kind."""

Region = Literal["cervical", "thoracic", "lumbar", "sacral"]
Basis = Literal["segment", "fused_segment", "interbody", "both", "posterolateral", "needle"]


class Entry(Strict):
    """Something the suggestion may say, with why and where from."""

    name: str
    kind: Literal["line", "modifier", "remark"]
    text: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class ClaimWords(Strict):
    """``claim.json``: ``distinct_modifiers`` are those of which one marks another level."""

    schema_version: str
    source: str
    distinct_modifiers: tuple[str, ...] = Field(min_length=1)
    entries: tuple[Entry, ...]

    def say(self, name: str, **fields: str) -> str:
        """Return the words of an entry with its fields filled."""
        return self.entry(name).text.format(**{**dict.fromkeys(FIELDS, ""), **fields})

    def entry(self, name: str) -> Entry:
        """Return the entry called ``name``."""
        return next(e for e in self.entries if e.name == name)


class Codes(Strict):
    """A family's codes in one region: the primary, and its add-on."""

    first: str = Field(pattern=r"^\d{5}$")
    further: str = Field(pattern=r"^\d{5}$")


class Family(Strict):
    """A neighbouring family.

    ``basis`` says what of the operation it is told by: a segment decompressed by another
    route, a segment at an interbody-fused level, a kind of arthrodesis, or needle work.
    ``words`` decide; ``weaker_words`` only where no family's ``words`` were found.
    """

    name: str
    title: str
    basis: Basis
    approaches: tuple[str, ...] = ()
    words: tuple[str, ...]
    weaker_words: tuple[str, ...] = ()
    codes: dict[Region, Codes] = Field(min_length=1)
    remark: str
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)


class Families(Strict):
    """``families.json``: families in the order in which they are tried."""

    schema_version: str
    source: str
    families: tuple[Family, ...] = Field(min_length=1)


def load_claim_words(path: Path) -> ClaimWords:
    """Return the words of ``path``.

    Raises
    ------
    RuleFileError
        The file is broken, lacks an entry that the code says, has one that it never says, or
        names a field that there is not.
    """
    data = validate(ClaimWords, read_json(path), path)
    names: list[tuple[str, str]] = [(e.kind, e.name) for e in data.entries]
    for kind, needed in NEEDED.items():
        for name in sorted(needed):
            if names.count((kind, name)) != 1:
                raise RuleFileError(f"{path}: entries: {kind} {name!r} must be there once")
    for number, entry in enumerate(data.entries, 1):
        where = f"{path}: entries, entry {number} ({entry.name!r})"
        if entry.name not in NEEDED[entry.kind]:
            raise RuleFileError(f"{where}: is never said; remove it")
        try:
            entry.text.format(**dict.fromkeys(FIELDS, ""))
        except (KeyError, IndexError, ValueError):
            listed = ", ".join("{" + f + "}" for f in FIELDS)
            raise RuleFileError(f"{where}: text may only use {listed}") from None
    return data


def load_families(path: Path) -> Families:
    """Return the families of ``path``.

    Raises
    ------
    RuleFileError
        The file is broken, names a family twice, or has one that could never be found: one
        told by segments without a route, or by segments or needle work without words.
    """
    data = validate(Families, read_json(path), path)
    seen: set[str] = set()
    for number, family in enumerate(data.families, 1):
        where = f"{path}: families, entry {number} ({family.name!r})"
        if family.name in seen:
            raise RuleFileError(f"{where}: stands there twice")
        seen.add(family.name)
        by_segment = family.basis in ("segment", "fused_segment")
        if by_segment and not family.approaches:
            raise RuleFileError(f"{where}: 'approaches' is missing, so it can never be found")
        if (by_segment or family.basis == "needle") and not family.words:
            raise RuleFileError(f"{where}: 'words' is empty, so it can never be found")
    return data
