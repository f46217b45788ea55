"""Nothing leaves the machine: the program opens no socket and starts no other program."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# An audit hook sees every socket of the interpreter, C extensions' Python calls included, and
# cannot be taken out again by the code that it watches.
GUARD = """
import sys

# Filled by the one test that must let something pass, with (event, module) pairs.
tolerated = set()

def forbid(event, arguments):
    network = event.startswith(("socket.", "urllib.", "http.", "ftplib.", "smtplib."))
    other_program = event in {
        "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"
    }
    if network or other_program:
        frame, modules = sys._getframe(1), set()
        while frame is not None:
            modules.add(frame.f_globals.get("__name__"))
            frame = frame.f_back
        if any(event == passed and module in modules for passed, module in tolerated):
            return
        print(f"FORBIDDEN {event}", file=sys.stderr, flush=True)
        # Not an exception: one could be caught and passed over.
        import os
        os._exit(99)

sys.addaudithook(forbid)
"""

PROGRAM = """
import runpy
sys.argv = ["opnote-audit", *sys.argv[1:]]
runpy.run_module("opnote_audit", run_name="__main__", alter_sys=True)
"""


def guarded(code: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", GUARD + textwrap.dedent(code), *arguments],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
    ],
)
def test_the_guard_catches_whoever_tries(attempt: str) -> None:
    done = guarded(f"try:\n    {attempt}\nexcept Exception:\n    pass")
    assert done.returncode == 99
    assert "FORBIDDEN" in done.stderr


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "markdown"])
def test_a_check_opens_no_socket(sample_note: Path, form: str) -> None:
    done = guarded(PROGRAM, "check", str(sample_note), "--format", form)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.strip()


def test_a_check_of_standard_input_opens_no_socket(sample_note: Path) -> None:
    done = guarded(PROGRAM, "check", "-", text=sample_note.read_text(encoding="utf-8"))
    assert done.returncode in (0, 1), done.stderr


def test_explain_opens_no_socket() -> None:
    done = guarded(PROGRAM, "explain", "63057")
    assert done.returncode == 0, done.stderr


def test_the_api_sends_nothing(sample_note: Path) -> None:
    """As a library we import all that medSpaCy does, which our command line defers, and two
    things happen on that import: urllib3 binds, not connects, a socket to this machine's own
    address, to see whether there is IPv6; NumPy's test helpers ask lscpu what the processor
    can do. Those alone may pass, and only until everything is loaded.
    """
    code = """
        tolerated |= {
            ("socket.__new__", "urllib3.util.connection"),
            ("socket.bind", "urllib3.util.connection"),
            ("subprocess.Popen", "numpy.testing._private.utils"),
        }
        from pathlib import Path
        from opnote_audit import audit
        result = audit(Path(sys.argv[1]).read_text(encoding="utf-8"))
        tolerated.clear()
        result = audit(Path(sys.argv[1]).read_text(encoding="utf-8"))
        print(result.verdict)
    """
    done = guarded(code, str(sample_note))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
