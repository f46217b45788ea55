"""Vertebral levels, in every spelling that surgeons use (domain notes, section 4).

A *level mention* is a whole expression: "T9, 10, and 11" is one mention with three items,
"L4-5 and L5-S1" one with two. An item is a vertebra, an interspace (an adjacent pair), or
a range (its vertebrae, with ``is_range`` set). What only looks like a level (an MRI
sequence, a TNM stage, a root, a rib) is kept with its ``use``, since "the L4 root" still
tells where the surgeon was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from opnote_audit import spine
from opnote_audit.annotate.lower import lowered
from opnote_audit.rules.grammar import alternatives
from opnote_audit.rules.levels import LevelRules

_STAGE_LETTERS = frozenset("abcd")  # "T2a" is a TNM stage
_LONGEST_LIST = 70  # code points of ordinals before their region


@dataclass(frozen=True, slots=True)
class LevelItem:
    """One item of a level expression; ``segments`` are names such as ``T9`` or ``L4-L5``."""

    start: int
    end: int
    segments: tuple[str, ...]
    is_range: bool = False


@dataclass(frozen=True, slots=True)
class LevelMention:
    """A level expression at code-point offsets; ``use`` is ``level`` or a look-alike's name.

    ``segments`` are all segments named, in the note's order.
    """

    start: int
    end: int
    items: tuple[LevelItem, ...]
    use: str = "level"
    segments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Collect every segment named, in the note's order, once each."""
        names = self.items[0].segments
        if len(self.items) > 1:
            names = tuple(dict.fromkeys(s for item in self.items for s in item.segments))
        object.__setattr__(self, "segments", names)

    @property
    def is_range(self) -> bool:
        """Whether some item is a bare range, whose members are not named."""
        return any(item.is_range for item in self.items)


class LevelParser:
    """Finds level mentions; compiled once from the level rules."""

    def __init__(self, rules: LevelRules) -> None:
        self._rules = rules
        self._letters = {
            s: (r.letter, r.last, r.needs_company) for r in rules.regions for s in r.spellings
        }
        words = {w: (r.letter, r.last, False) for r in rules.regions for w in r.words}
        self._words = words
        self._numbers = {**rules.numbers, **rules.ordinals}
        cardinal = "|".join(sorted(rules.numbers, key=len, reverse=True))
        ordinal = "|".join(sorted(rules.ordinals, key=len, reverse=True))
        # T9, T-10, Th8, L 4, T.9, "T nine"; lower-case letters only when glued to the number.
        # Digits are rarer than letters: they are scanned for, and the letter is looked for
        # behind them.
        letters = "".join(sorted({s[0] for s in self._letters}))
        self._digits = re.compile(r"\d{1,2}(?![0-9])(?!\.\d)")
        self._letter = re.compile(
            rf"(?:^|[^A-Za-z0-9_.])(?P<letter>[{letters.upper()}{letters}][Hh]?)"
            r"(?P<gap>\.?|[ \t]?[-‑–][ \t]?|[ \t]{1,2})$"
        )
        upper = letters.upper()
        self._spoken = re.compile(rf"[{upper}][Hh]?[ \t-](?i:(?P<number>{cardinal}))\b")
        self._region_words = tuple(words)
        self._number_after = re.compile(rf"[ \t-]+(?P<number>{cardinal}|\d{{1,2}})\b", re.I)
        spans = alternatives(rules.range_words)
        lists = alternatives(rules.list_words)
        self._ordinals_before = re.compile(
            rf"\b(?P<list>(?:{ordinal})(?:(?:\s?,\s?(?:and\s)?|\s(?:{lists}|{spans}|-)\s(?:the\s)?|-)"
            rf"(?:{ordinal}))*)[ \t\n]+$",
            re.I,
        )
        self._ordinal_word = re.compile(rf"\b(?:{ordinal})\b", re.I)
        self._range_join = re.compile(
            rf"[ \t]?(?:[-–—‑/\\]|[ \t](?P<word>{spans})[ \t](?:the[ \t])?)[ \t]?", re.I
        )
        self._range_word = re.compile(rf"\b(?:{spans})\b|-", re.I)
        self._spelled_range = re.compile(rf"\s*(?P<word>{spans})\s+(?:the\s+)?", re.I)
        self._vertebra_word = re.compile(rf"\b(?:{alternatives(rules.vertebra_words)})\b", re.I)
        # "at T9 and at T10" is a list; ", and at T10" opens a statement of its own.
        self._list_join = re.compile(
            rf"[ \t]?[,;+&][ \t\n]*(?:(?:{lists})[ \t\n]+|&[ \t]*)?(?:the[ \t]+)?"
            rf"|[ \t\n]+(?:{lists})[ \t\n]+(?:at[ \t]+|the[ \t]+)?|[ \t]&[ \t]",
            re.I,
        )
        self._number_tail = re.compile(
            rf"(?P<s>[Ss]\s?)?(?P<n>\d{{1,2}}|{cardinal})(?![0-9A-Za-z])", re.I
        )
        stops = "|".join(
            re.escape(w) for w in sorted(rules.bare_number_stops, key=len, reverse=True)
        )
        self._stop = re.compile(rf"[ \t]*-?(?:{stops})(?![A-Za-z])", re.I)
        inter = "|".join(
            re.escape(w) for w in sorted(rules.interspace_words, key=len, reverse=True)
        )
        self._interspace_after = re.compile(
            rf"[ \t]*(?:vertebral[ \t]+|vertebra[ \t]+|bodies[ \t]+)?(?:{inter})\b", re.I
        )
        between = "|".join(re.escape(w) for w in rules.between_words)
        self._between = re.compile(rf"\b(?:{between})[ \t\n]+(?:the[ \t\n]+)?$", re.I)
        # Most levels are levels: one look either side tells, before each look-alike is asked.
        near = [w for rule in rules.not_levels for w in rule.after]
        ahead = [w for rule in rules.not_levels for w in rule.before]
        self._any_after = re.compile(rf"[ \t\n]*(?:{alternatives(near)})(?![A-Za-z])", re.I)
        self._any_before = re.compile(rf"\b(?:{alternatives(ahead)})[ \t\n]*$", re.I)
        self._not_levels = []
        for rule in rules.not_levels:
            after = "|".join(re.escape(w) for w in sorted(rule.after, key=len, reverse=True))
            before = "|".join(re.escape(w) for w in sorted(rule.before, key=len, reverse=True))
            self._not_levels.append(
                (
                    rule.use,
                    frozenset(rule.levels),
                    re.compile(rf"[ \t\n]*(?:{after})(?![A-Za-z])", re.I) if after else None,
                    re.compile(rf"\b(?:{before})[ \t\n]*$", re.I) if before else None,
                    rule.before_needs_after,
                )
            )

    def _vertebra(self, letter: str, number: int) -> str | None:
        known = self._letters.get(letter.lower()) or self._words.get(letter.lower())
        if known is None or not 1 <= number <= known[1]:
            return None
        return f"{known[0]}{number}"

    def _atoms(
        self, text: str, regions: list[tuple[int, int]]
    ) -> list[tuple[int, int, tuple[str, ...], bool]]:
        """Return ``(start, end, vertebrae, needs_company)`` for every lettered level."""
        out: list[tuple[int, int, tuple[str, ...], bool]] = []
        for match in self._digits.finditer(text):
            at, end = match.span()
            lead = self._letter.search(text, max(0, at - 7), at)
            if lead is None:
                continue
            letter, gap, digits = lead["letter"], lead["gap"], match.group()
            if letter[0].islower() and gap:
                continue
            follow = text[end : end + 1]
            if follow.isalpha() and not (letter.upper() == "L" and follow == "S"):
                continue
            known = self._letters.get(letter.lower())
            if known is None:
                continue
            start, company = lead.start("letter"), known[2]
            name = self._vertebra(letter, int(digits))
            if name is not None:
                out.append((start, end, (name,), company))
            elif len(digits) == 2:
                # "L45", "L51", "C56": an interspace written without its dash.
                upper = self._vertebra(letter, int(digits[0]))
                lower = (
                    "S1"
                    if known[0] == "L" and digits == "51"
                    else self._vertebra(letter, int(digits[1]))
                )
                if upper and lower and spine.adjacent(upper, lower):
                    out.append((start, end, (upper, lower), company))
        for match in self._spoken.finditer(text):
            if match.start() and text[match.start() - 1].isalnum():
                continue
            letter = match.group()[: 2 if match.group()[1] in "Hh" else 1]
            known = self._letters.get(letter.lower())
            name = self._vertebra(letter, self._numbers[match["number"].lower()])
            if name and known:
                out.append((match.start(), match.end(), (name,), known[2]))
        for start, end in regions:
            after = self._number_after.match(text, end)
            if after is not None:
                number = after["number"].lower()
                name = self._vertebra(text[start:end], self._numbers.get(number) or int(number))
                if name:
                    out.append((start, after.end(), (name,), False))
        out.sort()
        return out

    def _regions(self, low: str) -> list[tuple[int, int]]:
        """Return where the region words ("thoracic", "lumbar") stand."""
        found = []
        for word in self._region_words:
            at = low.find(word)
            while at != -1:
                found.append((at, at + len(word)))
                at = low.find(word, at + 1)
        return sorted(found)

    def _spelled(self, text: str, regions: list[tuple[int, int]]) -> list[LevelMention]:
        """Return mentions such as "ninth and tenth thoracic" (region after its ordinals)."""
        found = []
        for start, end in regions:
            match = self._ordinals_before.search(text, max(0, start - _LONGEST_LIST), start)
            if match is None:
                continue
            words = list(self._ordinal_word.finditer(text, match.start("list"), match.end("list")))
            region = text[start:end]
            names = [self._vertebra(region, self._numbers[w.group().lower()]) for w in words]
            if any(n is None for n in names):
                continue
            items = [
                LevelItem(w.start(), w.end(), (n,)) for w, n in zip(words, names, strict=True) if n
            ]
            joined = match["list"].lower()
            if len(items) == 2 and self._range_word.search(joined):
                items = [
                    self._pair(items[0].segments[0], items[1].segments[0], match.start(), end, "to")
                ]
            found.append(LevelMention(match.start(), end, tuple(items)))
        return found

    def _pair(self, upper: str, lower: str, start: int, end: int, word: str) -> LevelItem:
        if spine.ORDER[upper] > spine.ORDER[lower]:
            upper, lower = lower, upper
        if spine.adjacent(upper, lower):
            if word in self._rules.named_range_words:
                return LevelItem(start, end, (upper, lower))
            return LevelItem(start, end, (f"{upper}-{lower}",))
        return LevelItem(start, end, spine.members(upper, lower), is_range=True)

    def _tail(self, text: str, at: int, last: str, listing: bool) -> tuple[str, int] | None:
        """Return the vertebra that a bare number at ``at`` names after ``last``, and its end."""
        match = self._number_tail.match(text, at)
        if match is None:
            return None
        word = match["n"].lower()
        number = int(word) if word.isdigit() else self._numbers.get(word, 0)
        if match["s"]:
            return (f"S{number}", match.end()) if number == 1 else None
        if (
            text[match.end() : match.end() + 1] in (".", "/", "-", "%")
            and text[match.end() + 1 : match.end() + 2].isdigit()
        ) and ((text[match.end()] != "-" and text[match.end()] != "/") or not listing):
            return None
        if self._stop.match(text, match.end()):
            return None
        letter, previous = last[0], int(last[1:])
        if letter == "L" and previous in (5, 6) and number == 1:
            return "S1", match.end()
        if letter == "T" and previous == 12 and number == 1 and not listing:
            return "L1", match.end()
        if number <= previous or (listing and number - previous > 3):
            return None
        name = self._vertebra(letter, number)
        return (name, match.end()) if name else None

    def _item(
        self, text: str, atoms: dict[int, tuple[int, int, tuple[str, ...], bool]], start: int
    ) -> LevelItem:
        """Read one item at the atom that begins at ``start``: a vertebra, pair or range."""
        _, end, names, _ = atoms[start]
        if len(names) == 2:
            return LevelItem(start, end, (f"{names[0]}-{names[1]}",))
        upper = names[0]
        join = self._range_join.match(text, end)
        glued = text[end : end + 2].upper() == "S1" and upper in ("L5", "L6")
        if glued:
            return LevelItem(start, end + 2, (f"{upper}-S1",))
        if text[end : end + 1] == "," and text[end + 1 : end + 2].isdigit():
            tail = self._tail(text, end + 1, upper, listing=False)
            if tail and spine.adjacent(upper, tail[0]):
                return LevelItem(start, tail[1], (f"{upper}-{tail[0]}",))
        if join is None:
            return LevelItem(start, end, (upper,))
        word = (join["word"] or "").lower()
        nxt = atoms.get(join.end())
        if nxt is not None and len(nxt[2]) == 1:
            item = self._pair(upper, nxt[2][0], start, nxt[1], word)
            third = self._range_join.match(text, nxt[1])
            if (
                not item.is_range
                and len(item.segments) == 1
                and third
                and not third["word"]
                and third.end() in atoms
                and len(atoms[third.end()][2]) == 1
            ):
                # "L3-L4-L5": two interspaces in a row.
                more = self._item(text, atoms, join.end())
                return LevelItem(start, more.end, (*item.segments, *more.segments))
            return item
        tail = self._tail(text, join.end(), upper, listing=False)
        if tail is None:
            return LevelItem(start, end, (upper,))
        return self._pair(upper, tail[0], start, tail[1], word)

    def find(self, text: str, low: str = "") -> list[LevelMention]:
        """Return the level mentions of ``text`` in order, look-alikes marked by their ``use``.

        ``low`` is the text in lower case at the same length, where the caller has it.
        """
        regions = self._regions(low or lowered(text))
        atoms = self._atoms(text, regions)
        lonely = [a for a in atoms if a[3]]
        if lonely:
            pairs = sum(1 for a in lonely if text[a[1] : a[1] + 1] in "/-–")
            if len({a[2] for a in lonely}) < 2 and not pairs:
                atoms = [a for a in atoms if not a[3]]
        at = {a[0]: a for a in atoms}
        mentions = self._spelled(text, regions)
        taken = [(m.start, m.end) for m in mentions]
        position = 0
        for atom in atoms:
            if atom[0] < position or any(s <= atom[0] < e for s, e in taken):
                continue
            items = [self._item(text, at, atom[0])]
            while True:
                join = self._list_join.match(text, items[-1].end)
                if join is None:
                    break
                if join.end() in at:
                    items.append(self._item(text, at, join.end()))
                    continue
                last = spine.ends(items[-1].segments[-1])[-1]
                tail = self._tail(text, join.end(), last, listing=True)
                if tail is None or (";" in join.group()):
                    break
                name, end = tail
                # "L4-5 and 5-1", "D8/9 and 10/11": an interspace without its letter.
                second = self._range_join.match(text, end)
                follow = (
                    self._tail(text, second.end(), name, listing=False)
                    if second and not second["word"]
                    else None
                )
                if follow:
                    items.append(self._pair(name, follow[0], join.end(), follow[1], ""))
                elif any("-" in s for s in items[-1].segments) and not items[-1].is_range:
                    break
                else:
                    items.append(LevelItem(join.end(), end, (name,)))
            position = items[-1].end
            mentions.append(self._finish(text, items))
        mentions.sort(key=lambda m: m.start)
        return [self._with_use(text, m) for m in self._merge_spelled(text, mentions)]

    def _finish(self, text: str, items: list[LevelItem]) -> LevelMention:
        start, end = items[0].start, items[-1].end
        if len(items) == 2 and all(
            len(i.segments) == 1 and "-" not in i.segments[0] for i in items
        ):
            one, two = items[0].segments[0], items[1].segments[0]
            upper, lower = (one, two) if spine.ORDER[one] < spine.ORDER[two] else (two, one)
            joined = self._between.search(
                text, max(0, start - 24), start
            ) or self._interspace_after.match(text, end)
            if joined and spine.adjacent(upper, lower):
                return LevelMention(start, end, (LevelItem(start, end, (f"{upper}-{lower}",)),))
        return LevelMention(start, end, tuple(items))

    def _merge_spelled(self, text: str, mentions: list[LevelMention]) -> Iterable[LevelMention]:
        """Join spelled-out neighbours: "eleventh thoracic through the second lumbar"."""
        out: list[LevelMention] = []
        for mention in mentions:
            if out and mention.start < out[-1].end:
                continue
            if out and 0 < mention.start - out[-1].end < 16:
                gap = text[out[-1].end : mention.start]
                before = out[-1]
                simple = all(
                    len(m.items) == 1 and len(m.segments) == 1 and "-" not in m.segments[0]
                    for m in (before, mention)
                )
                bare = self._vertebra_word.sub("", gap)
                linked = self._spelled_range.fullmatch(bare) if simple else None
                if linked:
                    word = linked["word"].lower()
                    item = self._pair(
                        before.segments[0], mention.segments[0], before.start, mention.end, word
                    )
                    out[-1] = LevelMention(before.start, mention.end, (item,))
                    continue
            if len(mention.items) == 2:
                mention = (
                    self._finish(text, list(mention.items))
                    if self._between.search(text, max(0, mention.start - 24), mention.start)
                    else mention
                )
                if len(mention.items) == 2:
                    mention = LevelMention(mention.start, mention.end, mention.items, mention.use)
            out.append(mention)
        return out

    def _with_use(self, text: str, mention: LevelMention) -> LevelMention:
        if (
            not self._any_after.match(text, mention.end)
            and not self._any_before.search(text, max(0, mention.start - 24), mention.start)
            and text[mention.end : mention.end + 1] not in _STAGE_LETTERS
        ):
            return mention
        first = mention.items[0].segments[0]
        for use, levels, after, before, both in self._not_levels:
            if levels and (
                first not in levels
                or (len(mention.items) > 1 and use == "stage")
                or "-" in text[mention.start : mention.end]
            ):
                continue
            follows = after is not None and after.match(text, mention.end)
            leads = before is not None and before.search(
                text, max(0, mention.start - 24), mention.start
            )
            if follows or (leads and not both):
                return LevelMention(mention.start, mention.end, mention.items, use)
        if len(mention.items) == 1 and text[mention.end : mention.end + 1] in _STAGE_LETTERS:
            return LevelMention(mention.start, mention.end, mention.items, "stage")
        return mention
