"""Several processes: results in input order, and a worker's death costs one note, not the batch."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest

from opnote_audit.batch.inputs import Input
from opnote_audit.batch.local import CHUNK, Chunk, chunked, default_jobs, run_in_processes
from opnote_audit.batch.worker import Item, Outcome, Settings, failed
from opnote_audit.errors import OpnoteError, RuleFileError

SETTINGS = Settings(rules="")


def items(*texts: str) -> list[Item]:
    return [
        Item(number, Input(f"op-{number}", f"t.csv#{number}", data=text.encode()))
        for number, text in enumerate(texts, 1)
    ]


def audit(some: Sequence[Item], settings: Settings, known: frozenset[str]) -> list[Outcome]:
    """Stand in for the partition function: does what the note's text says."""
    outcomes = []
    for item in some:
        word, _, rest = (item.input.data or b"").decode().partition(" ")
        if word == "die":
            os._exit(1)
        if word == "die-once" and not Path(rest).exists():
            Path(rest).touch()
            os._exit(1)
        if word == "sleep":
            time.sleep(float(rest))
        if word == "rules":
            raise RuleFileError(f"{rest}: broken")
        outcomes.append(Outcome(item.number, None, word, "supported"))
    return outcomes


def dies_at_once(*_: object) -> list[Outcome]:
    os._exit(1)


def run(texts: Sequence[str], jobs: int = 2, size: int = 3) -> list[Outcome]:
    chunks = chunked(items(*texts), lambda item: None, size)
    done = list(run_in_processes(chunks, SETTINGS, jobs, audit))
    for chunk, outcomes in done:
        assert [item.number for item in chunk.items] == [one.number for one in outcomes]
    return list(chain.from_iterable(outcomes for _, outcomes in done))


def test_results_come_in_order_whatever_takes_long() -> None:
    outcomes = run(["sleep 0.6", "a", "b", "c", "d", "sleep 0.2", *"efghijk"], size=1)
    assert [one.number for one in outcomes] == list(range(1, 14))


def test_a_note_that_kills_its_worker_is_an_error_and_the_others_are_not() -> None:
    texts = [str(n) for n in range(40)]
    texts[7] = texts[30] = "die"
    outcomes = run(texts)
    assert [one.number for one in outcomes] == list(range(1, 41))
    assert [one.number for one in outcomes if one.verdict == "error"] == [8, 31]
    assert "killed or crashed" in str(outcomes[7].problem)
    assert outcomes[7].fingerprint is None


def test_a_worker_that_dies_for_another_reason_costs_no_note(tmp_path: Path) -> None:
    outcomes = run([*"abc", f"die-once {tmp_path / 'died'}", *"defghijklm"])
    assert len(outcomes) == 14
    assert {one.verdict for one in outcomes} == {"supported"}


def test_workers_that_cannot_live_at_all_end_the_batch() -> None:
    chunks = [Chunk(tuple(items("a")))]
    with pytest.raises(OpnoteError, match=r"die as they start.*--jobs 1"):
        list(run_in_processes(chunks, SETTINGS, 2, dies_at_once))


def test_broken_rules_end_the_batch() -> None:
    with pytest.raises(RuleFileError, match=r"context\.json: broken"):
        run(["a", "b", "rules context.json", "c"])


def test_inputs_are_read_only_as_far_ahead_as_needed() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield Chunk(tuple(items("a")))

    results = run_in_processes(endless(), SETTINGS, 2, audit)  # type: ignore[arg-type]
    next(results)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert taken <= 10


def test_a_failed_item_still_has_a_line() -> None:
    (item,) = items("die")
    outcome = failed(item, "why", SETTINGS)
    assert outcome.verdict == "error"
    assert '"error": "why"' in str(outcome.line)


def test_chunks_hold_what_is_known_of_their_own_items() -> None:
    marks = {3: "m3", 20: "m20"}
    first, second = chunked(items(*"x" * 20), lambda item: marks.get(item.number))
    assert (len(first.items), len(second.items)) == (CHUNK, 20 - CHUNK)
    assert (first.known, second.known) == (frozenset({"m3"}), frozenset({"m20"}))


def test_all_cores_are_taken_unless_told_otherwise() -> None:
    assert 1 <= default_jobs() <= (os.cpu_count() or 1)
