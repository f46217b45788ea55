"""dev.py, which must work before anything is installed: the parts that can be tried in place."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def dev(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """dev.py with an environment folder of its own, where nothing is really installed."""
    monkeypatch.setenv("OPNOTE_AUDIT_VENV", str(tmp_path / "venv"))
    spec = importlib.util.spec_from_file_location("dev_under_test", checkout / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def steps(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The set-up commands that dev.py would run, pretended to succeed."""
    ran: list[tuple[str, ...]] = []

    def pretend(*command: Any) -> bool:
        ran.append(tuple(str(part) for part in command))
        if command[1:3] == ("-m", "venv"):
            python = dev.venv_python()
            python.parent.mkdir(parents=True)
            python.touch()
        return True

    monkeypatch.setattr(dev, "run", pretend)
    return ran


def installs(steps: list[tuple[str, ...]]) -> list[str]:
    return [step[-1].rpartition("[")[2] for step in steps if "install" in step]


def test_the_second_run_installs_nothing(dev: ModuleType, steps: list[tuple[str, ...]]) -> None:
    first = dev.ensure()
    assert len(installs(steps)) == 1
    steps.clear()
    assert dev.ensure() == first
    assert steps == []


def test_the_tests_tools_are_added_and_stay(dev: ModuleType, steps: list[tuple[str, ...]]) -> None:
    dev.ensure()
    dev.ensure("dev")
    assert installs(steps)[1:] == ["dev]"]
    steps.clear()
    dev.ensure()
    dev.ensure("dev")
    assert steps == []


def test_changed_constraints_install_again(
    dev: ModuleType, steps: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.ensure("dev")
    steps.clear()
    monkeypatch.setattr(dev, "inputs_hash", lambda: "other")
    dev.ensure()
    assert installs(steps) == ["dev]"]
    assert not any("venv" in step for step in steps)


def test_an_interrupted_set_up_is_made_afresh(
    dev: ModuleType, steps: list[tuple[str, ...]]
) -> None:
    dev.VENV.mkdir()
    dev.write_stamp(python="unfinished")
    (dev.VENV / "half").touch()
    dev.ensure()
    assert not (dev.VENV / "half").exists()
    assert json.loads(dev.STAMP.read_text(encoding="utf-8"))["inputs"] == dev.inputs_hash()


def test_an_interrupted_installation_is_finished(
    dev: ModuleType, steps: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend = dev.run
    monkeypatch.setattr(dev, "run", lambda *c: "install" not in c and pretend(*c))
    with pytest.raises(SystemExit):
        dev.ensure()
    monkeypatch.setattr(dev, "run", pretend)
    steps.clear()
    dev.ensure()
    assert len(installs(steps)) == 1


def test_an_environment_of_somebody_else_is_left_alone(
    dev: ModuleType, steps: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    dev.VENV.mkdir()
    (dev.VENV / "pyvenv.cfg").touch()
    with pytest.raises(SystemExit):
        dev.ensure()
    assert "was not made by dev.py" in capsys.readouterr().err
    assert (dev.VENV / "pyvenv.cfg").exists()
    assert steps == []


def test_an_unsupported_python_is_told_what_to_do(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as stopped:
        dev.pick_python((3, 13))
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert "this is Python 3.13, and opnote-audit needs 3.10 to 3.12" in message


def test_another_python_on_the_path_is_taken(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"python3.12": "/broken/python3.12", "python3.11": "/fine/python3.11"}
    monkeypatch.setattr(dev.shutil, "which", found.get)
    monkeypatch.setattr(dev, "works", lambda program, *_: program.startswith("/fine"))
    assert dev.pick_python((3, 13)) == ("/fine/python3.11", "3.11")


def test_debian_without_venv_gets_the_command_to_run(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "works", lambda *_: False)
    monkeypatch.setattr(dev, "run", lambda *_: pytest.fail("nothing may be run"))
    monkeypatch.setattr(dev.shutil, "which", {"apt-get": "/usr/bin/apt-get"}.get)
    monkeypatch.setattr(dev.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(dev.Path, "exists", lambda path: True)
    with pytest.raises(SystemExit):
        dev.make_venv("python3", "3.11")
    assert "sudo apt-get install python3.11-venv" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), ([], 2), (["nonsense"], 2)])
def test_help_and_mistakes(checkout: Path, arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, str(checkout / "dev.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "dev.py check" in (done.stdout if code == 0 else done.stderr)
