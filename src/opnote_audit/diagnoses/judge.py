"""How one diagnosis code of a claim fits a segment: unknown, header, wrong region, or it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opnote_audit.diagnoses import regions, tables
from opnote_audit.diagnoses.rules import DiagnosisRules

Kind = Literal["unknown", "header", "unrelated", "wrong_region", "fits"]

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of a code at a segment.

    ``description`` is the tables' wording (empty for an unknown code), ``children`` the
    billable codes below a header, ``message`` the finding for people, without the segment
    where it does not depend on one. ``best`` is false where a code is accepted though the
    segment's junction has a region of its own.
    """

    code: str
    kind: Kind
    message: str
    description: str = ""
    children: tuple[str, ...] = ()
    best: bool = True


def judge(code: str, segment: str | None, rules: DiagnosisRules) -> Judgement:
    """Return how a code fits a segment (``None``: judged without one).

    Parameters
    ----------
    code
        As the claim has it, with or without its dot.
    segment
        ``T10`` or ``L4-L5``.
    rules
        Which codes support a decompression, and the regions.
    """
    known = tables.look_up(code)
    name = tables.normal(code)
    if known is None:
        return Judgement(
            name, "unknown", f"{name} is no ICD-10-CM code (tables: {tables.edition()})"
        )
    if not known.billable:
        return _header(known, segment, rules)
    if not regions.is_supporting(known, rules):
        return Judgement(
            name,
            "unrelated",
            f"{name} ({known.description}) is no diagnosis that supports a decompression "
            "of the spine",
            known.description,
        )
    where = regions.scope(known, rules)
    if segment is None or regions.fits(where, segment, rules):
        best = segment is None or _is_best(where, segment, rules)
        return Judgement(name, "fits", f"{name} fits", known.description, best=best)
    held = ", ".join(where.levels or where.regions) or "no region"
    wanted = regions.segment_regions(segment, rules)[0]
    return Judgement(
        name,
        "wrong_region",
        f"{name} is of another region ({held}) than {segment} ({wanted})",
        known.description,
    )


def _header(known: tables.IcdCode, segment: str | None, rules: DiagnosisRules) -> Judgement:
    below = tables.billable_below(known.code)
    fitting = [
        (child.code, regions.scope(child, rules))
        for child in below
        if segment is not None and regions.fits(regions.scope(child, rules), segment, rules)
    ]
    # The children of the segment's own level or region, where the header spans several.
    here = [code for code, where in fitting if where.levels] or [code for code, _ in fitting]
    children = tuple(here or (child.code for child in below))
    shown = ", ".join(children[:_SHOWN])
    more = f" and {len(children) - _SHOWN} more" if len(children) > _SHOWN else ""
    return Judgement(
        known.code,
        "header",
        f"{known.code} is a header and not billable; its billable codes: {shown}{more}",
        known.description,
        children,
    )


def _is_best(where: regions.Scope, segment: str, rules: DiagnosisRules) -> bool:
    if where.levels or regions.ANY in where.regions:
        return True
    return regions.segment_regions(segment, rules)[0] in where.regions
