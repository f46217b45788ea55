"""Keep third-party packages from talking about notes, and from loading what nobody asked for.

Nothing here runs on import. :func:`silence_loggers` is for whoever builds a pipeline, library
or command line; :func:`defer_nltk` is for our own command-line process only.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import warnings
from types import ModuleType
from typing import Any

# Packages under medSpaCy and scispaCy whose messages can quote a note.
_TALKATIVE = ("PyRuSH", "PyFastNER", "medspacy", "quickumls", "scispacy")


def silence_loggers() -> None:
    """Stop medSpaCy and what it stands on from printing note text.

    PyRuSH writes every sentence to standard error through loguru at DEBUG, which loguru shows
    by default; PyFastNER logs through the root logger's children; medSpaCy's target matcher
    quotes the matched words in a warning. All three are switched off for these packages by
    name, so a host application's own loggers, handlers and warning filters go on as they were.
    Safe to call more than once.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # Ignored by the module that warns: message filters of the host stand, whatever their order.
    for name in ("medspacy", "quickumls", "scispacy"):
        _ignore_warnings_of(name)
    if importlib.util.find_spec("loguru") is None:
        return
    from loguru import logger

    for name in _TALKATIVE:
        logger.disable(name)


def _ignore_warnings_of(package: str) -> None:
    """Ignore warnings raised inside ``package``, once however often this is called."""
    pattern = rf"{package}(\.|$)"
    present = any(
        action == "ignore" and getattr(module, "pattern", None) == pattern
        for action, _, _, module, _ in warnings.filters
    )
    if not present:
        warnings.filterwarnings("ignore", module=pattern)


class _DeferredModule(ModuleType):
    """Stands in for a module until an attribute of it is asked for, then hands out the real one.

    Only attributes that every module object has by itself (``__name__``, ``__spec__`` ...) are
    answered without loading.
    """

    def __getattr__(self, name: str) -> Any:
        # An import statement looks sys.modules up first, so the stand-in must be gone from there.
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer_nltk() -> bool:
    """Import quickumls without the nltk that it asks for, and give it nltk when it uses it.

    medSpaCy imports quickumls, and quickumls imports nltk, for stop words that only its UMLS
    matcher reads. With scipy and scikit-learn installed, as scispaCy wants them, nltk costs 1 to
    2.7 seconds of a command that otherwise takes one; medSpaCy has no switch for it.

    So quickumls is imported here with a stand-in for nltk in place, and the stand-in is taken
    out of ``sys.modules`` before this function returns: from then on ``import nltk`` anywhere
    finds the real package, and quickumls, the only holder of the stand-in, reaches the real
    package through it the first time that it asks for an attribute. Nothing is patched and
    nothing is lost but the eager import.

    For our own command-line process, before anything imports medSpaCy; a library must not
    touch its host's modules, so importing :mod:`opnote_audit` never calls this.

    Returns
    -------
    bool
        Whether nltk was deferred. False when there was nothing to do: nltk or quickumls is
        loaded already or is not installed (then the usual import says what is wrong).
    """
    if "nltk" in sys.modules or "quickumls" in sys.modules:
        return False
    if importlib.util.find_spec("nltk") is None or importlib.util.find_spec("quickumls") is None:
        return False
    stand_in = _DeferredModule("nltk")
    sys.modules["nltk"] = stand_in
    try:
        importlib.import_module("quickumls")
    finally:
        if sys.modules.get("nltk") is stand_in:
            del sys.modules["nltk"]
    return True
