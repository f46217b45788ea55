"""The fields of a claim line, checked the same way whatever form the claim came in.

Each function takes a raw value and returns the clean one, or raises :class:`FieldError`
with what is wrong; who calls it knows, and says, where.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

_CODE = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
# Eight with the dot; longer is no diagnosis code of any kind.
_MAX_DIAGNOSIS = 8
_DIAGNOSIS = re.compile(r"[0-9A-Z.]+")
_MAX_UNITS = 9999
_SHOWN = 12


class FieldError(ValueError):
    """A value that is none of its kind; the message is for people."""


def shown(value: Any) -> str:
    """Return a value for a message: quoted, short, nothing in it that a terminal would obey."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(char if char.isprintable() else "?" for char in text)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def procedure(value: Any) -> tuple[str, tuple[str, ...]]:
    """Return the code and any modifiers written behind it (``63057-59``)."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise FieldError(f"the code is missing or no text ({shown(value)})")
    code, *behind = str(value).strip().upper().split("-")
    if _CODE.fullmatch(code) is None:
        raise FieldError(f"{shown(str(value))} is no CPT or HCPCS code (five characters)")
    return code, modifiers(behind)


def units(value: Any, code: str) -> int:
    """Return the units of a line of ``code``, a whole number of 1 or more.

    HCPCS codes that begin with a letter (drugs by weight) may have a fraction, which is
    rounded up: nothing here counts them.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise FieldError(f"the units are missing or no number ({shown(value)})")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise FieldError(f"the units must be a number, not {shown(value)}") from None
    if not number.is_finite() or not 0 < number <= _MAX_UNITS:
        raise FieldError(f"the units must be 1 to {_MAX_UNITS}, not {shown(value)}")
    if number != number.to_integral_value():
        if code[0].isdigit():
            raise FieldError(f"the units must be a whole number, not {shown(value)}")
        return int(number) + 1
    return int(number)


def modifiers(values: Any) -> tuple[str, ...]:
    """Return the modifiers: two characters each, in order, blanks left out."""
    out = []
    for value in _each(values, "modifiers"):
        modifier = value.upper()
        # A table program turns "09" into 9 and 59 into 59.0.
        if re.fullmatch(r"\d\d\.0", modifier):
            modifier = modifier[:2]
        if _MODIFIER.fullmatch(modifier) is None:
            raise FieldError(f"{shown(value)} is no modifier (two characters)")
        out.append(modifier)
    return tuple(dict.fromkeys(out))


def diagnoses(values: Any) -> tuple[str, ...]:
    """Return the diagnosis codes as written, in capitals, each once; C6 says which exist."""
    out = []
    for value in _each(values, "diagnoses"):
        code = value.upper()
        if len(code) > _MAX_DIAGNOSIS or _DIAGNOSIS.fullmatch(code) is None:
            raise FieldError(f"{shown(value)} is no diagnosis code")
        out.append(code)
    return tuple(dict.fromkeys(out))


def identifier(value: Any, name: str) -> str | None:
    """Return an id as text, or ``None`` where there is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise FieldError(f"{name!r} must be a text, not {shown(value)}")
    return str(value).strip() or None


def _each(values: Any, name: str) -> Iterable[str]:
    """Return the parts of a list, or of a text separated by spaces, commas or bars."""
    if values is None:
        return ()
    if isinstance(values, str):
        return [part for part in re.split(r"[\s,;|]+", values) if part]
    if not isinstance(values, (list, tuple)):
        raise FieldError(f"the {name} must be a list of texts, not {shown(values)}")
    out = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise FieldError(f"the {name} must be texts, not {shown(value)}")
        text = str(value).strip()
        if text:
            out.append(text)
    return out
