"""Claims as JSON and CSV, their form told by their content, and joined with notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from x12_samples import CLAIM_A, interchange

from opnote_audit.claims import Claim, ClaimLine, ClaimProblem, claims_from_text, load_claims
from opnote_audit.errors import InputError

HEADER = "claim_id,note_id,line,code,units,modifiers,diagnoses\n"
LINE = {"code": "63055", "units": 1, "modifiers": [], "diagnoses": ["M51.04"]}
LINES = [LINE, {"code": "63057", "units": 2, "modifiers": ["59"], "diagnoses": ["M5124"]}]
CLAIM = {"claim_id": "17", "note_id": "op-1", "lines": LINES}


def one(text: str) -> Claim | ClaimProblem:
    book = claims_from_text(text)
    (entry,) = (*book.claims, *book.problems)
    return entry


def problem(text: str) -> str:
    entry = one(text)
    assert isinstance(entry, ClaimProblem)
    return entry.message


def test_json_csv_and_their_codes_are_one_claim() -> None:
    from_json = one(json.dumps(CLAIM))
    from_csv = one(HEADER + "17,op-1,1,63055,1,,M51.04\n17,op-1,2,63057,2,59,M5124\n")
    assert isinstance(from_json, Claim)
    assert isinstance(from_csv, Claim)
    assert (
        from_json.to_dict()
        == from_csv.to_dict()
        == {
            "claim_id": "17",
            "note_id": "op-1",
            "lines": [
                {"line": 1, **LINE},
                {"line": 2, **LINES[1]},
            ],
        }
    )
    assert str(from_csv.lines[1]) == "line 2 (63057-59 x 2)"
    assert from_csv.lines[1].where == "line 3"


# The form is told by the content


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (json.dumps(CLAIM), "json"),
        (json.dumps([CLAIM]), "json"),
        ("\ufeff \n" + json.dumps({"claims": [CLAIM]}, indent=1), "json"),
        (json.dumps(CLAIM) + "\n" + json.dumps(CLAIM), "json"),
        (HEADER + "17,op-1,1,63055,1,,\n", "csv"),
        (HEADER.replace(",", ";") + "17;op-1;1;63055;1;59 51;M51.04 M51.24\n", "csv"),
        (HEADER.replace(",", "\t") + "17\top-1\t1\t63055\t1\t\t\n", "csv"),
        ('\ufeff"CODE","Units","Claim ID"\r\n63055,1,17\r\n', "csv"),
        (interchange(CLAIM_A), "x12"),
        ("\r\n " + interchange(CLAIM_A), "x12"),
    ],
)
def test_form(text: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / "claims.dat"
    path.write_bytes(text.encode("utf-8"))
    book = load_claims(path)
    assert (book.form, book.problems) == (form, ())
    assert book.claims[0].lines[0].code == "63055"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_bytes((HEADER + "17,Größe,1,63055,1,,\n").encode(encoding))
    assert load_claims(path).claims[0].note_id == "Größe"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"hello\nworld", "line 1: no form of a claim"),
        (b"<Claim/>", "XML"),
        (b"a,b,c\n1,2,3\n", "line 1: no form of a claim"),
        (b"%PDF-1.7 x", "PDF"),
        (b"\x00\x01\x02" * 50, "binary"),
        (b"[]", "holds no claim"),
        (b"{", "line 1, column 2: not valid JSON"),
        (b'{"claim_id": "1",\n "lines": [}', "line 2, column 12: not valid JSON"),
        (b'{"a":1}\n{"b"', "line 2, column"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"claim_id": ' + b"9" * 5000 + b"}", "number too long"),
        (HEADER.encode(), "header and no claim"),
        (b"claim_id,code\n1,63055\n", "line 1: the column 'units' is missing"),
        (b"claim_id,code,units,code\n1,63055,1,2\n", "stands twice"),
        (HEADER.encode() + b'1,op,1,63055,1,"59', "line 2: not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_used(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "claims"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_claims(path)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_a_folder_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such claim file"):
        load_claims(tmp_path / "gone.json")
    with pytest.raises(InputError, match="folder"):
        load_claims(tmp_path)
    path = tmp_path / "big.json"
    path.write_text(json.dumps(CLAIM) + " " * 2_000_000)
    with pytest.raises(InputError, match="larger than 1 MB"):
        load_claims(path, max_bytes=1_000_000)


# One claim is wrong


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"claim_id": None}, "'claim_id' is missing"),
        ({"claim_id": ["x"]}, "'claim_id' must be a text"),
        ({"note_id": 1.5}, "'note_id' must be a text"),
        ({"lines": []}, "'lines' must be a list"),
        ({"lines": {}}, "'lines' must be a list"),
        ({"lines": [1]}, "line 1: a service line must be a JSON object"),
        ({"lines": [LINE, {**LINE, "units": 0}]}, "line 2: the units must be 1 to 9999"),
        ({"lines": [{**LINE, "units": -1}]}, "line 1: the units"),
        ({"lines": [{**LINE, "units": True}]}, "the units are missing or no number"),
        ({"lines": [{**LINE, "units": None}]}, "the units are missing"),
        ({"lines": [{**LINE, "units": 1.5}]}, "a whole number"),
        ({"lines": [{**LINE, "units": float("nan")}]}, "the units must be 1 to"),
        ({"lines": [{**LINE, "units": "many"}]}, "the units must be a number"),
        ({"lines": [{**LINE, "code": None}]}, "the code is missing"),
        ({"lines": [{**LINE, "code": "63O57"}]}, "'63O57' is no CPT"),
        ({"lines": [{**LINE, "modifiers": ["590"]}]}, "'590' is no modifier"),
        ({"lines": [{**LINE, "modifiers": 59}]}, "the modifiers must be a list"),
        ({"lines": [{**LINE, "modifiers": [None]}]}, "the modifiers must be texts"),
        ({"lines": [{**LINE, "diagnoses": ["stenosis of L4"]}]}, "is no diagnosis code"),
    ],
)
def test_a_wrong_json_claim(change: dict[str, Any], says: str) -> None:
    assert says in problem(json.dumps({**CLAIM, **change}))


def test_json_that_is_no_claim() -> None:
    assert "a JSON object was expected" in problem("[17]")
    book = claims_from_text(json.dumps([CLAIM, {"claim_id": "18", "note_id": "op-2"}]))
    assert len(book.claims) == 1
    assert (book.problems[0].claim_id, book.problems[0].note_id) == ("18", "op-2")
    assert book.problems[0].message.startswith("claim 2 (claim 18): 'lines'")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("17,op-1,1,63055,x,,", "line 2: the units must be a number"),
        ("17,op-1,1,63055,,,", "line 2: the units are missing"),
        ("17,op-1,1,,1,,", "line 2: '' is no CPT"),
        ("17,op-1,0,63055,1,,", "line 2: the units must be 1 to"),
        ("17,op-1,1,63055,1,5x9,", "line 2: '5x9' is no modifier"),
        (",op-1,1,63055,1,,", "line 2: the claim_id is empty"),
        ("17,op-1,1,63055,1,59,51,M51.04", "line 2: 8 values under 7 columns"),
        ("17,op-1,1,63055", "line 2: 4 values under 7 columns"),
        ("17,op-1,1,63055,1,,\n17,op-1,1,63057,1,,", "line 3: service line 1 stands twice"),
        ("17,op-1,1,63055,1,,\n17,op-2,2,63057,1,,", "line 3: this claim's rows name two"),
    ],
)
def test_a_wrong_csv_claim_has_its_line(row: str, says: str) -> None:
    assert says in problem(HEADER + row + "\n")


def test_csv_leaves_other_claims_alone() -> None:
    book = claims_from_text(
        HEADER + "1,a,1,63055,1,,\n2,b,1,63055,no,,\n\n1,a,2,63057,1,59 XS,M51.04 M51.24\n"
    )
    assert [x.claim_id for x in book.claims] == ["1"]
    assert book.claims[0].lines[1].modifiers == ("59", "XS")
    assert book.claims[0].lines[1].diagnoses == ("M51.04", "M51.24")
    assert book.problems == (
        ClaimProblem("line 3: the units must be a number, not 'no'; mend it", "2", "b"),
    )


def test_csv_without_optional_columns_numbers_its_lines() -> None:
    entry = one("claim_id,code,units\n1,63055,1\n1,63057-59,2\n")
    assert isinstance(entry, Claim)
    assert entry.note_id is None
    assert entry.lines == (
        ClaimLine(1, "63055", 1, (), (), "line 2"),
        ClaimLine(2, "63057", 2, ("59",), (), "line 3"),
    )


def test_a_value_with_a_control_character_does_not_reach_the_terminal() -> None:
    assert "\x1b" not in problem(HEADER + "17,op,1,\x1b[31m,1,,\n")


# Joined with notes


BOOK = claims_from_text(
    HEADER
    + "1,a,1,63055,1,,\n2,b,1,63055,1,,\n3,b,1,63055,1,,\n4,,1,63055,1,,\n5,e,1,63055,zero,,\n"
)


def test_a_note_finds_its_claim() -> None:
    found = BOOK.match("a")
    assert isinstance(found, Claim)
    assert found.claim_id == "1"


def test_a_claim_without_a_note_id_goes_by_its_own() -> None:
    found = BOOK.match("4")
    assert isinstance(found, Claim)


def test_two_claims_for_a_note_are_a_problem() -> None:
    found = BOOK.match("b")
    assert isinstance(found, ClaimProblem)
    assert "2 claims bill for the note b (2, 3)" in found.message


def test_a_broken_claim_is_found_for_its_note() -> None:
    found = BOOK.match("e")
    assert isinstance(found, ClaimProblem)
    assert "line 6" in found.message


def test_claims_without_notes() -> None:
    assert BOOK.match("z") is None
    assert [x.claim_id for x in BOOK.without_note(["a", "b"])] == ["4", "5"]
    assert BOOK.note_ids() == ("a", "b", "4", "e")
    assert BOOK.only() is None
    assert claims_from_text(json.dumps(CLAIM)).only() is not None
