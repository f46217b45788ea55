"""Imported by the fork server, which our workers are forked from: loads what all of them need.

Importing this module is its only use, and it is our own process's business alone.
"""

from __future__ import annotations

from opnote_audit._quiet import defer_unused_imports, silence_loggers

defer_unused_imports()
silence_loggers()

import opnote_audit.api  # noqa: E402
import opnote_audit.batch.worker  # noqa: E402, F401
