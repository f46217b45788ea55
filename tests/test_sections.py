"""Sections, whatever their layout. A tag is a section's kind and covers its header and body."""

from __future__ import annotations

import pytest
from annotated import annotated
from hypothesis import given
from hypothesis import strategies as st

from opnote_audit.annotate.sections import Section, find_sections
from opnote_audit.paths import patterns_dir
from opnote_audit.rules.sections import load_sections, normalize_title

RULES = load_sections(patterns_dir() / "sections.json")

OWN_LINE = """\
<diagnosis>PREOPERATIVE DIAGNOSIS
Disc herniation, T8-T9.

</diagnosis><heading>PROCEDURE PERFORMED
Transpedicular decompression, T9.

</heading><indication>INDICATIONS
A man with weak legs.

</indication><narrative>DESCRIPTION OF PROCEDURE
The pedicle was drilled.
</narrative>"""

SAME_LINE = """\
<diagnosis>Preoperative diagnosis: stenosis, T9.
</diagnosis><heading>Procedure: transpedicular decompression, T9.
</heading><narrative>Description of procedure: The pedicle was drilled.
</narrative>"""

# One dictated paragraph, its headers inline.
INLINE = (
    "<diagnosis>PREOPERATIVE DIAGNOSIS: Stenosis at T9. </diagnosis>"
    "<heading>PROCEDURE: Transpedicular decompression of T9. </heading>"
    "<indication>INDICATIONS: She could not walk. </indication>"
    "<narrative>DESCRIPTION OF PROCEDURE: The pedicle was drilled.</narrative>"
)

INLINE_WITHOUT_COLON = (
    "<diagnosis>PREOPERATIVE DIAGNOSIS Stenosis at T9. </diagnosis>"
    "<heading>PROCEDURE PERFORMED Transpedicular decompression of T9. </heading>"
    "<narrative>DESCRIPTION OF PROCEDURE The pedicle was drilled.</narrative>"
)

NUMBERED = """\
<diagnosis>1. PREOPERATIVE DIAGNOSIS: Stenosis at T9.
</diagnosis><heading>2. OPERATION: Transpedicular decompression of T9.
</heading><narrative>3. DESCRIPTION OF OPERATION: The pedicle was drilled.
</narrative>"""

MARKDOWN = """\
<diagnosis>## Preoperative diagnosis
Stenosis at T9.

</diagnosis><heading>## Procedure
- Transpedicular decompression of T9

</heading><narrative>## Description of procedure
The pedicle was drilled.
</narrative>"""

BOLD = """\
<diagnosis>**Preoperative diagnosis:** Stenosis at T9.
</diagnosis><heading>**Procedure:** Transpedicular decompression of T9.
</heading><narrative>**Description of procedure:** The pedicle was drilled.
</narrative>"""

BRACKETS = """\
<diagnosis>[Preoperative diagnosis]  Stenosis at T9.
</diagnosis><heading>[Procedure]  Transpedicular decompression of T9.
</heading><narrative>[Description]
The pedicle was drilled.
</narrative>"""

TABLE = """\
<diagnosis>| Preoperative diagnosis | Stenosis at T9 |
</diagnosis><heading>| Procedure | Transpedicular decompression of T9 |
</heading><narrative>| Description of procedure | The pedicle was drilled. |
</narrative>"""

TABS = """\
<diagnosis>Preoperative diagnosis\tStenosis at T9
</diagnosis><heading>Procedure\tTranspedicular decompression of T9
</heading><narrative>Description of procedure\tThe pedicle was drilled.
</narrative>"""

ARROWS = """\
<diagnosis>>> PREOPERATIVE DIAGNOSIS: Stenosis at T9.
</diagnosis><heading>>> PROCEDURE: Transpedicular decompression of T9.
</heading><narrative>>> DESCRIPTION OF PROCEDURE: The pedicle was drilled.
</narrative>"""

AFTER_A_PREFACE = (
    "<unheaded>Hospital of Somewhere\nMRN 000\n\n</unheaded>"
    "<heading>PROCEDURE\nTranspedicular decompression of T9.\n</heading>"
)

LAYOUTS = {
    "on a line of their own": OWN_LINE,
    "followed by text on the line": SAME_LINE,
    "inline in one paragraph": INLINE,
    "inline capitals without colons": INLINE_WITHOUT_COLON,
    "numbered": NUMBERED,
    "markdown": MARKDOWN,
    "bold": BOLD,
    "in brackets": BRACKETS,
    "in a table": TABLE,
    "before a tab": TABS,
    "after arrows": ARROWS,
    "after a preface": AFTER_A_PREFACE,
    "none": "<unheaded>The T9 pedicle was drilled and the cord was free.</unheaded>",
}


def kinds(text: str) -> list[tuple[str, str]]:
    return [(s.kind, text[s.start : s.end]) for s in find_sections(text, RULES)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_headers(layout: str) -> None:
    note = annotated(LAYOUTS[layout])
    assert kinds(note.text) == [(s.tag, s.text) for s in note.spans]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_headers_with_other_newlines(layout: str, newline: str) -> None:
    note = annotated(LAYOUTS[layout].replace("\n", newline))
    assert kinds(note.text) == [(s.tag, s.text) for s in note.spans]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("PREOPERATIVE DIAGNOSES", "diagnosis"),
        ("Pre-op diagnosis", "diagnosis"),
        ("POSTOPERATIVE DIAGNOSIS", "diagnosis"),
        ("OPERATION PERFORMED", "heading"),
        ("Title of operation", "heading"),
        ("PROCEDURES", "heading"),
        ("PLANNED PROCEDURE", "planned"),
        ("INDICATIONS FOR PROCEDURE", "indication"),
        ("Operative findings", "findings"),
        ("FINDINGS", "findings"),
        ("PROCEDURE IN DETAIL", "narrative"),
        ("DETAILS OF PROCEDURE", "narrative"),
        ("Operative technique", "narrative"),
        ("TECHNIQUE", "narrative"),
        ("ADDENDUM", "addendum"),
        ("COMPLICATIONS", "closing"),
        ("ESTIMATED BLOOD LOSS", "other"),
        ("ANESTHESIA", "other"),
        # Not listed word for word: a header by its shape and a key word in it.
        ("Surgeon's intraoperative findings", "findings"),
        ("Step-by-step narrative", "narrative"),
    ],
)
def test_titles(header: str, kind: str) -> None:
    text = f"{header}:\nThe words under it."
    assert [s.kind for s in find_sections(text, RULES)] == [kind]


@pytest.mark.parametrize(
    "sentence",
    [
        "Her procedure: it went well",
        "This procedure was long and the findings were plain.",
        "Under the microscope the operation went on.",
        "There was ONE LEVEL of work.",
        "After the time out: quiet",
    ],
)
def test_prose_is_no_header(sentence: str) -> None:
    text = f"DESCRIPTION OF PROCEDURE:\nWe opened. {sentence}"
    assert [s.kind for s in find_sections(text, RULES)] == ["narrative"]


def test_capitals_are_no_header_in_a_note_that_is_all_capitals() -> None:
    text = (
        "PREOPERATIVE DIAGNOSIS: STENOSIS AT T9. DESCRIPTION OF PROCEDURE: WE BEGAN THE "
        "PROCEDURE AND THE FINDINGS WERE PLAIN. THE OPERATION WENT ON."
    )
    assert [s.kind for s in find_sections(text, RULES)] == ["diagnosis", "narrative"]


def test_a_section_knows_its_title_and_where_its_body_begins() -> None:
    text = "PROCEDURE: Decompression."
    assert find_sections(text, RULES) == [Section("heading", 0, 10, 25, "PROCEDURE")]


@pytest.mark.parametrize(
    "title", ["  PROCEDURE  ", "**Procedure**", "# procedure", "[Procedure]", "--- Procedure:"]
)
def test_titles_are_compared_without_their_decoration(title: str) -> None:
    assert normalize_title(title) == "procedure"


_PIECES = st.sampled_from([
    "PROCEDURE", "Findings:", ":", "\n", "\r\n", "\t", "##", "**", "[", "]", "|", " ", "1. ",
    "T9", "The pedicle was drilled. ", "DESCRIPTION OF PROCEDURE", "x", "ADDENDUM", ".,",
    "\x00",
])  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=25).map("".join)))
def test_sections_cover_any_text_from_end_to_end(text: str) -> None:
    sections = find_sections(text, RULES)
    at = next((s.start for s in sections), 0)
    assert not text[:at].strip()
    for section in sections:
        assert section.start == at
        assert section.start <= section.body <= section.end
        at = section.end
    assert at == len(text) or not sections
