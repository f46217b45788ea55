"""The explanation cards: what a requirement, a claim check, a denial or a code is about.

Cards are data (``patterns/cards/*.json``), checked on load. This module uses nothing but the
standard library, so that ``opnote-audit explain`` answers at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from opnote_audit.errors import RuleFileError

SCHEMA_VERSION = "1.0"
_FEES = "fees"


class Field(NamedTuple):
    """One part of a card: its key in the file, its heading, whether it must be there."""

    key: str
    heading: str
    required: bool = True


class Kind(NamedTuple):
    """A kind of card: what people call it, and its parts in the order they are shown."""

    heading: str
    fields: tuple[Field, ...]


KINDS = {
    "requirement": Kind(
        "Requirements of the note",
        (
            Field("required", "What is required"),
            Field("why", "Why payers deny"),
            Field("warns", "Only warns"),
            Field("passes", "Passes"),
            Field("fails", "Fails"),
            Field("mend", "To mend it"),
        ),
    ),
    "claim_check": Kind(
        "Checks of the claim",
        (
            Field("required", "What is required"),
            Field("why", "Why payers deny"),
            Field("passes", "Passes"),
            Field("fails", "Fails"),
            Field("mend", "To mend it"),
        ),
    ),
    "denial": Kind(
        "Denial reasons",
        (
            Field("what", "What happened"),
            Field("why", "Why payers deny"),
            Field("passes", "Passes"),
            Field("fails", "Fails"),
            Field("mend", "To mend it"),
        ),
    ),
    "code": Kind(
        "Codes",
        (
            Field("what", "What it is"),
            Field("differs", "How it differs from 63057", required=False),
            Field("units", "Units", required=False),
            Field("checklist", "Checklist for the note", required=False),
            Field("family", "Family", required=False),
            Field("confusions", "Not to be confused with", required=False),
            Field("modifiers", "Modifiers", required=False),
            Field("global_period", "Global period"),
            Field("denials", "Common denials", required=False),
        ),
    ),
}
"""The kinds of card by their name in the files, in the order they are listed."""

_COMMON = ("topic", "title", "aliases", "see", "sources")


@dataclass(frozen=True, slots=True)
class Card:
    """One card. ``parts`` maps a field's key to its paragraphs, in the order of the kind."""

    topic: str
    kind: str
    title: str
    parts: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    def sections(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each part's heading and paragraphs."""
        for field in KINDS[self.kind].fields:
            if field.key in self.parts:
                yield field.heading, self.parts[field.key]


def load_cards(folder: Path) -> dict[str, Card]:
    """Read every card of a folder.

    Parameters
    ----------
    folder
        The folder ``cards`` of a patterns folder.

    Returns
    -------
    dict
        The cards by topic as written, kind by kind in the order of :data:`KINDS`.

    Raises
    ------
    RuleFileError
        A file that cannot be used; the message names the file, the card and what is wrong.
    """
    cards: dict[str, Card] = {}
    names: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        data = read_rule_object(path)
        if data.get("kind") == _FEES:
            continue
        for card in _cards_of(path, data):
            for name in (card.topic, *card.aliases):
                other = names.setdefault(name.casefold(), card.topic)
                if other != card.topic or card.topic in cards:
                    raise RuleFileError(
                        f"{path}: card {card.topic!r}: the name {name!r} is taken by another "
                        "card; give each topic and alias once"
                    )
            cards[card.topic] = card
    if not cards:
        raise RuleFileError(f"{folder}: holds no cards; install opnote-audit again")
    for card in cards.values():
        _check_see(folder, card, names)
    order = list(KINDS)
    return dict(sorted(cards.items(), key=lambda item: (order.index(item[1].kind), item[0])))


def read_rule_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a card or fee file, its schema version checked.

    Raises
    ------
    RuleFileError
        Unreadable, not UTF-8, not JSON, not an object, or of another schema version.
    """
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise RuleFileError(
            f"{path}:{error.lineno}:{error.colno}: not valid JSON ({error.msg}); mend it there"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(
            f"{path}: cannot be read as UTF-8 text ({type(error).__name__})"
        ) from None
    if not isinstance(data, dict):
        raise RuleFileError(f"{path}: a JSON object was expected at the top")
    if data.get("schema_version") != SCHEMA_VERSION:
        raise RuleFileError(f'{path}: "schema_version" must be "{SCHEMA_VERSION}"')
    return data


def _cards_of(path: Path, data: dict[str, Any]) -> Iterator[Card]:
    kind = data.get("kind")
    if kind not in KINDS:
        raise RuleFileError(f'{path}: "kind" must be one of {", ".join((*KINDS, _FEES))}')
    entries = data.get("cards")
    if not isinstance(entries, list):
        raise RuleFileError(f'{path}: "cards" must be a list')
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise RuleFileError(f"{path}: card {number}: a JSON object was expected")
        yield _card(path, number, kind, entry)


def _card(path: Path, number: int, kind: str, entry: dict[str, Any]) -> Card:
    topic = entry.get("topic")
    where = f"{path}: card {number} ({topic!r})" if topic else f"{path}: card {number}"
    fields = KINDS[kind].fields
    unknown = sorted(set(entry) - {*_COMMON, *(field.key for field in fields)})
    if unknown:
        raise RuleFileError(f"{where}: unknown key {unknown[0]!r}")
    parts = {
        field.key: _texts(where, entry, field.key)
        for field in fields
        if field.required or field.key in entry
    }
    topic, *_ = _texts(where, entry, "topic")
    title, *_ = _texts(where, entry, "title")
    return Card(
        topic=topic,
        kind=kind,
        title=title,
        parts=parts,
        sources=_texts(where, entry, "sources"),
        aliases=_texts(where, entry, "aliases") if "aliases" in entry else (),
        see=_texts(where, entry, "see") if "see" in entry else (),
    )


def _texts(where: str, entry: dict[str, Any], key: str) -> tuple[str, ...]:
    value = entry.get(key)
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise RuleFileError(f"{where}: {key!r} must be a text or a list of texts, none empty")
    return tuple(texts)


def _check_see(folder: Path, card: Card, names: dict[str, str]) -> None:
    for name in card.see:
        if name.casefold() not in names:
            raise RuleFileError(
                f"{folder}: card {card.topic!r}: 'see' names {name!r}, which has no card"
            )
