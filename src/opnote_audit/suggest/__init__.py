"""The claim that a note supports, and the neighbouring families that it rather documents."""

from __future__ import annotations

from opnote_audit.suggest.model import (
    Advice,
    FamilyCode,
    Line,
    Neighbour,
    Suggestion,
    Withheld,
)
from opnote_audit.suggest.suggester import Suggester

__all__ = [
    "Advice",
    "FamilyCode",
    "Line",
    "Neighbour",
    "Suggester",
    "Suggestion",
    "Withheld",
]
