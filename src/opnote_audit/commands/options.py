"""Options that several commands take: how they are declared, and what their values may be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import typer

from opnote_audit.commands import exit_codes
from opnote_audit.commands.sizes import parse_size
from opnote_audit.model_options import MODEL_VARIABLE, ModelOptions
from opnote_audit.read import STDIN

OneNote = Annotated[str, typer.Argument(metavar="NOTE", help="A file, or - for standard input.")]
Patterns = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="A folder of rule files to use instead of ours."),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        envvar=MODEL_VARIABLE,
        help="An installed spaCy or scispaCy model, or its folder: entities that no rule knows "
        "are shown for the reviewer; no finding rests on them.",
    ),
]
NoModels = Annotated[
    bool,
    typer.Option(
        "--no-models", help="Without the program's own trained components (--model stays)."
    ),
]
MaxSize = Annotated[str, typer.Option(metavar="SIZE", help="The largest note to read, e.g. 20MB.")]
FailOn = Annotated[
    str,
    typer.Option(
        metavar="|".join(exit_codes.FAIL_ON), help="The verdict from which to exit with 1."
    ),
]
NoteKey = Annotated[
    str,
    typer.Option(metavar="KEY", help="X12: what holds the note id, CLM01 or REF:EA."),
]
ConversionFactor = Annotated[
    str | None,
    typer.Option(metavar="DOLLARS", help="Dollars per RVU, instead of the year's."),
]
Gpci = Annotated[
    str | None,
    typer.Option(metavar="W,PE,MP", help="The place's GPCI, for its fee, e.g. 1.05,1.2,0.9."),
]
IdColumn = Annotated[
    str, typer.Option(metavar="NAME", help="The column of a table with the notes' ids.")
]
TextColumn = Annotated[
    str, typer.Option(metavar="NAME", help="The column of a table with the notes' text.")
]

MAX_SIZE = "5MB"
NOTE_KEY = "CLM01"

# Each of these raises typer.BadParameter: a message on standard error and exit code 2.


def one_of(choices: Collection[str], value: str) -> str:
    """Return ``value`` if it is one of ``choices``."""
    if value not in choices:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}")
    return value


def size_of(value: str) -> int:
    """Return the bytes that ``--max-size`` means."""
    try:
        return parse_size(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def models_of(model: str | None, no_models: bool) -> ModelOptions:
    """Return what ``--model`` and ``--no-models`` mean; an empty name means none."""
    return ModelOptions(learned=not no_models, entities=model or None)


def read_once(*inputs: str | None) -> None:
    """Refuse standard input (``-``) in more than one place."""
    if inputs.count(STDIN) > 1:
        raise typer.BadParameter("standard input (-) can be read only once")


def check_claim_options(
    option: str, claim: str | None, note_key: str, conversion_factor: str | None, gpci: str | None
) -> None:
    """Refuse options of a claim without one, and a note key that means nothing.

    Parameters
    ----------
    option
        How the command calls the claim: ``a --claim``, ``--claims``.
    """
    if claim is None:
        if conversion_factor is not None or gpci is not None:
            raise typer.BadParameter(f"--conversion-factor and --gpci need {option}")
        return
    from opnote_audit.claims.note_key import parse_note_key

    try:
        parse_note_key(note_key)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
