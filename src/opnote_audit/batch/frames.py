"""Results as pandas frames: a row a note, a row a segment, a row a finding.

The frames are made and written a few hundred notes at a time, so that memory does not grow
with the batch. ``number``, the note's place in the input, joins them: ids may stand twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from opnote_audit.batch.files import FINDINGS, NOTES, SEGMENTS, OwnerFile

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 256
"""Notes in a frame before it is written."""

_STRING, _INTEGER, _NUMBER, _TRUTH = "object", "Int64", "float64", "boolean"
_REQUIREMENTS = ("R1", "R2", "R3", "R4", "R5")

NOTE_COLUMNS: Mapping[str, str] = {
    "number": _INTEGER,
    "note_id": _STRING,
    "source": _STRING,
    "verdict": _STRING,
    "score": _NUMBER,
    "units_supported": _INTEGER,
    "units_possible": _INTEGER,
    "units_billed": _INTEGER,
    "primary_code": _STRING,
    "primary_segment": _STRING,
    "additional_segments": _STRING,
    "approach": _STRING,
    "fusion": _STRING,
    "fused_segments": _STRING,
    **dict.fromkeys(_REQUIREMENTS, _STRING),
    "page": _STRING,
    "error": _STRING,
}
"""The columns of ``notes.csv`` and their pandas types; lists are joined with ``"; "``."""

SEGMENT_COLUMNS: Mapping[str, str] = {
    "number": _INTEGER,
    "note_id": _STRING,
    "source": _STRING,
    "segment": _STRING,
    "region": _STRING,
    "role": _STRING,
    "approach": _STRING,
    "pathologies": _STRING,
    "treated": _TRUTH,
    "supported": _TRUTH,
}
"""The columns of ``segments.csv``: the decompressed segments."""

FINDING_COLUMNS: Mapping[str, str] = {
    "number": _INTEGER,
    "note_id": _STRING,
    "source": _STRING,
    "check": _STRING,
    "status": _STRING,
    "title": _STRING,
    "segments": _STRING,
    "message": _STRING,
    "advice": _STRING,
    "rule": _STRING,
    "evidence": _INTEGER,
    "start": _INTEGER,
    "end": _INTEGER,
    "section": _STRING,
    "text": _STRING,
}
"""The columns of ``findings.csv``: each check that warns or fails, the number of places it
rests on, and the first of them; then the remarks for the reviewer, which have the status
``remark``, their kind as ``rule``, and no check."""

_FILES = {NOTES: NOTE_COLUMNS, SEGMENTS: SEGMENT_COLUMNS, FINDINGS: FINDING_COLUMNS}

# What a spreadsheet takes for the start of a formula, wide forms included, or strips before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def carried_names(columns: Iterable[str]) -> dict[str, str]:
    """Return what carried columns are called in the frames: ours keep their names.

    A column ``page`` of the input becomes ``input_page``.
    """
    taken = {*NOTE_COLUMNS, *SEGMENT_COLUMNS, *FINDING_COLUMNS}
    names: dict[str, str] = {}
    for name in columns:
        shown = name
        while shown in taken:
            shown = f"input_{shown}"
        taken.add(shown)
        names[name] = shown
    return names


def plain_cell(text: str) -> str:
    """Return ``text`` so that a spreadsheet takes it for text: a formula gains an apostrophe.

    Numbers stay numbers, with their sign.
    """
    if not text.startswith(_FORMULA):
        return text
    try:
        if math.isfinite(float(text)) and text == text.strip():
            return text
    except ValueError:
        pass
    return f"'{text}"


def frames(
    results: Iterable[tuple[int, Mapping[str, Any]]], carried: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """Return the three frames of some results.

    Parameters
    ----------
    results
        The notes' numbers and contract objects (lines of ``results.jsonl``, parsed).
    carried
        The names of the columns carried through.

    Returns
    -------
    dict of str to DataFrame
        ``notes.csv``, ``segments.csv`` and ``findings.csv``, with the columns of
        :data:`NOTE_COLUMNS`, :data:`SEGMENT_COLUMNS` and :data:`FINDING_COLUMNS` and the carried
        ones after them.
    """
    import pandas as pd

    names = carried_names(carried)
    cells: dict[str, dict[str, list[Any]]] = {
        file: {column: [] for column in (*columns, *names.values())}
        for file, columns in _FILES.items()
    }
    for number, result in results:
        values = result.get("columns") or {}
        extra = {shown: plain_cell(values.get(name, "")) for name, shown in names.items()}
        _add(cells[NOTES], [_note(number, result)], extra)
        _add(cells[SEGMENTS], _segments(number, result), extra)
        _add(cells[FINDINGS], _findings(number, result), extra)
    return {
        file: pd.DataFrame(
            {
                # Named types: a chunk without a single score must look like one with scores.
                column: pd.Series(rows, dtype=columns.get(column, _STRING))
                for column, rows in cells[file].items()
            }
        )
        for file, columns in _FILES.items()
    }


class FrameFiles:
    """Writes the three CSV files, results after results, as UTF-8.

    Parameters
    ----------
    folder
        Where.
    carried
        The names of the columns carried through.
    """

    def __init__(self, folder: Path, carried: Sequence[str] = ()) -> None:
        self._folder = folder
        self._carried = carried
        self._stack = ExitStack()
        self._files: dict[str, BinaryIO] = {}
        self._waiting: list[tuple[int, Mapping[str, Any]]] = []
        self._first = True

    def __enter__(self) -> FrameFiles:
        for name in _FILES:
            self._files[name] = self._stack.enter_context(OwnerFile(self._folder / name))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._stack.__exit__(kind, error, trace)

    def add(self, number: int, result: Mapping[str, Any]) -> None:
        """Take the next result: its place in the input and its contract object."""
        self._waiting.append((number, result))
        if len(self._waiting) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting and not self._first:
            return
        for name, frame in frames(self._waiting, self._carried).items():
            text = frame.to_csv(index=False, header=self._first, lineterminator="\n")
            self._files[name].write(text.encode("utf-8", "replace"))
        self._waiting.clear()
        self._first = False


def _add(
    cells: dict[str, list[Any]], rows: Iterable[Mapping[str, Any]], extra: Mapping[str, str]
) -> None:
    for row in rows:
        for column, value in row.items():
            cells[column].append(plain_cell(value) if isinstance(value, str) else value)
        for column, value in extra.items():
            cells[column].append(value)


def _note(number: int, result: Mapping[str, Any]) -> dict[str, Any]:
    units, fusion, primary = result["units"], result["fusion"], result["primary"]
    statuses = {check["id"]: check["status"] for check in result["checklist"]}
    return {
        "number": number,
        "note_id": result["note_id"],
        "source": result["source"],
        "verdict": result["verdict"],
        "score": result["score"],
        "units_supported": units["supported"],
        "units_possible": units["possible"],
        "units_billed": units["billed"],
        "primary_code": primary["code"],
        "primary_segment": primary["segment"],
        "additional_segments": _joined(
            s["segment"] for s in result["segments"] if s["role"] == "additional"
        ),
        "approach": result["approach"]["label"],
        "fusion": (fusion["type"] or "kind unknown") if fusion["performed"] else None,
        "fused_segments": _joined(fusion["segments"]),
        **{name: statuses.get(name) for name in _REQUIREMENTS},
        "page": result.get("page"),
        "error": result["error"],
    }


def _segments(number: int, result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for segment in result["segments"]:
        yield {
            "number": number,
            "note_id": result["note_id"],
            "source": result["source"],
            "segment": segment["segment"],
            "region": segment["region"],
            "role": segment["role"],
            "approach": segment["approach"],
            "pathologies": _joined(segment["pathologies"]),
            "treated": segment["treated"],
            "supported": segment["supported"],
        }


def _findings(number: int, result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for check in result["checklist"]:
        if check["status"] not in ("warn", "fail"):
            continue
        yield {
            "number": number,
            "note_id": result["note_id"],
            "source": result["source"],
            "check": check["id"],
            "status": check["status"],
            "title": check.get("title", ""),
            "segments": _joined(check.get("segments", ())),
            "message": check["message"],
            "advice": check.get("advice", ""),
            "rule": check.get("rule", ""),
            **_places(check["evidence"]),
        }
    for remark in result.get("remarks", ()):
        yield {
            "number": number,
            "note_id": result["note_id"],
            "source": result["source"],
            "check": None,
            "status": "remark",
            "title": None,
            "segments": _joined(remark["segments"]),
            "message": remark["message"],
            "advice": None,
            "rule": remark["kind"],
            **_places(remark["evidence"]),
        }


def _places(evidence: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the number of places, and the first of them."""
    first = evidence[0] if evidence else {}
    return {
        "evidence": len(evidence),
        "start": first.get("start"),
        "end": first.get("end"),
        "section": first.get("section"),
        "text": first.get("text"),
    }


def _joined(values: Iterable[str]) -> str | None:
    return "; ".join(values) or None
