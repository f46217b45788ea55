"""The spine as a coder counts it: vertebrae in order, interspaces, regions.

Segments are written ``T10``, or ``L4-L5`` for an interspace. Source: domain notes, section 4.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

VERTEBRAE = tuple(
    [f"C{n}" for n in range(1, 8)]
    + [f"T{n}" for n in range(1, 13)]
    + [f"L{n}" for n in range(1, 6)]
    + [f"S{n}" for n in range(1, 6)]
)
_WITH_L6 = tuple(n for v in VERTEBRAE for n in ((v, "L6") if v == "L5" else (v,)))
ORDER = {name: index for index, name in enumerate(VERTEBRAE)}
# C8 names a root and L6 a transitional vertebra; both sort between their neighbours.
ORDER["C8"] = ORDER["C7"]
ORDER["L6"] = ORDER["L5"]

_REGIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar", "S": "sacral"}


def adjacent(upper: str, lower: str) -> bool:
    """Tell whether ``upper`` and ``lower`` are neighbouring vertebrae in this order."""
    if "L6" in (upper, lower):
        return (upper, lower) in (("L5", "L6"), ("L6", "S1"))
    return ORDER[lower] - ORDER[upper] == 1


@lru_cache(maxsize=512)
def ends(segment: str) -> tuple[str, ...]:
    """Return the vertebrae of a segment: ``T10`` gives one, ``L4-L5`` two."""
    return tuple(segment.split("-"))


@lru_cache(maxsize=512)
def position(segment: str) -> tuple[int, int]:
    """Return a sort key that puts segments from head to tail."""
    parts = ends(segment)
    return ORDER[parts[0]], ORDER[parts[-1]]


def region(segment: str) -> str:
    """Return the region that codes a segment.

    An interspace takes the region of its lower vertebra, so that T12-L1 alone is lumbar
    (domain notes, section 1) and C7-T1 thoracic; L5-S1 stays lumbar.
    """
    parts = ends(segment)
    if parts[-1].startswith("S") and len(parts) == 2:
        return "lumbar"
    return _REGIONS[parts[-1][0]]


def members(upper: str, lower: str) -> tuple[str, ...]:
    """Return the vertebrae from ``upper`` to ``lower``, both included."""
    upper, lower = ("C7" if n == "C8" else n for n in (upper, lower))
    line = _WITH_L6 if "L6" in (upper, lower) else VERTEBRAE
    low, high = sorted((line.index(upper), line.index(lower)))
    return line[low : high + 1]


def interspaces(upper: str, lower: str) -> tuple[str, ...]:
    """Return the interspaces from ``upper`` to ``lower``: T10, L1 gives T10-T11 ... T12-L1."""
    run = members(upper, lower)
    return tuple(f"{a}-{b}" for a, b in pairwise(run))


def overlap(one: str, other: str) -> bool:
    """Tell whether two segments name the same place.

    Two interspaces do when they are the same; a vertebra and an interspace do when the
    vertebra is one of its ends.
    """
    a, b = ends(one), ends(other)
    if len(a) == len(b):
        return one == other
    return bool(set(a) & set(b))
