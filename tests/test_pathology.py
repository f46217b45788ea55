"""Which pathology belongs to which level (requirement R3; domain notes, sections 2 and 5).

A row gives a note and, for each segment, the pathologies that the audit must report there.
"""

from __future__ import annotations

import pytest
from annotated import operation

from opnote_audit.checks.audit import pathology_labels

HEADING = "PROCEDURE: Transpedicular decompression of T9 and T10.\n"
WORK = (
    "DESCRIPTION: The T9 pedicle was drilled away transpedicularly and the cord was decompressed. "
    "The T10 pedicle was drilled away transpedicularly and the cord was decompressed."
)
BOTH = HEADING + WORK


def told(at_t9: str, at_t10: str) -> str:
    """Return a note whose narrative says more about each of its two levels."""
    return (
        f"{HEADING}DESCRIPTION: The T9 pedicle was drilled away transpedicularly. {at_t9} "
        f"Attention was turned to T10. The T10 pedicle was drilled away transpedicularly. {at_t10}"
    )


def found(note: str) -> str:
    return "; ".join(
        f"{s.name} {' '.join(sorted(pathology_labels(s))) or '-'}" for s in operation(note).segments
    )


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        pytest.param(note, expected, id=name)
        for name, note, expected in [
            ("nothing stated", BOTH, "T9 -; T10 -"),
            ("diagnosis ties one to each level",
             "DIAGNOSIS: Disc herniation at T9, tumor at T10.\n" + BOTH,
             "T9 disc_herniation; T10 tumor"),
            ("diagnosis ties one to both levels",
             "DIAGNOSIS: Metastases of T9 and T10.\n" + BOTH, "T9 tumor; T10 tumor"),
            ("diagnosis at both levels",
             "DIAGNOSIS: Stenosis at both levels.\n" + BOTH, "T9 stenosis; T10 stenosis"),
            ("level before the pathology",
             "DIAGNOSIS: T9 burst fracture. T10 epidural hematoma.\n" + BOTH,
             "T9 fracture; T10 hematoma"),
            ("diagnosis at one level only",
             "DIAGNOSIS: Disc herniation at T9.\n" + BOTH, "T9 disc_herniation; T10 -"),
            ("heading ties it to its level",
             "PROCEDURE: Transpedicular decompression of T9 for tumor. Transpedicular "
             "decompression of T10 for abscess.\n" + WORK, "T9 tumor; T10 infection"),
            ("narrative, level in the sentence",
             told("The disc herniation at T9 was removed from the cord.",
                  "The tumor at T10 was peeled off the dura."), "T9 disc_herniation; T10 tumor"),
            ("narrative, level in hand",
             told("A large disc herniation was removed from in front of the cord.",
                  "Here tumor was found against the cord and was removed."),
             "T9 disc_herniation; T10 tumor"),
            ("only one level has one",
             told("A large disc herniation was removed from the cord.",
                  "The cord was decompressed."), "T9 disc_herniation; T10 -"),
            ("what is denied does not count",
             told("A disc herniation was removed from the cord.",
                  "No tumor and no herniation was found; the cord was decompressed."),
             "T9 disc_herniation; T10 -"),
            ("an earlier operation's pathology does not count",
             told("A disc herniation was removed from the cord.",
                  "The cord was decompressed. She had a disc herniation removed at T10 in 2015."),
             "T9 disc_herniation; T10 -"),
            ("the family's does not count",
             "FAMILY HISTORY: His father had a tumor at T10.\n"
             + told("A disc herniation was removed from the cord.", "The cord was decompressed."),
             "T9 disc_herniation; T10 -"),
            ("a risk does not count",
             told("A disc herniation was removed from the cord.", "The cord was decompressed.")
             + " She knows of the risk of hematoma at T10.", "T9 disc_herniation; T10 -"),
            ("imaging of a level that was not operated",
             "DIAGNOSIS: Disc herniation at T9. Small tumor at L3.\n" + BOTH,
             "T9 disc_herniation; T10 -"),
            ("compression of the cord with no named cause",
             "DIAGNOSIS: Spinal cord compression at T9 and T10.\n" + BOTH,
             "T9 compression; T10 compression"),
            ("compression gives way to its cause",
             "DIAGNOSIS: Cord compression from tumor at T9 and T10.\n" + BOTH,
             "T9 tumor; T10 tumor"),
            ("bare compression is labelled (R3 warns), degeneration is not",
             "DIAGNOSIS: Compression at T9, degenerative changes at T10.\n" + BOTH,
             "T9 compression; T10 -"),
            ("scar counts only where it compresses",
             told("The cord was encased in scar at T9 and was freed.",
                  "There was scar at T10. The cord was decompressed."), "T9 scar; T10 -"),
            ("several at one level, in the note's order",
             told("The osteophyte and the disc herniation at T9 were removed from the cord.",
                  "The tumor was removed from the cord."),
             "T9 disc_herniation osteophyte; T10 tumor"),
        ]
    ],
)  # fmt: skip
def test_pathologies(note: str, expected: str) -> None:
    assert found(note) == expected


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("sequestered disc fragment", "disc_herniation"),
        ("extruded disc", "disc_herniation"),
        ("severe stenosis", "stenosis"),
        ("foraminal stenosis", "foraminal_stenosis"),
        ("metastatic carcinoma", "tumor"),
        ("epidural abscess", "infection"),
        ("phlegmon", "infection"),
        ("retropulsed fragment", "fracture"),
        ("epidural haematoma", "hematoma"),
        ("synovial cyst", "cyst"),
        ("osteophyte", "osteophyte"),
        ("ossified ligamentum flavum", "ossification"),
        ("ossification of the posterior longitudinal ligament", "ossification"),
    ],
)
def test_every_kind_of_pathology(words: str, label: str) -> None:
    note = told(f"The {words} was removed from the cord.", f"The {words} was removed likewise.")
    assert found(note) == f"T9 {label}; T10 {label}"


def test_a_bare_compression_is_kept_as_weak() -> None:
    done = operation("DIAGNOSIS: Compression at T9 and T10.\n" + BOTH)
    assert [[p.weak for p in s.pathologies] for s in done.segments] == [[True], [True]]


def test_every_pathology_is_pinned_to_its_words() -> None:
    note = told("The disc herniation was removed from the cord.", "The tumor was removed from it.")
    words = {
        s.name: [note[p.span.start : p.span.end] for p in s.pathologies]
        for s in operation(note).segments
    }
    assert words == {"T9": ["disc herniation"], "T10": ["tumor"]}
