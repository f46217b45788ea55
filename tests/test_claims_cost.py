"""What a finding costs: exact decimals, another conversion factor, a place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from opnote_audit.claims.cost import (
    Cost,
    make_rates,
    parse_conversion_factor,
    parse_gpci,
    sentence,
)
from opnote_audit.fees import load_fees
from opnote_audit.paths import patterns_dir

TABLE = load_fees(patterns_dir() / "cards")


def test_the_national_fee_of_a_unit_and_of_several() -> None:
    rates = make_rates(TABLE)
    assert rates.cost("63057", 1) == Cost("63057", 1, Decimal("8.61"), Decimal("287.58"))
    assert str(rates.cost("63057", 3)) == "63057 x 3 (25.83 RVU, $862.74)"
    assert str(rates.cost("63056", 1)) == "63056 x 1 (42.06 RVU, $1,404.84)"


def test_another_conversion_factor() -> None:
    rates = make_rates(TABLE, parse_conversion_factor("40"))
    assert rates.cost("63057", 2).fee == Decimal("688.80")
    assert TABLE.conversion_factor == Decimal("33.4009")


def test_a_place_weighs_each_part() -> None:
    rates = make_rates(TABLE, gpci=parse_gpci("1.05,1.2,0.9"))
    # (5.12 x 1.05 + 1.73 x 1.2 + 1.76 x 0.9) x 33.4009 = 9.036 x 33.4009
    assert str(rates.cost("63057", 1)) == "63057 x 1 (8.61 RVU, $301.81 local)"
    # The table has no parts of 63056, so its fee cannot be a local one.
    assert str(rates.cost("63056", 1)) == "63056 x 1 (42.06 RVU, $1,404.84 national)"
    assert make_rates(TABLE, gpci=parse_gpci("1,1,1")).cost("63057", 1).fee == Decimal("287.58")


def test_a_code_that_the_table_lacks() -> None:
    assert str(make_rates(TABLE).cost("63048", 2)) == "63048 x 2 (not in the fee table)"


def test_several_costs_have_a_sum() -> None:
    rates = make_rates(TABLE)
    costs = rates.costs({"63056": 1, "63057": 2, "63048": 1, "63055": 0})
    assert [c.code for c in costs] == ["63056", "63057", "63048"]
    assert sentence(costs).endswith("63048 x 1 (not in the fee table), together $1,980.00")


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "ten", "1e9", "33,4009"])
def test_a_conversion_factor_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="positive number"):
        parse_conversion_factor(text)


@pytest.mark.parametrize("text", ["", "1", "1,1", "1,1,1,1", "1,1,x", "1,0,1", "1,-1,1", "1;1;1"])
def test_a_gpci_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"three numbers|positive number"):
        parse_gpci(text)
