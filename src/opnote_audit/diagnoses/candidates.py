"""The diagnoses that a note supports at each decompressed segment, each with its evidence.

The pathology found at the segment chooses the family of codes, a sign in the note
(myelopathy, radiculopathy, claudication) the branch, the segment's region the code. The
codes and their words come from the ICD-10-CM tables; a candidate is always billable.
Candidates are proposals for a coder, not codes to send unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opnote_audit.checks.result import AuditResult, Evidence, SegmentResult
from opnote_audit.diagnoses import regions, tables
from opnote_audit.diagnoses.rules import (
    CandidateRule,
    claims_dir,
    load_diagnosis_rules,
    load_symptom_rules,
)
from opnote_audit.diagnoses.symptoms import Symptom, find_symptoms, holds_at

_ANY = "any"
# An adjective before a pathology ("unstable burst fracture") belongs to it.
_ADJECTIVE = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """A billable ICD-10-CM code that the note supports at a segment, and why.

    ``pathology`` is the contract's label, ``symptom`` the sign that chose the branch.
    """

    code: str
    description: str
    reason: str
    pathology: str
    symptom: str | None = None
    evidence: tuple[Evidence, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the candidate as plain JSON data."""
        return {
            "code": self.code,
            "description": self.description,
            "reason": self.reason,
            "pathology": self.pathology,
            "symptom": self.symptom,
            "evidence": [item.to_dict() for item in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class SegmentDiagnoses:
    """A segment, its ICD region, and its candidates, the most specific first.

    ``candidates`` is empty where the note states no pathology at the segment, or none that
    has a code.
    """

    segment: str
    role: str
    region: str
    candidates: tuple[Candidate, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The candidates' codes."""
        return tuple(candidate.code for candidate in self.candidates)

    def to_dict(self) -> dict[str, Any]:
        """Return the segment's diagnoses as plain JSON data."""
        return {
            "segment": self.segment,
            "role": self.role,
            "region": self.region,
            "candidates": [candidate.to_dict() for candidate in self.candidates],
        }


class DiagnosisFinder:
    """Finds candidates with one set of rules.

    Parameters
    ----------
    patterns
        A folder of rule files; ours where it is left out or has no ``claims`` in it.

    Raises
    ------
    RuleFileError
        A rule file that cannot be used.
    """

    def __init__(self, patterns: Path | None = None) -> None:
        folder = claims_dir(patterns)
        self.rules = load_diagnosis_rules(folder)
        self.symptom_rules = load_symptom_rules(folder)

    def candidates(self, result: AuditResult, text: str) -> tuple[SegmentDiagnoses, ...]:
        """Return the diagnoses of every segment of ``result``, in its order.

        Parameters
        ----------
        result
            The audit of the note.
        text
            The note itself, where the signs are looked for.

        Raises
        ------
        OpnoteError
            The ICD-10-CM tables are not installed.
        """
        symptoms = find_symptoms(text, self.symptom_rules)
        return tuple(self._segment(segment, symptoms, text) for segment in result.segments)

    def _segment(
        self, segment: SegmentResult, symptoms: tuple[Symptom, ...], text: str
    ) -> SegmentDiagnoses:
        here = [s for s in symptoms if holds_at(s, segment.segment, self.symptom_rules)]
        found: dict[str, Candidate] = {}
        for rule, pathology, symptom in self._rules_for(segment, here, text):
            for code in self._codes(rule, segment.segment, here):
                evidence = _evidence(segment, pathology, symptom)
                name = rule.reason if symptom is None else f"{rule.reason}, stated in the note"
                candidate = Candidate(
                    code.code, code.description, name, pathology, rule.symptom, evidence
                )
                found.setdefault(code.code, candidate)
        region = regions.segment_regions(segment.segment, self.rules)[0]
        return SegmentDiagnoses(segment.segment, segment.role, region, tuple(found.values()))

    def _rules_for(
        self, segment: SegmentResult, symptoms: list[Symptom], text: str
    ) -> Iterator[tuple[CandidateRule, str, Symptom | None]]:
        """Yield the rules that apply: of a pathology all with a sign, else the first other."""
        for pathology in segment.pathologies:
            rules = [r for r in self.rules.candidates if r.pathology == pathology]
            chosen = False
            for rule in rules:
                if rule.symptom is None:
                    continue
                symptom = next((s for s in symptoms if s.name == rule.symptom), None)
                if symptom is not None:
                    chosen = True
                    yield rule, pathology, symptom
            for rule in rules:
                if rule.symptom is not None or chosen:
                    continue
                if self._applies(rule, segment, pathology, text):
                    chosen = True
                    yield rule, pathology, None
        if not segment.pathologies:
            return
        for rule in self.rules.candidates:
            if rule.pathology == _ANY:
                symptom = next((s for s in symptoms if s.name == rule.symptom), None)
                if symptom is not None:
                    yield rule, segment.pathologies[0], symptom

    def _applies(
        self, rule: CandidateRule, segment: SegmentResult, pathology: str, text: str
    ) -> bool:
        if rule.together is not None and rule.together not in segment.pathologies:
            return False
        if not rule.words:
            return True
        if rule.anywhere:
            words = text.casefold()
        else:
            words = " ".join(
                text[max(0, e.start - _ADJECTIVE) : e.end] or e.text
                for e in segment.evidence
                if e.kind == "pathology"
            ).casefold()
        return any(word in words for word in rule.words)

    def _codes(
        self, rule: CandidateRule, segment: str, symptoms: list[Symptom]
    ) -> Iterator[tables.IcdCode]:
        wanted = regions.segment_regions(segment, self.rules)
        if rule.regions and wanted[0] not in rule.regions:
            return
        for name in rule.codes:
            known = tables.look_up(name)
            if known is None:
                continue
            if known.billable:
                yield known
                continue
            below = [
                child
                for child in tables.billable_below(name)
                if all(word in child.description.casefold() for word in rule.description)
            ]
            yield from self._split(self._of_region(below, segment, wanted), symptoms)

    def _of_region(
        self, codes: list[tables.IcdCode], segment: str, wanted: tuple[str, ...]
    ) -> list[tables.IcdCode]:
        """Return the codes of the segment's best region that has any (M99 has no junctions)."""
        scopes = [(code, regions.scope(code, self.rules)) for code in codes]
        exact = [c for c, s in scopes if s.levels and regions.fits(s, segment, self.rules)]
        if exact:
            return exact
        for region in wanted:
            found = [c for c, s in scopes if not s.levels and s.regions == (region,)]
            if found:
                return found
        return []

    def _split(
        self, codes: list[tables.IcdCode], symptoms: list[Symptom]
    ) -> Iterator[tables.IcdCode]:
        for code in codes:
            for split in self.rules.splits:
                if code.code.startswith(split.category):
                    found = any(s.name == split.symptom for s in symptoms)
                    if (split.present if found else split.absent) in code.description:
                        yield code
                    break
            else:
                yield code


def candidates(
    result: AuditResult, text: str, patterns: Path | None = None
) -> tuple[SegmentDiagnoses, ...]:
    """Return the diagnoses that the note supports at each segment of ``result``.

    A shorthand for :class:`DiagnosisFinder`, whose rules are read once and kept.
    """
    return DiagnosisFinder(patterns).candidates(result, text)


def _evidence(
    segment: SegmentResult, pathology: str, symptom: Symptom | None
) -> tuple[Evidence, ...]:
    # The result does not say which span is of which label: all of the segment's pathology
    # words stand behind a candidate, and the sign that chose its branch.
    found = tuple(item for item in segment.evidence if item.kind == "pathology")
    return (*found, symptom.evidence) if symptom is not None else found
