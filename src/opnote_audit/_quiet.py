"""Keep third-party packages from talking about notes, and from loading what nobody asked for.

Nothing here runs on import. :func:`silence_loggers` is for whoever builds a pipeline, library
or command line; :func:`lean_start` is for our own command-line process only.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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


# Packages that medSpaCy's and spaCy's imports drag in and an audit never uses.
_UNUSED = ("nltk", "requests")


def defer_unused_imports() -> tuple[str, ...]:
    """Import spaCy and quickumls without nltk and requests, and give them those when used.

    medSpaCy imports quickumls, and quickumls imports nltk, for stop words that only its UMLS
    matcher reads. With scipy and scikit-learn installed, as scispaCy wants them, nltk costs 1 to
    2.7 seconds of a command that otherwise takes one; medSpaCy has no switch for it. spaCy
    imports requests for its ``download`` command, and requests' import binds a local socket to
    see whether the machine has IPv6: harmless, but a program that promises to use no network
    had better open none.

    So both are imported here with stand-ins in place, and the stand-ins are taken out of
    ``sys.modules`` before this function returns: from then on ``import nltk`` anywhere finds
    the real package, and the few modules that hold a stand-in reach the real package through
    it the first time that they ask for an attribute. Nothing is patched and nothing is lost but
    the eager import.

    For our own command-line process, before anything imports spaCy; a library must not touch
    its host's modules, so importing :mod:`opnote_audit` never calls this.

    Returns
    -------
    tuple of str
        The packages that were deferred: empty when spaCy and quickumls are loaded already, and
        without those that are loaded or not installed (the usual import says what is wrong).
    """
    if "quickumls" in sys.modules or importlib.util.find_spec("quickumls") is None:
        return ()
    stand_ins = {
        name: _DeferredModule(name)
        for name in _UNUSED
        if name not in sys.modules and importlib.util.find_spec(name) is not None
    }
    sys.modules.update(stand_ins)
    try:
        importlib.import_module("quickumls")  # which imports spaCy
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
    return tuple(name for name in stand_ins if name not in sys.modules)


@contextmanager
def lean_start() -> Iterator[None]:
    """Load the pipeline inside this, in our own command-line process, to start sooner.

    Third parties are silenced, what nobody uses is not imported (see
    :func:`defer_unused_imports`), and the cyclic garbage collector rests: loading makes hundreds
    of thousands of objects that stay until the end, and the collector would go over them again
    and again, a sixth of the time that a short command takes. Afterwards it works as before, but
    for these objects, which it need not visit while notes are audited nor at exit.

    Examples
    --------
    >>> with lean_start():
    ...     from opnote_audit.api import load_auditor
    ...     auditor = load_auditor()
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        defer_unused_imports()
        silence_loggers()
        yield
    finally:
        if collecting:
            gc.freeze()
            gc.enable()
