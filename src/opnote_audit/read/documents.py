"""Notes in documents: Word (.docx), PDF with a text layer, RTF; plain text and Markdown as is.

The text of a plain file is exactly the file's. That of a document is what a reader of it sees,
in order, lines parted by newlines; offsets count in that text, and reading the same document
again gives the same text.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opnote_audit.errors import InputError
from opnote_audit.read.note import (
    DEFAULT_MAX_BYTES,
    Note,
    note_from_bytes,
    note_id_for,
    read_bytes,
    size_text,
    source_for,
)

SUFFIXES = (".txt", ".md", ".docx", ".pdf", ".rtf")
"""How the names of notes that can be read end, in lower case."""

_DOCUMENT_SHARE = 20
"""A document may be so many times larger than its text: it holds fonts and pictures."""

_SCAN_SHARE = 0.5
_SCAN_LETTERS = 100
"""A page is a scan when a picture covers half of it and it has fewer letters than this: what
a fax machine or a stamp leaves on it."""

# PDFium keeps state of its own for the whole process.
_PDFIUM = threading.Lock()


def read_document(path: str | os.PathLike[str], max_bytes: int = DEFAULT_MAX_BYTES) -> Note:
    """Read one note from a file of any kind that can be read.

    Parameters
    ----------
    path
        A file; its first bytes, not its name, say whether it is Word, PDF or RTF.
    max_bytes
        The largest text accepted; a document around it may be twenty times larger.

    Raises
    ------
    InputError
        Missing, unreadable, too large, without text (a scan), protected by a password, damaged,
        or of a kind that cannot be read. The message says what to do and holds nothing of the
        note; the caller names the file.
    """
    return document_from_bytes(
        read_document_bytes(path, max_bytes), note_id_for(path), source_for(path), max_bytes
    )


def read_document_bytes(path: str | os.PathLike[str], max_bytes: int = DEFAULT_MAX_BYTES) -> bytes:
    """Return a file's bytes, one more than is accepted at most.

    Raises
    ------
    InputError
        Missing or unreadable.
    """
    limit = max_bytes * _DOCUMENT_SHARE
    # Reading sets aside what it might read at most; with the file's own size that is little.
    with contextlib.suppress(OSError, ValueError):  # the reading itself says it better
        limit = min(limit, Path(path).stat().st_size or limit)  # pipes have no size
    return read_bytes(os.fspath(path), limit)


def document_from_bytes(
    data: bytes, note_id: str, source: str | None = None, max_bytes: int = DEFAULT_MAX_BYTES
) -> Note:
    """Make a note of the bytes of a file of any kind that can be read.

    Raises
    ------
    InputError
        As :func:`read_document`, but for the file itself.
    """
    reader = _reader_for(data)
    if reader is None:
        return note_from_bytes(data, note_id, source, max_bytes)
    name, read = reader
    if len(data) > max_bytes * _DOCUMENT_SHARE:
        raise InputError(_too_large(max_bytes * _DOCUMENT_SHARE))
    text = read(data, max_bytes)
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise InputError(_too_large(max_bytes))
    if not text.strip():
        raise InputError(f"the {name} document holds no text; check that it is the right file")
    return Note(text=text, note_id=note_id, source=source, encoding=name)


def _reader_for(data: bytes) -> tuple[str, Callable[[bytes, int], str]] | None:
    # The PDF standard lets up to a kilobyte of other bytes come first.
    if b"%PDF-" in data[:1024]:
        return "pdf", _read_pdf
    if data.startswith(b"{\\rtf"):
        return "rtf", _read_rtf
    if data.startswith(b"PK\x03\x04") and _is_docx(data):
        return "docx", _read_docx
    return None


def _too_large(limit: int) -> str:
    return (
        f"is larger than the limit of {size_text(limit)}; if it really is one note, raise the "
        "limit with --max-size"
    )


# -- Word -----------------------------------------------------------------------------------

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAIN_PART = "word/document.xml"
# Taken out by tracked changes, and the copy of a text box for programs older than 2010.
_NOT_SHOWN = frozenset(
    {
        f"{_WORD}del",
        f"{_WORD}moveFrom",
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)
# Here a w:tab defines a tab stop and is no character.
_PROPERTIES = frozenset({f"{_WORD}pPr", f"{_WORD}rPr"})
_BREAKS = {
    f"{_WORD}tab": "\t",
    f"{_WORD}br": "\n",
    f"{_WORD}cr": "\n",
    f"{_WORD}noBreakHyphen": "-",
    f"{_WORD}softHyphen": "",
}


def _is_docx(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _MAIN_PART in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _read_docx(data: bytes, max_bytes: int) -> str:
    """Return a Word document's text: paragraphs, lists, tables and text boxes, in order.

    python-docx opens it. Its ``Paragraph.text`` leaves out what stands in tracked insertions,
    content controls and text boxes, where templates of hospitals keep whole sections, so the
    body is walked here: what Word shows with all changes accepted. Page headers, footers and
    comments are no part of the note.
    """
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # A few kilobytes can unpack to gigabytes.
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > max_bytes * _DOCUMENT_SHARE:
            raise InputError(_too_large(max_bytes * _DOCUMENT_SHARE))
        body = docx.Document(io.BytesIO(data)).element.body
    except (
        OpcError,
        LxmlError,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        NotImplementedError,  # a way of packing that Word does not use
        ValueError,
        EOFError,
    ):
        raise InputError(
            "looks like a Word document but is damaged; open it in Word, save it again and "
            "audit that"
        ) from None
    return "".join(_docx_text(body)).strip("\n") + "\n"


def _docx_text(element: Any) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _NOT_SHOWN:
            continue
        if tag == f"{_WORD}t":
            yield child.text or ""
        elif tag in _BREAKS:
            yield _BREAKS[tag]
        elif tag == f"{_WORD}p":
            yield from _docx_text(child)
            yield "\n"
        elif tag == f"{_WORD}tr":
            yield from _docx_row(child)
        elif tag not in _PROPERTIES:
            yield from _docx_text(child)


def _docx_row(row: Any) -> Iterator[str]:
    """Yield a table's row as one line with tabs between cells; cells of many lines keep them."""
    cells = ["".join(_docx_text(cell)).strip("\n") for cell in _docx_cells(row)]
    yield "\t".join(cells).rstrip("\t") + "\n"


def _docx_cells(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag == f"{_WORD}tc":
            yield child
        elif child.tag not in _NOT_SHOWN:
            yield from _docx_cells(child)  # a content control around a cell


# -- PDF ------------------------------------------------------------------------------------


def _read_pdf(data: bytes, max_bytes: int) -> str:
    """Return a PDF's text layer, page after page, read by PDFium.

    PDFium puts the words back in lines by where they stand on the page, which notes need: their
    headings are known by their lines.
    """
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD:
                raise InputError(
                    "the PDF is protected by a password; save a copy without one and audit that"
                ) from None
            raise InputError(
                "looks like a PDF but is damaged; export it again and audit that"
            ) from None
        try:
            pages = len(document)
            parts: list[str] = []
            for number in range(pages):
                parts.append(_pdf_page(document, number, pages))
                if sum(map(len, parts)) > max_bytes:
                    raise InputError(_too_large(max_bytes))
        except pypdfium2.PdfiumError:
            raise InputError(
                "looks like a PDF but is damaged; export it again and audit that"
            ) from None
        finally:
            document.close()
    if not any(part.strip() for part in parts):
        raise InputError("the PDF holds no text; check that it is the right file")
    return "\n".join(part for part in parts if part) + "\n"


def _pdf_page(document: Any, number: int, pages: int) -> str:
    page = document[number]
    try:
        text_page = page.get_textpage()
        try:
            text: str = text_page.get_text_bounded()
        finally:
            text_page.close()
        if sum(map(str.isalpha, text)) < _SCAN_LETTERS and _is_picture(page):
            where = "" if pages == 1 else f" (page {number + 1} of {pages})"
            raise InputError(
                f"the PDF is a scan without a text layer{where}: it shows a picture of the "
                "words; run it through text recognition (OCR) and audit that"
            )
    finally:
        page.close()
    # PDFium marks a hyphen at a line's end with U+0002 and joins the lines. Programs that
    # export notes break lines at the hyphens a word has ("far-lateral"), so it stays one.
    return text.replace("\x02", "-").replace("\r\n", "\n").replace("\x00", "").strip("\n")


def _is_picture(page: Any) -> bool:
    """Whether one picture covers half of the page."""
    from pypdfium2 import raw

    width, height = page.get_size()
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = picture.get_bounds()
        shown = max(min(right, width) - max(left, 0), 0) * max(min(top, height) - max(bottom, 0), 0)
        if shown >= _SCAN_SHARE * width * height:
            return True
    return False


# -- RTF ------------------------------------------------------------------------------------


def _read_rtf(data: bytes, max_bytes: int) -> str:
    """Return an RTF document's text, by striprtf: code pages, Unicode, tables as bars."""
    from striprtf.striprtf import rtf_to_text

    try:
        # RTF is ASCII by its standard; what writers put in raw beyond it is their code page.
        source = data.decode("ascii")
    except UnicodeDecodeError:
        source = data.decode("windows-1252", "replace")
    try:
        text = str(rtf_to_text(source, errors="strict"))
    except (UnicodeError, LookupError, ValueError, IndexError):
        raise InputError(
            "looks like an RTF document but is damaged, or is in a code page that is not "
            "known; open it, save it as plain text and audit that"
        ) from None
    return text.strip("\n") + "\n" if text.strip() else ""
