"""837P: claims, loops, pointers, delimiters; and what is cut off or wrong."""

from __future__ import annotations

import pytest
from x12_samples import CLAIM_A, CLAIM_B, USUAL, Delimiters, clm, hi, interchange, line

from opnote_audit.claims import ClaimLine, ClaimProblem, claims_from_text, load_claims
from opnote_audit.claims.note_key import parse_note_key
from opnote_audit.errors import InputError

MARKER = "MARKER"


def test_a_claim_with_modifiers_units_and_pointers() -> None:
    book = claims_from_text(interchange(CLAIM_A))
    assert (book.form, book.problems, book.warnings) == ("x12", (), ())
    (claim,) = book.claims
    assert (claim.claim_id, claim.note_id) == ("A1", "A1")
    assert [(x.number, x.code, x.units, x.modifiers, x.diagnoses) for x in claim.lines] == [
        (1, "63055", 1, (), ("M5104",)),
        (2, "63057", 2, ("59", "51"), ("M5124", "M4804")),
    ]
    assert claim.lines[1].where == "segment 23 (SV1)"


@pytest.mark.parametrize(
    "delimiters",
    [
        USUAL,
        Delimiters(line_break="\n"),
        Delimiters(line_break="\r\n"),
        Delimiters(segment="\n"),
        Delimiters(segment="\r", line_break="\n"),
        Delimiters("|", ">", "'", "!"),
        Delimiters("+", "\\", "\n", "&"),
        Delimiters("\x1d", "\x1f", "\x1c", "\x1e"),
        Delimiters(".", "$", "]", "["),
    ],
    ids=repr,
)
def test_odd_delimiters_say_the_same(delimiters: Delimiters, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "claims.837"
    path.write_bytes(interchange(CLAIM_A, CLAIM_B, delimiters=delimiters).encode())
    assert load_claims(path).claims == claims_from_text(interchange(CLAIM_A, CLAIM_B)).claims


@pytest.mark.parametrize("patients", [False, True])
def test_several_claims_in_subscriber_and_patient_loops(patients: bool) -> None:
    book = claims_from_text(interchange(CLAIM_A, CLAIM_B, patients=patients))
    assert [claim.claim_id for claim in book.claims] == ["A1", "B1"]
    assert [len(claim.lines) for claim in book.claims] == [2, 1]
    assert book.claims[1].lines[0].diagnoses == ("M48061",)


def test_two_claims_of_one_patient() -> None:
    book = claims_from_text(interchange([*CLAIM_A, *CLAIM_B]))
    assert [(claim.claim_id, len(claim.lines)) for claim in book.claims] == [("A1", 2), ("B1", 1)]


def test_several_interchanges_each_with_its_own_delimiters() -> None:
    text = (
        interchange(CLAIM_A)
        + "\n"
        + interchange(CLAIM_B, delimiters=Delimiters("|", ">", "\n", "!"), control=2)
    )
    book = claims_from_text(text)
    assert [claim.claim_id for claim in book.claims] == ["A1", "B1"]
    assert book.claims[1].lines[0].code == "63056"
    # Segments are numbered through the file, so that a message can be followed.
    before = interchange(CLAIM_A).count("~")
    assert book.claims[1].where == f"segment {before + 15} (CLM)"


def test_wrapped_lines_and_empty_segments() -> None:
    flat = interchange(CLAIM_A)
    wrapped = "\r\n".join(flat[at : at + 80] for at in range(0, len(flat), 80))
    assert claims_from_text(wrapped).claims == claims_from_text(flat).claims
    assert claims_from_text(flat.replace("~LX*2", "~~ ~LX*2")).claims[0].lines[1].units == 2


def test_diagnoses_over_several_hi_segments_and_behind_the_lines() -> None:
    claim = [*clm("A1"), *line(1, "63055", pointers="1"), *line(2, "63057", pointers="2:3")]
    claim += [hi("M5104", "M5124"), "HI*BP:27447", "HI*ABF:M4804"]
    (read,) = claims_from_text(interchange(claim)).claims
    assert [x.diagnoses for x in read.lines] == [("M5104",), ("M5124", "M4804")]


def test_what_other_loops_say_of_the_same_code_is_no_line() -> None:
    claim = [*CLAIM_A, "SVD*456*90*HC:63057**2", "CAS*CO*45*10", "NM1*82*1*MARKER*SURGEON"]
    assert len(claims_from_text(interchange(claim)).claims[0].lines) == 2


@pytest.mark.parametrize("key", ["EA", "REF:EA", "ref*ea", "REF EA", "REFEA"])
def test_a_ref_of_the_claim_as_the_note_id(key: str) -> None:
    book = claims_from_text(interchange(CLAIM_A, CLAIM_B), key)
    assert [claim.note_id for claim in book.claims] == ["op-a", "op-b"]


def test_only_the_claims_own_ref_counts() -> None:
    # The same qualifier in a provider's loop, in a line, and in the subscriber's loop.
    claim = [*clm("A1"), hi("M5104"), "NM1*82*1*MARKER", "REF*EA*provider", *line(1, "63055")]
    book = claims_from_text(interchange([*claim, "REF*EA*line"]), "EA")
    assert book.claims == ()
    assert "no REF with EA" in book.problems[0].message
    assert "--note-key" in book.problems[0].message
    assert claims_from_text(interchange(CLAIM_A), "6R").problems
    assert claims_from_text(interchange(CLAIM_A), "SY").problems


@pytest.mark.parametrize("key", ["", "CLM", "CLM02", "REF", "EAEA", "é"])
def test_a_note_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="CLM01"):
        parse_note_key(key)


# One claim is wrong, the others stand


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (line(1, "63055", "0"), "segment 18 (SV1): the units must be 1 to 9999"),
        (line(1, "63055", "1.5"), "segment 18 (SV1): the units must be a whole number"),
        (line(1, "63055", "two"), "segment 18 (SV1): the units must be a number"),
        (line(1, "63055", ""), "segment 18 (SV1): the units are missing"),
        (line(1, "6305"), "segment 18 (SV1): '6305' is no CPT or HCPCS code"),
        (line(1, ""), "segment 18 (SV1): the code is missing"),
        (line(1, "63055:5"), "segment 18 (SV1): '5' is no modifier"),
        (line(1, "63055", pointers="4"), "points to diagnosis '4', but the claim's HI has 1"),
        (line(1, "63055", pointers="0"), "points to diagnosis '0'"),
        (line(1, "63055", pointers="x"), "points to diagnosis 'x'"),
        (["LX*1", "SV1*ER:63055*500*UN*1***1"], "its qualifier must be HC"),
        (["LX*1", "SV1*HC:63057*500*MJ*60***1"], "must be counted as UN"),
        ([*line(1, "63055"), *line(1, "63057")], "service line 1 stands twice"),
        (["LX*1", "SV2*0360*HC:63055*500*UN*1"], "an institutional or dental line"),
        ([], "no professional service line (SV1)"),
    ],
)
def test_a_wrong_claim_is_a_problem_with_its_segment(lines: list[str], says: str) -> None:
    book = claims_from_text(interchange([*clm("BAD"), hi("M5104"), *lines], CLAIM_A))
    assert [claim.claim_id for claim in book.claims] == ["A1"]
    (problem,) = book.problems
    assert (problem.claim_id, problem.note_id) == ("BAD", "BAD")
    assert says in problem.message
    assert problem.message.startswith("segment ")
    assert MARKER not in problem.message


def test_a_claim_without_an_id() -> None:
    book = claims_from_text(interchange([*clm(""), hi("M5104"), *line(1, "63055")]))
    assert book.problems == (
        ClaimProblem("segment 15 (CLM): the claim has no id in CLM01; mend it"),
    )


def test_units_with_a_point_and_the_letters_of_the_paper_form() -> None:
    claim = [*clm("A1"), hi("M5104", "M5124"), *line(1, "63057", "2.0", "A:B")]
    assert claims_from_text(interchange(claim)).claims[0].lines == (
        ClaimLine(1, "63057", 2, (), ("M5104", "M5124"), "segment 18 (SV1)"),
    )


def test_a_drug_by_weight_stops_no_claim() -> None:
    book = claims_from_text(interchange([*CLAIM_A, *line(3, "J1100", "0.5")]))
    assert book.claims[0].lines[2].units == 1


# The file as a whole is cut off or no 837P


@pytest.mark.parametrize("cut", [0.05, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_file_cut_off_anywhere_is_refused(cut: float) -> None:
    text = interchange(CLAIM_A, CLAIM_B)
    with pytest.raises(InputError, match=r"cut off|106 characters"):
        claims_from_text(text[: int(len(text) * cut)])


@pytest.mark.parametrize("trailer", ["SE*", "GE*"])
def test_a_missing_trailer_is_refused_with_the_segment(trailer: str) -> None:
    segments = interchange(CLAIM_A).split("~")
    text = "~".join(s for s in segments if not s.startswith(trailer))
    with pytest.raises(InputError, match=r"segment \d+ \(.*\): a trailer"):
        claims_from_text(text)


def test_an_interchange_cut_off_before_another_is_refused() -> None:
    whole = interchange(CLAIM_A)
    with pytest.raises(InputError):
        claims_from_text(whole[:-30] + interchange(CLAIM_B, control=2))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("*00501*", "*00601*"), "segment 1: .*'00601'"),
        (lambda t: t.replace("ISA*00* ", "ISA*00*", 1), "106 characters|cannot be read|cut off"),
        (lambda t: t.replace("ST*837*", "ST*835*"), "transaction 835"),
        (lambda t: t.replace("ST*837*", "XX*837*"), "cannot be read|no claim|damaged"),
        (lambda t: t.replace("CLM*", "CLX*"), "no claim"),
        (lambda t: t.replace("~CLM*", "~??*"), "has no segment id"),
        (lambda t: t + "GARBAGE", "no ISA segment after an IEA"),
        (lambda t: t[t.index("ST*") :], "its ISA segment is missing"),
    ],
)
def test_damage_is_refused_without_the_patients_name(change, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=says) as caught:
        claims_from_text(change(interchange(CLAIM_A)))
    assert MARKER not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("~GE*1*1~", "~GE*2*1~", "count of transactions"),
        ("~GE*1*1~", "~GE*1*9~", "control numbers of GS and GE"),
        ("~IEA*1*", "~IEA*3*", "count of groups"),
        ("*0001~GE", "*0002~GE", "control numbers of ST and SE"),
        ("~LX*2~", "~NTE*ADD*X~LX*2~", "count of segments is wrong"),
    ],
)
def test_a_miscount_is_said_and_read_on(old: str, new: str, says: str) -> None:
    text = interchange(CLAIM_A)
    assert old in text
    book = claims_from_text(text.replace(old, new))
    assert len(book.claims[0].lines) == 2
    (warning,) = book.warnings
    assert warning.startswith("segment ")
    assert says in warning
