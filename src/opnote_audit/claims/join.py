"""Notes joined with the claims of a file, note by note; for ``check`` and for ``batch``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from opnote_audit.checks.result import AuditResult, error_result
from opnote_audit.claims.audit import ClaimAuditor, cards_dir
from opnote_audit.claims.book import ClaimBook
from opnote_audit.claims.cost import make_rates, parse_conversion_factor, parse_gpci
from opnote_audit.claims.model import Claim, ClaimProblem
from opnote_audit.errors import InputError
from opnote_audit.fees import load_fees


class ClaimJoin:
    """Adds to each note's audit what its claim of ``book`` brings.

    Plain data but for the rules, so that it can be made once and sent to a worker; the
    ICD-10-CM tables load in the process that first needs them (two seconds, 200 MB).
    """

    def __init__(self, book: ClaimBook, auditor: ClaimAuditor) -> None:
        self.book = book
        self._auditor = auditor

    def apply(
        self,
        result: AuditResult,
        text: str,
        *,
        alone: bool = False,
        required: bool = False,
    ) -> AuditResult:
        """Return the audit of a note with its claim.

        Parameters
        ----------
        result
            The audit of the note alone; an error comes back as it is.
        text
            The note.
        alone
            Whether this is the only note: then the only claim of a file is its claim,
            whatever note id it names.
        required
            Whether a note without a claim is an error; otherwise its audit comes back as it is.

        Returns
        -------
        AuditResult
            With the claim; or an ``error`` result that says what is wrong with the claim.
        """
        if result.verdict == "error":
            return result
        found = self.claim_for(result.note_id, alone=alone)
        if isinstance(found, Claim):
            return self._auditor.audit(result, found, text)
        if found is None and not required:
            return result
        reason = found.message if found is not None else self._none_for(result.note_id)
        return error_result(result.note_id, result.source, f"{self._source}: {reason}")

    def claim_for(self, note_id: str, *, alone: bool = False) -> Claim | ClaimProblem | None:
        """Return a note's claim, what is wrong with it, or ``None`` where there is none."""
        found = self.book.match(note_id)
        return self.book.only() if found is None and alone else found

    def notes_without_claim(self, note_ids: Iterable[str]) -> Iterator[str]:
        """Yield the notes that no claim bills for, in their order."""
        return (note_id for note_id in note_ids if self.book.match(note_id) is None)

    def claims_without_note(self, note_ids: Iterable[str]) -> tuple[Claim | ClaimProblem, ...]:
        """Return the claims, usable or not, whose note is not among ``note_ids``."""
        return self.book.without_note(note_ids)

    @property
    def _source(self) -> str:
        return self.book.source or "claim"

    def _none_for(self, note_id: str) -> str:
        count = len(self.book.claims) + len(self.book.problems)
        return (
            f"none of its {count} claims bills for the note {note_id}; give the note that id as "
            "its file name, or for X12 say with --note-key what holds it"
        )


def join_claims(
    book: ClaimBook,
    patterns: Path | None = None,
    conversion_factor: str | None = None,
    gpci: str | None = None,
) -> ClaimJoin:
    """Return what joins notes with the claims of ``book``.

    Parameters
    ----------
    book
        The claims, from :func:`opnote_audit.claims.load_claims`.
    patterns
        A folder of rule files, or ``None`` for ours.
    conversion_factor
        Dollars a relative value unit, instead of the fee table's.
    gpci
        ``work,practice expense,malpractice``, to tell the local fee.

    Raises
    ------
    InputError
        A conversion factor or GPCI that is none.
    RuleFileError
        A rule file that cannot be used.
    """
    try:
        factor = None if conversion_factor is None else parse_conversion_factor(conversion_factor)
        place = None if gpci is None else parse_gpci(gpci)
    except ValueError as error:
        raise InputError(str(error)) from None
    rates = make_rates(load_fees(cards_dir(patterns)), factor, place)
    return ClaimJoin(book, ClaimAuditor(patterns, rates))
