"""Entities of a pipeline that the user has installed, shown to the reviewer as remarks.

Nothing here is imported unless a pipeline is named (``--model``, ``ModelOptions.entities``).
The entities are no evidence: no status, score, unit or verdict rests on them.
"""

from opnote_audit.entities.finder import POSSIBLE_PATHOLOGY, EntityFinder
from opnote_audit.entities.loading import EntityModel, load_entity_model, model_identity

__all__ = [
    "POSSIBLE_PATHOLOGY",
    "EntityFinder",
    "EntityModel",
    "load_entity_model",
    "model_identity",
]
