"""The exit codes, and what of a result leads to which."""

from __future__ import annotations

from collections.abc import Mapping

from opnote_audit.checks.result import Verdict

CLEAN = 0
FINDINGS = 1
FAILURE = 2
INTERRUPTED = 130
"""128 and the number of SIGINT, as a shell has it."""
BROKEN_PIPE = 141
"""128 and the number of SIGPIPE: the reader of our output went away."""

FAIL_ON: Mapping[str, frozenset[Verdict]] = {
    "needs_review": frozenset({"needs_review", "deficient"}),
    "deficient": frozenset({"deficient"}),
    "never": frozenset(),
}
"""What ``--fail-on`` accepts, and the verdicts that count as findings with it."""

HELP = """\b
Exit codes:
  0  nothing to mend
  1  findings (see --fail-on)
  2  an input could not be audited, or the command was used wrongly
"""


def exit_code(verdict: Verdict, fail_on: str) -> int:
    """Return the exit code that one verdict asks for; of several the highest wins."""
    if verdict == "error":
        return FAILURE
    return FINDINGS if verdict in FAIL_ON[fail_on] else CLEAN
