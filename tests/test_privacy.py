"""No word of a note is seen anywhere but in the report that was asked for.

Notes here carry a marker word; it must not turn up on standard error, in logs at their most
talkative, in error messages or in files. The tests run the program in a process of its own, as
its users do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import opnote_audit

MARKER = "Zyzzogeton"
SOURCE = Path(opnote_audit.__file__).parents[1]

NOTE = f"""\
Patient: {MARKER} {MARKER}. Address: 12 {MARKER} Street.

PROCEDURE: Transpedicular decompression of T9 and T10.
DESCRIPTION OF PROCEDURE: The T9 pedicle was drilled away and transpedicularly the disc herniation
was removed from the cord. The T10 pedicle was drilled away and transpedicularly the tumor was
removed from the cord ({MARKER} microscope). No transpedicular {MARKER}ectomy was done at T12.
{MARKER.upper()} decompression (ZD). The transpedicullar {MARKER.lower()} was closed.
"""

# Everybody who logs or warns is heard, medspaCy and PyRuSH's loguru included.
TALKATIVE = """
import logging, sys, warnings
logging.basicConfig(level=0, stream=sys.stderr, force=True)
logging.captureWarnings(True)
warnings.simplefilter("always")
"""


def python(code: str, folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": str(SOURCE),
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        cwd=folder,
        check=False,
    )


def command(
    *arguments: str, folder: Path, talkative: bool = True, text: str = ""
) -> tuple[str, str, int]:
    """Run ``opnote-audit`` with every logger at its loudest; return its output and code."""
    code = (
        (TALKATIVE if talkative else "")
        + f"import sys; sys.argv = ['opnote-audit', *{list(arguments)!r}]\n"
        + "from opnote_audit.cli import main; main()"
    )
    run = python(code, folder, text)
    return run.stdout, run.stderr, run.returncode


def told(text: str) -> bool:
    return MARKER.lower() in text.lower()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "notes" / "op.txt"
    path.parent.mkdir()
    path.write_text(NOTE, encoding="utf-8")
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Where the process works and may write; it must stay empty."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_the_test_would_hear_a_marker(elsewhere: Path) -> None:
    run = python(TALKATIVE + f"logging.getLogger('medspacy').debug({MARKER!r})", elsewhere)
    assert told(run.stderr)


def test_the_library_prints_and_logs_nothing(elsewhere: Path) -> None:
    code = """
    import sys
    from opnote_audit import audit, load_pipeline
    note = sys.stdin.read()
    audit(note)
    load_pipeline()(note)
    """
    run = python(TALKATIVE + textwrap.dedent(code), elsewhere, NOTE)
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert not told(run.stderr)


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "markdown"])
def test_standard_error_and_logs_are_silent_about_the_note(
    form: str, note: Path, elsewhere: Path
) -> None:
    out, err, code = command("check", str(note), "--format", form, folder=elsewhere)
    assert code in (0, 1), err
    assert out.strip()
    assert not told(err)
    assert MARKER + " Street" not in out


def test_a_quiet_check_shows_no_word_of_the_note(note: Path, elsewhere: Path) -> None:
    out, err, code = command("check", str(note), "--quiet", folder=elsewhere)
    assert code in (0, 1), err
    assert not told(out + err)


def test_json_holds_only_the_words_of_its_spans(note: Path, elsewhere: Path) -> None:
    out, _, _ = command("check", str(note), "--format", "json", folder=elsewhere)
    words = json.dumps(json.loads(out))
    assert not told(words)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("binary", b"\x00\x01\x02" + MARKER.encode() + bytes(range(256)) * 50),
        ("image", b"\x89PNG\r\n\x1a\n" + MARKER.encode() * 100),
        ("pdf", b"%PDF-1.7\n" + MARKER.encode() * 100),
        ("too large", (MARKER + " decompression of T9. ").encode() * 300_000),
        ("undecodable", b"\xff\xfe" + MARKER.encode("utf-16-le") + b"\x00\xd8\x00"),
    ],
)
def test_a_note_that_cannot_be_read_is_not_quoted(
    name: str, content: bytes, tmp_path: Path, elsewhere: Path
) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    _out, err, code = command("check", str(path), folder=elsewhere)
    assert code in (0, 1, 2)
    assert code == 2 or name == "undecodable"
    assert not told(err)
    assert "Traceback" not in err
    assert code != 2 or "bad.txt" in err


def test_a_crash_of_our_own_is_not_quoted(note: Path, elsewhere: Path) -> None:
    """A defect's message may hold the note's words; only its kind and place may be shown."""
    code = (
        TALKATIVE
        + f"""
import sys
from opnote_audit.resolve.operation import Resolver
def broken(self, reading):
    raise ValueError(reading.text)
Resolver.resolve = broken
sys.argv = ["opnote-audit", "check", {str(note)!r}]
from opnote_audit.cli import main
main()
"""
    )
    run = python(code, elsewhere)
    assert run.returncode == 2
    assert run.stderr.strip()
    assert not told(run.stdout + run.stderr)


def test_broken_rules_are_told_without_the_note(
    note: Path, elsewhere: Path, tmp_path: Path
) -> None:
    out, err, code = command(
        "check", str(note), "--patterns", str(tmp_path / "notes"), folder=elsewhere
    )
    assert code == 2
    assert not told(out + err)


def test_nothing_is_left_behind_in_files(note: Path, elsewhere: Path) -> None:
    for arguments in (["check", str(note)], ["check", "-", "--format", "json"]):
        command(*arguments, folder=elsewhere, talkative=False, text=NOTE)
    left = [p for p in elsewhere.rglob("*") if p.is_file()]
    assert not [p for p in left if MARKER.lower() in p.read_text(errors="replace").lower()]
    assert left == []
    assert [p.name for p in note.parent.iterdir()] == ["op.txt"]
