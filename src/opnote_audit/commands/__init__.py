"""The commands of ``opnote-audit``, a module each.

A command module offers ``register(app)`` and imports nothing heavy at its top: all of them
are imported for ``--help``. To add a command, write its module and name it in ``cli.py``.
"""
