"""Explain a requirement, a claim check, a denial reason or a code, from the cards.

Everything shown is our own wording; CPT descriptors belong to the AMA and are not here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from opnote_audit.cards import KINDS, Card, load_cards
from opnote_audit.errors import OpnoteError
from opnote_audit.fees import FeeTable, load_fees
from opnote_audit.paths import patterns_dir
from opnote_audit.report.cells import printable
from opnote_audit.report.style import Style

_INDENT = "  "
_MAX_WIDTH = 100
_NARROWEST = 40
_SUGGESTIONS = 3
_ALIKE = 0.5
# The fee stands after the modifiers, before what it is paid for.
_BEFORE_FEE = "Global period"


class UnknownTopicError(OpnoteError):
    """No card has that name; the message suggests the nearest."""


class Explainer:
    """Finds cards and renders them.

    Parameters
    ----------
    folder
        The folder of cards; ours when left out.

    Raises
    ------
    RuleFileError
        A card or fee file that cannot be used.
    OpnoteError
        The installation is incomplete.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or patterns_dir() / "cards"
        self.cards: dict[str, Card] = load_cards(folder)
        self.fees: FeeTable = load_fees(folder)
        self._by_name = {
            name.casefold(): card
            for card in self.cards.values()
            for name in (card.topic, *card.aliases)
        }

    def find(self, topic: str) -> Card:
        """Return the card of a topic or alias, whatever its case.

        Raises
        ------
        UnknownTopicError
            No card has that name.
        """
        name = topic.strip().casefold()
        card = self._by_name.get(name)
        if card is None:
            raise UnknownTopicError(self._unknown(topic, name))
        return card

    def topic(self, topic: str, color: bool = False, width: int = 80) -> str:
        """Return the whole card of a topic as text.

        Raises
        ------
        UnknownTopicError
            No card has that name.
        """
        return "\n".join(self._card(self.find(topic), Style(color), _fit(width)))

    def index(self, color: bool = False, width: int = 80) -> str:
        """Return the list of all topics, kind by kind."""
        return "\n".join(self._index(Style(color), _fit(width)))

    def _unknown(self, topic: str, name: str) -> str:
        near = get_close_matches(name, self._by_name, n=_SUGGESTIONS, cutoff=_ALIKE)
        topics = list(dict.fromkeys(self._by_name[match].topic for match in near))
        hint = f"did you mean {_either(topics)}? " if topics else ""
        return f"no topic {printable(topic)!r}; {hint}opnote-audit explain lists all topics"

    def _card(self, card: Card, style: Style, width: int) -> Iterator[str]:
        hang = " " * (len(card.topic) + 2)
        head = textwrap.wrap(f"{card.topic}  {card.title}", width, subsequent_indent=hang)
        yield from (style.paint(line, "bold") for line in head)
        for heading, paragraphs in card.sections():
            if heading == _BEFORE_FEE and card.topic in self.fees.rvus:
                yield from _section(
                    f"RVU and fee {self.fees.year}", self._fee(card.topic), style, width
                )
            yield from _section(heading, paragraphs, style, width)
        if card.see:
            names = ", ".join(card.see)
            yield from _section("See also", [names], style, width)
        sources = [*card.sources]
        if card.topic in self.fees.rvus:
            sources.append(f"Fee: {self.fees.source}")
        yield from _section("Source", sources, style, width)

    def _fee(self, code: str) -> Iterator[str]:
        rvu = self.fees.rvus[code]
        if rvu.work is not None:
            yield (
                f"work {rvu.work} + practice expense {rvu.practice_expense} + "
                f"malpractice {rvu.malpractice} = {rvu.total} RVU a unit"
            )
        else:
            yield f"{rvu.total} RVU in all"
        yield (
            f"{rvu.total} x {self.fees.conversion_factor} (conversion factor) = "
            f"${self.fees.fee(code):,} national Medicare rate"
        )

    def _index(self, style: Style, width: int) -> Iterator[str]:
        yield "Topics of opnote-audit explain:"
        for kind, description in KINDS.items():
            cards = [card for card in self.cards.values() if card.kind == kind]
            if not cards:
                continue
            yield ""
            yield style.paint(description.heading, "bold")
            size = max(len(card.topic) for card in cards)
            for card in cards:
                yield from textwrap.wrap(
                    card.title,
                    width,
                    initial_indent=f"{_INDENT}{card.topic:<{size}}  ",
                    subsequent_indent=" " * (len(_INDENT) + size + 2),
                )


def explain(
    topic: str | None = None,
    color: bool = False,
    width: int = 80,
    folder: Path | None = None,
) -> str:
    """Explain a topic, or list all topics.

    Parameters
    ----------
    topic
        ``R1`` to ``R5``, ``C1`` to ``C8``, a denial reason such as ``vague-levels``, or a
        code such as ``63057``, in any case; ``None`` for the list.
    color, width
        How to lay the text out.
    folder
        The folder of cards; ours when left out.

    Returns
    -------
    str
        The text, without a newline at the end.

    Raises
    ------
    UnknownTopicError
        No card has that name; the message suggests the nearest.
    RuleFileError
        A card or fee file that cannot be used.
    """
    explainer = Explainer(folder)
    if topic is None:
        return explainer.index(color, width)
    return explainer.topic(topic, color, width)


def _section(heading: str, paragraphs: Iterable[str], style: Style, width: int) -> Iterator[str]:
    yield ""
    yield _INDENT + style.paint(heading, "bold")
    items = list(paragraphs)
    bullet = "- " if len(items) > 1 else ""
    for item in items:
        yield from textwrap.wrap(
            item,
            width,
            initial_indent=_INDENT * 2 + bullet,
            subsequent_indent=_INDENT * 2 + " " * len(bullet),
            break_on_hyphens=False,
        )


def _either(topics: list[str]) -> str:
    return topics[0] if len(topics) == 1 else f"{', '.join(topics[:-1])} or {topics[-1]}"


def _fit(width: int) -> int:
    # Prose across a very wide terminal is hard to read.
    return min(max(width, _NARROWEST), _MAX_WIDTH)
