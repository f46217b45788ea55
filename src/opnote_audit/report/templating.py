"""The pages' templates and assets: Jinja2 with autoescape on, and a strict content policy.

A page is one file: its style and its script stand in it, and its policy names their hashes, so
that a browser runs and applies these two texts and nothing else, whatever a note holds.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from opnote_audit.report.cells import printable

_FOLDER = Path(__file__).resolve().parent / "templates"


@dataclass(frozen=True, slots=True)
class Assets:
    """A page's style and script, and the policy that allows these alone."""

    css: Markup
    js: Markup
    policy: str


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the environment of every page's template.

    Everything is escaped, an undefined name is an error, and what would act invisibly in a
    page (control characters, marks that turn the writing direction) is shown as a sign.
    """
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@lru_cache(maxsize=4)
def assets(name: str) -> Assets:
    """Return the style (with the part that all pages share) and script of a page.

    Parameters
    ----------
    name
        ``note`` or ``dashboard``: the stem of the files in ``templates/``.
    """
    css = "".join(_text(f"{part}.css") for part in ("base", name))
    js = _text(f"{name}.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(css)}'",
            f"script-src '{_digest(js)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    # Both are the package's own files.
    return Assets(Markup(css), Markup(js), policy)


def script_json(value: Any) -> Markup:
    """Return JSON that can stand in a ``<script type="application/json">``.

    ASCII only, with ``<``, ``>``, ``&`` and ``'`` written as escapes, so that no text in it can
    end the element, whatever it holds.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for char in "<>&'":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def local_href(path: str) -> str:
    """Return a link to a file beside the page; never another scheme or host.

    ``javascript:x`` and ``//host/x`` come out as (missing) files of these names.
    """
    parts = path.replace("\\", "/").encode("utf-8", "replace")
    return "./" + quote(parts, safe="/")


def _visible(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return value if value.isprintable() else printable(value)
    return value


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()
