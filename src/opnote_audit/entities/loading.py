"""Load the pipeline that the user named, and know it again."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.about import __version__ as SPACY_VERSION
from spacy.language import Language
from spacy.util import get_package_path, is_compatible_version, is_package

from opnote_audit._quiet import silence_loggers
from opnote_audit.errors import ModelError

# spaCy's own components that set no entities: those that only feed others, and the rest.
_FEEDING = frozenset({"tok2vec", "transformer", "curated_transformer"})
_NO_ENTITIES = frozenset(
    {
        "attribute_ruler",
        "experimental_coref",
        "lemmatizer",
        "morphologizer",
        "parser",
        "senter",
        "sentencizer",
        "spancat",
        "spancat_singlelabel",
        "tagger",
        "textcat",
        "textcat_multilabel",
        "trainable_lemmatizer",
    }
)
# These find entities without what taggers and parsers leave on the tokens; rules may need it.
_TRAINED = frozenset({"ner", "beam_ner"})


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """An entity: code-point offsets into the text that was read, and its label."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class EntityModel:
    """A pipeline that finds entities.

    ``title`` is its name and version as its meta gives them; ``notice`` what the user should
    know of it, empty for nothing.
    """

    nlp: Language
    title: str
    notice: str = ""

    def entities(self, texts: Sequence[str]) -> list[list[FoundEntity]]:
        """Return the entities of each text, in text order."""
        with warnings.catch_warnings():
            # A component's warning may quote what it was given.
            warnings.simplefilter("ignore")
            return [
                [FoundEntity(e.start_char, e.end_char, e.label_) for e in doc.ents]
                for doc in self.nlp.pipe(texts)
            ]


def load_entity_model(name: str) -> EntityModel:
    """Load a spaCy or scispaCy pipeline for its entities alone.

    Parameters
    ----------
    name
        The name of an installed package, or a folder that ``Language.to_disk`` wrote.

    Raises
    ------
    ModelError
        It is not there, cannot be loaded, or recognizes no entities.
    """
    _root(name)
    silence_loggers()
    try:
        with warnings.catch_warnings():
            # Said in our own words, see the notice.
            warnings.simplefilter("ignore")
            nlp = spacy.load(name)
    except Exception as error:
        # Whatever a package does when it is loaded; its message may be pages long.
        raise ModelError(
            f"{name}: the model cannot be loaded ({type(error).__name__}); install it again, "
            f"in a version made for spaCy {SPACY_VERSION}"
        ) from None
    factories = {pipe: nlp.get_pipe_meta(pipe).factory for pipe in nlp.pipe_names}
    finders = {f for f in factories.values() if f not in _FEEDING | _NO_ENTITIES}
    if not finders:
        raise ModelError(
            f"{name}: the model has no entity recognizer; name one that has, such as "
            "scispaCy's en_core_sci_sm"
        )
    if finders <= _TRAINED:
        for pipe, factory in factories.items():
            if factory in _NO_ENTITIES:
                nlp.disable_pipe(pipe)
    return EntityModel(nlp, _title(nlp), _notice(name, nlp))


def model_identity(name: str) -> tuple[str, str, str]:
    """Return what tells a model from another: name and version by its meta, and a digest.

    The digest is of its files, since a folder may be trained anew under the same version.
    Nothing is loaded.

    Raises
    ------
    ModelError
        There is no such model.
    """
    root = _root(name)
    try:
        meta = json.loads((root / "meta.json").read_bytes())
        known = (f"{meta['lang']}_{meta['name']}", str(meta["version"]))
        digest = hashlib.blake2b(digest_size=16)
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content = path.read_bytes()
                head = f"{path.relative_to(root).as_posix()}\n{len(content)}\n"
                digest.update(head.encode("utf-8", "surrogatepass"))
                digest.update(content)
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"{name}: has no meta.json of a spaCy model; install it again") from None
    return (*known, digest.hexdigest())


def _root(name: str) -> Path:
    """Return the folder of a package or of a model; :class:`ModelError` where there is none."""
    try:
        if is_package(name):
            return Path(get_package_path(name))
        folder = Path(name)
        if folder.is_dir():
            return folder
    except (ImportError, OSError, ValueError):
        pass
    raise ModelError(
        f"{name}: no such spaCy model is installed, and there is no such folder; install it "
        "with pip (scispaCy's models are on its release page), or give another --model"
    )


def _title(nlp: Language) -> str:
    meta = nlp.meta
    return f"{meta['lang']}_{meta['name']} {meta['version']}"


def _notice(name: str, nlp: Language) -> str:
    made_for = str(nlp.meta.get("spacy_version") or "")
    if made_for and is_compatible_version(SPACY_VERSION, made_for) is False:
        return (
            f"{name}: the model was made for spaCy {made_for} and this is {SPACY_VERSION}; "
            "it may find less than it should"
        )
    return ""
