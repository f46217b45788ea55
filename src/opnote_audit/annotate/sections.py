"""Sections of an operative note, from headers on their own line or running in the text.

A header is told by its shape and its words together: at the start of a line (after a
bullet, number, ``#``, ``|``, ``[`` or ``>>``), after the end of a sentence and before a
colon, or in capitals in a note that is not all capitals. The titles are data
(``sections.json``). Titles that a colon does not follow must be listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

from opnote_audit.rules.sections import SectionRules, normalize_title

_REST_EMPTY = re.compile(r"[ \t]*(?:[\r\n]|$)")
_LINE = re.compile(
    r"(?:^|(?<=\r))[ \t]*(?:[#>*\-•=|\[<]+[ \t]*)?(?:\d{1,2}[.)][ \t]+)?(?=[A-Za-z*])", re.M
)
_TITLE_END = re.compile(r"[:,.]|\||\]|\t| {2,}|\n|\r|\*\*| [-–—] ")
_CAPS = re.compile(r"[A-Z]{3,}(?:[ /&()-]{1,2}[A-Z(][A-Z)/]*){0,6}")
_INLINE_LOOKBACK = 70
_MAX_TITLE = 60


@dataclass(frozen=True, slots=True)
class Section:
    """A section: ``kind``, its title's and its body's code-point offsets, and its title.

    ``start`` to ``body`` is the header (empty for text before any header), ``body`` to
    ``end`` the text under it.
    """

    kind: str
    start: int
    body: int
    end: int
    title: str = ""


def _mostly_caps(text: str) -> bool:
    sample = text[:7000:7]  # a thousand characters tell
    upper = sum(map(str.isupper, sample))
    return upper > 0.6 * max(1, sum(map(str.isalpha, sample)))


def _line_headers(text: str, rules: SectionRules) -> list[tuple[int, int, str, str]]:
    found = []
    padded = text + "\n"  # the end of the note ends its last line
    for match in _LINE.finditer(text):
        start = match.end()
        stop = _TITLE_END.search(padded, start, start + _MAX_TITLE + 2)
        if stop is None:
            continue
        raw = text[start : stop.start()]
        if raw.startswith("**"):
            stop = _TITLE_END.search(padded, start + 2, start + _MAX_TITLE + 2)
            raw = text[start + 2 : stop.start()] if stop else raw
        if stop is None:
            continue
        title = normalize_title(raw)
        mark = stop.group()
        kind = rules.titles.get(title)
        if mark in (",", ".") and not (raw.isupper() and kind):
            continue  # "ADDENDUM, 9 May": only a listed title in capitals
        alone = mark in ("\n", "\r")
        if (
            kind is None
            and title
            and (
                (mark == ":" and _REST_EMPTY.match(text, stop.end()))
                or (
                    alone
                    and (text[match.start() : start].lstrip().startswith("#") or raw.isupper())
                )
            )
        ):
            kind = rules.keyword_kind(title)
        if kind is None:
            continue
        end = stop.start() if alone else stop.end()
        if mark == "**" and text[end : end + 1] == ":":
            end += 1
        found.append((match.start(), end, kind, raw.strip()))
    return found


def _colon_headers(text: str, rules: SectionRules) -> list[tuple[int, int, str, str]]:
    found = []
    at = text.find(":")
    while at != -1:
        low = max(0, at - _INLINE_LOOKBACK)
        piece = text[low:at]
        cut = max(piece.rfind(c) for c in ".!?;\n\r|,:]")
        raw = piece[cut + 1 :]
        title = normalize_title(raw)
        if title in rules.titles and raw.lstrip()[:1].isupper():
            begin = low + cut + 1 + len(raw) - len(raw.lstrip())
            found.append((begin, at + 1, rules.titles[title], raw.strip()))
        at = text.find(":", at + 1)
    return found


def _caps_headers(text: str, rules: SectionRules) -> list[tuple[int, int, str, str]]:
    found = []
    for match in _CAPS.finditer(text):
        if match.start() and text[match.start() - 1].isalnum():
            continue
        lead = text[max(0, match.start() - 8) : match.start()].rstrip(" \t*#-")
        if lead and lead[-1] not in ".!?:;,)]>|\n\r":
            continue
        words = match.group().split(" ")
        if re.split(r"[^a-z]", words[0].lower(), maxsplit=1)[0] not in rules.first_words:
            continue
        for size in range(len(words), 0, -1):
            raw = " ".join(words[:size])
            kind = rules.titles.get(normalize_title(raw))
            # One capital word is a header only where it names a main section: "PLAN",
            # "NEXT" or "RECORD" in capitals may be plain shouting.
            if kind and (
                size > 1
                or (len(raw) > 4 and kind in ("narrative", "indication", "heading", "diagnosis"))
            ):
                found.append((match.start(), match.start() + len(raw), kind, raw))
                break
    return found


def find_sections(text: str, rules: SectionRules) -> list[Section]:
    """Return the sections of ``text`` in order, covering it from first to last character.

    Text before the first header is a section of kind ``unheaded`` with an empty title; so
    is a note without any header.
    """
    found = _line_headers(text, rules) + _colon_headers(text, rules)
    if not _mostly_caps(text):
        found += _caps_headers(text, rules)
    found.sort(key=lambda h: (h[0], -h[1]))
    headers: list[tuple[int, int, str, str]] = []
    for header in found:
        if not headers or header[0] >= headers[-1][1]:
            headers.append(header)
    sections = []
    if not headers or text[: headers[0][0]].strip():
        sections.append(Section("unheaded", 0, 0, headers[0][0] if headers else len(text)))
    for header, following in zip_longest(headers, headers[1:]):
        start, body, kind, title = header
        sections.append(Section(kind, start, body, following[0] if following else len(text), title))
    return sections
