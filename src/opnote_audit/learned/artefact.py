"""The files of a trained component: where they stand, and that they are what they should be.

``models/NAME/`` holds ``classifier/`` (what spaCy's ``to_disk`` writes), ``manifest.json``
(hashes, versions, seed, figures) and ``CARD.md``, written by ``opnote_audit.training``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import Field
from spacy.vocab import Vocab

from opnote_audit.errors import ModelFileError, RuleFileError
from opnote_audit.learned.classifier import SentenceClassifier, read_classifier
from opnote_audit.rules.files import Strict, read_json, validate

SECTION_CLASSIFIER = "section_classifier"
SECOND_READER = "second_reader"
NAMES = (SECTION_CLASSIFIER, SECOND_READER)

CLASSIFIER = "classifier"
MANIFEST = "manifest.json"


class Manifest(Strict):
    """What ``manifest.json`` says of a trained component.

    ``files`` maps each file, relative to the component's folder, to its SHA-256; ``figures``
    are those that ``evaluate`` measured.
    """

    schema_version: str
    name: str
    labels: tuple[str, ...] = Field(min_length=2)
    files: dict[str, str] = Field(min_length=1)
    made_with: dict[str, str]
    seed: int
    figures: dict[str, Any]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the component in ``folder``.

    Raises
    ------
    ModelFileError
        If it is missing or broken; the message names the file and the entry.
    """
    path = folder / MANIFEST
    try:
        return validate(Manifest, read_json(path), path)
    except RuleFileError as error:
        raise ModelFileError(f"{error} (or use --no-models)") from None


def load_classifier(folder: Path, vocab: Vocab) -> SentenceClassifier:
    """Return the trained component in ``folder``, checked by hash.

    Parameters
    ----------
    folder
        ``models/NAME``.
    vocab
        The vocabulary of the pipeline that it will be part of.

    Raises
    ------
    ModelFileError
        If a file is missing, or is not the one that the manifest describes.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            found = digest(path)
        except OSError:
            found = ""
        if found != expected:
            state = "is not the file that its manifest describes" if found else "is missing"
            raise ModelFileError(
                f"{path}: {state}; install opnote-audit again, train it afresh "
                "(models/README.md), or use --no-models"
            )
    return read_classifier(folder / CLASSIFIER, vocab, manifest.name)
