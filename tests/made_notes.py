"""Notes made of parts, each of which can be left out: what a supported note must hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Place = Literal["diagnosis", "heading", "narrative"]


class Element(NamedTuple):
    """Something that a requirement asks for, at one level and in one part of the note."""

    kind: Literal["level", "route", "pathology", "paragraph"]
    level: str
    place: Place


@dataclass(frozen=True)
class Site:
    """One segment done through the pedicle: its level, its pathology, how it is told."""

    level: str
    pathology: str = "epidural metastasis"
    style: int = 0
    side: str = "left"

    @property
    def neural(self) -> str:
        return "cauda equina" if self.level.startswith("L") else "spinal cord"

    def elements(self) -> tuple[Element, ...]:
        """What can be left out of a note about this site."""
        named = [Element("level", self.level, p) for p in ("diagnosis", "heading", "narrative")]
        return (
            *named,
            Element("route", self.level, "narrative"),
            Element("pathology", self.level, "diagnosis"),
            Element("pathology", self.level, "narrative"),
            Element("paragraph", self.level, "narrative"),
        )


ROUTE_IN_HEADING = Element("route", "", "heading")

STYLES = (
    "Attention was turned to {at}. Through a {route} approach the {side} {of}pedicle was drilled "
    "away and {found} was removed{there}. The {neural} was well decompressed{there}.",
    "We then worked at {at}. A {route} decompression was performed{there}: the {side} {of}pedicle "
    "was taken down with a high-speed drill, and {found} was excised from the front of the "
    "{neural}.",
    "At {at} the lamina was removed and the {side} {of}pedicle was resected with the drill. By "
    "this {route} corridor {found} was removed, and the {neural} was decompressed{there}.",
)
"""Ways to tell of one segment. Each names level, route and pathology."""


def listing(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def made_note(
    sites: tuple[Site, ...],
    without: frozenset[Element] = frozenset(),
    *,
    heading: str = "",
    narrative: str = "",
    addendum: str = "",
) -> str:
    """Return a note about ``sites`` in order, with some elements left out.

    ``heading`` and ``narrative`` are further procedures, ``addendum`` what was added later.
    """

    def has(kind: str, site: Site, place: str) -> bool:
        return Element(kind, site.level, place) not in without  # type: ignore[arg-type]

    diagnoses, offered, told = [], [], []
    for site in sites:
        level = site.level if has("level", site, "diagnosis") else "Spine"
        disease = site.pathology if has("pathology", site, "diagnosis") else "see imaging"
        diagnoses.append(f"{level}: {disease}.")
        if has("level", site, "heading"):
            offered.append(site.level)
        if has("paragraph", site, "narrative"):
            told.append(_told(site, has))
    route = "Decompression" if ROUTE_IN_HEADING in without else "Transpedicular decompression"
    title = f"{route}, {listing(offered)}." if offered else f"{route}."
    lines = [
        "PREOPERATIVE DIAGNOSES:",
        *(f"{n}. {line}" for n, line in enumerate(diagnoses, 1)),
        "",
        "PROCEDURES:",
        f"1. {title}",
        *([f"2. {heading}"] if heading else []),
        "",
        "DESCRIPTION OF PROCEDURE:",
        "After general anesthesia the patient was turned prone and the spine was exposed.",
        "",
        *(line for paragraph in told for line in (paragraph, "")),
        *([narrative, ""] if narrative else []),
        "The wound was irrigated and closed in layers.",
        *(["", "ADDENDUM:", addendum] if addendum else []),
    ]
    return "\n".join(lines) + "\n"


def _told(site: Site, has: Callable[[str, Site, str], bool]) -> str:
    named = has("level", site, "narrative")
    routed = has("route", site, "narrative")
    stated = has("pathology", site, "narrative")
    return STYLES[site.style].format(
        at=site.level if named else "the next level",
        of=f"{site.level.split('-')[0]} " if named else "",
        there=f" at {site.level}" if named else "",
        route="transpedicular" if routed else "wide",
        found=f"the {site.pathology}" if stated else "what lay in front",
        side=site.side,
        neural=site.neural,
    )
