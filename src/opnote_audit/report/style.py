"""Colours and symbols of the terminal report. Every colour goes with a word and a symbol."""

from __future__ import annotations

from dataclasses import dataclass

_RESET = "\x1b[0m"
_CODES = {
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "good": "\x1b[32m",
    "warn": "\x1b[33m",
    "bad": "\x1b[31m",
    "place": "\x1b[36m",
}
_SYMBOLS = {
    "pass": ("✓", "+"),
    "warn": ("!", "!"),
    "fail": ("✗", "x"),
    "na": ("–", "-"),
}
_STATUS_TONE = {"pass": "good", "warn": "warn", "fail": "bad", "na": "dim"}
_VERDICT_STATUS = {
    "supported": "pass",
    "needs_review": "warn",
    "deficient": "fail",
    "not_applicable": "na",
    "error": "fail",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Whether to colour, and whether the output can show more than ASCII."""

    color: bool = False
    unicode: bool = True

    def paint(self, text: str, *tones: str) -> str:
        """Return ``text`` in these tones, or as it is when colour is off."""
        if not self.color or not text:
            return text
        return "".join(_CODES[tone] for tone in tones) + text + _RESET

    def symbol(self, status: str) -> str:
        """Return the sign of a status, plain."""
        return _SYMBOLS[status][0 if self.unicode else 1]

    def tone(self, status: str) -> str:
        """Return the tone of a status."""
        return _STATUS_TONE[status]


def verdict_status(verdict: str) -> str:
    """Return the status whose sign and tone a verdict wears."""
    return _VERDICT_STATUS[verdict]


def words(label: str) -> str:
    """Return a contract label as words: ``disc_herniation`` gives ``disc herniation``."""
    return label.replace("_", " ")
