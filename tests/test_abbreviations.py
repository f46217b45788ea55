"""A short form that the note itself defines counts wherever it is used."""

from __future__ import annotations

import pytest
from annotated import annotated, operation, read, roles, segment


def found(text: str, label: str) -> list[tuple[int, int, str]]:
    return [(m.start, m.end, m.value) for m in read(text).mentions if m.label == label]


@pytest.mark.parametrize(
    ("marked", "label"),
    [
        (
            "A <x transpedicular>transpedicular</x> decompression (<x transpedicular>TPD</x>) was "
            "chosen. The <x transpedicular>TPD</x> was done at T9.",
            "APPROACH",
        ),
        (
            "MRI: <x disc_herniation>herniated nucleus pulposus</x> (<x disc_herniation>HNP</x>) "
            "at T9. The <x disc_herniation>HNP</x> was removed.",
            "PATHOLOGY",
        ),
    ],
)
def test_defined_short_forms(marked: str, label: str) -> None:
    note = annotated(marked)
    assert found(note.text, label) == [(s.start, s.end, s.value) for s in note.spans]


@pytest.mark.parametrize(
    "text",
    [
        "The TPD was done at T9.",  # never defined
        "The patient (TPD) was turned. The TPD was done at T9.",  # means something else
        "Transpedicular decompression at T9 (TPD was done)",
        "Decompression (left side only, with the drill and the microscope in place) TPD",
    ],
)
def test_short_forms_that_the_note_does_not_define(text: str) -> None:
    short = text.rindex("TPD")
    assert not [f for f in found(text, "APPROACH") if f[0] == short]


def test_a_defined_short_form_names_the_approach_of_a_segment() -> None:
    text = (
        "A transpedicular decompression (TPD) was done at T9: the T9 pedicle was drilled and the "
        "herniated disc was removed from the cord. A TPD was then done at T10 and the herniated "
        "disc there was removed from the cord."
    )
    assert roles(operation(text)) == "T9 primary, T10 additional"
    named = segment(text, "T10").named
    assert "TPD" in {text[s.start : s.end] for s in named}


def test_hundreds_of_parentheses_cost_no_more_than_their_number() -> None:
    text = "The disc (D) was " * 2000 + "removed."
    assert len(read(text).sentences) >= 1
