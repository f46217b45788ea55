"""Fixtures of the tests that run the program as its users do: as a command of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout that is being tested."""
    return _ROOT


@pytest.fixture(scope="session")
def sample_note(checkout: Path) -> Path:
    """One of the notes that ship with the project."""
    notes = sorted((checkout / "sample_notes").glob("*.txt"))
    assert notes, "sample_notes/ holds no note"
    return notes[0]
