"""How files that are not plain text begin, so that a refusal can say what a file looks like."""

from __future__ import annotations

from typing import NamedTuple


class Signature(NamedTuple):
    """The first bytes of a kind of file, and what people call that kind."""

    start: bytes
    kind: str


# Only beginnings that no note can have by chance; two-letter ones such as BMP's "BM" are left
# to the control-character count.
SIGNATURES = (
    Signature(b"%PDF-", "a PDF document"),
    Signature(b"{\\rtf", "an RTF document"),
    Signature(b"PK\x03\x04", "a ZIP archive or an Office document (.docx, .xlsx, .odt)"),
    Signature(b"PK\x05\x06", "an empty ZIP archive"),
    Signature(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.doc, .xls)"),
    Signature(b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    Signature(b"\xff\xd8\xff", "a JPEG picture"),
    Signature(b"GIF87a", "a GIF picture"),
    Signature(b"GIF89a", "a GIF picture"),
    Signature(b"II*\x00", "a TIFF picture"),
    Signature(b"MM\x00*", "a TIFF picture"),
    Signature(b"\x1f\x8b", "a gzip archive"),
    Signature(b"BZh", "a bzip2 archive"),
    Signature(b"\xfd7zXZ\x00", "an xz archive"),
    Signature(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    Signature(b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    Signature(b"PAR1", "a Parquet table"),
    Signature(b"SQLite format 3\x00", "a SQLite database"),
    Signature(b"\x7fELF", "a program"),
)

_DICOM_OFFSET = 128


def looks_like(data: bytes) -> str | None:
    """Return what kind of file ``data`` begins like, or ``None`` for no kind we know."""
    for signature in SIGNATURES:
        if data.startswith(signature.start):
            return signature.kind
    if data[_DICOM_OFFSET : _DICOM_OFFSET + 4] == b"DICM":
        return "a DICOM image"
    return None
