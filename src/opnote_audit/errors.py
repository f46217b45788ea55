"""The errors that people see. Messages say what, where and what to do, never note text."""

from __future__ import annotations


class OpnoteError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(OpnoteError):
    """An input that cannot be audited: missing, empty, binary, too large, undecodable."""


class RuleFileError(OpnoteError):
    """A rule file that cannot be used; the message names the file and the entry."""


class ModelFileError(RuleFileError):
    """A trained component's file that cannot be used; the message names the file."""


class ModelError(OpnoteError):
    """A model that the user named and that cannot be used; the message says what would mend it."""
