"""What a dictation takes back: "T8, correction, T9"."""

from __future__ import annotations

from bisect import bisect_left

from opnote_audit.annotate.reading import Reading


def corrected_levels(reading: Reading) -> set[int]:
    """Return the start offsets of levels that the dictation takes back ("T8, correction, T9")."""
    gone: set[int] = set()
    for mention in reading.mentions:
        if mention.label != "CORRECTION":
            continue
        low = bisect_left(reading.levels, mention.start - 60, key=lambda v: v.start)
        near = reading.levels[low : low + 12]
        before = [v for v in near if v.end <= mention.start and mention.start - v.end < 30]
        after = [v for v in near if v.start >= mention.end and v.start - mention.end < 30]
        if before and after:
            gone.add(before[-1].start)
    return gone
