"""Third-party packages stay quiet about notes, and nltk is loaded only by whoever uses it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap
import warnings
from typing import Any

from opnote_audit._quiet import silence_loggers


def fresh_python(code: str) -> Any:
    """Run code in a fresh interpreter; what it prints last, as JSON, is the result."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_medspacy_loads_without_nltk_and_nothing_stays_behind() -> None:
    got = fresh_python("""
        import json, sys
        from opnote_audit._quiet import defer_nltk
        deferred = defer_nltk()
        import medspacy.context, medspacy.custom_tokenizer, scispacy.abbreviation
        print(json.dumps({
            "deferred": deferred,
            "nltk": "nltk" in sys.modules,
            "sklearn": "sklearn" in sys.modules,
        }))
    """)
    assert got == {"deferred": True, "nltk": False, "sklearn": False}


def test_nltk_is_the_real_one_for_everybody_after_the_shim() -> None:
    got = fresh_python("""
        import json, sys
        from opnote_audit._quiet import defer_nltk
        defer_nltk()
        import quickumls.core
        before = "nltk" in sys.modules
        through_quickumls = quickumls.core.nltk.stem.PorterStemmer().stem("facets")
        import nltk, nltk.tree
        print(json.dumps({
            "before": before,
            "stem": through_quickumls,
            "one copy": nltk.tree.Tree is nltk.Tree is quickumls.core.nltk.Tree,
            "type": type(nltk).__name__,
        }))
    """)
    assert got == {
        "before": False,
        "stem": "facet",
        "one copy": True,
        "type": "module",
    }


def test_the_stand_in_gives_way_even_while_it_is_in_place() -> None:
    got = fresh_python("""
        import json, sys
        from opnote_audit._quiet import _DeferredModule
        sys.modules["colorsys"] = stand_in = _DeferredModule("colorsys")
        from colorsys import rgb_to_hsv
        import colorsys
        print(json.dumps([rgb_to_hsv(0, 0, 0), colorsys is not stand_in]))
    """)
    assert got == [[0.0, 0.0, 0], True]


def test_an_nltk_that_is_loaded_already_is_left_alone() -> None:
    got = fresh_python("""
        import json, sys, types
        host = sys.modules["nltk"] = types.ModuleType("nltk")
        from opnote_audit._quiet import defer_nltk
        print(json.dumps([defer_nltk(), sys.modules["nltk"] is host]))
    """)
    assert got == [False, True]


def test_importing_the_library_disturbs_no_module_of_the_host() -> None:
    got = fresh_python("""
        import json, logging, sys, warnings
        filters, handlers = list(warnings.filters), list(logging.getLogger().handlers)
        import opnote_audit
        undisturbed = warnings.filters == filters and logging.getLogger().handlers == handlers
        stood_in = "nltk" in sys.modules
        import nltk
        print(json.dumps([type(nltk).__name__, stood_in, undisturbed]))
    """)
    assert got == ["module", False, True]


def test_no_note_text_from_pyrush() -> None:
    """PyRuSH logs each sentence at DEBUG; with the loggers silenced nothing may come out."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
                from opnote_audit._quiet import silence_loggers
                silence_loggers()
                import logging
                logging.basicConfig(level=logging.DEBUG)
                import medspacy
                nlp = medspacy.load()
                print(len(list(nlp("The Zanzibarmarker was seen. It was removed.").sents)))
            """),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "2"
    assert "Zanzibarmarker" not in done.stderr


def test_silencing_twice_changes_nothing_more_and_spares_the_host() -> None:
    host = logging.getLogger("a.host.application")
    level = host.getEffectiveLevel()
    with warnings.catch_warnings():
        silence_loggers()
        once = list(warnings.filters)
        silence_loggers()
        assert list(warnings.filters) == once
    assert host.getEffectiveLevel() == level
