"""The regions of ICD-10-CM: those of a segment, and the one that a code's words name.

Source: domain notes, section 6 (thoracic, thoracolumbar, lumbar, lumbosacral), and the
wording of the tables themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from opnote_audit import spine
from opnote_audit.diagnoses.rules import DiagnosisRules
from opnote_audit.diagnoses.tables import IcdCode

ANY = "any"
_DESCRIBED = "described"
_LETTERS = {"C": "cervical", "T": "thoracic", "L": "lumbar", "S": "sacral"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a code holds: ``regions`` (empty: none named), or the very ``levels``."""

    regions: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()


def segment_regions(segment: str, rules: DiagnosisRules) -> tuple[str, ...]:
    """Return the ICD regions that a segment may be coded to, the best one first."""
    for entry in rules.segments:
        if segment in entry.segments:
            return entry.regions
    # An interspace within one region, or with no entry of its own, is its lower vertebra's.
    return (_LETTERS[spine.ends(segment)[-1][0]],)


def is_supporting(code: IcdCode, rules: DiagnosisRules) -> bool:
    """Tell whether a code is a diagnosis of the kinds that support a decompression."""
    return any(code.code.startswith(entry.prefix) for entry in rules.supports)


def scope(code: IcdCode, rules: DiagnosisRules) -> Scope:
    """Return where a supporting code holds."""
    kinds = [entry.region for entry in rules.supports if code.code.startswith(entry.prefix)]
    if not kinds:
        return Scope()
    if kinds[0] != _DESCRIBED:
        return Scope(regions=(kinds[0],))
    for level in rules.described_levels:
        if _says(code.description, level.words):
            return Scope(levels=level.levels)
    named = [r.region for r in rules.described_regions if _says(code.description, r.words)]
    return Scope(regions=tuple(dict.fromkeys(named)))


def fits(where: Scope, segment: str, rules: DiagnosisRules) -> bool:
    """Tell whether what holds at ``where`` holds at ``segment``."""
    if where.levels:
        return bool(set(where.levels) & set(spine.ends(segment)))
    if ANY in where.regions:
        return True
    return bool(set(where.regions) & set(segment_regions(segment, rules)))


def _says(description: str, words: str) -> bool:
    return _pattern(words).search(description) is not None


@lru_cache(maxsize=256)
def _pattern(words: str) -> re.Pattern[str]:
    # The boundary keeps "thoracic region" out of "cervicothoracic region".
    return re.compile(rf"\b{re.escape(words)}", re.IGNORECASE)
