"""The checks C1 to C8 of a claim held against the audit of its note (domain notes, section 3).

Small functions, each from a :class:`Case` to a :class:`Finding`: an outcome's name and what
its message needs. Status, message and advice stand in ``patterns/claims/checks.json``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from opnote_audit import spine
from opnote_audit.checks.result import CODE, AuditResult, CheckResult, Evidence, SegmentResult
from opnote_audit.claims.model import Claim, ClaimLine
from opnote_audit.claims.rules import CodeRules
from opnote_audit.diagnoses import DiagnosisFinder, SegmentDiagnoses
from opnote_audit.diagnoses.coverage import Coverage, cover

_MAX_EVIDENCE = 12
_MAX_CANDIDATES = 3
# Outcomes of R5 that leave the level of the fusion open.
_UNPLACED = frozenset({"interbody_without_level", "fusion_without_level"})


@dataclass(frozen=True)
class Finding:
    """One check's outcome: the claim lines and segments concerned, evidence, and costs.

    ``words`` fills the fields of the message, ``risk`` and ``worth`` are units by code.
    """

    outcome: str
    lines: tuple[ClaimLine, ...] = ()
    words: dict[str, str] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    risk: dict[str, int] = field(default_factory=dict)
    worth: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A note's audit and its claim, with what several checks ask for."""

    result: AuditResult
    claim: Claim
    codes: CodeRules
    finder: DiagnosisFinder
    diagnoses: tuple[SegmentDiagnoses, ...] = ()

    @cached_property
    def add_on(self) -> tuple[ClaimLine, ...]:
        """The lines of 63057."""
        return self.claim.with_codes({CODE})

    @cached_property
    def primaries(self) -> tuple[ClaimLine, ...]:
        """The lines of 63055 and 63056."""
        family = self.codes.family_of(CODE)
        return self.claim.with_codes(family.primary_codes if family else frozenset())

    @cached_property
    def billed(self) -> int:
        """The units of 63057 on the claim."""
        return self.claim.units_of(CODE)

    @cached_property
    def family(self) -> tuple[SegmentResult, ...]:
        """The note's transpedicular segments, in the order of the work."""
        return tuple(s for s in self.result.segments if s.role in ("primary", "additional"))

    @cached_property
    def additional(self) -> tuple[SegmentResult, ...]:
        """The segments that 63057 is for: the further ones, less one with a primary of its own."""
        return tuple(
            s for s in self.family if s.role == "additional" and s is not self.second_primary
        )

    @cached_property
    def second_primary(self) -> SegmentResult | None:
        """The segment that a second primary rightly pays for: another region, levels apart.

        Source: domain notes, section 1 (non-contiguous levels in different regions may each
        take a primary).
        """
        if self.contiguous or not self.both_primaries:
            return None
        first = next((s for s in self.family if s.role == "primary"), None)
        return next(
            (s for s in self.family if first is not None and s.region != first.region), None
        )

    @cached_property
    def both_primaries(self) -> bool:
        """Whether the claim has primaries of both regions."""
        return len({line.code for line in self.primaries}) > 1

    @cached_property
    def regions(self) -> frozenset[str]:
        """The regions of the note's transpedicular segments."""
        return frozenset(s.region for s in self.family)

    @cached_property
    def contiguous(self) -> bool:
        """Whether some thoracic and some lumbar segment of the note touch."""
        thoracic = [s.segment for s in self.family if s.region == "thoracic"]
        lumbar = [s.segment for s in self.family if s.region == "lumbar"]
        return any(_touch(upper, lower) for upper in thoracic for lower in lumbar)

    def check(self, name: str) -> CheckResult | None:
        """Return the note's own finding on a requirement."""
        return next((c for c in self.result.checklist if c.id == name), None)

    def evidence_of(self, segments: Iterable[str], kind: str | None = None) -> tuple[Evidence, ...]:
        """Return the note's words about some segments, of one kind where given."""
        names = set(segments)
        found = [
            item
            for s in self.result.segments
            if s.segment in names
            for item in s.evidence
            if kind is None or item.kind == kind
        ]
        return tuple(dict.fromkeys(found))[:_MAX_EVIDENCE]

    def words_of(self, *names: str) -> tuple[Evidence, ...]:
        """Return the words behind the note's own findings on some requirements."""
        found = [item for name in names if (c := self.check(name)) for item in c.evidence]
        return tuple(dict.fromkeys(found))[:_MAX_EVIDENCE]


def primary_on_claim(case: Case) -> Finding:
    """C1: 63057 needs 63055 or 63056 on the same claim."""
    if not case.add_on:
        return Finding("not_billed")
    evidence = case.words_of("R4") or case.evidence_of(s.segment for s in case.family[:1])
    if case.primaries:
        return Finding(
            "present",
            (*case.primaries, *case.add_on),
            {"primary_lines": listing(case.primaries)},
            evidence=evidence,
        )
    return Finding("missing", case.add_on, evidence=evidence, risk={CODE: case.billed})


def units(case: Case) -> Finding:
    """C2: units billed are the units that the note supports."""
    # A second primary that is rightly billed pays for one of the note's further segments.
    taken = case.second_primary
    supported = case.result.units_supported - int(taken is not None and taken.supported)
    supported = max(supported, 0)
    possible = max(case.result.units_possible - int(taken is not None), supported)
    if not case.billed and not supported:
        return Finding("not_billed")
    fused = case.check("R5")
    doubted = fused.segments if fused is not None and fused.status in ("warn", "fail") else ()
    proved = [s.segment for s in case.additional if s.supported and s.segment not in doubted]
    proved = proved[:supported]
    segments = tuple(s.segment for s in case.additional)
    words = {
        "billed": str(case.billed),
        "supported": str(supported),
        "possible": str(possible),
        "over": str(case.billed - supported),
        "under": str(supported - case.billed),
        "segments": listing(proved) or "none",
    }
    evidence = case.evidence_of(segments) or case.words_of("R1")
    over = case.billed - supported
    if over > 0:
        outcome = "over" if case.billed > possible else "over_possible"
        doubtful = tuple(s.segment for s in case.additional if s.segment not in proved)
        return Finding(outcome, case.add_on, words, doubtful[:over], evidence, {CODE: over})
    if over < 0:
        return Finding("under", case.add_on, words, tuple(proved), evidence, worth={CODE: -over})
    return Finding("equal", case.add_on, words, tuple(proved), evidence)


def modifier_51(case: Case) -> Finding:
    """C3: no modifier 51 on 63057."""
    if not case.add_on:
        return Finding("not_billed")
    evidence = case.evidence_of((s.segment for s in case.additional), "level")
    wrong = _with_modifier(case.add_on, case.codes.forbidden("C3"))
    if not wrong:
        return Finding("absent", case.add_on, evidence=evidence)
    return Finding("present", wrong, evidence=evidence, risk=_units(wrong))


def bundling(case: Case) -> Finding:
    """C4: beside an interbody fusion, another level and modifier 59 or XS."""
    for bundle in case.codes.bundling:
        fusions = case.claim.with_codes(set(bundle.column_one))
        lines = case.claim.with_codes(set(bundle.column_two))
        if not fusions or not lines:
            continue
        fusion = case.result.fusion
        worked = [s.segment for s in case.family]
        bundled = _fused_levels(case)
        words = {
            "fusion_lines": listing(fusions),
            "fused": listing(fusion.segments),
            "segments": listing(bundled or worked),
            "modifiers": " or ".join(bundle.modifiers),
        }
        evidence = (*case.words_of("R5"), *case.evidence_of(worked, "level"))[:_MAX_EVIDENCE]
        concerned = (*fusions, *lines)
        judged = case.check("R5")
        if bundled:
            return Finding(
                "same_level",
                lines,
                words,
                tuple(bundled),
                evidence,
                _bundled_units(case, lines, bundled),
            )
        if judged is not None and judged.rule == "elsewhere":
            return Finding("elsewhere", concerned, words, tuple(worked), evidence, _units(lines))
        unplaced = judged is not None and judged.rule in _UNPLACED
        if unplaced or not fusion.segments or not worked or fusion.type != "interbody":
            return Finding("levels_missing", lines, words, tuple(worked), evidence, _units(lines))
        bare = tuple(line for line in lines if not set(line.modifiers) & set(bundle.modifiers))
        if bare:
            return Finding("unmarked", bare, words, tuple(worked), evidence, _units(bare))
        return Finding("apart_marked", concerned, words, tuple(worked), evidence)
    return Finding("no_pair")


def families(case: Case) -> Finding:
    """C5: every add-on stands with a primary of its own family."""
    known = {code for family in case.codes.families for code in family.add_ons}
    lines = case.claim.with_codes(known)
    if not lines:
        return Finding("no_add_on")
    present = {line.code for line in case.claim.lines}
    others = sorted(
        code
        for family in case.codes.families
        for code in family.primary_codes
        if code in present and family.primaries_decompress
    )
    wrong: list[ClaimLine] = []
    pairs: list[str] = []
    alone = False
    for line in lines:
        family = case.codes.family_of(line.code)
        if family is None or family.primary_codes & present:
            continue
        own = " or ".join(sorted(family.primary_codes))
        if others:
            wrong.append(line)
            pairs.append(f"{line} stands with {' and '.join(others)}, but belongs to {own}")
        elif line.code == CODE:
            alone = True
        else:
            wrong.append(line)
            pairs.append(f"{line} stands without its primary ({own})")
    evidence = case.result.approach_evidence[:_MAX_EVIDENCE]
    if wrong:
        return Finding(
            "mismatch",
            tuple(wrong),
            {"pairs": "; ".join(dict.fromkeys(pairs))},
            evidence=evidence,
            risk=_units(wrong),
        )
    if alone:
        return Finding("no_primary", case.add_on)
    return Finding("matched", lines, evidence=evidence)


def diagnoses(case: Case) -> Finding:
    """C6: each unit of 63057 has its own diagnosis, of the right region; no headers."""
    if not case.add_on:
        return Finding("not_billed")
    names = [s.segment for s in case.additional]
    found = cover(
        names,
        [(line.units, line.diagnoses) for line in case.add_on],
        [code for line in case.claim.lines for code in line.diagnoses],
        case.finder.rules,
    )
    bad_lines = tuple(
        line for line in case.claim.lines if any(code in found.bad for code in line.diagnoses)
    )
    candidates = {
        one.segment: one.codes[:_MAX_CANDIDATES] for one in case.diagnoses if one.candidates
    }
    wanted = found.missing or tuple(names)
    offers = [f"{name} {' or '.join(candidates[name])}" for name in wanted if name in candidates]
    words = {
        "pairs": ", ".join(f"{name} {code}" for name, code in found.pairs),
        "missing": listing(found.missing),
        "findings": "; ".join(found.findings),
        "candidates": f" The note supports: {'; '.join(offers)}." if offers else "",
    }
    evidence = case.evidence_of(found.missing or names, "pathology")
    if found.outcome == "missing":
        words["findings"] = f" ({words['findings']})" if found.findings else " (none pointed to)"
        lines = tuple(dict.fromkeys((*case.add_on, *bad_lines)))
        risk = {CODE: min(case.billed, len(found.missing) or case.billed)}
        return Finding("missing", lines, words, found.missing, evidence, risk)
    if found.outcome == "not_billable":
        return Finding("not_billable", bad_lines, words, (), evidence, _units(bad_lines))
    # Codes that fit no segment do no harm beside those that do, but are told.
    if found.findings:
        words["pairs"] += f" ({words['findings']})"
    if found.outcome == "shared":
        if _alike(case, found):
            return Finding("shared_alike", case.add_on, words, found.missing, evidence)
        risk = {CODE: len(found.missing)}
        return Finding("shared", case.add_on, words, found.missing, evidence, risk)
    return Finding(found.outcome, case.add_on, words, tuple(names), evidence)


def one_primary(case: Case) -> Finding:
    """C7: one primary for contiguous levels across regions."""
    if not case.primaries:
        return Finding("no_primary")
    names = [s.segment for s in case.family]
    words = {"segments": listing(names), "primary_lines": listing(case.primaries)}
    evidence = case.evidence_of(names, "level") or case.words_of("R4")
    if case.both_primaries and case.contiguous:
        keep = case.result.primary_code or case.primaries[0].code
        extra = tuple(line for line in case.primaries if line.code != keep)
        words |= {"keep": keep, "change": listing(sorted({line.code for line in extra}))}
        return Finding("contiguous", case.primaries, words, tuple(names), evidence, _units(extra))
    for code in sorted({line.code for line in case.primaries}):
        same = case.claim.with_codes({code})
        count = sum(line.units for line in same)
        if count > 1:
            return Finding("same_region", same, words, tuple(names), evidence, {code: count - 1})
    if not case.both_primaries:
        return Finding("one", case.primaries, words, evidence=evidence)
    if len(case.regions & {"thoracic", "lumbar"}) > 1:
        return Finding("apart", case.primaries, words, tuple(names), evidence)
    extra = tuple(line for line in case.primaries if line.code != case.result.primary_code)
    return Finding("unproved", case.primaries, words, tuple(names), evidence, _units(extra))


def one_line(case: Case) -> Finding:
    """C8: the units of 63057 on one line, and no modifier 50."""
    if not case.add_on:
        return Finding("not_billed")
    evidence = case.evidence_of((s.segment for s in case.additional), "level")
    both_sides = _with_modifier(case.add_on, case.codes.forbidden("C8"))
    several = case.add_on if len(case.add_on) > 1 else ()
    if several:
        later = sum(line.units for line in several[1:])
        sides = sum(line.units for line in both_sides)
        outcome = "both" if both_sides else "duplicate"
        return Finding(outcome, several, evidence=evidence, risk={CODE: max(later, sides)})
    if both_sides:
        return Finding("bilateral", both_sides, evidence=evidence, risk=_units(both_sides))
    return Finding("one_line", case.add_on, evidence=evidence)


CHECKS = {
    "C1": primary_on_claim,
    "C2": units,
    "C3": modifier_51,
    "C4": bundling,
    "C5": families,
    "C6": diagnoses,
    "C7": one_primary,
    "C8": one_line,
}
"""The checks in their order."""


def listing(items: Iterable[object]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    names = [str(item) for item in items]
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def _alike(case: Case, found: Coverage) -> bool:
    """Tell whether the note itself gives the segments that share a code that very code."""
    given = {one.segment: one.codes for one in case.diagnoses}
    codes = dict(found.pairs)
    return all(codes[name].split()[0] in given.get(name, ()) for name in found.missing)


def _units(lines: Iterable[ClaimLine]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        found[line.code] = found.get(line.code, 0) + line.units
    return found


def _with_modifier(lines: Iterable[ClaimLine], modifiers: frozenset[str]) -> tuple[ClaimLine, ...]:
    return tuple(line for line in lines if set(line.modifiers) & modifiers)


def _touch(upper: str, lower: str) -> bool:
    """Tell whether two segments overlap, or the one's last vertebra is above the other's first."""
    if set(spine.ends(upper)) & set(spine.ends(lower)):
        return True
    return spine.adjacent(spine.ends(upper)[-1], spine.ends(lower)[0])


def _fused_levels(case: Case) -> list[str]:
    """Return the transpedicular segments that the note has an interbody fusion at."""
    judged = case.check("R5")
    if judged is not None and judged.status != "na":
        # The note's own finding knows which of several fusions is the interbody one.
        return list(judged.segments) if judged.rule == "interbody_same" else []
    fusion = case.result.fusion
    if not fusion.performed or fusion.type != "interbody":
        return []
    return [
        s.segment for s in case.family if any(spine.overlap(s.segment, f) for f in fusion.segments)
    ]


def _bundled_units(case: Case, lines: tuple[ClaimLine, ...], bundled: list[str]) -> dict[str, int]:
    """Return the units of the bundled segments: the primary's line, and one unit for each other."""
    roles = {s.segment: s.role for s in case.family}
    found: dict[str, int] = {}
    if any(roles.get(name) == "primary" for name in bundled):
        found |= _units(line for line in lines if line.code != CODE)
    further = sum(roles.get(name) != "primary" for name in bundled)
    if further and case.billed:
        found[CODE] = min(further, case.billed)
    return found or _units(lines)
