"""Figures with their confidence intervals."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

_Z = 1.959964  # 95%
_RESAMPLES = 500

T = TypeVar("T")
Pairs = Sequence[tuple[str, str]]
"""What should be, and what was found."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and the interval that it is in with 95% confidence."""

    value: float
    low: float
    high: float
    of: int | None = None

    def to_data(self) -> dict[str, Any]:
        """Return plain numbers, rounded to four places; ``of`` is what a share is a share of."""
        data: dict[str, Any] = {
            "value": round(self.value, 4),
            "interval": [round(self.low, 4), round(self.high, 4)],
        }
        if self.of is not None:
            data["of"] = self.of
        return data


def share(hits: int, of: int) -> Figure:
    """Return a share with Wilson's interval; of nothing, it may be anything."""
    if not of:
        return Figure(0.0, 0.0, 1.0, 0)
    p = hits / of
    base = 1 + _Z**2 / of
    middle = (p + _Z**2 / (2 * of)) / base
    half = _Z * math.sqrt(p * (1 - p) / of + _Z**2 / (4 * of**2)) / base
    return Figure(p, max(0.0, middle - half), min(1.0, middle + half), of)


def resampled(notes: Sequence[T], figure: Callable[[Sequence[T]], float], seed: int) -> Figure:
    """Return a figure of many notes, its interval found by drawing notes anew (bootstrap)."""
    chance = random.Random(seed)
    drawn = sorted(figure(chance.choices(notes, k=len(notes))) for _ in range(_RESAMPLES))
    return Figure(
        figure(notes), drawn[int(0.025 * _RESAMPLES)], drawn[int(0.975 * _RESAMPLES)], len(notes)
    )


def accuracy(notes: Sequence[Pairs]) -> float:
    """Return the share of pieces, of all notes, that got their class."""
    pairs = [pair for note in notes for pair in note]
    return sum(want == got for want, got in pairs) / max(len(pairs), 1)


def macro_f1(notes: Sequence[Pairs]) -> float:
    """Return the mean F1 of the classes that occur."""
    pairs = [pair for note in notes for pair in note]
    scores = []
    for label in {want for want, _ in pairs}:
        hits = sum(want == got == label for want, got in pairs)
        wanted = sum(want == label for want, _ in pairs)
        given = sum(got == label for _, got in pairs)
        scores.append(2 * hits / (wanted + given))
    return sum(scores) / max(len(scores), 1)
