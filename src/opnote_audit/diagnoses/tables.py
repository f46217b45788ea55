"""The ICD-10-CM tables: does a code exist, is it billable, what does it say.

The tables are those of ``simple-icd-10-cm`` (MIT, offline, updated with the official
releases); no code list of our own is kept. Importing that package parses the whole
classification (about two seconds and 200 MB), so it happens at the first look-up and once a
process.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

from opnote_audit.errors import OpnoteError

_PACKAGE = "simple-icd-10-cm"
# A letter, a digit, a digit or letter, then up to four more: the shape of every code.
_SHAPE = re.compile(r"([A-Z]\d[0-9A-Z])\.?([0-9A-Z]{0,4})")


@dataclass(frozen=True, slots=True)
class IcdCode:
    """A code of the tables: its dotted form, its words, and whether it can be billed."""

    code: str
    description: str
    billable: bool


def normal(code: str) -> str:
    """Return a code as the tables write it: ``m51 04``, ``M5104`` and ``M51.04`` are one.

    What does not look like a code comes back in capitals, without spaces.
    """
    plain = "".join(code.upper().split())
    found = _SHAPE.fullmatch(plain)
    if found is None:
        return plain
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


@lru_cache(maxsize=4096)
def look_up(code: str) -> IcdCode | None:
    """Return what the tables know of a code, or ``None`` where they have no such code.

    Raises
    ------
    OpnoteError
        The tables are not installed.
    """
    name = normal(code)
    if _SHAPE.fullmatch(name) is None:
        return None
    tables = _tables()
    if not tables.is_category_or_subcategory(name):
        return None
    return IcdCode(name, tables.get_description(name), tables.is_leaf(name))


@lru_cache(maxsize=1024)
def billable_below(code: str) -> tuple[IcdCode, ...]:
    """Return the billable codes below a header, in the order of the tables."""
    name = normal(code)
    if look_up(name) is None:
        return ()
    found = (look_up(child) for child in _tables().get_descendants(name))
    return tuple(child for child in found if child is not None and child.billable)


def edition() -> str:
    """Return which tables these are, for messages: the package and its version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{_PACKAGE} {version(_PACKAGE)}"
    except PackageNotFoundError:
        return _PACKAGE


@lru_cache(maxsize=1)
def _tables() -> ModuleType:
    try:
        with warnings.catch_warnings():
            # It reads its own files in a way that Python 3.11 calls deprecated; nobody's concern.
            warnings.simplefilter("ignore", DeprecationWarning)
            import simple_icd_10_cm
    except ImportError:
        raise OpnoteError(
            f"the ICD-10-CM tables are not installed; install the package {_PACKAGE}"
        ) from None
    tables: ModuleType = simple_icd_10_cm
    return tables
