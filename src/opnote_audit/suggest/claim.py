"""The claim that a note supports: primary, units of 63057, modifiers, and what is said of them.

Sources of the rules are in ``patterns/suggest/claim.json``, beside the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opnote_audit import spine
from opnote_audit.checks.result import CODE
from opnote_audit.resolve.model import Operation
from opnote_audit.suggest.model import Advice, Line, LineStatus, Withheld
from opnote_audit.suggest.rules import ClaimWords
from opnote_audit.suggest.standing import Outcome, Standing

PRIMARIES = {"thoracic": "63055", "lumbar": "63056"}
_INTERBODY_LEVEL = "interbody_same"


@dataclass(frozen=True, slots=True)
class Claim:
    """The lines for one note, the other way to write them, and what keeps segments off."""

    lines: tuple[Line, ...] = ()
    alternative: tuple[Line, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    modifiers: tuple[Advice, ...] = ()
    remarks: tuple[Advice, ...] = ()


def build_claim(
    operation: Operation, standings: Sequence[Standing], unnamed: Outcome, words: ClaimWords
) -> Claim:
    """Return the claim for an operation.

    Parameters
    ----------
    operation
        The operation as resolved.
    standings
        How its transpedicular segments stand, the primary first
        (:func:`opnote_audit.suggest.standing.standings`).
    unnamed
        What the checklist says of a further segment that is never named.
    words
        The rule file's words.

    Returns
    -------
    Claim
        Units of 63057 count only segments at which nothing warns or fails; the others are
        withheld with their reasons.
    """
    builder = _Builder(operation, tuple(standings), unnamed, words)
    return builder.build()


def contiguous(one: str, other: str) -> bool:
    """Tell whether two segments share a vertebra or are neighbours (T12 and L1, L2 and L3-L4)."""
    a, b = sorted((one, other), key=spine.position)
    gap = spine.position(b)[0] - spine.position(a)[1]
    return gap <= 1


def runs(segments: Sequence[str]) -> list[list[str]]:
    """Return the segments from head to tail, in runs of contiguous ones."""
    out: list[list[str]] = []
    for name in sorted(dict.fromkeys(segments), key=spine.position):
        if out and any(contiguous(name, other) for other in out[-1]):
            out[-1].append(name)
        else:
            out.append([name])
    return out


def listing(names: Sequence[str]) -> str:
    """Return ``T9``, ``T9 and T10``, ``T9, T10 and L1``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


class _Builder:
    def __init__(
        self,
        operation: Operation,
        standings: tuple[Standing, ...],
        unnamed: Outcome,
        words: ClaimWords,
    ) -> None:
        self._operation = operation
        self._unnamed = unnamed
        self._words = words
        self._primary = next((s for s in standings if s.segment.role == "primary"), None)
        self._further = [s for s in standings if s.segment.role == "additional"]
        self._offered = [s for s in standings if s.segment.role == "other"]
        self._remarks: list[Advice] = []

    def build(self) -> Claim:
        counted = [s.segment.name for s in self._further if s.state == "pass"]
        first, counted = self._first_line(counted)
        lines = [first] if first else []
        if first and counted:
            reason = self._words.say("add_on", segments=listing(counted))
            lines.append(Line(CODE, len(counted), tuple(counted), "supported", reason))
        on_claim = {name for line in lines for name in line.segments}
        withheld = self._withheld(on_claim)
        alternative = self._regions(lines)
        self._say_of_the_work(lines)
        lines = [self._modified(line) for line in lines]
        alternative = [self._modified(line) for line in alternative]
        return Claim(
            tuple(lines),
            tuple(alternative),
            tuple(withheld),
            tuple(self._modifiers(lines)),
            tuple(self._remarks),
        )

    def _remark(self, name: str, **fields: str) -> None:
        entry = self._words.entry(name)
        self._remarks.append(Advice(name, self._words.say(name, **fields), entry.source))

    def _first_line(self, counted: list[str]) -> tuple[Line | None, list[str]]:
        """Return the primary's line, and the further segments that are left for the add-on."""
        operation, words = self._operation, self._words
        if self._primary is None:
            if operation.primary_code and operation.unnamed:
                text = words.say("primary_unnamed")
                return Line(operation.primary_code, 1, (), "review", text), counted
            self._remark("no_primary" if self._further or self._offered else "nothing")
            return None, []
        name = self._primary.segment.name
        region = spine.region(name)
        code = operation.primary_code or PRIMARIES[region]
        if self._primary.state != "fail":
            status: LineStatus = "supported" if self._primary.state == "pass" else "review"
            entry = "primary" if status == "supported" else "primary_review"
            findings = "; ".join(o.message for o in self._primary.problems)
            text = words.say(entry, region=region, segments=name, findings=findings)
            return Line(code, 1, (name,), status, text), counted
        if not counted or any(o.rule != _INTERBODY_LEVEL for o in self._failed(self._primary)):
            return None, []
        # The first segment is bundled with its fusion: an add-on alone cannot stay.
        self._remark("bundled", segments=name)
        region = spine.region(counted[0])
        text = words.say("promoted", region=region, segments=counted[0], first=name)
        return Line(PRIMARIES[region], 1, (counted[0],), "review", text), counted[1:]

    @staticmethod
    def _failed(standing: Standing) -> list[Outcome]:
        return [o for o in standing.problems if o.status == "fail"]

    def _withheld(self, on_claim: set[str]) -> list[Withheld]:
        out = []
        known = [self._primary] if self._primary else []
        for standing in (*known, *self._further, *self._offered):
            if standing.segment.name in on_claim:
                continue
            reasons = tuple((o.requirement, o.rule, o.message) for o in standing.problems)
            possible = standing.state != "fail" and standing.segment.role != "other"
            out.append(Withheld(standing.segment.name, possible, reasons))
        if self._operation.unnamed:
            found = self._unnamed
            out.append(Withheld(None, False, ((found.requirement, found.rule, found.message),)))
        return out

    def _regions(self, lines: list[Line]) -> list[Line]:
        """Say how levels across regions are counted; return the other way, if there is one."""
        names = [name for line in lines for name in line.segments]
        if len(names) < 2:
            return []
        first, primary = names[0], lines[0]
        grouped = runs(names)
        home = next(run for run in grouped if first in run)
        if len({spine.region(name) for name in home}) > 1:
            self._remark(
                "contiguous_across", segments=listing(home), code=primary.code, first=first
            )
        taken = {spine.region(name) for name in home}
        alternative = [primary]
        added: list[str] = []
        for run in grouped:
            others = {spine.region(name) for name in run}
            # One region, and not one in which the first run already stands.
            if run is home or len(others) > 1 or others & taken:
                continue
            other = others.pop()
            taken.add(other)
            head = next(name for name in names if name in run)
            added.append(head)
            self._remark("regions_apart", segments=head, first=listing(home), code=PRIMARIES[other])
            text = self._words.say("region_primary", segments=head, region=other)
            alternative.append(Line(PRIMARIES[other], 1, (head,), lines[1].status, text))
        if not added:
            return []
        rest = tuple(n for n in lines[1].segments if n not in added)
        if rest:
            reason = self._words.say("add_on", segments=listing(rest))
            alternative.append(Line(CODE, len(rest), rest, lines[1].status, reason))
        return alternative

    def _modified(self, line: Line) -> Line:
        if not self._operation.fusion.interbody:
            return line
        return replace(line, modifiers=self._words.distinct_modifiers)

    def _modifiers(self, lines: list[Line]) -> list[Advice]:
        if not lines:
            return []
        codes = listing([line.code for line in lines])
        fusion = self._operation.fusion
        fields = {
            "codes": codes,
            "segments": listing([n for line in lines for n in line.segments]),
            "fused": listing(fusion.interbody_segments),
        }
        names = ["distinct" if fusion.interbody else "plain"]
        if any(line.code == CODE for line in lines):
            names.append("never_51")
        entries = [self._words.entry(name) for name in names]
        return [Advice(e.name, self._words.say(e.name, **fields), e.source) for e in entries]

    def _say_of_the_work(self, lines: list[Line]) -> None:
        names = [name for line in lines for name in line.segments]
        if "T12-L1" in names:
            self._remark("thoracolumbar")
        alone = not (self._further or self._offered or self._operation.unnamed)
        if self._primary and alone:
            self._remark("single")


def laminectomy_levels(operation: Operation, text: str) -> tuple[str, ...]:
    """Return the transpedicular segments at which the note also words a laminectomy."""
    out = []
    for segment in operation.segments:
        if segment.role == "other":
            continue
        if any("laminectom" in text[s.start : s.end].lower() for s in segment.treated):
            out.append(segment.name)
    return tuple(out)
