#!/usr/bin/env python3
"""Set up what opnote-audit needs and run it, from nothing but a Python.

    python3 dev.py check NOTE... [OPTIONS]    audit notes, as opnote-audit check does
    python3 dev.py explain TOPIC              the card of a requirement, a denial or a code
    python3 dev.py test [PYTEST OPTIONS]      the tests
    python3 dev.py lint                       ruff and mypy
    python3 dev.py bench [OPTIONS]            the benchmark (benchmarks/speed.py)
    python3 dev.py models STEP [OPTIONS]      make the trained components (models/README.md)

The first run makes a virtual environment in .venv beside this file and installs the package
there with the versions of constraints.txt; it takes a minute or two. Later runs start at once,
until pyproject.toml or constraints.txt changes. OPNOTE_AUDIT_VENV names another folder.
"""

# Standard library only, and no syntax newer than Python 3.7, so that an older Python still gets
# the message that says which one is needed.
from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("OPNOTE_AUDIT_VENV") or ROOT / ".venv").absolute()
STAMP = VENV / "opnote-audit-dev.json"
WINDOWS = os.name == "nt"


def say(message: str) -> None:
    """Tell the person at the terminal; standard output is left to the command that runs."""
    print(f"dev.py: {message}", file=sys.stderr, flush=True)


def fail(message: str) -> NoReturn:
    say(message)
    sys.exit(2)


def run(*command: str | Path) -> bool:
    """Run a set-up step, with all that it prints on standard error."""
    return subprocess.run([str(part) for part in command], stdout=2, check=False).returncode == 0


def works(*command: str | Path) -> bool:
    """Try a command in silence."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


# -- which Python ---------------------------------------------------------------------------


def supported_versions() -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the lowest version that will do and the lowest that will not, from pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"', text, re.MULTILINE)
    if found is None:
        fail("pyproject.toml states no requires-python of the form >=3.X,<3.Y")
    return (3, int(found.group(1))), (3, int(found.group(2)))


def pick_python(running: tuple[int, int] = sys.version_info[:2]) -> tuple[str, str]:
    """Return a Python to build the environment with, and its version: this one if it will do."""
    low, high = supported_versions()
    if low <= running < high:
        return sys.executable, "{}.{}".format(*running)
    for minor in range(high[1] - 1, low[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        is_it = f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
        if found and works(found, "-c", is_it):
            say(f"this is Python {running[0]}.{running[1]}; using {found} instead")
            return found, f"3.{minor}"
    newest = f"3.{high[1] - 1}"
    fail(
        f"this is Python {running[0]}.{running[1]}, and opnote-audit needs {low[0]}.{low[1]} to "
        f"{newest} (scispaCy and its nmslib wheels stop there). Install one beside it, say "
        f"with 'uv python install {newest}', so that python{newest} is on the PATH; then run this "
        "again."
    )


# -- the environment ------------------------------------------------------------------------


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def read_stamp() -> dict[str, str]:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(**facts: str) -> None:
    """Record what was installed; a run that dies halfway leaves a stamp that says less."""
    draft = STAMP.with_suffix(".tmp")
    draft.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    draft.replace(STAMP)


def inputs_hash() -> str:
    """Hash what decides the environment's contents."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    # An editable install points at the checkout, so a moved one needs a new environment.
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def make_venv(python: str, version: str) -> None:
    """Make an environment with pip, by whatever means this machine has."""
    if works(python, "-c", "import ensurepip, venv"):
        if not run(python, "-m", "venv", VENV):
            fail(f"could not make a virtual environment in {VENV}; see the message above")
        return
    # Debian keeps ensurepip apart, in python3.X-venv. Something else may be there already.
    if works(python, "-m", "virtualenv", "--version") and run(
        python, "-m", "virtualenv", "--quiet", VENV
    ):
        return
    virtualenv = shutil.which("virtualenv")
    if virtualenv and run(virtualenv, "--quiet", "--python", python, VENV):
        return
    if (
        works(python, "-m", "pip", "--version")
        and works(python, "-m", "venv", "--without-pip", VENV)
        # Into the new environment, never into the system's: hence --python.
        and run(python, "-m", "pip", "--python", venv_python(), "install", "-qq", "pip")
    ):
        return
    package = f"python{version}-venv"
    apt = shutil.which("apt-get")
    if apt and Path("/etc/debian_version").exists():
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            say(f"Python's venv is not complete here; installing Debian's package {package}")
            os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
            install = (apt, "install", "--yes", "--no-install-recommends", "-qq", package)
            # With package lists at hand the install alone is enough.
            if (run(*install) or (run(apt, "update", "-qq") and run(*install))) and run(
                python, "-m", "venv", VENV
            ):
                return
            fail(f"apt-get could not install {package}; see its message above")
        fail(
            f"Python's venv is not complete here (Debian keeps it apart). Run this, then try "
            f"again:\n\n    sudo apt-get update && sudo apt-get install {package}\n"
        )
    fail(
        f"this Python ({python}) has neither venv with ensurepip, nor virtualenv, nor pip; "
        "install one of them and run this again"
    )


def ensure(extra: str = "") -> Path:
    """Return the environment's Python, with the package (and an extra) installed there."""
    base, version = pick_python()
    inputs, stamp, python = inputs_hash(), read_stamp(), venv_python()
    if stamp.get("python") == version and python.is_file():
        if stamp.get("inputs") == inputs and extra in ("", stamp.get("extra")):
            return python
    elif VENV.exists():
        if not stamp and any(VENV.iterdir()):
            fail(
                f"{VENV} was not made by dev.py; move it away, or name another folder in the "
                "environment variable OPNOTE_AUDIT_VENV"
            )
        shutil.rmtree(VENV)
    if not python.is_file():
        say(f"making a virtual environment in {VENV} with Python {version}")
        VENV.mkdir(parents=True, exist_ok=True)
        # First of all, so that an interrupted run is known as ours and made afresh.
        write_stamp(python="unfinished")
        make_venv(base, version)
    # Once the tests' tools are in, they stay: check after test must not take them out again.
    extra = extra or stamp.get("extra", "")
    say("installing opnote-audit and what it needs; this takes a minute or two, once")
    write_stamp(python=version, extra=extra)
    target = str(ROOT) + (f"[{extra}]" if extra else "")
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    if not run(*pip, "install", "-qq", "-c", ROOT / "constraints.txt", "-e", target):
        fail("the installation failed; see pip's message above")
    # pip compiles what it copies, but an editable install it does not copy: without this every
    # start would compile our modules anew where Python may not write beside them.
    run(python, "-m", "compileall", "-q", ROOT / "src")
    write_stamp(python=version, extra=extra, inputs=inputs)
    return python


# -- the commands ---------------------------------------------------------------------------


def call(python: Path, *arguments: str, cwd: Path | None = None) -> int:
    """Run the environment's Python with this terminal, and return its exit code."""
    try:
        return subprocess.run([str(python), *arguments], cwd=cwd, check=False).returncode
    except KeyboardInterrupt:
        return 130


def program(command: str, arguments: list[str]) -> int:
    return call(ensure(), "-m", "opnote_audit", command, *arguments)


def test(arguments: list[str]) -> int:
    return call(ensure("dev"), "-m", "pytest", *arguments, cwd=ROOT)


def lint(arguments: list[str]) -> int:
    if arguments:
        fail("lint takes no arguments")
    python = ensure("dev")
    steps = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
    )
    # All of them, so that one run shows everything there is to mend.
    codes = [call(python, "-m", *step, cwd=ROOT) for step in steps]
    return next((code for code in codes if code), 0)


def bench(arguments: list[str]) -> int:
    return call(ensure(), str(ROOT / "benchmarks" / "speed.py"), *arguments)


def models(arguments: list[str]) -> int:
    return call(ensure(), "-m", "opnote_audit.training", *arguments)


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command in ("check", "explain"):
        return program(command, rest)
    others = {"test": test, "lint": lint, "bench": bench, "models": models}
    if command in others:
        return others[command](rest)
    asked = command in ("-h", "--help", "help")
    print((__doc__ or "").strip(), file=sys.stdout if asked else sys.stderr)
    if command and not asked:
        fail(f"no such command: {command}")
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
