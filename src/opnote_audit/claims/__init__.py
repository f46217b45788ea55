"""Claims: read them in any of their forms, and hold them against the audit of the note.

Nothing heavy is imported here: pyx12 loads for a file of X12, the ICD-10-CM tables with the
first diagnosis.
"""

from __future__ import annotations

from opnote_audit.claims.book import ClaimBook
from opnote_audit.claims.model import Claim, ClaimLine, ClaimProblem
from opnote_audit.claims.source import claims_from_text, load_claims

__all__ = [
    "Claim",
    "ClaimBook",
    "ClaimLine",
    "ClaimProblem",
    "claims_from_text",
    "load_claims",
]
