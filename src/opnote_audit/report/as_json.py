"""Results as JSON: the contract's object, a list of them, or one a line.

Everything outside ASCII is escaped, so that the output is valid UTF-8 whatever a note holds,
lone surrogates included, and no line separator of Unicode's splits a line of JSONL.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from opnote_audit.checks.result import AuditResult


def to_json(data: object) -> str:
    """Return plain data as JSON over several lines, in ASCII, without a newline at the end."""
    return json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False)


def render_json(results: Sequence[AuditResult]) -> str:
    """Return the contract's object for one result, a list of them for several or none."""
    objects = [result.to_dict() for result in results]
    whole = objects[0] if len(objects) == 1 else objects
    return to_json(whole)


def render_jsonl(result: AuditResult) -> str:
    """Return the contract's object on one line, without the newline."""
    return json.dumps(result.to_dict(), ensure_ascii=True, allow_nan=False)
