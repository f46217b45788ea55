"""What a finding puts at risk: relative values and the fee, from the year's fee table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from opnote_audit.fees import FeeTable

_CENT = Decimal("0.01")
_MAX_FACTOR = Decimal(10_000)
_MAX_GPCI = Decimal(10)


@dataclass(frozen=True, slots=True)
class Gpci:
    """Geographic indices: work, practice expense, malpractice (1 each is the nation)."""

    work: Decimal
    practice_expense: Decimal
    malpractice: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """Units of a code and what they are worth.

    ``rvu`` are the units' total relative values, ``fee`` the dollars; both are ``None`` for
    a code that the fee table lacks. ``basis`` is set where a place was asked for: ``local``
    for a fee adjusted by the GPCI, ``national`` where the table lacks the code's parts.
    """

    code: str
    units: int
    rvu: Decimal | None = None
    fee: Decimal | None = None
    basis: str = ""

    def __str__(self) -> str:
        """Return the cost for people: ``63057 x 2 (17.22 RVU, $575.16)``."""
        if self.rvu is None or self.fee is None:
            return f"{self.code} x {self.units} (not in the fee table)"
        basis = f" {self.basis}" if self.basis else ""
        return f"{self.code} x {self.units} ({self.rvu} RVU, ${self.fee:,}{basis})"

    def to_dict(self) -> dict[str, Any]:
        """Return the cost as plain JSON data."""
        return {
            "code": self.code,
            "units": self.units,
            "rvu": None if self.rvu is None else float(self.rvu),
            "fee": None if self.fee is None else float(self.fee),
            "basis": self.basis or "national",
        }


@dataclass(frozen=True, slots=True)
class Rates:
    """The fee table with which costs are told, and the place if one is given."""

    table: FeeTable
    gpci: Gpci | None = None

    def cost(self, code: str, units: int) -> Cost:
        """Return what some units of a code are worth.

        The national fee is total RVU x conversion factor; with a GPCI each part of the RVU is
        weighted by its index, where the table has the parts. A unit's fee is rounded to the
        cent, then multiplied.
        """
        rvu = self.table.rvus.get(code)
        if rvu is None:
            return Cost(code, units)
        parts = (rvu.work, rvu.practice_expense, rvu.malpractice)
        work, expense, malpractice = parts
        if self.gpci is None or work is None or expense is None or malpractice is None:
            basis = "" if self.gpci is None else "national"
            return Cost(code, units, rvu.total * units, self.table.fee(code, units), basis)
        weighted = (
            work * self.gpci.work
            + expense * self.gpci.practice_expense
            + malpractice * self.gpci.malpractice
        )
        one = (weighted * self.table.conversion_factor).quantize(_CENT, ROUND_HALF_UP)
        return Cost(code, units, rvu.total * units, one * units, "local")

    def costs(self, units: Mapping[str, int]) -> tuple[Cost, ...]:
        """Return the costs of units by code, those of no units left out."""
        return tuple(self.cost(code, count) for code, count in units.items() if count > 0)

    def to_dict(self) -> dict[str, Any]:
        """Return what the costs were reckoned with, as plain JSON data."""
        gpci = self.gpci
        return {
            "year": self.table.year,
            "source": self.table.source,
            "conversion_factor": float(self.table.conversion_factor),
            "gpci": None
            if gpci is None
            else [float(gpci.work), float(gpci.practice_expense), float(gpci.malpractice)],
        }


def make_rates(
    table: FeeTable, conversion_factor: Decimal | None = None, gpci: Gpci | None = None
) -> Rates:
    """Return rates of a fee table, with another conversion factor or a place where given."""
    if conversion_factor is not None:
        table = replace(table, conversion_factor=conversion_factor)
    return Rates(table, gpci)


def parse_conversion_factor(text: str) -> Decimal:
    """Return a conversion factor, dollars a relative value unit.

    Raises
    ------
    ValueError
        Not a positive number.
    """
    return _number(text, "the conversion factor", _MAX_FACTOR)


def parse_gpci(text: str) -> Gpci:
    """Return a GPCI triple from ``work,practice expense,malpractice`` (``1.05,1.2,0.9``).

    Raises
    ------
    ValueError
        Not three positive numbers.
    """
    parts = text.split(",")
    if len(parts) != 3:
        raise ValueError("a GPCI is three numbers: work,practice expense,malpractice")
    work, expense, malpractice = (_number(part, "a GPCI", _MAX_GPCI) for part in parts)
    return Gpci(work, expense, malpractice)


def sentence(costs: Iterable[Cost]) -> str:
    """Return costs for a message, with their sum where there are several of known worth."""
    items = list(costs)
    text = ", ".join(map(str, items))
    fees = [item.fee for item in items if item.fee is not None]
    if len(fees) > 1:
        text += f", together ${sum(fees, Decimal(0)):,}"
    return text


def _number(text: str, name: str, most: Decimal) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= most:
        raise ValueError(f"{name} must be a positive number of at most {most}, not {text!r}")
    return value
