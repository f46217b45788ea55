"""Lines of ``results.jsonl`` back into typed results and rows.

A line is the result contract's object with four fields of the batch: ``columns`` (carried
through from a table), ``page`` (relative to the batch's folder, or null), ``text_sha256`` (of
the audited text in UTF-8; null for an error) and ``fingerprint`` (of the input and of all that
could change its result; null for an error, which is audited again by ``--resume``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opnote_audit.batch.rows import BatchRow
from opnote_audit.checks.result import (
    SCHEMA_VERSION,
    AuditResult,
    CheckResult,
    Evidence,
    Fusion,
    Remark,
    SegmentResult,
    Verdict,
)
from opnote_audit.errors import InputError


def result_from_dict(data: dict[str, Any]) -> AuditResult:
    """Return the result that a contract object describes; fields added since are passed over.

    Raises
    ------
    KeyError, TypeError
        It is no such object.
    """
    units, primary, fusion = data["units"], data["primary"], data["fusion"]
    return AuditResult(
        note_id=data["note_id"],
        source=data["source"],
        verdict=data["verdict"],
        score=data["score"],
        units_supported=units["supported"],
        units_possible=units["possible"],
        units_billed=units["billed"],
        primary_code=primary["code"],
        primary_segment=primary["segment"],
        approach=data["approach"]["label"],
        approach_evidence=_evidence(data["approach"]["evidence"]),
        segments=tuple(_segment(segment) for segment in data["segments"]),
        fusion=Fusion(fusion["performed"], fusion["type"], tuple(fusion["segments"])),
        checklist=tuple(_check(check) for check in data["checklist"]),
        error=data["error"],
        encoding=data.get("encoding"),
        # Results written before there were these two have neither.
        sections_by=data.get("sections_by", "headers"),
        remarks=tuple(_remark(remark) for remark in data.get("remarks", ())),
    )


def row_from_dict(number: int, data: dict[str, Any]) -> BatchRow:
    """Return the row of a line that has been parsed.

    Raises
    ------
    KeyError, TypeError
        It is no contract object.
    """
    return BatchRow(number, result_from_dict(data), data.get("columns") or {}, data.get("page"))


def verdict_in(line: str) -> Verdict:
    """Return the verdict of one line."""
    verdict: Verdict = json.loads(line)["verdict"]
    return verdict


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a results file, one at a time.

    Raises
    ------
    InputError
        Unreadable, or a line is not a result of a schema version that is known; the message
        names the line.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _object(path, number, line)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the results.jsonl of a batch") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def read_rows(path: Path) -> Iterator[BatchRow]:
    """Yield the rows of a results file, one at a time.

    Raises
    ------
    InputError
        As :func:`read_lines`.
    """
    for number, data in enumerate(read_lines(path), 1):
        try:
            yield row_from_dict(number, data)
        except (KeyError, TypeError, AttributeError):
            raise _no_result(path, number) from None


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except ValueError:
        raise _no_result(path, number) from None
    if not isinstance(data, dict) or "verdict" not in data:
        raise _no_result(path, number)
    if data.get("schema_version") != SCHEMA_VERSION:
        raise InputError(
            f"{path}:{number}: is of schema version {data.get('schema_version')!r} and this "
            f"program reads {SCHEMA_VERSION!r}; audit the notes again"
        )
    return data


def _no_result(path: Path, number: int) -> InputError:
    return InputError(
        f"{path}:{number}: is no result of an audit; give a file that opnote-audit batch, or "
        "check with --format jsonl, has written whole"
    )


def _evidence(spans: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(s["start"], s["end"], s["text"], s.get("section"), s.get("kind")) for s in spans
    )


def _segment(data: dict[str, Any]) -> SegmentResult:
    return SegmentResult(
        segment=data["segment"],
        region=data["region"],
        role=data["role"],
        approach=data["approach"],
        pathologies=tuple(data["pathologies"]),
        treated=data["treated"],
        supported=data["supported"],
        evidence=_evidence(data["evidence"]),
    )


def _check(data: dict[str, Any]) -> CheckResult:
    return CheckResult(
        id=data["id"],
        status=data["status"],
        message=data["message"],
        evidence=_evidence(data["evidence"]),
        title=data.get("title", ""),
        advice=data.get("advice", ""),
        rule=data.get("rule", ""),
        segments=tuple(data.get("segments", ())),
    )


def _remark(data: dict[str, Any]) -> Remark:
    return Remark(
        kind=data["kind"],
        message=data["message"],
        evidence=_evidence(data["evidence"]),
        segments=tuple(data["segments"]),
    )
