"""The notes that the components learn from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from opnote_audit.errors import InputError

CORPUS = "corpus"
ANNOTATED = "annotated"


@dataclass(frozen=True, slots=True)
class TrainingNote:
    """A note and where it is from.

    ``verdict`` is the annotated one; ``None`` for a note of the corpus, which is of another
    specialty and so not applicable.
    """

    note_id: str
    text: str
    source: str
    verdict: str | None = None


def load_corpus(path: Path) -> list[TrainingNote]:
    """Return the notes of a JSON Lines file with ``note_id`` and ``text``.

    Raises
    ------
    InputError
        The file cannot be read; the message names it.
    """
    return [TrainingNote(str(row["note_id"]), str(row["text"]), CORPUS) for row in _rows(path)]


def load_annotated(folder: Path) -> list[TrainingNote]:
    """Return annotated notes: ``notes/ID.txt`` beside a ``gold.jsonl`` with their verdicts.

    Raises
    ------
    InputError
        The file cannot be read, or a note in it is missing.
    """
    notes = []
    for row in _rows(folder / "gold.jsonl"):
        path = folder / "notes" / f"{row['note_id']}.txt"
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            raise InputError(f"{path}: annotated but missing; give the folder of both") from None
        notes.append(TrainingNote(str(row["note_id"]), text, ANNOTATED, str(row["verdict"])))
    return notes


def load_samples(folder: Path) -> list[TrainingNote]:
    """Return the repository's own sample notes, with the verdicts that they must have."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return [
        TrainingNote(
            path.stem, path.read_text(encoding="utf-8"), "samples", expected[path.name]["verdict"]
        )
        for path in sorted(folder.glob("*.txt"))
    ]


def _rows(path: Path) -> list[dict[str, object]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]
    except OSError:
        raise InputError(f"{path}: cannot be read; give the file of notes") from None
    except ValueError:
        raise InputError(f"{path}: is not JSON Lines; give the file of notes") from None
