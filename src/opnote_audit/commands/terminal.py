"""What commands share about standard output and error: colour, width, writing, giving up."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

import typer

from opnote_audit.commands.exit_codes import BROKEN_PIPE, FAILURE, INTERRUPTED
from opnote_audit.errors import OpnoteError
from opnote_audit.report.cells import printable
from opnote_audit.report.layout import TextOptions

PROGRAM = "opnote-audit"

SETTINGS: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    # Without a default of its own, typer loads pydantic only to read an absent --help.
    "default_map": {"help": False},
}
"""What every command's context is made with."""

_WIDTH = 80


def wants_color(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour what goes to ``stream``: on a terminal, unless the user says otherwise.

    ``NO_COLOR`` wins over ``FORCE_COLOR``; either counts when it is set and not empty.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Return the columns of the terminal, or 80 where there is none."""
    if not stream.isatty():
        return _WIDTH
    return shutil.get_terminal_size((_WIDTH, 24)).columns


def shows_unicode(stream: TextIO) -> bool:
    """Whether ``stream`` can encode the report's symbols."""
    try:
        "✓✗–…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def text_options(stream: TextIO, *, quiet: bool = False) -> TextOptions:
    """Return how text for people is laid out on ``stream``."""
    return TextOptions(wants_color(stream), width_of(stream), shows_unicode(stream), quiet)


def write(stream: TextIO, text: str) -> None:
    """Write ``text`` at once; what the stream's encoding lacks becomes a question mark."""
    if not text:
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def complain(message: str) -> None:
    """Say what went wrong on standard error, on one line, with nothing a terminal would obey."""
    write(sys.stderr, f"{PROGRAM}: {printable(message)}\n")


def defect(error: Exception) -> str:
    """Return what to say of an error that nobody foresaw: its kind and place, no more.

    Its own message, like a traceback, could hold words of a note.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "an unknown place"
    if trace is not None:
        where = f"{trace.tb_frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}"
    return (
        f"the program failed here ({type(error).__name__} in {where}); "
        "this is a defect, please report this line without the note"
    )


@contextmanager
def guarded() -> Iterator[None]:
    """Turn what may end a command into its exit code, quietly and without a traceback.

    Raises
    ------
    typer.Exit
        With 2 for an error (said on standard error), 130 for Ctrl-C, 141 when the reader of
        standard output went away.
    """
    try:
        yield
    except OpnoteError as error:
        complain(str(error))
        raise typer.Exit(FAILURE) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _silence_stdout()
        raise typer.Exit(BROKEN_PIPE) from None
    except Exception as error:
        complain(defect(error))
        raise typer.Exit(FAILURE) from None


def _silence_stdout() -> None:
    # Python flushes standard output at exit and would complain about the pipe once more.
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
