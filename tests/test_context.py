"""What a mention must be before it counts: performed, here, today (domain notes, section 5).

A tag is the flag that the words under it must get, ``done`` for none. Rows show where a scope
begins and ends: the act beside the denied one still counts.
"""

from __future__ import annotations

import pytest
from annotated import annotated, read

_LABELS = {"APPROACH", "ACT", "PATHOLOGY", "FUSION", "PEDICLE", "VERB", "INSTRUMENT", "FREED"}


def check(marked: str) -> None:
    note = annotated(marked)
    mentions = [m for m in read(note.text).mentions if m.label in _LABELS]
    for span in note.spans:
        inside = [m for m in mentions if span.start <= m.start and m.end <= span.end]
        assert inside, f"no term under {span.text!r}; the row tests nothing"
        for mention in inside:
            got = ", ".join(sorted(mention.flags)) or "done"
            assert (span.tag in mention.flags) or (span.tag == "done" == got), (
                f"{note.text[mention.start : mention.end]!r} is {got}, not {span.tag}"
            )


@pytest.mark.parametrize(
    "marked",
    [
        "No <negated>transpedicular decompression</negated> was needed at T11.",
        "There was no <negated>abscess</negated> at T9.",
        "FINDINGS: No <negated>tumor</negated> at T11.",
        "COMPLICATIONS: No <negated>hematoma</negated>.",
        "No <negated>laminectomy</negated> was performed.",
        "<negated>Transpedicular decompression</negated> of T11 was not performed.",
        "<negated>Laminectomy</negated> was not done at T11.",
        "The T11 <negated>discectomy</negated> was not carried out.",
        "A T11 <negated>discectomy</negated> has not been undertaken.",
        "The T11 <negated>laminectomy</negated> was not felt to be necessary.",
        "We elected not to <negated>decompress</negated> T11.",
        "T9 was exposed without <negated>discectomy</negated>.",
        "There was no need for <negated>corpectomy</negated>.",
        "Neither <negated>stenosis</negated> nor <negated>abscess</negated> was met.",
        "<negated>Fusion</negated> was not performed.",
        "No <negated>fusion</negated> or <negated>instrumentation</negated> was done.",
        "The planned <negated>discectomy</negated> at T11 was abandoned.",
    ],
)
def test_negated(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        # The negation ends with its clause or sentence.
        "No <negated>abscess</negated> was met. The <done>tumor</done> was removed.",
        "No <negated>abscess</negated> was met; the <done>tumor</done> was removed.",
        "No <negated>abscess</negated> was met, but the <done>tumor</done> was removed.",
        "No <negated>laminectomy</negated> was done at T8 and the T9 <done>pedicle</done> was "
        "<done>drilled</done>.",
        "The <done>tumor</done> was removed without difficulty.",
        "The <done>tumor</done> was removed without complication.",
        "Not only the <done>tumor</done> but the <done>abscess</done> was drained.",
        "No longer was the cord tight and the <done>tumor</done> was gone.",
        "There was no doubt that the <done>herniation</done> was the cause.",
        "The <done>tumor</done> was removed with no loss of potentials.",
        "The <done>tumor</done> was removed and she woke moving better than before.",
    ],
)
def test_where_a_negation_ends(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "If the tumor was out of reach we would go <hypothetical>transpedicular</hypothetical>.",
        "Should it be required, <hypothetical>laminectomy</hypothetical> of T11 would follow.",
        "A <planned>transpedicular decompression</planned> was planned for T11.",
        "The plan was a <planned>transpedicular decompression</planned> of T9 and T10.",
        "She will need a <planned>discectomy</planned> at T11 at a later date.",
        "The patient was booked for <planned>laminectomy</planned> of T9.",
        "A <planned>corpectomy</planned> was considered.",
    ],
)
def test_planned_or_conditional(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "The T9 <done>pedicle</done> was <done>drilled</done> as planned.",
        "The <done>discectomy</done> was done as previously described.",
        "A <planned>corpectomy</planned> was planned. A <done>discectomy</done> was done.",
        "If the cord had been tight the wound would have been widened. The <done>discectomy</done> "
        "was done.",
    ],
)
def test_where_a_plan_ends(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Status post L4-5 <historical>discectomy</historical> in 2019.",
        "He is s/p <historical>laminectomy</historical> of L4.",
        "A previous <historical>discectomy</historical> at L4-5 had failed.",
        "She had an L4 <historical>laminectomy</historical> ten years ago.",
        "She had undergone <historical>laminectomy</historical> at another hospital.",
        "The <historical>laminectomy</historical> was performed in 2016.",
        "An L4 <historical>laminectomy</historical> was done in March 2024.",
        "Her <historical>laminectomy</historical> of 2024 left scar.",
        "Prior <historical>fusion</historical> from L4 to S1.",
    ],
)
def test_historical(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Status post <historical>laminectomy</historical>. The <done>discectomy</done> was done.",
        "The 61-year-old underwent <done>decompression</done> of T9.",
        "After prior embolization the <done>tumor</done> was removed.",
        "The previously placed retractor was moved and the <done>disc herniation</done> removed.",
    ],
)
def test_where_the_past_ends(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "Her sister had a <family>tumor</family> of the spine.",
        "Family history of <family>ossification</family> of the ligament.",
        "His brother had a <family>laminectomy</family>.",
    ],
)
def test_family(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "The risks, including <consent>hematoma</consent> and paralysis, were gone over.",
        "She understands that further <consent>laminectomy</consent> may be needed.",
        "There is a risk of <consent>abscess</consent>.",
        "He was warned that <consent>fusion</consent> might follow.",
    ],
)
def test_consent_and_risk(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "A <alternative>costotransversectomy</alternative> was discussed and turned down.",
        "The alternatives of <alternative>laminectomy</alternative> and bracing were offered.",
        "<alternative>Fusion</alternative> was offered, and declined.",
        "We discussed <alternative>laminectomy</alternative> with her.",
    ],
)
def test_alternatives(marked: str) -> None:
    check(marked)


def test_a_flag_comes_with_the_words_that_set_it() -> None:
    text = "No transpedicular decompression was needed at T11."
    (mention,) = [m for m in read(text).mentions if m.label == "APPROACH"]
    assert ("negated", "No") in {(flag, text[a:b]) for flag, a, b in mention.cues}
