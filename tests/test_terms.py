"""Terms of the target rules, where they stand. A tag is a category, its value the term's."""

from __future__ import annotations

import pytest
from annotated import annotated, operation, read
from hypothesis import given
from hypothesis import strategies as st
from spacy import blank

from opnote_audit.annotate.terms import TermMatcher
from opnote_audit.rules.targets import Term


def check(marked: str) -> None:
    """Check the mentions of the categories that ``marked`` has tags of."""
    note = annotated(marked)
    labels = {s.tag.upper() for s in note.spans}
    found = {
        (m.start, m.end, m.label.lower(), m.value)
        for m in read(note.text).mentions
        if m.label in labels
    }
    assert found == {(s.start, s.end, s.tag, s.value) for s in note.spans}


@pytest.mark.parametrize(
    "marked",
    [
        "a left <approach transpedicular>transpedicular</approach> route",
        "done <approach transpedicular>transpedicularly</approach>",
        "a <approach transpedicular>trans-pedicular</approach> route",
        "A LEFT <approach transpedicular>TRANSPEDICULAR</approach> ROUTE",
        "a <approach transfacet>transfacet</approach> route",
        "a <approach far_lateral>far lateral</approach> route",
        "a <approach far_lateral>far-lateral</approach> route",
        "by <approach costotransversectomy>costotransversectomy</approach>",
        "a <approach extracavitary>lateral extracavitary</approach> route",
        "a <approach posterior>posterolateral approach</approach>",
        "<approach percutaneous>Kyphoplasty</approach> was done",
    ],
)
def test_approaches(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "<not_family screw>transpedicular screws</not_family> at T8",
        "<not_family screw>transpedicular fixation</not_family> from T8 to T12",
        "a <not_family needle>transpedicular biopsy</not_family> was taken",
        "a <not_family osteotomy>pedicle subtraction osteotomy</not_family> was made",
    ],
)
def test_the_longest_term_stands_so_hardware_is_no_approach(marked: str) -> None:
    check(marked)
    text = annotated(marked).text
    assert not [m for m in read(text).mentions if m.label == "APPROACH"]


@pytest.mark.parametrize(
    "text",
    [
        "Transpedicular screws were placed at T8.",
        "Screws were placed transpedicularly at T8 and T12."
        " The transpedicular screw tracks were tapped.",
    ],
)
def test_hardware_never_makes_a_segment(text: str) -> None:
    assert operation(text).segments == ()


@pytest.mark.parametrize(
    "marked",
    [
        "a <act laminectomy>laminectomy</act> and <act facetectomy>medial facetectomy</act>",
        "<act discectomy>Diskectomy</act> was done",
        "At T9 a <act laminectomy>laminectomy</act> was performed.",
        "A <act discectomy>discectomy</act> was performed.",
        "the cord was <act decompression>decompressed</act>",
        "<act corpectomy>partial corpectomy</act>",
        "the left <pedicle pedicle>pedicle</pedicle>",
    ],
)
def test_acts_and_anatomy(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "a <pathology disc_herniation>disc herniation</pathology> at T9",
        "<pathology disc_herniation>herniated nucleus pulposus</pathology>",
        "a <pathology disc_herniation>sequestered fragment</pathology>",
        "severe <pathology stenosis>stenosis</pathology> at L4",
        "<pathology foraminal_stenosis>foraminal stenosis</pathology> at L4",
        "<pathology tumor>metastatic</pathology> <pathology tumor>carcinoma</pathology>",
        "an <pathology infection>epidural abscess</pathology>",
        "a <pathology fracture>burst fracture</pathology>",
        "an <pathology hematoma>epidural hematoma</pathology>",
        "an <pathology hematoma>epidural haematoma</pathology>",
        "a <pathology cyst>synovial cyst</pathology>",
        "an <pathology osteophyte>osteophyte</pathology>",
        "<pathology ossification>ossified ligamentum flavum</pathology>",
        "<pathology compression>cord compression</pathology>",
        "<pathology spondylolisthesis>spondylolisthesis</pathology>",
    ],
)
def test_pathologies(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "text",
    [
        "a <weak_pathology bare_compression>compression</weak_pathology>",
        "<weak_pathology degeneration>degenerative disc disease</weak_pathology>",
    ],
)
def test_weak_pathologies_are_kept_apart(text: str) -> None:
    check(text)
    assert not [m for m in read(annotated(text).text).mentions if m.label == "PATHOLOGY"]


def test_bare_scar_is_no_pathology() -> None:
    """Scar counts only where it is said to compress or tether (domain notes, section 5)."""
    check("There was scar. The root was <pathology scar>encased in scar</pathology>.")


def test_words_inside_other_words_are_no_terms() -> None:
    assert not [m for m in read("cystoscopy and tumorlike").mentions if m.label == "PATHOLOGY"]


def test_every_label_of_one_spelling_is_kept_and_overlaps_go_to_the_longest() -> None:
    nlp = blank("en")
    terms = [
        Term("wide open", "FREED", "freed"),
        Term("open", "VERB", "remove"),
        Term("wide open", "ACT", "decompression"),
    ]
    doc = nlp("it is wide open and open")
    offsets = [t.idx for t in doc]
    ends = [t.idx + len(t) for t in doc]
    found = [(m.label, m.start, m.end) for m in TermMatcher(nlp, terms)(doc, offsets, ends)]
    assert found == [("FREED", 6, 15), ("ACT", 6, 15), ("VERB", 20, 24)]


_PIECES = st.sampled_from(
    [
        "transpedicular",
        "pedicle",
        "screws",
        "laminectomy",
        "tumor",
        " ",
        "-",
        "/",
        "\n",
        "T9",
        "(",
        ")",
    ]
)


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=20).map("".join)))
def test_mentions_of_any_text_lie_in_it_in_order(text: str) -> None:
    reading = read(text)
    starts = [m.start for m in reading.mentions]
    assert starts == sorted(starts)
    for mention in reading.mentions:
        assert 0 <= mention.start < mention.end <= len(text)
        words = text[mention.start : mention.end]
        assert words == words.strip()
