"""Put trained components where the program looks for them, with manifest and model card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from opnote_audit.learned.artefact import CLASSIFIER, MANIFEST, NAMES, digest
from opnote_audit.learned.classifier import SentenceClassifier
from opnote_audit.training.recipes import Recipe, Recipes, folder

SCHEMA_VERSION = "1.0"
_MADE_WITH = ("spacy", "thinc", "numpy")


def package(
    trained: Mapping[str, SentenceClassifier],
    figures: Mapping[str, Mapping[str, Any]],
    recipes: Recipes,
    models: Path,
) -> None:
    """Replace the components in ``models``.

    Parameters
    ----------
    trained
        The components by name.
    figures
        What ``evaluate`` measured, by name; empty where it was not run.
    recipes
        The recipes they were trained by.
    models
        The folder ``models/``.
    """
    for name in NAMES:
        classifier = trained[name]
        recipe: Recipe = getattr(recipes, name)
        home = models / name
        draft = models / f".{name}.part"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        classifier.to_disk(draft / CLASSIFIER, exclude=["vocab"])
        files = sorted(path for path in draft.rglob("*") if path.is_file())
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "name": name,
            "labels": list(classifier.labels),
            "files": {path.relative_to(draft).as_posix(): digest(path) for path in files},
            "made_with": {package: version(package) for package in _MADE_WITH},
            "seed": recipe.seed,
            "figures": dict(figures.get(name, {})),
        }
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        size = sum(path.stat().st_size for path in files)
        card = render_card(name, manifest, recipes, size)
        (draft / "CARD.md").write_text(card, encoding="utf-8")
        # Whole or not at all: the old one goes when the new one is complete.
        shutil.rmtree(home, ignore_errors=True)
        draft.rename(home)


def render_card(name: str, manifest: Mapping[str, Any], recipes: Recipes, size: int) -> str:
    """Return the model card of a component, in Markdown."""
    # Markdown for people, made from our own figures: nothing in it is to be escaped.
    environment = Environment(
        loader=FileSystemLoader(folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(f"{name}.md.jinja").render(
        manifest=manifest,
        recipe=getattr(recipes, name),
        kilobytes=round(size / 1000),
        threshold=recipes.threshold,
        seeds=len(recipes.thinned.seeds),
    )
