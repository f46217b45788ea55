"""Third-party packages stay quiet about notes, and what nobody uses is not loaded."""

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


def test_medspacy_loads_without_what_nobody_uses() -> None:
    got = fresh_python("""
        import json, sys
        from opnote_audit._quiet import defer_unused_imports
        deferred = defer_unused_imports()
        import medspacy.context, medspacy.custom_tokenizer, scispacy.abbreviation
        heavy = {"nltk", "sklearn", "scipy", "requests", "urllib3"}
        print(json.dumps([deferred, sorted(heavy & set(sys.modules))]))
    """)
    assert got == [["nltk", "requests"], []]


def test_nltk_is_the_real_one_for_everybody_after_the_shim() -> None:
    got = fresh_python("""
        import json, sys
        from opnote_audit._quiet import defer_unused_imports
        defer_unused_imports()
        import quickumls.core
        stem = quickumls.core.nltk.stem.PorterStemmer().stem("facets")
        import nltk, nltk.tree
        print(json.dumps({
            "stem": stem,
            "one copy": nltk.tree.Tree is nltk.Tree is quickumls.core.nltk.Tree,
            "type": type(nltk).__name__,
        }))
    """)
    assert got == {"stem": "facet", "one copy": True, "type": "module"}


def test_a_host_imports_submodules_first_and_gets_the_real_ones() -> None:
    got = fresh_python("""
        import json, sys
        from opnote_audit._quiet import defer_unused_imports
        defer_unused_imports()
        from nltk.tree import Tree
        import nltk, requests
        from spacy.cli import download
        print(json.dumps([Tree is nltk.Tree, download.__globals__["requests"].get is requests.get]))
    """)
    assert got == [True, True]


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


def test_a_lean_start_leaves_the_collector_working() -> None:
    got = fresh_python("""
        import gc, json, sys
        from opnote_audit._quiet import lean_start
        seen = []
        try:
            with lean_start():
                import medspacy.context
                seen.append(gc.isenabled())
                raise KeyError
        except KeyError:
            seen.append(gc.isenabled())
        seen += [gc.get_freeze_count() > 100_000, "nltk" in sys.modules]
        gc.disable()
        with lean_start():
            pass
        print(json.dumps([*seen, gc.isenabled()]))
    """)
    assert got == [False, True, True, False, False]


def test_a_module_that_is_loaded_already_is_left_alone() -> None:
    got = fresh_python("""
        import json, sys, types
        host = sys.modules["nltk"] = types.ModuleType("nltk")
        from opnote_audit._quiet import defer_unused_imports
        deferred = defer_unused_imports()
        print(json.dumps([deferred, sys.modules["nltk"] is host, defer_unused_imports()]))
    """)
    assert got == [["requests"], True, []]


def test_importing_the_library_disturbs_no_module_of_the_host() -> None:
    got = fresh_python("""
        import json, logging, sys, warnings
        filters, handlers = list(warnings.filters), list(logging.getLogger().handlers)
        import opnote_audit
        undisturbed = warnings.filters == filters and logging.getLogger().handlers == handlers
        stood_in = "_DeferredModule" in {type(module).__name__ for module in sys.modules.values()}
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
