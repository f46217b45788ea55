"""The README runs: its Python prints what it says, its console shows what the program shows."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", README, re.S)
CONSOLE = re.findall(r"```console\n\$ opnote-audit (.*?)\n(.*?)```", README, re.S)


def test_the_readme_has_snippets():
    assert len(SNIPPETS) == 2
    assert len(CONSOLE) == 1


@pytest.mark.parametrize(("code", "said"), SNIPPETS)
def test_python_snippets_print_what_the_readme_says(code, said):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == said


@pytest.mark.parametrize(("arguments", "said"), CONSOLE)
def test_the_console_shows_what_the_readme_says(arguments, said):
    done = subprocess.run(
        [sys.executable, "-m", "opnote_audit", *arguments.split()],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={"PATH": "", "COLUMNS": "80", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.returncode == 1
    assert done.stdout.decode("utf-8") == said


def test_every_command_of_the_readme_exists():
    from opnote_audit.cli import app

    known = {c.name for c in app.registered_commands}
    named = set(re.findall(r"^\| `(\w+) ", README, re.M)) - {"targets"}
    assert named <= known


def test_every_document_that_the_readme_links_is_there():
    for target in re.findall(r"\]\(([\w/.]+)\)", README):
        assert (ROOT / target).is_file(), target
