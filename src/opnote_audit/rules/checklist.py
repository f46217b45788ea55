"""A code's checklist: requirements, weights, and the message and advice of each outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.rules.files import Strict, read_json, validate


class Outcome(Strict):
    """One way that a requirement can come out. ``message`` may hold ``{segments}`` and the like."""

    name: str
    status: Literal["pass", "warn", "fail", "na"]
    message: str
    advice: str


class Requirement(Strict):
    """A requirement: ``weight`` is its share of the score, out of the sum of weights."""

    id: str
    title: str
    weight: float = Field(gt=0)
    by_segment: bool
    source: str
    outcomes: tuple[Outcome, ...] = Field(min_length=1)

    def outcome(self, name: str) -> Outcome:
        """Return the outcome called ``name``; :class:`KeyError` when the file lacks it."""
        return {o.name: o for o in self.outcomes}[name]


class Checklist(Strict):
    """The checklist of one code; ``warn_earns`` is the part of its weight that a warning earns."""

    schema_version: str
    code: str
    source: str
    warn_earns: float = Field(ge=0, le=1)
    requirements: tuple[Requirement, ...] = Field(min_length=1)


FIELDS = {"segments": "", "routes": "", "primary": "", "code": "", "stated": "", "fused": ""}


def load_checklist(path: Path, needed: dict[str, frozenset[str]]) -> Checklist:
    """Return the checklist of ``path``.

    Parameters
    ----------
    path
        The checklist file.
    needed
        For every requirement that the code can judge, the outcome names that it may give.

    Raises
    ------
    RuleFileError
        If the file is broken, lacks a requirement or outcome that the code gives, has one
        that no code gives (it would never be reported), or a message with an unknown field.
    """
    data = validate(Checklist, read_json(path), path)
    found = {r.id: r for r in data.requirements}
    for missing in sorted(set(needed) - set(found)):
        raise RuleFileError(f"{path}: requirement {missing!r} is missing")
    for number, requirement in enumerate(data.requirements, 1):
        where = f"{path}: requirements, entry {number} ({requirement.id!r})"
        names = {o.name for o in requirement.outcomes}
        if requirement.id not in needed:
            raise RuleFileError(
                f"{where}: no predicate judges this requirement; "
                f"use one of {', '.join(sorted(needed))}"
            )
        for name in sorted(needed[requirement.id] - names):
            raise RuleFileError(f"{where}: outcome {name!r} is missing")
        for name in sorted(names - needed[requirement.id]):
            raise RuleFileError(f"{where}: outcome {name!r} is never given; remove it")
        for outcome in requirement.outcomes:
            try:
                outcome.message.format(**FIELDS)
            except (KeyError, IndexError, ValueError):
                raise RuleFileError(
                    f"{where}: message of {outcome.name!r} may only use "
                    + ", ".join("{" + f + "}" for f in FIELDS)
                ) from None
    return data
