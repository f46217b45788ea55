"""What the heading offers: levels, and the route, act and role that it gives to each."""

from __future__ import annotations

import pytest
from annotated import read

from opnote_audit.paths import patterns_dir
from opnote_audit.resolve.attach import Attacher
from opnote_audit.resolve.grammar import Grammar
from opnote_audit.resolve.heading import Heading, read_heading
from opnote_audit.rules.grammar import load_grammar

STORY = "\nDESCRIPTION OF PROCEDURE: The back was opened, the work was done and the back closed."


RULES = load_grammar(patterns_dir() / "grammar.json")
ATTACHER = Attacher(RULES)
GRAMMAR = Grammar(RULES)


def heading_of(note: str) -> Heading:
    return read_heading(read(note), ATTACHER, GRAMMAR)


def heading(words: str) -> Heading:
    return heading_of(f"PROCEDURE: {words}{STORY}")


def offered(words: str) -> str:
    return " ".join(h.level for h in heading(words).offered)


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        ("Transpedicular decompression of T9 and T10.", "T9 T10"),
        ("T9 and T10 transpedicular decompression.", "T9 T10"),
        ("Transpedicular decompression, T9, T10 and T11.", "T9 T10 T11"),
        # An adjacent pair is one segment for a disc, "and" makes two (domain notes, section 4).
        ("L4-L5 transpedicular decompression.", "L4-L5"),
        ("L4 and L5 transpedicular decompression.", "L4 L5"),
        ("Transpedicular discectomy, T8-9 and T9-10.", "T8-T9 T9-T10"),
        ("Decompression through the pedicles of T5 and T6.", "T5 T6"),
        ("Screws through the pedicles of T5 and T6.", ""),
        ("Transpedicular decompression of T9, correction, T10, and T11.", "T10 T11"),
        ("1. Transpedicular decompression, T9. 2. Transpedicular decompression, T10.", "T9 T10"),
        ("Transpedicular decompression T9; transpedicular decompression T12", "T9 T12"),
        # Each level goes to the act in its own part.
        ("L3-L4 transpedicular decompression, L4-L5 posterolateral fusion.", "L3-L4"),
        ("Transpedicular decompression of T10 with posterolateral fusion T8 to T12.", "T10"),
        ("T9 transpedicular decompression, T10 laminectomy.", "T9"),
        ("Transpedicular screws T8 and T12, laminectomy T10.", ""),
        ("Transpedicular kyphoplasty of T11 and L1.", ""),
        ("Transpedicular biopsy of T11.", ""),
        ("Pedicle subtraction osteotomy, L3.", ""),
        ("Laminectomy T9 and T10.", ""),
        ("No transpedicular decompression of T11.", ""),
    ],
)
def test_levels_offered_as_transpedicular(words: str, levels: str) -> None:
    assert offered(words) == levels


def test_a_list_under_one_act_inherits_it() -> None:
    note = "PROCEDURE:\nTranspedicular decompression:\n  a) T9\n  b) T10\n" + STORY
    assert [h.level for h in heading_of(note).offered] == ["T9", "T10"]


@pytest.mark.parametrize(
    ("words", "additional"),
    [
        ("Transpedicular decompression T9. Transpedicular decompression T10, additional.", "T10"),
        ("Transpedicular decompression T9 and, as an additional segment, T10.", "T10"),
        ("Transpedicular decompression of T9 and T10.", ""),
    ],
)
def test_levels_called_additional(words: str, additional: str) -> None:
    found = [h.level for h in heading(words).levels if h.additional]
    assert " ".join(found) == additional


@pytest.mark.parametrize(
    "words",
    [
        "Transpedicular decompression of T9. Transpedicular decompression of an additional level.",
        "Transpedicular decompression, T9. Transpedicular decompression, adjacent level.",
        "Multilevel transpedicular decompression.",
    ],
)
def test_a_further_segment_that_the_heading_never_names(words: str) -> None:
    assert heading(words).unnamed_additional


def test_a_range_is_kept_as_a_range() -> None:
    levels = heading("Transpedicular decompression T9-T11.").offered
    assert [(h.level, h.ranged) for h in levels] == [("T9", True), ("T10", True), ("T11", True)]


@pytest.mark.parametrize(
    ("words", "value", "levels"),
    [
        ("Transpedicular decompression T10, posterolateral fusion T9 to T11.", "posterolateral",
         "T9 T10 T11"),
        ("L3-L4 transpedicular decompression. TLIF L4-L5.", "interbody", "L4-L5"),
        ("Posterior lumbar interbody fusion L5-S1", "interbody", "L5-S1"),
        ("Anterior cervical discectomy and fusion C5-C6", "anterior", "C5-C6"),
    ],
)  # fmt: skip
def test_fusions(words: str, value: str, levels: str) -> None:
    fusions = heading(words).fusions
    assert value in {f.value for f in fusions}
    assert " ".join(dict.fromkeys(name for f in fusions for name in f.levels)) == levels


def test_a_planned_procedure_is_no_heading() -> None:
    note = f"PLANNED PROCEDURE: Transpedicular decompression of T9 and T10.{STORY}"
    assert heading_of(note).levels == ()


def test_every_span_of_the_heading_stands_in_the_heading() -> None:
    note = f"PROCEDURE: Transpedicular decompression of T9 (additional: T10).{STORY}"
    found = heading_of(note)
    ends = note.index("\nDESCRIPTION")
    assert found.levels
    for level in found.levels:
        for span in (level.span, level.transpedicular, level.additional, level.decompressed):
            assert span is None or span.end <= ends
    assert [note[h.span.start : h.span.end] for h in found.levels] == ["T9", "T10"]
