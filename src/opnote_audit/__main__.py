"""Run the command line as ``python -m opnote_audit``."""

from __future__ import annotations

from opnote_audit.cli import main

if __name__ == "__main__":
    main()
