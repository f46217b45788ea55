"""What is shipped: a wheel that carries everything and works far from the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Built:
    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Installed:
    """A clean environment with nothing of ours in it but the wheel."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        program = self.bin / command[0]
        # No PYTHONPATH and a folder that is not the checkout: only what is installed is found.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return subprocess.run(
            [str(program), *command[1:]],
            cwd=cwd,
            env=environment | {"PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )


def checked(*command: str | Path) -> None:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The source archive, and the wheel built from it as from a download."""
    out = tmp_path_factory.mktemp("dist")
    # Without isolation: the build backend is installed already, and nothing is fetched.
    checked(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, checkout)
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own.

    spaCy and the like are lent from the environment of the tests, by a path file: installing
    them again would take a minute and show nothing about our wheel. Path files of the lender
    are not followed, so its editable install of the checkout stays out of sight.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False)
    there = Installed(folder)
    python = there.bin / "python"
    install = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    checked(*install, "install", "--quiet", "--no-deps", "--no-index", built.wheel)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = Path(there.run("python", "-c", where, cwd=folder).stdout.strip())
    lenders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "lender.pth").write_text("\n".join(sorted(lenders)) + "\n", encoding="utf-8")
    return there


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.mark.parametrize("name", ["patterns", "models"])
def test_the_wheel_carries_the_data_unchanged(built: Built, checkout: Path, name: str) -> None:
    prefix = f"opnote_audit/_data/{name}/"
    with zipfile.ZipFile(built.wheel) as wheel:
        carried = {
            entry.removeprefix(prefix): wheel.read(entry)
            for entry in wheel.namelist()
            if entry.startswith(prefix)
        }
    ours = files_below(checkout / name)
    assert ours, f"{name}/ is empty"
    assert carried == ours


def test_the_wheel_carries_every_module_and_nothing_else(built: Built, checkout: Path) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
    modules = {f"opnote_audit/{name}" for name in files_below(checkout / "src" / "opnote_audit")}
    assert "opnote_audit/py.typed" in modules
    assert modules <= names
    others = {name for name in names - modules if not name.startswith("opnote_audit/_data/")}
    assert all(re.match(r"opnote_audit-[^/]+\.dist-info/", name) for name in others), others


def test_the_source_archive_carries_what_tests_need(built: Built, checkout: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("patterns", "models", "sample_notes", "tests"):
        assert {f"{folder}/{name}" for name in files_below(checkout / folder)} <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"} <= names


def test_the_installed_program_audits_a_note(
    installed: Installed, sample_note: Path, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    note.write_bytes(sample_note.read_bytes())
    command = ("check", "note.txt", "--format", "json")
    done = installed.run("opnote-audit", *command, cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    here = subprocess.run(
        [sys.executable, "-m", "opnote_audit", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == here.returncode
    assert json.loads(done.stdout) == json.loads(here.stdout)


def test_the_installed_program_explains(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("opnote-audit", "explain", "R2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "R2" in done.stdout


def test_the_installed_program_runs_on_its_own_files(
    installed: Installed, checkout: Path, tmp_path: Path
) -> None:
    code = "import opnote_audit.paths as p; print(p.__file__, p.patterns_dir(), p.models_dir())"
    done = installed.run("python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(checkout) not in done.stdout
    assert done.stdout.count(str(installed.folder)) == 3


def test_the_version_is_the_same_everywhere(installed: Installed, tmp_path: Path) -> None:
    from importlib.metadata import version

    done = installed.run("opnote-audit", "--version", cwd=tmp_path)
    assert done.stdout.split() == ["opnote-audit", version("opnote-audit")]


def test_every_dependency_has_a_tested_version(checkout: Path) -> None:
    """constraints.txt names what pyproject.toml asks for: versions only, never an address."""
    constraints = (checkout / "constraints.txt").read_text(encoding="utf-8")
    pinned = set()
    for line in constraints.splitlines():
        if line and not line.startswith("#"):
            entry = re.fullmatch(r"([a-z0-9-]+)==[\w.+!]+( ; python_version [<>=]+ .+)?", line)
            assert entry, f"constraints.txt: {line}"
            pinned.add(entry.group(1))
    from importlib.metadata import requires

    for requirement in requires("opnote-audit") or []:
        name = re.match(r"[\w.-]+", requirement)
        assert name is not None
        assert re.sub(r"[-_.]+", "-", name.group()).lower() in pinned, requirement
