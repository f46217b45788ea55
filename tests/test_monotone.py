"""Taking a required element out of a supported note never raises its score or its units."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_notes import ROUTE_IN_HEADING, STYLES, Element, Site, made_note

from opnote_audit.api import NoteAuditor, load_auditor
from opnote_audit.checks.result import AuditResult

VERTEBRAE = (*(f"T{n}" for n in range(4, 13)), *(f"L{n}" for n in range(1, 6)))
INTERSPACES = tuple(f"{upper}-{lower}" for upper, lower in pairwise(VERTEBRAE))
PATHOLOGIES = (
    "epidural metastasis",
    "epidural abscess",
    "herniated disc",
    "retropulsed fracture fragment",
    "epidural hematoma",
    "synovial cyst",
    "calcified disc herniation",
)


@cache
def auditor() -> NoteAuditor:
    return load_auditor()


def audit(text: str) -> AuditResult:
    return auditor().audit(text)


def score(result: AuditResult) -> float:
    """The score, a note that is not applicable having earned none."""
    return result.score or 0.0


@st.composite
def supported(draw: st.DrawFn) -> tuple[Site, ...]:
    """Two to four segments, each with level, route and pathology in every part of the note."""
    # One way of naming a note: mixed, a vertebra and its interspace would be one segment.
    names = draw(st.sampled_from((VERTEBRAE, INTERSPACES)))
    levels = draw(st.lists(st.sampled_from(names), min_size=2, max_size=4, unique=True))
    return tuple(
        Site(
            level,
            draw(st.sampled_from(PATHOLOGIES)),
            draw(st.integers(0, len(STYLES) - 1)),
            draw(st.sampled_from(("left", "right"))),
        )
        for level in sorted(levels, key=names.index)
    )


def elements(sites: tuple[Site, ...]) -> list[Element]:
    return [ROUTE_IN_HEADING, *(e for site in sites for e in site.elements())]


thorough = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


@thorough
@given(supported())
def test_a_note_with_every_element_supports_every_segment(sites: tuple[Site, ...]) -> None:
    result = audit(made_note(sites))
    assert (result.verdict, result.score) == ("supported", 100.0), made_note(sites)
    assert result.units_supported == len(sites) - 1


@thorough
@given(supported(), st.data())
def test_taking_elements_out_never_raises_score_or_units(
    sites: tuple[Site, ...], data: st.DataObject
) -> None:
    whole = audit(made_note(sites))
    gone = data.draw(st.sets(st.sampled_from(elements(sites)), min_size=1, max_size=6))
    text = made_note(sites, frozenset(gone))
    result = audit(text)
    assert result.units_supported <= whole.units_supported, text
    assert result.units_possible <= whole.units_possible, text
    assert score(result) <= score(whole), text


def everywhere(kind: str, sites: tuple[Site, ...], site: Site) -> frozenset[Element]:
    """Every element of a kind that says the requirement is met at one segment."""
    found = {e for e in site.elements() if e.kind == kind}
    if kind == "route":
        found |= {ROUTE_IN_HEADING, *(e for s in sites for e in s.elements() if e.kind == kind)}
    return frozenset(found)


@pytest.mark.parametrize("kind", ["level", "route", "pathology", "paragraph"])
@thorough
@given(supported(), st.data())
def test_an_element_gone_altogether_costs_units(
    kind: str, sites: tuple[Site, ...], data: st.DataObject
) -> None:
    # Not the first: a primary without its pathology, say, is no finding of the checklist.
    site = data.draw(st.sampled_from(sites[1:]))
    text = made_note(sites, everywhere(kind, sites, site))
    result = audit(text)
    assert result.verdict != "supported", text
    assert result.units_supported < len(sites) - 1, text


@thorough
@given(supported(), st.data())
def test_each_further_mention_taken_out_never_gives_units_back(
    sites: tuple[Site, ...], data: st.DataObject
) -> None:
    """One segment taken apart, element by element, in any order."""
    site = data.draw(st.sampled_from(sites[1:]))
    order = data.draw(
        st.permutations([e for e in site.elements() if e.kind in ("route", "pathology")])
    )
    gone: set[Element] = {ROUTE_IN_HEADING}
    units = [audit(made_note(sites)).units_supported]
    for element in (None, *order):
        gone |= {element} if element else set()
        units.append(audit(made_note(sites, frozenset(gone))).units_supported)
    assert units == sorted(units, reverse=True), (units, order)
