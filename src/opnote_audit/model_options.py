"""Which models an audit uses beside its rules: plain data, cheap to import."""

from __future__ import annotations

from dataclasses import dataclass

MODEL_VARIABLE = "OPNOTE_AUDIT_MODEL"
"""The environment variable with which commands fill ``--model`` where it is not given."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which models an audit uses.

    Parameters
    ----------
    learned
        Whether to use the program's own trained components.
    entities
        A spaCy or scispaCy pipeline, by the name of its installed package or by its folder,
        whose entities are shown to the reviewer; ``None`` for none.
    """

    learned: bool = True
    entities: str | None = None


DEFAULT_MODELS = ModelOptions()
"""What an audit uses unless told otherwise."""
