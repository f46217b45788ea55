"""What holds the note id on an X12 claim: ``CLM01``, or a REF by its qualifier."""

from __future__ import annotations

import re

DEFAULT_NOTE_KEY = "CLM01"
_NOTE_KEY = re.compile(r"(?:REF[\s:*-]?)?([0-9A-Z]{2,3})")


def parse_note_key(text: str) -> str:
    """Return what holds the note id: ``CLM01``, or the qualifier of a REF such as ``EA``.

    ``REF:EA``, ``REF*EA`` and ``EA`` are one.

    Raises
    ------
    ValueError
        Neither of them.
    """
    key = text.strip().upper()
    if key == DEFAULT_NOTE_KEY:
        return key
    found = _NOTE_KEY.fullmatch(key)
    if found is None or key in ("CLM", "REF"):
        raise ValueError(f"{text!r} is neither CLM01 nor a REF qualifier such as EA or REF:EA")
    return found[1]
