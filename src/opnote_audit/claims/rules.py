"""The rule files of the claim checks: ``patterns/claims/codes.json`` and ``checks.json``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.rules.checklist import Outcome
from opnote_audit.rules.files import Strict, read_json, validate

_VERSION = Literal["1.0"]

FIELDS = (
    "lines",
    "primary_lines",
    "fusion_lines",
    "note_primary",
    "note_segment",
    "billed",
    "supported",
    "possible",
    "over",
    "under",
    "segments",
    "fused",
    "modifiers",
    "pairs",
    "missing",
    "findings",
    "candidates",
    "keep",
    "change",
)
"""What a message or an advice of ``checks.json`` may hold in braces."""

OUTCOMES: dict[str, frozenset[str]] = {
    "C1": frozenset({"present", "missing", "not_billed"}),
    "C2": frozenset({"equal", "over", "over_possible", "under", "not_billed"}),
    "C3": frozenset({"absent", "present", "not_billed"}),
    "C4": frozenset(
        {"apart_marked", "same_level", "unmarked", "levels_missing", "elsewhere", "no_pair"}
    ),
    "C5": frozenset({"matched", "mismatch", "no_primary", "no_add_on"}),
    "C6": frozenset(
        {"own", "shared", "shared_alike", "missing", "not_billable", "no_segment", "not_billed"}
    ),
    "C7": frozenset({"one", "apart", "contiguous", "same_region", "unproved", "no_primary"}),
    "C8": frozenset({"one_line", "duplicate", "bilateral", "both", "not_billed"}),
    "R4": frozenset({"claim_lacks_primary", "claim_other_region"}),
}
"""The outcomes that the checks give, by check; the file must have each of them and no other."""


class Primary(Strict):
    """A family's primary code, and the region that it is for."""

    code: str
    region: str


class Family(Strict):
    """Codes that belong together: the primaries, their add-ons, and the note's approaches.

    ``primaries_decompress`` is false where the primaries are no decompression (a fusion), so
    that an add-on of another family beside them is not thereby mismatched.
    """

    id: str
    name: str
    primaries: tuple[Primary, ...] = Field(min_length=1)
    add_ons: tuple[str, ...] = Field(min_length=1)
    approaches: tuple[str, ...]
    source: str
    primaries_decompress: bool = True

    @property
    def primary_codes(self) -> frozenset[str]:
        """The primaries' codes."""
        return frozenset(primary.code for primary in self.primaries)


class Bundle(Strict):
    """Codes of ``column_two`` that are part of those of ``column_one`` unless a modifier parts."""

    id: str
    column_one: tuple[str, ...] = Field(min_length=1)
    column_two: tuple[str, ...] = Field(min_length=1)
    modifiers: tuple[str, ...] = Field(min_length=1)
    reason: str
    source: str


class ForbiddenModifier(Strict):
    """A modifier that a code never carries, and the check that says so."""

    code: str
    modifier: str
    check: str
    reason: str
    source: str


class CodeRules(Strict):
    """Everything of ``codes.json``."""

    schema_version: _VERSION
    source: str
    families: tuple[Family, ...] = Field(min_length=1)
    bundling: tuple[Bundle, ...]
    forbidden_modifiers: tuple[ForbiddenModifier, ...]

    def family_of(self, add_on: str) -> Family | None:
        """Return the family that an add-on belongs to."""
        return next((family for family in self.families if add_on in family.add_ons), None)

    def forbidden(self, check: str) -> frozenset[str]:
        """Return the modifiers that a check forbids."""
        return frozenset(f.modifier for f in self.forbidden_modifiers if f.check == check)


class ClaimCheck(Strict):
    """One check: its outcomes with status, message and advice."""

    id: str
    title: str
    source: str
    outcomes: tuple[Outcome, ...] = Field(min_length=1)

    def outcome(self, name: str) -> Outcome:
        """Return the outcome called ``name``."""
        return next(outcome for outcome in self.outcomes if outcome.name == name)


class DenialRule(Strict):
    """A reason for a denial, and the checks that foresee it."""

    reason: str
    checks: tuple[str, ...] = Field(min_length=1)
    source: str


class CheckRules(Strict):
    """Everything of ``checks.json``."""

    schema_version: _VERSION
    source: str
    checks: tuple[ClaimCheck, ...]
    denials: tuple[DenialRule, ...]

    def check(self, name: str) -> ClaimCheck:
        """Return the check with an id."""
        return next(check for check in self.checks if check.id == name)

    def denial(self, check: str) -> str | None:
        """Return the denial reason that a check foresees."""
        return next((d.reason for d in self.denials if check in d.checks), None)


@lru_cache(maxsize=4)
def load_code_rules(folder: Path) -> CodeRules:
    """Read ``codes.json`` of a folder of claim rules.

    Raises
    ------
    RuleFileError
        The file cannot be used, or an add-on stands in two families.
    """
    path = folder / "codes.json"
    rules = validate(CodeRules, read_json(path), path)
    seen: dict[str, str] = {}
    for number, family in enumerate(rules.families, 1):
        for add_on in family.add_ons:
            other = seen.setdefault(add_on, family.id)
            if other != family.id:
                raise RuleFileError(
                    f"{path}: families, entry {number} ({family.id!r}): the add-on {add_on!r} "
                    f"stands in {other!r} too; an add-on has one family"
                )
    for check in ("C3", "C8"):
        if not rules.forbidden(check):
            raise RuleFileError(f"{path}: forbidden_modifiers: none for the check {check!r}")
    return rules


@lru_cache(maxsize=4)
def load_check_rules(folder: Path) -> CheckRules:
    """Read ``checks.json`` of a folder of claim rules.

    Raises
    ------
    RuleFileError
        The file cannot be used, lacks a check or outcome, has one that is never given, or a
        text with an unknown field.
    """
    path = folder / "checks.json"
    rules = validate(CheckRules, read_json(path), path)
    found = [check.id for check in rules.checks]
    for name in sorted(set(OUTCOMES) - set(found)):
        raise RuleFileError(f"{path}: checks: {name!r} is missing")
    sample = dict.fromkeys(FIELDS, "")
    for number, check in enumerate(rules.checks, 1):
        where = f"{path}: checks, entry {number} ({check.id!r})"
        if check.id not in OUTCOMES or found.count(check.id) > 1:
            raise RuleFileError(f"{where}: no such check, or it stands twice")
        names = {outcome.name for outcome in check.outcomes}
        if names != OUTCOMES[check.id]:
            odd = ", ".join(sorted(names ^ OUTCOMES[check.id]))
            raise RuleFileError(f"{where}: outcomes missing or never given: {odd}")
        for outcome in check.outcomes:
            try:
                (outcome.message + outcome.advice).format(**sample)
            except (KeyError, IndexError, ValueError):
                raise RuleFileError(
                    f"{where}: {outcome.name!r} may only use "
                    + ", ".join(f"{{{name}}}" for name in FIELDS)
                ) from None
    return rules
