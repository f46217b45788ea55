"""Notes and documents for the tests of batches and readers, made on the spot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

SUPPORTED = """PREOPERATIVE DIAGNOSIS: Thoracic disc herniations T8-T9 and T9-T10 with myelopathy.
PROCEDURE: Transpedicular decompression T8-T9 and T9-T10 with discectomy.
DESCRIPTION OF PROCEDURE:
The T9 pedicle was drilled away and through this transpedicular corridor the herniated disc
at T8-T9 was removed, decompressing the spinal cord. Then the T10 pedicle was drilled away and
through a second transpedicular corridor the herniated disc at T9-T10 was removed and the cord
was decompressed. The wound was closed in layers.
"""

UNRELATED = """PREOPERATIVE DIAGNOSIS: Carpal tunnel syndrome, right.
PROCEDURE: Carpal tunnel release, right.
DESCRIPTION OF PROCEDURE:
The transverse carpal ligament was divided under direct vision. The wound was closed.
"""


def write_notes(folder: Path, count: int, marker: str = "") -> list[Path]:
    """Write ``count`` notes, no two alike, into a folder and the folders below it."""
    paths = []
    for number in range(count):
        path = folder / f"ward{number % 3}" / f"op-{number:04d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = SUPPORTED if number % 2 else UNRELATED
        path.write_text(f"CASE NUMBER: {number} {marker}\n{text}", encoding="utf-8")
        paths.append(path)
    return sorted(paths)


def make_pdf(
    pages: Sequence[Sequence[str]], pictures: Sequence[int] = (), *, locked: bool = False
) -> bytes:
    """Return a PDF of these pages, each a list of lines.

    The pages numbered in ``pictures`` get a picture as large as they are; ``locked`` asks for a
    password that nobody has.
    """
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",  # the pages, once they are numbered
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8 /Length 4 >>\nstream\n\x00\xff\xff\x00\nendstream",
    ]
    kids = []
    for number, lines in enumerate(pages):
        shown = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
        content = b"BT /F 11 Tf 14 TL 72 720 Td\n" + shown + b"ET"
        if number in pictures:
            content = b"q 612 0 0 792 0 0 cm /I Do Q\n" + content
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> /XObject << /I 4 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (b" ".join(kids), len(kids))
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    lock = b""
    if locked:
        key = b"00" * 32
        lock = b"/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%b> /U <%b> >>"
        lock %= (key, key)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer << /Size %d /Root 1 0 R %b >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, lock, len(out))
    )


def _escaped(line: str) -> bytes:
    data = line.encode("windows-1252")
    for char in (b"\\", b"(", b")"):
        data = data.replace(char, b"\\" + char)
    return data


def make_docx(*paragraphs: str, xml: str = "") -> bytes:
    """Return a Word document: paragraphs, then raw WordprocessingML at the body's end."""
    import docx
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if xml:
        spaces = nsdecls("w") + (
            ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        )
        for element in parse_xml(f"<w:body {spaces}>{xml}</w:body>"):
            document.element.body.insert(len(document.element.body) - 1, element)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
