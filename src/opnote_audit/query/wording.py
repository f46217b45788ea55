"""What a query may never say: codes, money, payment (AHIMA/ACDIS practice brief, 2022)."""

from __future__ import annotations

import re
from collections.abc import Iterable

ELIDED = "[…]"
"""Stands in a quotation for a code or an amount that the record itself holds."""

# A procedure code with its modifiers: five digits, or four and the letter of a category II or
# III code. A longer number is none (a record number, a date), nor is part of a decimal.
_PROCEDURE = r"(?<![\w.,])\d{4}[\dTFUM](?:-[\dA-Z]{2}\b)*(?!\w|[.,]\d)"
# HCPCS level II: a letter and four digits. C, L, S and T would catch levels written together.
_HCPCS = r"(?<![\w-])[ABE-KM-RUV]\d{4}(?![\w-])"
# A diagnosis code with its dot, or written together where its letter is no vertebra's.
_DIAGNOSIS = (
    r"(?<![\w-])[A-Z]\d[0-9AB]\.[0-9A-Z]{1,4}(?!\w)"
    r"|(?<![\w-])[ABE-KM-RU-Z]\d{2}[0-9A-Z]{1,4}(?![\w-])"
)
_MONEY = r"(?:US)?[$€£]\s?\d[\d,.]*|\b\d[\d,.]*\s?(?:USD|dollars?|EUR|euros?)\b"
_FORBIDDEN = re.compile("|".join((_PROCEDURE, _HCPCS, _DIAGNOSIS, _MONEY)))


def elide(text: str) -> str:
    """Return ``text`` with every code and amount of money left out, visibly.

    Quotations are the record's own words; a heading that lists its codes is still quoted, and
    shows that something was left out.
    """
    return _FORBIDDEN.sub(ELIDED, text)


def holds_code_or_money(text: str) -> bool:
    """Tell whether ``text`` holds a procedure or diagnosis code, or an amount of money."""
    return _FORBIDDEN.search(text) is not None


def forbidden_word(text: str, words: Iterable[str]) -> str | None:
    """Return the first of ``words`` that stands in ``text`` as a whole word, or ``None``."""
    for word in words:
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
            return word
    return None
