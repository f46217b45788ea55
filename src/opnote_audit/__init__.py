"""Audit operative notes against the documentation checklist of CPT add-on 63057.

``from opnote_audit import audit`` gives the one-note interface; ``load_pipeline`` the spaCy
pipeline behind it. Nothing heavy is imported until one of the names is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opnote_audit.annotate.pipeline import load_pipeline
    from opnote_audit.api import NoteAuditor, audit, load_auditor
    from opnote_audit.checks.result import AuditResult
    from opnote_audit.errors import InputError, ModelError, OpnoteError, RuleFileError
    from opnote_audit.model_options import ModelOptions

__version__ = "0.1.0"

_HOME = {
    "audit": "opnote_audit.api",
    "load_auditor": "opnote_audit.api",
    "NoteAuditor": "opnote_audit.api",
    "load_pipeline": "opnote_audit.annotate.pipeline",
    "AuditResult": "opnote_audit.checks.result",
    "InputError": "opnote_audit.errors",
    "ModelError": "opnote_audit.errors",
    "ModelOptions": "opnote_audit.model_options",
    "OpnoteError": "opnote_audit.errors",
    "RuleFileError": "opnote_audit.errors",
}

__all__ = [
    "AuditResult",
    "InputError",
    "ModelError",
    "ModelOptions",
    "NoteAuditor",
    "OpnoteError",
    "RuleFileError",
    "__version__",
    "audit",
    "load_auditor",
    "load_pipeline",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
