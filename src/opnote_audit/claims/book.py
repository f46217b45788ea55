"""The claims of a file, joined with notes by the note's id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from opnote_audit.claims.model import Claim, ClaimProblem

_SHOWN = 5


@dataclass(frozen=True)
class ClaimBook:
    """Claims by note.

    ``form`` is ``json``, ``csv`` or ``x12``; ``problems`` are claims that cannot be used,
    ``warnings`` what is odd and did not stop the reading.
    """

    claims: tuple[Claim, ...]
    problems: tuple[ClaimProblem, ...] = ()
    form: str = "json"
    warnings: tuple[str, ...] = ()
    source: str | None = field(default=None, compare=False)

    def match(self, note_id: str) -> Claim | ClaimProblem | None:
        """Return the claim of a note, what is wrong with it, or ``None`` for no claim.

        A claim without a note id of its own is the note's whose id is its claim id. Two
        claims for one note are a problem: which of them was sent is not to be guessed.
        """
        found: list[Claim | ClaimProblem] = list(self._by_note.get(note_id, ()))
        if not found:
            return None
        broken = next((one for one in found if isinstance(one, ClaimProblem)), None)
        if broken is not None:
            return broken
        if len(found) > 1:
            ids = ", ".join(str(one.claim_id) for one in found[:_SHOWN])
            return ClaimProblem(
                f"{len(found)} claims bill for the note {note_id} ({ids}); keep the one that "
                "was sent",
                None,
                note_id,
            )
        return found[0]

    def only(self) -> Claim | ClaimProblem | None:
        """Return the one claim of a file that holds no other, else ``None``."""
        everything: tuple[Claim | ClaimProblem, ...] = (*self.claims, *self.problems)
        return everything[0] if len(everything) == 1 else None

    def without_note(self, note_ids: Iterable[str]) -> tuple[Claim | ClaimProblem, ...]:
        """Return the claims for which there was no note among ``note_ids``."""
        known = set(note_ids)
        everything: tuple[Claim | ClaimProblem, ...] = (*self.claims, *self.problems)
        return tuple(one for one in everything if _key(one) not in known)

    def note_ids(self) -> tuple[str, ...]:
        """Return the ids of the notes that the claims name, in the file's order."""
        return tuple(self._by_note)

    @cached_property
    def _by_note(self) -> dict[str, list[Claim | ClaimProblem]]:
        found: dict[str, list[Claim | ClaimProblem]] = {}
        everything: tuple[Claim | ClaimProblem, ...] = (*self.claims, *self.problems)
        for one in everything:
            key = _key(one)
            if key is not None:
                found.setdefault(key, []).append(one)
        return found


def _key(one: Claim | ClaimProblem) -> str | None:
    return one.note_id or one.claim_id
