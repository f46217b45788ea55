"""Where the data that ships with the program stands: rule files and the pipeline's config.

A wheel carries them as ``opnote_audit/_data/patterns`` and ``opnote_audit/_data/models``; a
checkout has them at the root of the repository, beside ``src/``. The wheel's copy wins, so
that an installed program never picks up a folder that only happens to be near.
"""

from __future__ import annotations

from pathlib import Path

from opnote_audit.errors import OpnoteError

_PACKAGE = Path(__file__).resolve().parent


def patterns_dir() -> Path:
    """Return the folder of our rule files (``patterns/``).

    Raises
    ------
    OpnoteError
        When neither an installed copy nor a checkout's folder is there.
    """
    return _data_dir("patterns")


def models_dir() -> Path:
    """Return the folder of the pipeline's config (``models/``).

    Raises
    ------
    OpnoteError
        When neither an installed copy nor a checkout's folder is there.
    """
    return _data_dir("models")


def _data_dir(name: str) -> Path:
    packaged = _PACKAGE / "_data" / name
    if packaged.is_dir():
        return packaged
    # Only in a src layout is the folder two levels up ours; next to site-packages it is not.
    if _PACKAGE.parent.name == "src":
        checkout = _PACKAGE.parent.parent / name
        if checkout.is_dir():
            return checkout
    raise OpnoteError(
        f"the program's own {name} folder is missing, so this installation is incomplete; "
        "install opnote-audit again, or run it from a complete checkout"
    )
