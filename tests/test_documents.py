"""Notes in Word, PDF and RTF documents: the words that a reader sees, or a plain refusal."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from batch_samples import SUPPORTED, make_docx, make_pdf

from opnote_audit.errors import InputError
from opnote_audit.read.documents import document_from_bytes, read_document


def text_of(data: bytes, max_bytes: int = 1_000_000) -> str:
    return document_from_bytes(data, "op-1", "op-1", max_bytes).text


def refusal(data: bytes, max_bytes: int = 1_000_000) -> str:
    with pytest.raises(InputError) as caught:
        text_of(data, max_bytes)
    return str(caught.value)


# Plain text and Markdown


@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_plain_text_is_kept_to_the_character(tmp_path: Path, suffix: str) -> None:
    written = "# PROCEDURE\r\n**T9\u2013T10**  \r\n\t`done`\n"
    path = tmp_path / f"op-7{suffix}"
    path.write_bytes(written.encode())
    note = read_document(path)
    assert (note.text, note.note_id, note.source) == (written, "op-7", str(path))


def test_the_first_bytes_and_not_the_name_say_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(make_pdf([["PROCEDURE: decompression T9"]]))
    note = read_document(path)
    assert note.text == "PROCEDURE: decompression T9\n"
    assert note.encoding == "pdf"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_document(tmp_path / "none.pdf")


# PDF


def test_a_pdf_keeps_its_lines_and_pages_in_order() -> None:
    data = make_pdf([["PROCEDURE:", "Decompression at T9\u2013T10."], [], ["Page two (end)."]])
    assert text_of(data) == "PROCEDURE:\nDecompression at T9\u2013T10.\nPage two (end).\n"


def test_a_hyphen_at_a_line_end_stays() -> None:
    data = make_pdf([["A far-", "lateral approach at T8-", "T9."]])
    assert text_of(data) == "A far-lateral approach at T8-\nT9.\n"


def test_the_same_pdf_gives_the_same_text() -> None:
    data = make_pdf([SUPPORTED.splitlines()])
    assert len({text_of(data) for _ in range(3)}) == 1


def test_a_scan_says_that_it_is_one() -> None:
    reason = refusal(make_pdf([[]], pictures=[0]))
    assert "scan without a text layer" in reason
    assert "OCR" in reason


def test_a_scan_with_a_fax_header_is_still_a_scan() -> None:
    assert "scan" in refusal(make_pdf([["FAX 12:03 page 1 of 1"]], pictures=[0]))


def test_one_scanned_page_among_others_is_named() -> None:
    pages = [SUPPORTED.splitlines(), [], ["Signed."]]
    assert "page 2 of 3" in refusal(make_pdf(pages, pictures=[1]))


def test_a_scan_with_recognised_text_is_read() -> None:
    text = text_of(make_pdf([SUPPORTED.splitlines()], pictures=[0]))
    assert "transpedicular corridor" in text


def test_an_empty_pdf_is_no_scan() -> None:
    reason = refusal(make_pdf([[]]))
    assert "holds no text" in reason
    assert "scan" not in reason


def test_a_damaged_pdf_is_said() -> None:
    assert "damaged" in refusal(b"%PDF-1.4\nnothing of the kind")


def test_a_pdf_with_a_password_is_said() -> None:
    assert "protected by a password" in refusal(make_pdf([["T9"]], locked=True))


# Word


def test_a_word_document_gives_its_paragraphs() -> None:
    data = make_docx("PROCEDURE:", "Decompression at T9\u2013T10.", "", "Closed.")
    assert text_of(data) == "PROCEDURE:\nDecompression at T9\u2013T10.\n\nClosed.\n"


def paragraph(inside: str) -> str:
    return f"<w:p>{inside}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (paragraph(run("T8") + "<w:r><w:tab/></w:r>" + run("T9")), "T8\tT9"),
        (paragraph(run("T8") + "<w:r><w:br/></w:r>" + run("T9")), "T8\nT9"),
        (paragraph(run("T8") + "<w:r><w:noBreakHyphen/></w:r>" + run("T9")), "T8-T9"),
        (paragraph('<w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr>' + run("T9")), "T9"),
        (paragraph(run("at ") + f"<w:ins>{run('T9')}</w:ins>"), "at T9"),
        (
            paragraph(run("at T9") + "<w:del><w:r><w:delText> and T10</w:delText></w:r></w:del>"),
            "at T9",
        ),
        (f"<w:sdt><w:sdtContent>{paragraph(run('Findings: T9'))}</w:sdtContent></w:sdt>",
         "Findings: T9"),
        (
            paragraph(
                "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:txbxContent>"
                f"{paragraph(run('boxed'))}</w:txbxContent></mc:Choice><mc:Fallback>"
                f"<w:txbxContent>{paragraph(run('boxed'))}</w:txbxContent></mc:Fallback>"
                "</mc:AlternateContent></w:r>"
            ),
            "boxed",
        ),
        (
            "<w:tbl><w:tr>"
            f"<w:tc>{paragraph(run('Level'))}</w:tc><w:tc>{paragraph(run('T9'))}</w:tc>"
            f"</w:tr><w:tr><w:tc>{paragraph(run('Side'))}</w:tc>"
            f"<w:tc>{paragraph(run('left'))}</w:tc></w:tr></w:tbl>",
            "Level\tT9\nSide\tleft",
        ),
    ],
    ids=["tab", "break", "hyphen", "tab stop", "inserted", "deleted", "control", "box", "table"],
)  # fmt: skip
def test_all_that_word_shows_is_read_once(xml: str, text: str) -> None:
    assert text_of(make_docx(xml=xml)).strip("\n") == text


def test_an_empty_word_document_is_said() -> None:
    assert "holds no text" in refusal(make_docx(" "))


def test_a_damaged_word_document_is_said() -> None:
    data = bytearray(make_docx(SUPPORTED))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        start = archive.getinfo("word/document.xml").header_offset
    data[start + 60 : start + 90] = b"\0" * 30
    assert "damaged" in refusal(bytes(data))


def test_a_zip_bomb_is_refused_unopened() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 5_000_000)
    assert len(file.getvalue()) < 10_000
    assert "larger than the limit" in refusal(file.getvalue(), max_bytes=100_000)


def test_another_office_document_is_no_note() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "Office document" in refusal(file.getvalue())


# RTF


def test_rtf_gives_its_words_without_its_markup() -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator Word;}\b PROCEDURE:\b0\par "
        rb"Decompression T9\'96T10 \u8211? done.\line Closed.\par}"
    )
    assert text_of(data) == "PROCEDURE:\nDecompression T9\u2013T10 \u2013 done.\nClosed.\n"


def test_an_empty_rtf_is_said() -> None:
    assert "holds no text" in refusal(rb"{\rtf1\ansi {\fonttbl{\f0 Arial;}}}")


# Limits and privacy


@pytest.mark.parametrize(
    "data",
    [make_pdf([SUPPORTED.splitlines()]), make_docx(SUPPORTED), b"{\\rtf1 " + b"T9 " * 400 + b"}"],
    ids=["pdf", "docx", "rtf"],
)
def test_text_beyond_the_limit_is_refused(data: bytes) -> None:
    assert text_of(data)
    assert "larger than the limit" in refusal(data, max_bytes=300)


def test_refusals_hold_no_words_of_the_note() -> None:
    marked = ["XYZZYMARKER"]
    reasons = [
        refusal(make_pdf([marked], pictures=[0])),
        refusal(b"%PDF-1.4 XYZZYMARKER"),
        refusal(make_docx("XYZZYMARKER " * 100), max_bytes=300),
    ]
    assert not any("XYZZYMARKER" in reason for reason in reasons)
