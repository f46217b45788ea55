"""Sections by what they hold, and whether the note is an operative note at all."""

from __future__ import annotations

import pytest
from annotated import annotated, read

STORY = (
    "The patient was brought to the operating room and turned prone. The back was prepped and "
    "draped. A midline incision was made and retractors were placed. Under the microscope the "
    "left T9 pedicle was drilled away and the disc was removed with pituitary rongeurs. The "
    "wound was irrigated and closed in layers with Vicryl. There was little blood loss and the "
    "motor potentials were steady from the beginning to the end of the case."
)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(b.kind, text[b.start : b.end]) for b in read(text).blocks]


@pytest.mark.parametrize(
    "marked",
    [
        # "PROCEDURE:" may head a list or the whole story.
        "<heading>PROCEDURE: Transpedicular decompression of T9.\n</heading>"
        f"<narrative>DESCRIPTION: {STORY}</narrative>",
        f"<diagnosis>DIAGNOSIS: Stenosis.\n</diagnosis><narrative>PROCEDURE: {STORY}</narrative>",
        # A history runs on into the operation.
        "<indication>INDICATIONS: She could not walk any more. </indication>"
        f"<narrative>{STORY}</narrative>",
        # No header at all.
        f"<narrative>{STORY}</narrative>",
        "<narrative>The T9 pedicle was drilled and the cord was free.</narrative>",
        # Work that began before a header whose section then tells the rest.
        "<narrative>Asleep, turned prone, prepped and draped.\n</narrative>"
        "<indication>INDICATIONS: Metastases, weak legs.\n</indication>"
        "<narrative>A midline incision was made and retractors placed. The left T9 pedicle was "
        "drilled away under the microscope and the tumor removed with pituitary rongeurs. The "
        "wound was closed in layers with Vicryl.</narrative>",
        # A planned operation stays a plan.
        "<planned>PLANNED PROCEDURE: Decompression of T9.\n</planned>"
        f"<narrative>DESCRIPTION: {STORY}</narrative>",
    ],
)
def test_blocks(marked: str) -> None:
    note = annotated(marked)
    assert kinds(note.text) == [(s.tag, s.text) for s in note.spans]


@pytest.mark.parametrize(
    "text",
    [
        STORY,
        "PROCEDURE: Transpedicular decompression T9.\nDESCRIPTION: The pedicle was drilled.",
        "The T9 pedicle was drilled and the cord was free.",
        f"HISTORY: Seen in clinic with weak legs. {STORY}",
    ],
)
def test_operative_notes(text: str) -> None:
    assert read(text).is_operative


@pytest.mark.parametrize(
    "text",
    [
        "CHIEF COMPLAINT: Back pain.\nHISTORY: She had a transpedicular decompression of T9 and "
        "T10 last month.\nREVIEW OF SYSTEMS: Negative.\nPHYSICAL EXAMINATION: Strength 5/5.\n"
        "ASSESSMENT AND PLAN: Doing well, return in six weeks.",
        "DISCHARGE SUMMARY\nHOSPITAL COURSE: On day one she underwent transpedicular "
        "decompression at T9 and T10 for metastases.\nDISCHARGE MEDICATIONS: Dexamethasone.\n"
        "Follow-up visit in two weeks.",
        "Dear Dr Example, thank you for referring this man, who was seen in clinic today. He had "
        "a transpedicular decompression of T9 and T10 for disc herniations elsewhere. On physical "
        "examination he walks well.",
    ],
)
def test_notes_that_only_tell_of_an_operation(text: str) -> None:
    assert not read(text).is_operative


@pytest.mark.parametrize(
    ("said", "kinds_of"),
    [
        ("The procedure was a transpedicular decompression of T9.", ["heading"]),
        ("What was the operation? A transpedicular decompression of T9.", ["heading", "heading"]),
        ("She had walked badly for a month. The lesion sat at T9.", ["indication", "indication"]),
    ],
)
def test_running_text_states_the_operation_as_a_heading_would(
    said: str, kinds_of: list[str]
) -> None:
    reading = read(f"{said} {STORY}")
    before = [s.kind for s in reading.sentences if s.start < len(said)]
    assert before == kinds_of
    assert {s.kind for s in reading.sentences if s.start > len(said)} == {"narrative"}
