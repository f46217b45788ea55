"""The order of a note's parts: which class follows which, and the likeliest way through a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_NEVER = -30.0
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Order:
    """Log probabilities of classes: at a note's start, after each other, and at large.

    ``start`` and ``share`` have shape (classes,), ``after`` (classes, classes) with the
    earlier class as its row.
    """

    start: Floats
    after: Floats
    share: Floats

    @classmethod
    def learn(cls, sequences: Sequence[Sequence[int]], classes: int) -> Order:
        """Count the classes of ``sequences`` (numbers below ``classes``), one added to each."""
        start, share = np.ones(classes), np.ones(classes)
        after = np.ones((classes, classes))
        for sequence in sequences:
            if sequence:
                start[sequence[0]] += 1
            np.add.at(share, list(sequence), 1)
            np.add.at(after, (list(sequence[:-1]), list(sequence[1:])), 1)
        return cls(
            np.log(start / start.sum()),
            np.log(after / after.sum(axis=1, keepdims=True)),
            np.log(share / share.sum()),
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Order:
        """Return the order that :meth:`to_data` gave."""
        return cls(*(np.array(data[name], float) for name in ("start", "after", "share")))

    def to_data(self) -> dict[str, Any]:
        """Return plain lists of numbers."""
        return {
            "start": np.round(self.start, _DIGITS).tolist(),
            "after": np.round(self.after, _DIGITS).tolist(),
            "share": np.round(self.share, _DIGITS).tolist(),
        }

    def best(self, likely: npt.NDArray[np.float32], first: int | None = None) -> list[int]:
        """Return the likeliest classes of consecutive pieces (the Viterbi algorithm).

        Parameters
        ----------
        likely
            The probability of each class for each piece by its own words, shape (pieces,
            classes). How common a class is counts once: the share is divided out of it.
        first
            The class that the first piece has, where that is known.
        """
        if not len(likely):
            return []
        evidence = np.log(likely.astype(float) + 1e-9) - self.share
        start = self.start
        if first is not None:
            start = np.full(len(start), _NEVER)
            start[first] = 0.0
        score = start + evidence[0]
        came_from = []
        for row in evidence[1:]:
            steps = score[:, None] + self.after
            came_from.append(steps.argmax(axis=0))
            score = steps.max(axis=0) + row
        path = [int(score.argmax())]
        for best in reversed(came_from):
            path.append(int(best[path[-1]]))
        return path[::-1]
