"""Sizes as people write them on a command line."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def parse_size(text: str) -> int:
    """Return the bytes in a size such as ``5MB``, ``500k`` or ``1000000``.

    Raises
    ------
    ValueError
        Not a size, or nothing.
    """
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * _FACTORS[found[2].lower()]) if found else 0
    if size < 1:
        raise ValueError("a size such as 5MB, 500k or 1000000 was expected")
    return size
