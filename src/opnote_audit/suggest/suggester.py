"""Put a suggestion together: claim lines, neighbouring families, diagnoses."""

from __future__ import annotations

from pathlib import Path

from opnote_audit.annotate.reading import Reading
from opnote_audit.checks.checklist import checklist_in
from opnote_audit.checks.result import AuditResult
from opnote_audit.diagnoses import DiagnosisFinder
from opnote_audit.paths import patterns_dir
from opnote_audit.resolve.model import Operation
from opnote_audit.suggest.claim import build_claim, laminectomy_levels, listing
from opnote_audit.suggest.model import Advice, Suggestion
from opnote_audit.suggest.neighbours import find_neighbours
from opnote_audit.suggest.rules import load_claim_words, load_families
from opnote_audit.suggest.standing import describe, standings


class Suggester:
    """Suggests the claim for audited notes; its rules are loaded once.

    Parameters
    ----------
    patterns
        A folder of rule files to use instead of the package's own.

    Raises
    ------
    RuleFileError
        If a rule file is missing or broken; the message names the file and the entry.
    """

    def __init__(self, patterns: Path | None = None) -> None:
        folder = patterns if patterns is not None else patterns_dir()
        self._checklist = checklist_in(folder)
        self._words = load_claim_words(folder / "suggest" / "claim.json")
        self._families = load_families(folder / "suggest" / "families.json")
        self._diagnoses = DiagnosisFinder(patterns)

    def suggest(self, result: AuditResult, operation: Operation, reading: Reading) -> Suggestion:
        """Return the claim that a note supports.

        Parameters
        ----------
        result, operation, reading
            The audit, the operation and the reading of one and the same text.

        Returns
        -------
        Suggestion
            Its units of 63057 never exceed ``result.units_supported``.

        Raises
        ------
        OpnoteError
            The ICD-10-CM tables are not installed.
        """
        stand = standings(operation, self._checklist)
        unnamed = describe(operation, self._checklist, "R1", "unnamed", "the unnamed segment")
        claim = build_claim(operation, stand, unnamed, self._words)
        diagnoses = self._diagnoses.candidates(result, reading.text)
        neighbours, unplaced = find_neighbours(self._families, operation, reading)
        on_claim = [name for line in claim.lines for name in line.segments]
        remarks = list(claim.remarks)

        def say(name: str, segments: tuple[str, ...] = ()) -> None:
            text = self._words.say(name, segments=listing(segments))
            remarks.append(Advice(name, text, self._words.entry(name).source))

        def remark(name: str, segments: tuple[str, ...]) -> None:
            if segments:
                say(name, segments)

        if result.suspected:
            say("suspected")

        opened = laminectomy_levels(operation, reading.text)
        remark("laminectomy_included", tuple(n for n in opened if n in on_claim))
        named = {d.segment for d in diagnoses if d.candidates}
        remark("no_diagnosis", tuple(n for n in on_claim if n not in named))
        remark("unplaced", unplaced)
        added = tuple(
            s.segment
            for s in result.segments
            if s.segment in on_claim and any(e.section == "addendum" for e in s.evidence)
        )
        remark("addendum", added)
        return Suggestion(
            note_id=result.note_id,
            source=result.source,
            verdict=result.verdict,
            lines=claim.lines,
            alternative=claim.alternative,
            withheld=claim.withheld,
            modifiers=claim.modifiers,
            diagnoses=diagnoses,
            neighbours=neighbours,
            remarks=tuple(remarks),
        )
