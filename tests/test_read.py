"""Reading a note: the exact text, the encoding named, everything else refused with advice."""

from __future__ import annotations

import codecs
import io
import string
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opnote_audit.errors import InputError
from opnote_audit.read import Note, decode, note_from_bytes, read_note

ENGLISH = "The T9 pedicle was drilled – the cord came free.\r\nL4–L5 at 30°.\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (ENGLISH.encode("utf-8"), "utf-8"),
        (codecs.BOM_UTF8 + ENGLISH.encode("utf-8"), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + ENGLISH.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + ENGLISH.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + ENGLISH.encode("utf-32-le"), "utf-32-le"),
        (codecs.BOM_UTF32_BE + ENGLISH.encode("utf-32-be"), "utf-32-be"),
        (ENGLISH.encode("utf-16-le"), "utf-16-le"),
        (ENGLISH.encode("utf-16-be"), "utf-16-be"),
        (ENGLISH.encode("windows-1252"), "windows-1252"),
    ],
)
def test_encodings(data: bytes, encoding: str) -> None:
    assert decode(data) == (ENGLISH, encoding)


@pytest.mark.parametrize(
    "text",
    [
        "T9\r\nT10\rL1\n",
        "T9\x00 pedicle \x00 drilled",
        "T9\x0c page two\x1a",
        "\u200fT9 \u202epedicle\u202c \u05d0\u05d1",
        "lone \ud800 surrogate \udfff",
        "T9\u2028T10\x85L1",
        "  \n T9 \n ",
    ],
)
def test_the_text_is_kept_to_the_character(text: str) -> None:
    assert decode(text.encode("utf-8", "surrogatepass")) == (text, "utf-8")


@pytest.mark.parametrize("text", ["Décompression à L4–L5", "“CAFÉ” diet, T9", "½ cm, 30° bend"])
def test_windows_1252_is_told_from_broken_utf8(text: str) -> None:
    assert decode(text.encode("windows-1252")) == (text, "windows-1252")


# What people write: Western letters, and the marks that word processors put in.
_WESTERN = st.text(string.ascii_letters + string.digits + " .,\t\r\n–—“”’°½éàüñµ", min_size=1)


@given(_WESTERN.map(lambda text: "T9 pedicle " + text))
def test_round_trip_of_utf8(text: str) -> None:
    assert decode(text.encode("utf-8"))[0] == text
    assert decode(codecs.BOM_UTF8 + text.encode("utf-8")) == (text, "utf-8-sig")


@given(
    # Whole planes of Unicode, but for the control characters that would make it no text.
    st.text(st.characters(exclude_categories=("Cc", "Cs"))).map(lambda text: "T9" + text),
    st.sampled_from(["utf-16-le", "utf-16-be"]),
)
def test_round_trip_of_marked_utf16(text: str, codec: str) -> None:
    mark = codecs.BOM_UTF16_LE if codec == "utf-16-le" else codecs.BOM_UTF16_BE
    assert decode(mark + text.encode(codec)) == (text, codec)


@given(_WESTERN.map(lambda text: text + " T9 pedicle drilled"))
def test_round_trip_of_unmarked_utf16(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    for codec in ("utf-16-le", "utf-16-be"):
        assert decode(plain.encode(codec)) == (plain, codec)


@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        text, encoding = decode(data)
    except InputError:
        return
    codec = encoding.removesuffix("-sig")
    assert data.endswith(text.encode(codec, "surrogatepass" if "utf" in codec else "strict"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "white space"),
        (codecs.BOM_UTF8, "white space"),
        ("\ufeff\u200b \xa0".encode(), "white space"),
        (b"\x00" * 40, "white space"),
        (b"%PDF-1.7\n...", "PDF"),
        (codecs.BOM_UTF8 + b"%PDF-1.7\n...", "PDF"),
        (b"PK\x03\x04....", ".docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", ".doc"),
        (b"{\\rtf1\\ansi T9}", "RTF"),
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"\xff\xd8\xff\xe0....", "JPEG"),
        (b"\x00" * 128 + b"DICM....", "DICOM"),
        (bytes(range(32)) * 4, "binary"),
        (bytes(range(256)) * 4, "binary"),
        ("脊柱手術記録、椎弓根を経由した減圧術を行った。".encode("shift-jis"), "not supported"),
        (b"T9 pedicle \x81 drilled \x96 free", "byte 11 is not UTF-8"),
        ("T9–T10 pedicle drilled".encode() + b"\x96", "broken at byte 24"),
        ("T9 pedicle 30° – L4–L5".encode()[:-4], "broken at byte"),
        (codecs.BOM_UTF8 + b"T9 \xff pedicle", "broken at byte 3"),
        (codecs.BOM_UTF16_LE + b"T\x009\x00 ", "broken at byte 4"),
    ],
)
def test_refusals_say_what_it_is(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        decode(data)
    assert "; " in str(caught.value)  # what is wrong; what to do
    assert "pedicle" not in str(caught.value)


def test_a_note_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "op.2024.txt"
    path.write_bytes(ENGLISH.encode("windows-1252"))
    assert read_note(path) == Note(ENGLISH, "op.2024", str(path), "windows-1252")


def test_a_note_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"T9\r\n")))
    assert read_note("-") == Note("T9\r\n", "stdin", "<stdin>", "utf-8")


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="closed"):
        read_note("-")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_note(tmp_path / "none.txt")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="opnote-audit batch"):
        read_note(tmp_path)


@pytest.mark.parametrize(
    ("error", "says"),
    [(PermissionError(13, "Permission denied"), "permissions"), (OSError(5, "I/O error"), "I/O")],
)
def test_unreadable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, says: str
) -> None:
    # Not by chmod: the tests may run as root, who may read everything.
    def refuse(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=says):
        read_note(tmp_path / "op.txt")


def test_a_name_that_cannot_be() -> None:
    with pytest.raises(InputError, match="not valid"):
        read_note("op\x00.txt")


def test_the_limit_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "op.txt"
    path.write_bytes(b"T" * 1001)
    assert read_note(path, max_bytes=1001).text == "T" * 1001
    with pytest.raises(InputError, match=r"limit of 1 kB; .*--max-size"):
        read_note(path, max_bytes=1000)
    with pytest.raises(InputError, match="limit of 5 MB"):
        note_from_bytes(b"T" * 5_000_001, "op")


def test_an_endless_input_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += 7
            return b"endless"

    endless = Endless()
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": endless}))
    with pytest.raises(InputError, match="limit"):
        read_note("-", max_bytes=1000)
    assert endless.given <= 1008
