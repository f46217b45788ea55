"""Lower case that keeps offsets."""

from __future__ import annotations


def lowered(text: str) -> str:
    """Return ``text`` in lower case at the same length, so that offsets hold.

    A few letters (the Turkish dotted capital I) grow in lower case; those stay as they are.
    """
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return low
