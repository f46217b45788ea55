"""Vertebral levels in every spelling of the domain notes, section 4, and what only looks like one.

A tag's name is the use (``level``, or ``range`` for a level expression that is a bare range, or
the look-alike's use); its value lists the segments. Words without a tag must yield no level.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotated import annotated
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opnote_audit import spine
from opnote_audit.annotate.levels import LevelMention, LevelParser
from opnote_audit.paths import patterns_dir
from opnote_audit.rules.levels import load_levels

PARSER = LevelParser(load_levels(patterns_dir() / "levels.json"))


def tagged(mention: LevelMention) -> tuple[int, int, str, str]:
    use = "range" if mention.use == "level" and mention.is_range else mention.use
    return mention.start, mention.end, use, " ".join(mention.segments)


def check(marked: str) -> None:
    note = annotated(marked)
    found = [tagged(m) for m in PARSER.find(note.text)]
    assert found == [(s.start, s.end, s.tag, s.value) for s in note.spans]


@pytest.mark.parametrize(
    "marked",
    [
        # One vertebra.
        "decompression at <level>T9</level> was done",
        "the <level T10>T-10</level> pedicle",
        "the <level T10>T 10</level> pedicle",
        "the <level T10>T.10</level> pedicle",
        "the <level T8>Th8</level> pedicle",
        "the <level T8>TH8</level> pedicle",
        "the <level T8>Th 8</level> pedicle",
        "the <level L3>l3</level> pedicle",
        "the <level T9>t9</level> lamina",
        "the <level T9>T nine</level> pedicle",
        "the <level T10>thoracic ten</level> pedicle",
        "the <level T10>Thoracic 10</level> pedicle",
        "the <level T10>thoracic-10</level> pedicle",
        "the <level L3>lumbar three</level> pedicle",
        "the <level T10>tenth thoracic</level> vertebra",
        "the <level T9>ninth dorsal</level> vertebra",
        "the <level T10>10th thoracic</level> vertebra",
        "the <level L6>sixth lumbar</level> vertebra",
        "a lumbarized segment counted as <level>L6</level> here",
        "work began at <level>S1</level>.",
        "at <level>T12</level>, then",
        "(<level>T12</level>)",
        "the <level>T9</level>'s lamina",
        # One interspace.
        "<level>L4-L5</level> discectomy",
        "<level L4-L5>L4-5</level> discectomy",
        "<level L4-L5>L4/5</level> discectomy",
        "<level L4-L5>L4/L5</level> discectomy",
        "<level L4-L5>L45</level> discectomy",
        "<level L4-L5>L 4-5</level> discectomy",
        "<level L4-L5>L4 - L5</level> discectomy",
        "<level L4-L5>L4–5</level> discectomy",
        "<level L4-L5>L4—L5</level> discectomy",
        "<level L4-L5>L4‑L5</level> discectomy",
        "<level L4-L5>L4 to L5</level> discectomy",
        "the <level L4-L5>L4 and L5</level> interspace",
        "<level>T12-L1</level> discectomy",
        "<level T12-L1>T12/L1</level> discectomy",
        "<level L5-S1>L5/S1</level> foramen",
        "<level L5-S1>L5-1</level> foramen",
        "<level L5-S1>L5S1</level> foramen",
        "<level L5-S1>L51</level> foramen",
        "<level T8-T9>T8/9</level> disc",
        "<level T8-T9>Th8/9</level> disc",
        "<level T8-T9>D8-9</level> disc",
        "<level T8-T9>D8/D9</level> disc",
        "<level T10-T11>T10-T11</level> disc",
        "<level T10-T11>T10-11</level> disc",
        # Lists.
        "<level T9 T10>T9 and T10</level>",
        "<level T9 T10 T11>T9, T10 and T11</level>",
        "<level T9 T10 T11>T9, T10, and T11</level>",
        "<level T9 T10 T11>T9, 10, and 11</level>",
        "<level T9 T10 T11>T9, 10 and 11</level>",
        "<level T9 T10>T9 & T10</level>",
        "<level T9 T10>T9 and 10</level>",
        "<level T9 T10>ninth and tenth thoracic</level> vertebrae",
        "<level L2 L3>second and third lumbar</level> vertebrae",
        "<level L4-L5 L5-S1>L4-5 and L5-S1</level>",
        "<level L3-L4 L4-L5>L3-L4 and L4-L5</level>",
        "<level L3-L4 L4-L5 L5-S1>L3-4, L4-5 and L5-S1</level>",
        "<level L3-L4 L4-L5>L3-L4-L5</level>",
        "<level T7 T10>T7 and T10</level>",
        "<level T12 L1>T12 and L1</level>",
        # Ranges: ends that are not adjacent are the vertebrae in between.
        "<range T9 T10 T11>T9-T11</range>",
        "<range T9 T10 T11>T9 to T11</range>",
        "<range T9 T10 T11>T9 through T11</range>",
        "<range L2 L3 L4 L5>L2 through L5</range>",
        "<range T9 T10 T11>T9–T11</range>",
        "<range T9 T10 T11>T9-11</range>",
        "<range T11 T12 L1>T11-L1</range>",
        "<range T11 T12 L1>T11 through L1</range>",
        "<range T9 T10 T11>ninth through eleventh thoracic</range> laminae",
        "<range T11 T12 L1 L2>eleventh thoracic through the second lumbar</range> laminae",
        # Wrapped lines and tabs.
        "decompression at <level>T9</level>\nand",
        "decompression at <level T9 T10>T9 and\nT10</level>",
        "|\t<level>T9</level>\t|",
    ],
)
def test_spellings(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "staged <stage T2>T2</stage> N0 MX",
        "a stage <stage T3>T3</stage> lesion",
        "<imaging T1>T1</imaging>-weighted images",
        "<imaging T2>T2</imaging> hyperintense signal",
        "sagittal <imaging T2>T2</imaging> images",
        "the <root L5>L5</root> root was free",
        "the <root L4>L4</root> nerve root was seen",
        "the <root L4 L5>L4 and L5</root> roots were free",
        "the root of <root L5>L5</root> was free",
        "the <rib T12>T12</rib> rib was counted",
    ],
)
def test_the_same_letters_that_are_not_levels(marked: str) -> None:
    note = annotated(marked)
    found = PARSER.find(note.text)
    assert [(m.start, m.end, " ".join(m.segments)) for m in found] == [
        (s.start, s.end, s.value) for s in note.spans
    ]
    assert [m.use for m in found] == [s.tag for s in note.spans]


@pytest.mark.parametrize(
    "text",
    [
        "a T1N0M0 tumor",
        "2-0 Vicryl and a 3-0 nylon",
        "a 6.5 x 45 mm screw",
        "an 11-gauge needle",
        "Prolene 6-0",
        "a size T13 rasp",
        "L7 does not exist",
        "lot number T9A45",
        "ID XT9",
        "PT10 minutes",
        "blood loss 450 mL",
        "T4.5 driver",
        "CD34 cells",
        "vitamin D3 was given",
        "dexamethasone 10 mg",
        "1L of crystalloid",
        "the C arm",
        "M4 strength, ASA 3",
        "at 5-0",
        "D5 half-normal saline",
        "S/P fusion",
        "the third lumbosacral visit",
    ],
)
def test_what_is_no_level_at_all(text: str) -> None:
    assert [m for m in PARSER.find(text) if m.use == "level"] == []


@pytest.mark.parametrize(
    "marked",
    [
        "at <level>T9</level>, 10 mm of bone was drilled",
        "at <level>T9</level>, 3 screws were placed",
        "at <level>L4</level> and 2 drains were left",
        "<level>T9</level>, 10 cc of blood",
        "<level>L2</level> and 3 levels",
        "<level L4-L5>L4-5</level>, 2-0 Vicryl",
        "at <level>T9</level>, 10% of it",
    ],
)
def test_a_number_after_a_level_is_not_always_a_level(marked: str) -> None:
    check(marked)


def test_mentions_come_in_text_order_and_keep_their_items() -> None:
    (mention,) = PARSER.find("T9, 10, and 11")
    assert [i.segments for i in mention.items] == [("T9",), ("T10",), ("T11",)]
    assert ["T9, 10, and 11"[i.start : i.end] for i in mention.items] == ["T9", "10", "11"]


def test_letters_and_look_alikes_are_data(tmp_path: Path) -> None:
    """A house that never writes D for thoracic takes the spelling out of its own rule file."""
    data = json.loads((patterns_dir() / "levels.json").read_text(encoding="utf-8"))
    data["regions"] = [r for r in data["regions"] if r["spellings"] != ["d"]]
    path = tmp_path / "levels.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    mine = LevelParser(load_levels(path))
    assert not mine.find("D8/9 and D9/10")
    assert [m.segments for m in PARSER.find("D8/9 and D9/10")] == [("T8-T9", "T9-T10")]


# -- properties ----------------------------------------------------------------------------

# T1 to T4 may be a stage or a sequence, so that generated text stays with what is only a level.
_THORACIC = [f"T{n}" for n in range(5, 13)]
_LUMBAR = [f"L{n}" for n in range(1, 6)]
_NAMES = _THORACIC + _LUMBAR
_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_WORDS += ["eleven", "twelve"]
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
_ORDINALS += ["tenth", "eleventh", "twelfth"]
_REGION = {"T": "thoracic", "L": "lumbar"}
_DASH = st.sampled_from(["-", "–", "—", "‑", "/", " - ", " – "])
_AND = st.sampled_from([" and ", ", and ", " & "])


def _spellings(name: str) -> list[str]:
    """Return the ways in which one vertebra is written on its own."""
    letter, number = name[0], int(name[1:])
    out = [name, f"{letter}-{number}", f"{letter} {number}", f"{letter} {_WORDS[number - 1]}"]
    out += [f"{_REGION[letter]} {_WORDS[number - 1]}", f"{_ORDINALS[number - 1]} {_REGION[letter]}"]
    return [*out, f"Th{number}"] if letter == "T" else out


@st.composite
def one_vertebra(draw: st.DrawFn) -> tuple[str, list[str]]:
    name = draw(st.sampled_from(_NAMES))
    return draw(st.sampled_from(_spellings(name))), [name]


@st.composite
def an_interspace(draw: st.DrawFn) -> tuple[str, list[str]]:
    upper = draw(st.sampled_from(_NAMES[:-1]))
    lower = _NAMES[_NAMES.index(upper) + 1]
    same = upper[0] == lower[0]
    tail = draw(st.sampled_from([lower, lower[1:]] if same else [lower]))
    return upper + draw(_DASH) + tail, [f"{upper}-{lower}"]


@st.composite
def a_range(draw: st.DrawFn) -> tuple[str, list[str]]:
    first = draw(st.integers(0, len(_NAMES) - 3))
    last = draw(st.integers(first + 2, len(_NAMES) - 1))
    upper, lower = _NAMES[first], _NAMES[last]
    join = draw(st.one_of(_DASH, st.sampled_from([" to ", " through "])))
    tail = draw(st.sampled_from([lower, lower[1:]] if upper[0] == lower[0] else [lower]))
    if "/" in join:  # "T9/11" is nobody's range
        join = "-"
    return upper + join + tail, _NAMES[first : last + 1]


@st.composite
def a_list(draw: st.DrawFn) -> tuple[str, list[str]]:
    # Neighbouring numbers need no letter ("T9, 10 and 11").
    first = draw(st.integers(0, len(_THORACIC) - 3))
    names = _THORACIC[first : first + draw(st.integers(2, 3))]
    bare = draw(st.booleans())
    rest = [n[1:] if bare else n for n in names[1:]]
    head = ", ".join([names[0], *rest[:-1]])
    return head + draw(_AND) + rest[-1], names


SPELLED = st.one_of(one_vertebra(), an_interspace(), a_range(), a_list())
_BEFORE = st.sampled_from(["decompression at ", "(", "work on ", "the left ", ""])
_AFTER = st.sampled_from([" was done.", ".", ")", ", which was tight", " pedicle was drilled", ""])


@given(_BEFORE, SPELLED, _AFTER)
@settings(max_examples=400)
def test_any_spelling_parses_to_its_levels(
    before: str, spelled: tuple[str, list[str]], after: str
) -> None:
    words, names = spelled
    text = before + words + after
    found = PARSER.find(text)
    assert [m.use for m in found] == ["level"], found
    assert list(found[0].segments) == names
    assert (found[0].start, found[0].end) == (len(before), len(before) + len(words))


def _sound(text: str) -> None:
    """Check what must hold of the levels in any text."""
    reach = 0
    for mention in PARSER.find(text):
        assert reach <= mention.start < mention.end <= len(text)
        reach = mention.end
        assert mention.items
        assert mention.items[0].start == mention.start
        assert mention.items[-1].end == mention.end
        for item in mention.items:
            assert mention.start <= item.start < item.end <= mention.end
            assert item.segments
            for name in item.segments:
                assert all(part in spine.ORDER for part in spine.ends(name))
                if "-" in name:
                    assert spine.adjacent(*spine.ends(name))
        # The words of a level hold a number, in figures or in words.
        words = text[mention.start : mention.end].lower()
        assert any(c.isdecimal() for c in words) or any(w in words for w in (*_WORDS, *_ORDINALS))


@given(st.text())
@example("L4-L5-S1-")
@example("T9,,,,T10--T11")
@example("T9\x00T10")
@example("T9\ud800 and T10")
@example("Ｔ９ and T９")
@example("L٤-L٥")
@settings(max_examples=300)
def test_arbitrary_text_never_breaks_the_parser(text: str) -> None:
    _sound(text)


_PIECES = st.sampled_from([
    "T9", "L4", "S1", "C5", "D8", "Th", "L45", "10", "11", "5", "/", "-", "–", ",", " and ",
    " to ", " ", "\n", "\t", "thoracic", "tenth", "ninth", "lumbar", "root", "through", "T",
    "L", ".", "x",
])  # fmt: skip


@given(st.lists(_PIECES, max_size=14).map("".join))
@settings(max_examples=500)
def test_bits_of_levels_in_any_order_never_break_the_parser(text: str) -> None:
    _sound(text)
