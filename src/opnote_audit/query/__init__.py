"""Documentation queries: questions to the surgeon for what an addendum can mend."""

from __future__ import annotations

from opnote_audit.query.drafter import Drafter
from opnote_audit.query.model import DocumentationQuery, Question, Quote, Unasked

__all__ = ["DocumentationQuery", "Drafter", "Question", "Quote", "Unasked"]
