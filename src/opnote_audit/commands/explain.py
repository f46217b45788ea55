"""``opnote-audit explain [TOPIC]``: print a card, or the list of all topics."""

from __future__ import annotations

import sys

import typer

from opnote_audit.commands.terminal import SETTINGS, guarded, wants_color, width_of, write

_HELP = """Explain a requirement, a denial reason or a code; without a topic, list all topics.

\b
Topics:
  R1 to R5           what the note must show
  C1 to C8           what the claim must show
  vague-levels ...   reasons for a denial
  63057 ...          codes of the family, and those it is mistaken for

\b
Examples:
  opnote-audit explain
  opnote-audit explain R2
  opnote-audit explain 63057

\b
Exit codes:
  0  explained
  2  no such topic
"""

# TOPIC is taken from the context and not declared: for every declared value typer loads
# pydantic, which would be half of this command's time.
_SETTINGS = {**SETTINGS, "allow_extra_args": True}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "explain",
        help=_HELP,
        short_help="Explain a requirement, a denial reason or a code.",
        options_metavar="[TOPIC]",
        context_settings=_SETTINGS,
    )(explain)


def explain(context: typer.Context) -> None:
    """Print what the card of a topic says (the command's body; see :data:`_HELP`)."""
    topics = context.args
    if len(topics) > 1:
        raise typer.BadParameter("give one topic")
    with guarded():
        from opnote_audit import explain as cards

        text = cards.explain(
            topics[0] if topics else None, wants_color(sys.stdout), width_of(sys.stdout)
        )
        write(sys.stdout, text + "\n")
