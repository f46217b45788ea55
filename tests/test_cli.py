"""The command line: exit codes, messages, formats, colour, and what it must never do."""

from __future__ import annotations

import codecs
import io
import json
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from batch_samples import make_docx, make_pdf

import opnote_audit
from opnote_audit.checks.result import AuditResult, CheckResult, Evidence, Verdict
from opnote_audit.commands.sizes import parse_size
from opnote_audit.commands.terminal import shows_unicode, wants_color, width_of, write
from opnote_audit.errors import InputError, RuleFileError

SOURCE = str(Path(opnote_audit.__file__).parents[1])
MARKER = "XYZZYMARKER"


@dataclass(frozen=True)
class Run:
    """What one run of the program printed, and its exit code."""

    code: int
    out: str
    err: str


Cli = Callable[..., Run]


class FakeAuditor:
    """Finds the verdict written as the note's first word, and quotes it."""

    calls: list[tuple[str, str, str | None, str | None]]

    def __init__(self) -> None:
        self.calls = []

    def audit(
        self, text: str, note_id: str, source: str | None, encoding: str | None = None
    ) -> AuditResult:
        self.calls.append((text, note_id, source, encoding))
        first = text.split()[0]
        if first == "crash":
            raise ValueError(text)
        if first == "refuse":
            raise InputError("has no words of a note; check it")
        verdict: Verdict = first if first in VERDICTS else "not_applicable"  # type: ignore[assignment]
        start = text.index(first)
        evidence = (Evidence(start, start + len(first), first),)
        status = {"supported": "pass", "needs_review": "warn", "deficient": "fail"}
        check = CheckResult("R1", status.get(first, "na"), "Levels.", evidence)  # type: ignore[arg-type]
        return AuditResult(note_id, source, verdict, 50.0, 1, 1, checklist=(check,))


VERDICTS = ("supported", "needs_review", "deficient", "not_applicable")


@pytest.fixture
def auditor(monkeypatch: pytest.MonkeyPatch) -> FakeAuditor:
    fake = FakeAuditor()
    api = types.ModuleType("opnote_audit.api")
    api.load_auditor = lambda patterns=None, **options: fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "opnote_audit.api", api)
    return fake


@pytest.fixture
def cli(
    auditor: FakeAuditor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Cli:
    """Run the program in an empty folder, in this process, with the fake auditor."""
    from opnote_audit.cli import main

    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*args: str, stdin: bytes = b"") -> Run:
        monkeypatch.setattr(sys, "argv", ["opnote-audit", *args])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        code = caught.value.code
        return Run(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run


def note(name: str, text: str | bytes) -> str:
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return name


# Inputs


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("op.docx", make_docx("supported")),
        ("op.pdf", make_pdf([["supported"]])),
        ("op.rtf", rb"{\rtf1\ansi supported}"),
    ],
)
def test_documents_are_read_as_in_a_batch(
    cli: Cli, auditor: FakeAuditor, name: str, data: bytes
) -> None:
    run = cli("check", note(name, data), "--format", "json")
    assert json.loads(run.out)["verdict"] == "supported"
    assert [encoding for *_, encoding in auditor.calls] == [name.partition(".")[2]]


# Exit codes


@pytest.mark.parametrize(
    ("verdict", "fail_on", "code"),
    [
        ("supported", "needs_review", 0),
        ("not_applicable", "needs_review", 0),
        ("needs_review", "needs_review", 1),
        ("deficient", "needs_review", 1),
        ("needs_review", "deficient", 0),
        ("deficient", "deficient", 1),
        ("needs_review", "never", 0),
        ("deficient", "never", 0),
    ],
)
def test_the_verdict_decides_the_exit_code(cli: Cli, verdict: str, fail_on: str, code: int) -> None:
    assert cli("check", note("a.txt", verdict), "--fail-on", fail_on).code == code


def test_fail_on_is_needs_review_unless_said(cli: Cli) -> None:
    assert cli("check", note("a.txt", "needs_review")).code == 1


def test_an_error_wins_over_findings_and_stops_no_other_note(cli: Cli) -> None:
    run = cli("check", note("a.txt", "deficient"), "gone.txt", note("b.txt", "supported"), "-q")
    assert run.code == 2
    assert run.out == "a.txt: deficient, score 50, 1 unit\nb.txt: supported, score 50, 1 unit\n"
    assert run.err == "opnote-audit: gone.txt: no such file; check the name and the folder\n"


def test_an_error_is_one_even_with_fail_on_never(cli: Cli) -> None:
    assert cli("check", "gone.txt", "--fail-on", "never").code == 2


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("chekc",),
        ("--nope",),
        ("check",),
        ("check", "a.txt", "--format", "xml"),
        ("check", "a.txt", "--fail-on", "always"),
        ("check", "a.txt", "--max-size", "much"),
        ("check", "a.txt", "--max-size", "0"),
        ("check", "-", "-"),
        ("explain", "R1", "R2"),
        ("explain", "--nope"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_2_with_the_usage(cli: Cli, args: tuple[str, ...]) -> None:
    run = cli(*args)
    assert (run.code, run.out) == (2, "")
    assert "Usage: opnote-audit" in run.err


@pytest.mark.parametrize("args", [("--help",), ("-h",), ("check", "--help"), ("explain", "-h")])
def test_help_shows_examples_and_exit_codes(cli: Cli, args: tuple[str, ...]) -> None:
    run = cli(*args)
    assert run.code == 0
    assert "Examples:\n    opnote-audit" in run.out
    assert "Exit codes:\n    0  " in run.out
    assert max(map(len, run.out.splitlines())) <= 80


def test_version(cli: Cli) -> None:
    run = cli("--version")
    assert run.code == 0
    assert run.out.startswith("opnote-audit ")


# Bad input


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \r\n\t", "white space"),
        (b"%PDF-1.7 " + MARKER.encode(), "PDF"),
        (MARKER.encode() + bytes(range(32)) * 9, "binary"),
        (MARKER.encode() + b" \x81\x96", "cannot be decoded"),
        (codecs.BOM_UTF16_LE + MARKER.encode("utf-16-le")[:-1], "broken"),
        (MARKER.encode() * 500, "limit of 5 kB"),
        (b"crash " + MARKER.encode(), "defect"),
        (b"refuse " + MARKER.encode(), "no words of a note"),
    ],
)
@pytest.mark.parametrize("format", ["text", "json", "jsonl", "markdown"])
def test_a_bad_note_is_one_line_on_stderr_without_its_words(
    cli: Cli, data: bytes, says: str, format: str
) -> None:
    run = cli("check", note("bad.txt", data), "--max-size", "5k", "--format", format)
    assert run.code == 2
    assert run.err.startswith("opnote-audit: bad.txt: ")
    assert run.err.count("\n") == 1
    assert says in run.err
    assert "; " in run.err  # what is wrong; what to do
    assert MARKER not in run.err + run.out
    assert "Traceback" not in run.err
    if format.startswith("json"):
        error = json.loads(run.out)
        assert (error["note_id"], error["verdict"], error["source"]) == ("bad", "error", "bad.txt")
        assert says in error["error"]


def test_a_folder_is_pointed_to_batch(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    run = cli("check", "notes")
    assert run.code == 2
    assert "notes: is a folder" in run.err
    assert "batch" in run.err


def test_a_name_with_an_escape_does_not_reach_the_terminal(cli: Cli) -> None:
    run = cli("check", "gone\x1b[31m\n.txt")
    assert run.err == "opnote-audit: gone␛[31m .txt: no such file; check the name and the folder\n"


def test_no_pipeline_is_loaded_for_a_missing_file(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opnote_audit.api", None)
    assert cli("check", "gone.txt").code == 2


def test_broken_rules_stop_everything(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(patterns: Path | None = None, **options: object) -> FakeAuditor:
        raise RuleFileError(f"{patterns}/context.json: entry 3 ('no'): unknown key 'dir'")

    monkeypatch.setattr(sys.modules["opnote_audit.api"], "load_auditor", broken)
    Path("mine").mkdir()
    run = cli("check", note("a.txt", MARKER), "--patterns", "mine", "--format", "json")
    assert (run.code, run.out) == (2, "")
    assert run.err == "opnote-audit: mine/context.json: entry 3 ('no'): unknown key 'dir'\n"


@pytest.mark.parametrize("folder", ["nowhere", ""])
def test_a_patterns_folder_that_is_none(cli: Cli, folder: str) -> None:
    folder = folder or note("file.json", "{}")
    run = cli("check", note("a.txt", "supported"), "--patterns", folder)
    assert (run.code, run.out) == (2, "")
    assert f"{folder}: no such folder of rule files" in run.err


def test_patterns_reach_the_auditor(
    cli: Cli, auditor: FakeAuditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Path | None] = []

    def load(patterns: Path | None = None, **options: object) -> FakeAuditor:
        given.append(patterns)
        return auditor

    monkeypatch.setattr(sys.modules["opnote_audit.api"], "load_auditor", load)
    Path("mine").mkdir()
    cli("check", note("a.txt", "supported"), note("b.txt", "supported"), "--patterns", "mine")
    cli("check", "a.txt")
    assert given == [Path("mine"), None]


# What the auditor is given, and what is printed


def test_the_auditor_gets_the_exact_text_and_the_encoding(cli: Cli, auditor: FakeAuditor) -> None:
    text = "supported\r\nT9–T10 \x00\r"
    cli("check", note("op.1.txt", text.encode("windows-1252")))
    assert auditor.calls == [(text, "op.1", "op.1.txt", "windows-1252")]


def test_standard_input(cli: Cli, auditor: FakeAuditor) -> None:
    run = cli("check", "-", "-q", stdin=b"supported\r\n")
    assert run.out == "<stdin>: supported, score 50, 1 unit\n"
    assert auditor.calls == [("supported\r\n", "stdin", "<stdin>", "utf-8")]


def test_max_size_can_be_raised(cli: Cli) -> None:
    big = note("big.txt", "supported " + "T9 " * 2_000_000)
    assert cli("check", big, "-q").code == 2
    assert cli("check", big, "-q", "--max-size", "10MB").code == 0


def test_text_points_at_the_words(cli: Cli) -> None:
    out = cli("check", note("a.txt", "\r\n  deficient note")).out
    assert out.startswith("✗ DEFICIENT   score 50   63057 x 1 supported\n  a.txt\n")
    assert "  a.txt:2:3\n     2 |   deficient note\n       |   ^^^^^^^^^\n" in out


def test_reports_of_several_notes_are_parted(cli: Cli) -> None:
    out = cli("check", note("a.txt", "supported"), note("b.txt", "supported")).out
    assert out.count("✓ SUPPORTED") == 2
    assert "\n\n✓ SUPPORTED" in out


def test_json_is_an_object_for_one_note_and_a_list_for_several(cli: Cli) -> None:
    note("a.txt", "supported")
    assert json.loads(cli("check", "a.txt", "--format", "json").out)["note_id"] == "a"
    several = json.loads(cli("check", "a.txt", "gone.txt", "--format", "json").out)
    assert [one["verdict"] for one in several] == ["supported", "error"]


def test_jsonl_is_an_object_a_line_in_order(cli: Cli) -> None:
    names = [note(f"{n}.txt", "supported") for n in "cab"]
    out = cli("check", *names, "gone.txt", "--format", "jsonl").out
    assert [json.loads(line)["note_id"] for line in out.splitlines()] == ["c", "a", "b", "gone"]


def test_markdown(cli: Cli) -> None:
    assert cli("check", note("a.txt", "supported"), "--format", "markdown").out.startswith("## ✓ a")


def test_explain(cli: Cli) -> None:
    assert cli("explain", "r2").out.startswith("R2  Approach")
    assert "$287.58" in cli("explain", "63057").out
    assert cli("explain").out.startswith("Topics")


def test_explain_an_unknown_topic(cli: Cli) -> None:
    run = cli("explain", "R22")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("opnote-audit: no topic 'R22'; did you mean R2")


def test_a_defect_while_printing_tells_nothing_of_the_note(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, result: AuditResult, note: object) -> str:
        raise KeyError(MARKER)

    monkeypatch.setattr("opnote_audit.report.formats._Text.add", fail)
    run = cli("check", note("a.txt", "supported"))
    assert (run.code, run.out) == (2, "")
    assert "KeyError in test_cli, line" in run.err
    assert MARKER not in run.err


# Colour, width, encodings of the output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": ""}, False),
        (Terminal(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_when_to_colour(stream: io.StringIO, environ: dict[str, str], wanted: bool) -> None:
    assert wants_color(stream, environ) is wanted


def test_colour_on_request_and_not_in_a_pipe(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    note("a.txt", "deficient")
    assert "\x1b" not in cli("check", "a.txt").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m" in cli("check", "a.txt").out
    assert "\x1b[1m" in cli("explain", "R1").out
    assert "\x1b" not in cli("check", "a.txt", "--format", "json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli("check", "a.txt").out


def test_width_follows_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert width_of(Terminal()) == 100
    assert width_of(io.StringIO()) == 80


def test_an_output_that_knows_only_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert not shows_unicode(stream)
    write(stream, "T9–T10 ✓")
    assert stream.buffer.getvalue() == b"T9?T10 ?"


@pytest.mark.parametrize(
    ("text", "size"),
    [("5MB", 5_000_000), ("500k", 500_000), ("1.5 m", 1_500_000), ("7", 7), ("1gb", 10**9)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "5TB", "many", "0.1"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="a size such as"):
        parse_size(text)


# As a process of its own


def python(*args: str, **options: object) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": SOURCE, "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, *args],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.parametrize("args", ["--help", "check --help", "explain", "explain R1", "--version"])
def test_quick_commands_import_nothing_heavy(args: str) -> None:
    process = python("-X", "importtime", "-m", "opnote_audit", *args.split())
    _, err = process.communicate()
    assert process.returncode == 0
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in err.decode().splitlines()}
    assert "typer" in imported
    assert not imported & {"spacy", "medspacy", "scispacy", "pandas", "numpy", "pydantic", "rich"}


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = python("-m", "opnote_audit", "explain")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    # A FIFO that nobody writes to keeps the program reading until it is interrupted.
    fifo = tmp_path / "note.txt"
    os.mkfifo(fifo)
    process = python("-m", "opnote_audit", "check", str(fifo))
    with fifo.open("wb"):  # opens only when the program has opened it to read
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")
