"""Whether the diagnoses on the lines of 63057 cover its segments, one each (C6).

A unit's diagnosis is one that its line points to. Segments are matched with diagnoses so
that as many as can be get one of their own, and no line serves more segments than it has
units: a small flow, for a segment may fit several codes and a code several segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from opnote_audit.diagnoses.judge import Judgement, judge
from opnote_audit.diagnoses.rules import DiagnosisRules

Outcome = Literal["own", "shared", "missing", "not_billable", "no_segment"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How diagnoses cover segments.

    ``pairs`` are segments with the code that stands for each, ``missing`` the segments that
    have none (with ``shared``: none of their own), ``findings`` what is wrong with which
    code, ``bad`` the codes as the claim has them that nobody can bill.
    """

    outcome: Outcome
    pairs: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    bad: frozenset[str] = frozenset()


def cover(
    segments: Sequence[str],
    lines: Sequence[tuple[int, Sequence[str]]],
    everything: Iterable[str],
    rules: DiagnosisRules,
) -> Coverage:
    """Return how the diagnoses of the lines of 63057 cover the further segments.

    Parameters
    ----------
    segments
        The further segments of the note, in its order.
    lines
        For each line of 63057 its units and its diagnoses.
    everything
        All diagnoses on the claim; unknown codes and headers are found among them.
    rules
        Which codes support a decompression, and the regions.
    """
    bad, findings = _bad(everything, segments, rules)
    pointed = [code for _, codes in lines for code in codes]
    judged = {
        (code, segment): judge(code, segment, rules) for code in pointed for segment in segments
    }
    findings += _unfit(pointed, segments, judged, rules)
    if not segments:
        outcome: Outcome = "not_billable" if findings else "no_segment"
        return Coverage(outcome, findings=tuple(dict.fromkeys(findings)), bad=frozenset(bad))
    fitting = {pair for pair, one in judged.items() if one.kind == "fits"}
    given = _match(segments, lines, fitting)
    needed = min(len(segments), sum(units for units, _ in lines))
    pairs = []
    for segment in segments:
        code = given.get(segment) or next((c for c in pointed if (c, segment) in fitting), None)
        if code is not None:
            pairs.append((segment, _shown(judged[code, segment], segment)))
    without = tuple(s for s in segments if not any((c, s) in fitting for c in pointed))
    alone = tuple(s for s in segments if s not in given)
    common = {
        "pairs": tuple(pairs),
        "findings": tuple(dict.fromkeys(findings)),
        "bad": frozenset(bad),
    }
    if len(given) < needed:
        if not without and not bad:
            return Coverage("shared", missing=alone[: needed - len(given)], **common)  # type: ignore[arg-type]
        lacking = (*without, *(s for s in alone if s not in without))
        return Coverage("missing", missing=lacking[: needed - len(given)], **common)  # type: ignore[arg-type]
    return Coverage("not_billable" if bad else "own", **common)  # type: ignore[arg-type]


def _bad(
    codes: Iterable[str], segments: Sequence[str], rules: DiagnosisRules
) -> tuple[set[str], list[str]]:
    """Return the codes that nobody can bill, and what to say of them."""
    bad: set[str] = set()
    findings: list[str] = []
    for code in dict.fromkeys(codes):
        one = judge(code, None, rules)
        if one.kind not in ("unknown", "header"):
            continue
        bad.add(code)
        if one.kind == "header":
            # The children that fit one of the segments say most.
            options = [judge(code, segment, rules) for segment in segments]
            one = min([one, *options], key=lambda j: len(j.children))
        findings.append(one.message)
    return bad, findings


def _unfit(
    pointed: Sequence[str],
    segments: Sequence[str],
    judged: dict[tuple[str, str], Judgement],
    rules: DiagnosisRules,
) -> list[str]:
    """Say of codes that fit no segment why."""
    findings = []
    for code in dict.fromkeys(pointed):
        if not segments:
            one = judge(code, None, rules)
            if one.kind == "unrelated":
                findings.append(one.message)
            continue
        options = [judged[code, segment] for segment in segments]
        if options[0].kind in ("unknown", "header") or any(o.kind == "fits" for o in options):
            continue
        findings.append(options[0].message)
    return findings


def _shown(one: Judgement, segment: str) -> str:
    return one.code if one.best else f"{one.code} (accepted; {segment} has a region of its own)"


def _match(
    segments: Sequence[str],
    lines: Sequence[tuple[int, Sequence[str]]],
    fitting: set[tuple[str, str]],
) -> dict[str, str]:
    """Return a code of its own for as many segments as possible (augmenting paths)."""
    slots = [(line, code) for line, (_, codes) in enumerate(lines) for code in codes]
    taken: dict[tuple[int, str], str] = {}

    def place(segment: str, tried: set[tuple[int, str]]) -> bool:
        for slot in slots:
            line, code = slot
            if (code, segment) not in fitting or slot in tried:
                continue
            tried.add(slot)
            if slot in taken:
                # Its holder moves on if it can.
                if place(taken[slot], tried):
                    taken[slot] = segment
                    return True
                continue
            used = [other for other in taken if other[0] == line]
            if len(used) < lines[line][0]:
                taken[slot] = segment
                return True
            # The line is full: one that it serves moves to another line, and leaves its slot.
            for other in used:
                holder = taken[other]
                blocked = tried | {one for one in slots if one[0] == line}
                if place(holder, blocked):
                    del taken[other]
                    taken[slot] = segment
                    return True
        return False

    for segment in segments:
        place(segment, set())
    return {segment: code for (_, code), segment in taken.items()}
