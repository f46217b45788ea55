"""The rule files behind the diagnoses: ``patterns/claims/diagnoses.json``, ``symptoms.json``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from opnote_audit.errors import RuleFileError
from opnote_audit.paths import patterns_dir
from opnote_audit.rules.files import Strict, read_json, validate

_VERSION = Literal["1.0"]
_REGIONS = frozenset(
    {"cervical", "cervicothoracic", "thoracic", "thoracolumbar", "lumbar", "lumbosacral", "sacral"}
)


class DescribedRegion(Strict):
    """Words of a code's description that name a region (``any`` holds for all)."""

    words: str = Field(min_length=1)
    region: str
    reason: str


class DescribedLevels(Strict):
    """Words of a code's description that name vertebrae."""

    words: str = Field(min_length=1)
    levels: tuple[str, ...] = Field(min_length=1)
    reason: str


class SegmentRegions(Strict):
    """The ICD regions of segments at a junction, the best one first."""

    segments: tuple[str, ...] = Field(min_length=1)
    regions: tuple[str, ...] = Field(min_length=1)
    reason: str


class Support(Strict):
    """Codes that support a decompression: ``region`` is fixed, ``any`` or ``described``."""

    prefix: str = Field(min_length=3)
    region: str
    reason: str


class CandidateRule(Strict):
    """Which codes a pathology asks for.

    ``symptom`` must be in the note, ``words`` in the pathology's own words (or, with
    ``anywhere``, in the note), ``with`` (another pathology) at the segment; ``description``
    are words that a code below ``codes`` must have.
    """

    pathology: str
    codes: tuple[str, ...] = Field(min_length=1)
    reason: str
    symptom: str | None = None
    words: tuple[str, ...] = ()
    anywhere: bool = False
    together: str | None = Field(default=None, alias="with")
    description: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Split(Strict):
    """A header whose billable child a symptom decides."""

    category: str
    symptom: str
    present: str
    absent: str
    reason: str


class DiagnosisRules(Strict):
    """Everything of ``diagnoses.json``."""

    schema_version: _VERSION
    source: str
    described_regions: tuple[DescribedRegion, ...]
    described_levels: tuple[DescribedLevels, ...]
    segments: tuple[SegmentRegions, ...]
    supports: tuple[Support, ...]
    candidates: tuple[CandidateRule, ...]
    splits: tuple[Split, ...]


class SymptomRule(Strict):
    """A sign that chooses among diagnoses; ``lowest`` is the last segment it can be of."""

    name: str
    terms: tuple[str, ...] = Field(min_length=1)
    reason: str
    not_after: tuple[str, ...] = ()
    lowest: str | None = None


class Place(Strict):
    """Words near a symptom that say of which region it is."""

    terms: tuple[str, ...] = Field(min_length=1)
    region: str
    reason: str


class Cues(Strict):
    """Words that take a symptom back, before or after it, and words that end their reach."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    stop: tuple[str, ...]
    reason: str


class SymptomRules(Strict):
    """Everything of ``symptoms.json``."""

    schema_version: _VERSION
    source: str
    symptoms: tuple[SymptomRule, ...] = Field(min_length=1)
    places: tuple[Place, ...]
    cues: Cues


def claims_dir(patterns: Path | None) -> Path:
    """Return the folder of claim rules: that of ``patterns`` if it has one, else ours."""
    if patterns is not None and (patterns / "claims").is_dir():
        return patterns / "claims"
    return patterns_dir() / "claims"


@lru_cache(maxsize=4)
def load_diagnosis_rules(folder: Path) -> DiagnosisRules:
    """Read ``diagnoses.json`` of a folder of claim rules.

    Raises
    ------
    RuleFileError
        The file cannot be used, or an entry names a region or symptom that there is not.
    """
    path = folder / "diagnoses.json"
    rules = validate(DiagnosisRules, read_json(path), path)
    symptoms = {s.name for s in load_symptom_rules(folder).symptoms}
    for number, region in enumerate(rules.described_regions, 1):
        _check_region(path, f"described_regions, entry {number}", region.region, {"any"})
    for number, support in enumerate(rules.supports, 1):
        _check_region(path, f"supports, entry {number}", support.region, {"any", "described"})
    for number, segment in enumerate(rules.segments, 1):
        for name in segment.regions:
            _check_region(path, f"segments, entry {number}", name, set())
    for number, rule in enumerate(rules.candidates, 1):
        where = f"candidates, entry {number} ({rule.pathology!r})"
        for name in rule.regions:
            _check_region(path, where, name, set())
        if rule.symptom is not None and rule.symptom not in symptoms:
            raise RuleFileError(f"{path}: {where}: no symptom {rule.symptom!r} in symptoms.json")
    for number, split in enumerate(rules.splits, 1):
        if split.symptom not in symptoms:
            raise RuleFileError(
                f"{path}: splits, entry {number}: no symptom {split.symptom!r} in symptoms.json"
            )
    return rules


@lru_cache(maxsize=4)
def load_symptom_rules(folder: Path) -> SymptomRules:
    """Read ``symptoms.json`` of a folder of claim rules.

    Raises
    ------
    RuleFileError
        The file cannot be used, or a place names a region that there is not.
    """
    path = folder / "symptoms.json"
    rules = validate(SymptomRules, read_json(path), path)
    for number, place in enumerate(rules.places, 1):
        _check_region(path, f"places, entry {number}", place.region, set())
    return rules


def _check_region(path: Path, where: str, region: str, also: set[str]) -> None:
    if region not in _REGIONS | also:
        known = ", ".join(sorted(_REGIONS | also))
        raise RuleFileError(f"{path}: {where}: no region {region!r}; use one of {known}")
