"""Diagnoses: which ICD-10-CM codes a note supports at a segment, and how a code fits one.

Nothing heavy is imported here; the ICD-10-CM tables load when the first code is looked up.
"""

from __future__ import annotations

from opnote_audit.diagnoses.candidates import (
    Candidate,
    DiagnosisFinder,
    SegmentDiagnoses,
    candidates,
)
from opnote_audit.diagnoses.judge import Judgement, judge
from opnote_audit.diagnoses.symptoms import Symptom, find_symptoms

__all__ = [
    "Candidate",
    "DiagnosisFinder",
    "Judgement",
    "SegmentDiagnoses",
    "Symptom",
    "candidates",
    "find_symptoms",
    "judge",
]
