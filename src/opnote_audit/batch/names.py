"""File names for note pages: safe on every system, and never the same for two notes."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_UNSAFE = re.compile(r"[^\w.\-]+")
_LONGEST = 120
"""Bytes of UTF-8 in a name before its suffix; file systems stop at 255 with it."""

# What Windows takes for devices, whatever the suffix.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}
)


class PageNames:
    """Hands out a page name for each note of a batch, in input order.

    ``op-7`` gives ``op-7.html``. An id that had to be changed to be a file name (slashes, dots
    at its start, a hundred letters too many) keeps a readable part and gains a digest of the
    whole id; a second note of the same id gains a number (``op-7~2.html``). Names differ even
    where the file system takes upper and lower case for the same. The same ids in the same
    order give the same names.
    """

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, note_id: str) -> str:
        """Return a name that no earlier call returned, with the suffix ``.html``."""
        stem = page_stem(note_id)
        key = stem.casefold()
        name = stem
        # Counting on from the last number keeps ten thousand notes of one id from being slow.
        while name.casefold() in self._used:
            number = self._next[key] = self._next.get(key, 1) + 1
            name = f"{stem}~{number}"
        self._used.add(name.casefold())
        return f"{name}.html"


def page_stem(note_id: str) -> str:
    """Return ``note_id`` as the safe part of a file name; other ids may give the same."""
    plain = unicodedata.normalize("NFC", note_id)
    safe = _UNSAFE.sub("_", plain).strip("._")
    if len(safe.encode()) > _LONGEST:
        safe = safe.encode()[:_LONGEST].decode(errors="ignore")
    if safe.partition(".")[0].casefold() in _DEVICES:
        safe = "note"
    if safe and safe == note_id:
        return safe
    digest = hashlib.sha256(note_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe or 'note'}-{digest}"
