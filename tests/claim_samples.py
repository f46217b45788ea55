"""Literal audits and claims for the claim tests: no pipeline, a few readable words each."""

from __future__ import annotations

from dataclasses import replace

from opnote_audit import spine
from opnote_audit.checks.result import (
    AuditResult,
    CheckResult,
    Evidence,
    Fusion,
    FusionType,
    SegmentResult,
    Status,
)
from opnote_audit.claims import Claim, ClaimLine


def words(text: str, kind: str, start: int = 0) -> Evidence:
    return Evidence(start, start + len(text), text, "narrative", kind)


def seg(
    name: str,
    role: str = "additional",
    pathology: str | None = "disc_herniation",
    said: str = "disc herniation",
) -> SegmentResult:
    evidence = [words(name, "level", 100)]
    if pathology:
        evidence.append(words(said, "pathology", 200))
    return SegmentResult(
        name,
        spine.region(name),
        role,  # type: ignore[arg-type]
        "posterior" if role == "other" else "transpedicular",
        (pathology,) if pathology else (),
        True,
        bool(pathology) and role != "other",
        tuple(evidence),
    )


def audit(
    *segments: SegmentResult | str,
    fusion: tuple[FusionType, tuple[str, ...]] | None = None,
    statuses: dict[str, Status] | None = None,
    rules: dict[str, str] | None = None,
    at: dict[str, tuple[str, ...]] | None = None,
) -> AuditResult:
    """A note with these segments, the first of them the primary; all else as the words say.

    ``statuses``, ``rules`` and ``at`` set what R1 to R5 came to, and at which segments.
    """
    family = [
        seg(s, "additional" if n else "primary") if isinstance(s, str) else s
        for n, s in enumerate(segments)
    ]
    further = [s.segment for s in family if s.role == "additional"]
    primary = next((s for s in family if s.role == "primary"), None)
    status: dict[str, Status] = dict.fromkeys(("R1", "R2", "R3", "R4"), "pass")  # type: ignore[assignment]
    status["R5"] = "pass" if fusion else "na"
    status |= statuses or {}
    if not further:
        status = dict.fromkeys(("R1", "R2", "R3", "R4", "R5"), "na")
    rule = {"R4": "present", "R5": "apart" if fusion else "no_fusion"} | (rules or {})
    checks = tuple(
        CheckResult(
            name,
            state,
            f"{name} says so",
            (words("transpedicular", "approach", 50),),
            rule=rule.get(name, ""),
            segments=(at or {}).get(name, tuple(further)),
        )
        for name, state in status.items()
    )
    bad = {n for c in checks if c.status == "fail" for n in c.segments}
    doubtful = {n for c in checks if c.status == "warn" for n in c.segments}
    worst = {c.status for c in checks}
    verdict = "deficient" if "fail" in worst else "needs_review" if "warn" in worst else "supported"
    return AuditResult(
        "op-1",
        "op-1.txt",
        verdict if further else "not_applicable",  # type: ignore[arg-type]
        100.0 if further else None,
        len([n for n in further if n not in bad | doubtful]),
        len([n for n in further if n not in bad]),
        primary_code=None
        if primary is None
        else "63055"
        if primary.region == "thoracic"
        else "63056",
        primary_segment=primary.segment if primary else None,
        approach="transpedicular",
        approach_evidence=(words("transpedicular", "approach", 50),),
        segments=tuple(
            replace(s, supported=s.supported and s.segment not in bad | doubtful) for s in family
        ),
        fusion=Fusion(True, *fusion) if fusion else Fusion(),
        checklist=checks,
    )


def claim(*lines: str) -> Claim:
    """A claim from lines such as ``63057-59 x2 M51.04 M51.24``."""
    out = []
    for number, line in enumerate(lines, 1):
        head, *rest = line.split()
        code, *modifiers = head.split("-")
        units = 1
        if rest and rest[0].startswith("x"):
            units = int(rest.pop(0)[1:])
        out.append(ClaimLine(number, code, units, tuple(modifiers), tuple(rest)))
    return Claim("17", "op-1", tuple(out))
