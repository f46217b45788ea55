"""Bytes to text without guessing wildly: the handful of encodings that notes come in.

Why not charset-normalizer: it chooses among some ninety encodings by how likely the text
looks, and on a short note it was wrong where it matters ("T9-T10" with an en dash in
Windows-1252 came back as cp932, an accented line as cp850). A note here is one of five
encodings, and what is none of them is refused rather than turned into wrong words.

The text is exactly what the bytes say: newlines stay as they are, stray NULs and lone
surrogates stay in place; only a byte order mark is no part of it.
"""

from __future__ import annotations

import codecs
import re

from opnote_audit.errors import InputError
from opnote_audit.read.signatures import looks_like

# UTF-32 before UTF-16: the little-endian mark of UTF-32 begins with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
)

_SAVE_AS = "save it as plain UTF-8 text and try again"
_EXTRACT = "export or save its text as a plain .txt file and audit that"

# In UTF-16 every other byte of Western text is NUL; in a text with stray NULs few are.
_UTF16_SAMPLE = 4096
_UTF16_MANY = 0.4
_UTF16_FEW = 0.05

# Above this share of control characters it is no text; a few are left to every note, however
# short, since exports end pages and records with them.
_CONTROL_SHARE = 0.1
_CONTROL_ALLOWED = 8
_CONTROLS = bytes(c for c in range(0x20) if c not in b"\t\n\v\f\r") + b"\x7f"

# Windows-1252 gives a letter to almost any byte, so a file mostly of high bytes would decode
# to nonsense: it is another language's encoding or no text at all.
_HIGH_SHARE = 0.3
_HIGH_ALLOWED = 16
_HIGH = bytes(range(0x80, 0x100))

# UTF-8 sequences that Windows-1252 text hardly ever holds: "Â" or "Ã" before a symbol, and
# three or four high bytes of the right kinds in a row.
_TELLING_UTF8 = re.compile(
    rb"[\xc2\xc3][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# What may surround the words of a note that has none.
_BLANK = "\x00\ufeff\u200b"


def decode(data: bytes) -> tuple[str, str]:
    """Decode the bytes of one note.

    Parameters
    ----------
    data
        The whole file.

    Returns
    -------
    tuple of str and str
        The text, exactly as in the file but for a byte order mark, and the name of the
        encoding: ``utf-8``, ``utf-8-sig``, ``utf-16-le``, ``utf-16-be``, ``utf-32-le``,
        ``utf-32-be`` or ``windows-1252``.

    Raises
    ------
    InputError
        Empty or only white space; binary; in none of these encodings. The message says what
        it looks like and what to do, and holds nothing of the note.
    """
    if not data:
        raise InputError("the note is empty; check that it was saved or exported whole")
    text, encoding = _decode_marked(data) or _decode_unmarked(data)
    if not text.strip().strip(_BLANK).strip():
        raise InputError(
            "the note holds only white space; check that it was saved or exported whole"
        )
    if _too_many_controls(len(text), _count_controls(text)):
        raise InputError(f"looks like binary data, not text; {_EXTRACT}")
    return text, encoding


def _decode_marked(data: bytes) -> tuple[str, str] | None:
    for mark, codec, name in _BOMS:
        if data.startswith(mark):
            body = data[len(mark) :]
            kind = looks_like(body)
            if kind:
                raise InputError(f"looks like {kind}, not text; {_EXTRACT}")
            return _decode_as(body, codec, f"is marked as {codec.upper()}"), name
    return None


def _decode_unmarked(data: bytes) -> tuple[str, str]:
    kind = looks_like(data)
    if kind:
        raise InputError(f"looks like {kind}, not text; {_EXTRACT}")
    utf16 = _utf16_by_nuls(data)
    if utf16:
        return _decode_as(data, utf16, f"looks like {utf16.upper()}"), utf16
    # surrogatepass: some exports write lone surrogates; they are kept, not refused.
    try:
        return data.decode("utf-8", "surrogatepass"), "utf-8"
    except UnicodeDecodeError as error:
        broken_at = error.start
    return _decode_windows(data, broken_at), "windows-1252"


def _decode_as(data: bytes, codec: str, claim: str) -> str:
    try:
        return data.decode(codec, "surrogatepass")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{claim} but is broken at byte {error.start} (cut off or damaged); {_SAVE_AS}"
        ) from None


def _utf16_by_nuls(data: bytes) -> str | None:
    sample = data[:_UTF16_SAMPLE]
    pairs = len(sample) // 2
    if pairs < 2:
        return None
    first = sample[0 : pairs * 2 : 2].count(0) / pairs
    second = sample[1 : pairs * 2 : 2].count(0) / pairs
    if second >= _UTF16_MANY and first <= _UTF16_FEW:
        return "utf-16-le"
    if first >= _UTF16_MANY and second <= _UTF16_FEW:
        return "utf-16-be"
    return None


def _decode_windows(data: bytes, broken_at: int) -> str:
    high = _count(data, _HIGH)
    controls = _count(data, _CONTROLS)
    if _too_many_controls(len(data), controls):
        raise InputError(f"looks like binary data, not text; {_EXTRACT}")
    if high > _HIGH_ALLOWED and high + controls > _HIGH_SHARE * len(data):
        raise InputError(
            "looks like binary data or text in an encoding that is not supported (UTF-8, "
            f"UTF-16 and Windows-1252 are); {_SAVE_AS}"
        )
    # UTF-8 with a few broken bytes must not turn into "L4â€“L5": refuse and say where.
    telling = _TELLING_UTF8.findall(data)
    if telling and len(telling) >= high - sum(map(len, telling)):
        raise InputError(
            f"looks like UTF-8 but is broken at byte {broken_at} (cut off or damaged, or two "
            f"encodings mixed); {_SAVE_AS}"
        )
    try:
        return data.decode("windows-1252")
    except UnicodeDecodeError as error:
        raise InputError(
            f"cannot be decoded: byte {broken_at} is not UTF-8 and byte {error.start} is not "
            f"Windows-1252; {_SAVE_AS}"
        ) from None


def _count(data: bytes, wanted: bytes) -> int:
    return len(data) - len(data.translate(None, wanted))


def _count_controls(text: str) -> int:
    # 27 counts at C speed are far cheaper than one translate() of a text that is not ASCII.
    return sum(text.count(chr(control)) for control in _CONTROLS)


def _too_many_controls(length: int, controls: int) -> bool:
    return controls > _CONTROL_ALLOWED and controls > _CONTROL_SHARE * length
