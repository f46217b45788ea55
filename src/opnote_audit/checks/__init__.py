"""The operation held against a code's checklist. Nothing heavy may be imported here."""
