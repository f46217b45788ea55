"""Notes as an interface delivers them that strips headers: text without them, and what it was."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opnote_audit.annotate.reading import Block

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the stripped text, the kind and the header of the section it came from."""

    start: int
    end: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Headerless:
    """A note's text without headers, and its parts in order."""

    text: str
    parts: tuple[Part, ...]


def strip_headers(text: str, blocks: list[Block], *, fold: bool) -> Headerless:
    """Return ``text`` without the headers of its blocks.

    Parameters
    ----------
    text, blocks
        A note and its sections; a block's header is what stands before its body.
    fold
        Whether to fold all white space to single blanks, newlines included.
    """
    out: list[str] = []
    parts = []
    length = 0
    for block in blocks:
        body = text[block.body : block.end]
        body = _SPACE.sub(" ", body.strip()) if fold else body.strip()
        if not body:
            continue
        parts.append(Part(length, length + len(body), block.kind, block.title))
        out.append(body)
        length += len(body) + 1
    return Headerless((" " if fold else "\n").join(out), tuple(parts))
