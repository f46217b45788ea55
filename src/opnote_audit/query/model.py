"""A documentation query as plain data. It drafts questions, never facts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quote:
    """The record's own words: ``line`` is counted from one, ``section`` may be unknown.

    White space is drawn together and what is cut off is marked; codes and amounts that the
    record holds are left out, visibly.
    """

    text: str
    line: int
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question; ``findings`` are the requirements and rules that it is asked for.

    ``options`` are the record's own statements to choose from and are empty for an open
    question. "Other" and "unable to determine" are added by whoever shows it.
    """

    findings: tuple[tuple[str, str], ...]
    subject: str
    text: str
    quotes: tuple[Quote, ...]
    options: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unasked:
    """A finding that no question is asked for, and why. It has no place in the query itself."""

    requirement: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentationQuery:
    """The query for one note. ``unasked`` is for whoever sends it, not for the surgeon."""

    note_id: str
    questions: tuple[Question, ...] = ()
    unasked: tuple[Unasked, ...] = ()
