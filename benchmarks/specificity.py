#!/usr/bin/env python3
"""Is a note of another specialty left alone? Every note given must come out not_applicable.

    python benchmarks/specificity.py NOTES.jsonl

NOTES.jsonl holds one note a line, {"note_id": ..., "text": ...}, none of them of the code's
family. Prints the count and each exception by its id (never its text); exits 1 when there is
an exception.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def read_rows(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                row = json.loads(line)
                yield row["note_id"], row["text"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notes", type=Path)
    args = parser.parse_args(arguments)

    from opnote_audit.api import load_auditor

    auditor = load_auditor()
    count, exceptions = 0, []
    for note_id, text in read_rows(args.notes):
        count += 1
        result = auditor.audit(text, note_id, None)
        if result.verdict != "not_applicable":
            exceptions.append((note_id, result.verdict, result.approach))
    print(f"{count - len(exceptions)} of {count} notes are not_applicable")
    for note_id, verdict, approach in exceptions:
        print(f"  {note_id}: {verdict} (approach {approach})")
    # No notes at all would be a broken path, not a success.
    return 1 if exceptions or not count else 0


if __name__ == "__main__":
    sys.exit(main())
