"""Batches: many inputs in, a result for each and the files that coders work from out.

Nothing heavy is imported here: :mod:`opnote_audit.batch.rows` is plain data that reports use.
"""
