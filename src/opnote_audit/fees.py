"""Relative values and the national fee: one year's table, its arithmetic in exact decimals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from opnote_audit.cards import read_rule_object
from opnote_audit.errors import RuleFileError

_CENT = Decimal("0.01")
_PARTS = ("work", "practice_expense", "malpractice")


@dataclass(frozen=True, slots=True)
class Rvu:
    """The relative value units of a code; its parts are ``None`` where only the total is known."""

    total: Decimal
    work: Decimal | None = None
    practice_expense: Decimal | None = None
    malpractice: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FeeTable:
    """One year's relative values and conversion factor, with where they come from."""

    year: int
    source: str
    date: str
    conversion_factor: Decimal
    rvus: Mapping[str, Rvu]

    def fee(self, code: str, units: int = 1) -> Decimal:
        """Return the national fee of some units of a code, in dollars, rounded to the cent.

        Raises
        ------
        KeyError
            The table has no such code.
        """
        one = (self.rvus[code].total * self.conversion_factor).quantize(_CENT, ROUND_HALF_UP)
        return one * units


def load_fees(folder: Path) -> FeeTable:
    """Read the newest fee file (``fees-YEAR.json``) of a folder of cards.

    Raises
    ------
    RuleFileError
        No such file, or one that cannot be used; the message names the file and the entry.
    """
    paths = sorted(folder.glob("fees-*.json"))
    if not paths:
        raise RuleFileError(f"{folder}: holds no fees-YEAR.json; install opnote-audit again")
    path = paths[-1]
    data = read_rule_object(path)
    for key, kind in (("year", int), ("source", str), ("date", str), ("rvus", list)):
        if not isinstance(data.get(key), kind):
            raise RuleFileError(f"{path}: {key!r} must be a {kind.__name__}")
    return FeeTable(
        year=data["year"],
        source=data["source"],
        date=data["date"],
        conversion_factor=_decimal(str(path), data, "conversion_factor"),
        rvus=dict(_rvu(path, number, entry) for number, entry in enumerate(data["rvus"], 1)),
    )


def _rvu(path: Path, number: int, entry: Any) -> tuple[str, Rvu]:
    where = f"{path}: rvus entry {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("code"), str):
        raise RuleFileError(f"{where}: an object with a 'code' was expected")
    where = f"{where} ({entry['code']!r})"
    if "total" in entry:
        return entry["code"], Rvu(total=_decimal(where, entry, "total"))
    work, expense, malpractice = (_decimal(where, entry, part) for part in _PARTS)
    return entry["code"], Rvu(work + expense + malpractice, work, expense, malpractice)


def _decimal(where: str, entry: dict[str, Any], key: str) -> Decimal:
    value = entry.get(key)
    # Text, not a JSON number: a binary fraction would lose the cent that decides a rounding.
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise RuleFileError(f"{where}: {key!r} must be a positive number written as text")
    return number
