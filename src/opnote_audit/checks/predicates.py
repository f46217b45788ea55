"""What each requirement of 63057 comes to, as outcome names (domain notes, section 2).

Small pure functions over the operation's plain data. An outcome's status, message and
advice stand in the checklist file.
"""

from __future__ import annotations

from opnote_audit import spine
from opnote_audit.checks.result import UNPLACED
from opnote_audit.resolve.model import Operation, Segment

_NAMING = {
    "named": "named",
    "range": "bare_range",
    "inferred": "inferred",
    "heading": "heading_only",
    "vague": "vague",
}

OUTCOMES = {
    "R1": frozenset({*_NAMING.values(), "disagreement", "unnamed", "no_segment"}),
    "R2": frozenset(
        {
            "named",
            "heading_and_work",
            "heading_only",
            "summary_only",
            "lumbar_variant",
            "described",
            "other_route",
            "no_segment",
            UNPLACED,
        }
    ),
    "R3": frozenset({"treated", "left", "weak", "missing", "untreated"}),
    "R4": frozenset({"present", "heading_only", "region", "missing"}),
    "R5": frozenset(
        {
            "no_fusion",
            "apart",
            "posterolateral",
            "fusion_without_level",
            "elsewhere",
            "interbody_same",
            "interbody_without_level",
        }
    ),
}


def levels(operation: Operation, segment: Segment) -> str:
    """R1 at one segment: how its level is named."""
    outcome = _NAMING[segment.naming]
    return "disagreement" if outcome == "named" and operation.disagreement else outcome


def approach(operation: Operation, segment: Segment) -> str:
    """R2 at one segment: whether and where the approach is named transpedicular."""
    if segment.approach == "transpedicular_described":
        return "described"
    if segment.approach == "transfacet_extraforaminal":
        return "lumbar_variant" if spine.region(segment.name) == "lumbar" else "other_route"
    if segment.approach != "transpedicular":
        return "other_route"
    if segment.named:
        return "summary_only" if segment.summary else "named"
    return "heading_and_work" if segment.pedicle else "heading_only"


def pathology(operation: Operation, segment: Segment) -> str:
    """R3 at one segment: a pathology, and a decompressive act."""
    if not segment.treated:
        return "untreated"
    if any(not p.weak for p in segment.pathologies):
        return "left" if segment.left else "treated"
    return "weak" if segment.pathologies else "missing"


def primary(operation: Operation) -> str:
    """R4: whether the first segment is within the family of 63055 and 63056."""
    first = operation.primary
    if first is None:
        return "present" if operation.primary_code else "missing"
    if first.approach == "transpedicular" and not first.named and not first.pedicle:
        return "heading_only"
    if operation.stated_primary and operation.stated_primary != operation.primary_code:
        return "region"
    return "present"


def fusion(operation: Operation, segment: Segment | None) -> str:
    """R5 at one transpedicular segment (``None`` where none is named)."""
    fused = operation.fusion
    if not fused.performed:
        return "elsewhere" if fused.elsewhere else "no_fusion"
    if fused.interbody and not fused.interbody_segments:
        return "interbody_without_level"
    name = segment.name if segment else None
    if name and any(spine.overlap(name, s) for s in fused.interbody_segments):
        return "interbody_same"
    if name and any(spine.overlap(name, s) for s in fused.segments):
        return "posterolateral"
    if not fused.segments or name is None:
        return "fusion_without_level"
    return "elsewhere" if fused.elsewhere else "apart"
