"""What an addendum changed, requirement by requirement."""

from __future__ import annotations

from opnote_audit.compare.comparison import (
    CheckChange,
    Comparison,
    SegmentChange,
    compare,
    keeps,
    without_addenda,
)

__all__ = [
    "CheckChange",
    "Comparison",
    "SegmentChange",
    "compare",
    "keeps",
    "without_addenda",
]
