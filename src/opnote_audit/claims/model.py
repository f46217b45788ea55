"""A claim as the checks see it: plain data, the same whatever form it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One service line.

    ``number`` is its number on the claim, ``code`` the CPT or HCPCS code, ``units`` the
    units billed, ``diagnoses`` the ICD-10-CM codes that the line points to, in order.
    ``where`` says for people where it stands in the file (``row 3``, ``segment 14 (SV1)``).
    """

    number: int
    code: str
    units: int = 1
    modifiers: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        """Return the line as a coder writes it: ``line 2 (63057-59 x 2)``."""
        code = "-".join((self.code, *self.modifiers))
        return f"line {self.number} ({code} x {self.units})"

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON data."""
        return {
            "line": self.number,
            "code": self.code,
            "units": self.units,
            "modifiers": list(self.modifiers),
            "diagnoses": list(self.diagnoses),
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """One professional claim: its id, the id of the note it bills for, and its lines."""

    claim_id: str
    note_id: str | None
    lines: tuple[ClaimLine, ...]
    where: str = ""

    def with_codes(self, codes: frozenset[str] | set[str]) -> tuple[ClaimLine, ...]:
        """Return the lines whose code is one of ``codes``, in the claim's order."""
        return tuple(line for line in self.lines if line.code in codes)

    def units_of(self, code: str) -> int:
        """Return the units of a code over all lines."""
        return sum(line.units for line in self.lines if line.code == code)

    def to_dict(self) -> dict[str, Any]:
        """Return the claim as plain JSON data."""
        return {
            "claim_id": self.claim_id,
            "note_id": self.note_id,
            "lines": [line.to_dict() for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class ClaimProblem:
    """A claim of a file that cannot be used, while others of the file can.

    ``message`` says what is wrong and where (line or segment); ``claim_id`` and ``note_id``
    are ``None`` where the claim does not even tell them.
    """

    message: str
    claim_id: str | None = None
    note_id: str | None = None
