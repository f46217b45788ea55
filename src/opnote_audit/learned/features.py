"""What a trained component sees of a piece of a note: hashed words, stems and pairs of them.

All pieces of a note are read in one pass over its tokens, which costs a tenth of what spaCy's
own text classifiers take for a ``Doc`` a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from spacy.attrs import IS_ALPHA, IS_PUNCT, LOWER, SHAPE
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.api import Model, SparseLinear_v2, chain

UNITS = "opnote_units"
"""Where a ``Doc`` keeps the pieces to classify: token offsets, an array of shape (n, 2)."""

_STEM = 5
"""Letters of a word that stay when it is inflected, misspelt or misheard at its end."""
_FIELDS = 4
"""Keys of a token."""
_WHOLE_FIELDS = 2
"""Keys of a piece as a whole, and their weight."""
_WHOLE = 0.5
_PLACES = 8
_KEEP = 20_000

_END = np.uint64(get_string_id("end of piece"))
_STEM_SALT = np.uint64(get_string_id("stem"))
_PAIR_SALT = np.uint64(get_string_id("stems"))
_PLACE_SALT = get_string_id("place in note")
_SIZE_SALT = get_string_id("size of piece")

Keys = tuple[npt.NDArray[np.uint64], npt.NDArray[np.float32], npt.NDArray[np.int32]]


class Stems:
    """The stem of each word, remembered by the word's number in spaCy's string store."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, words: npt.NDArray[np.uint64], doc: Doc) -> npt.NDArray[np.uint64]:
        """Return the stems' hashes; ``words`` are string-store numbers of lower-case words."""
        known = self._known
        if len(known) > _KEEP:
            known.clear()
        strings = doc.vocab.strings
        numbers = words.tolist()
        try:
            return np.fromiter(map(known.__getitem__, numbers), np.uint64, len(numbers))
        except KeyError:
            for number in set(numbers).difference(known):
                known[number] = get_string_id(strings[number][:_STEM])
            return np.fromiter(map(known.__getitem__, numbers), np.uint64, len(numbers))


def units_of(doc: Doc) -> npt.NDArray[np.int64]:
    """Return the pieces of ``doc`` as token offsets, shape (n, 2): its own, or its span group."""
    units = doc.user_data.get(UNITS)
    if units is None:
        units = np.array([(s.start, s.end) for s in doc.spans.get(UNITS, ())], np.int64)
    found: npt.NDArray[np.int64] = np.asarray(units, np.int64).reshape(-1, 2)
    return found


def keys_of(doc: Doc, stems: Stems, place: bool = True) -> Keys:
    """Return the features of each piece of ``doc``.

    Numbers are known by their shape ("T9" and "T10" differ no more than "3-0" and "2-0").
    For each token stand its word, the pair with the next word, its stem and the pair of
    stems; for each piece, unless ``place`` is off, its place in the note in eighths and its
    size.

    Returns
    -------
    tuple
        Keys (uint64), weights (float32) of the same length, and the number of keys of each
        piece (int32).
    """
    units = units_of(doc)
    sizes = units[:, 1] - units[:, 0]
    total = int(sizes.sum())
    if not total:
        empty = np.zeros(0, np.uint64), np.zeros(0, np.float32)
        return (*empty, np.zeros(len(units), np.int32))
    attributes: Any = doc.to_array([LOWER, SHAPE, IS_ALPHA, IS_PUNCT])
    plain = (attributes[:, 2] | attributes[:, 3]).astype(bool)
    words = np.where(plain, attributes[:, 0], attributes[:, 1])
    stem = stems.of(words, doc)

    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    owner = np.repeat(np.arange(len(units)), sizes)
    token = np.arange(total) - first[owner] + units[owner, 0]
    last = np.zeros(total, bool)
    last[(first + sizes - 1)[sizes > 0]] = True
    following = np.minimum(token + 1, len(doc) - 1)

    keys = np.empty((total, _FIELDS), np.uint64)
    word, after = words[token], np.where(last, _END, words[following])
    stem_here, stem_after = stem[token], np.where(last, _END, stem[following])
    keys[:, 0] = word
    keys[:, 1] = _mixed(word, after)
    keys[:, 2] = stem_here ^ _STEM_SALT
    keys[:, 3] = _mixed(stem_here, stem_after) ^ _PAIR_SALT
    # A long piece has more words than a short one, but is no surer of each.
    weights = (1 / np.sqrt(np.maximum(sizes, 1))).astype(np.float32)[owner]
    flat, values = keys.ravel(), np.repeat(weights, _FIELDS)
    lengths = (sizes * _FIELDS).astype(np.int32)
    if not place:
        return flat, values, lengths
    # What is said of a piece as a whole goes before its words.
    told = sizes > 0
    where = units[told, 0] * _PLACES // len(doc)
    large = np.minimum(np.log2(sizes[told]), 7).astype(np.int64)
    whole = np.stack([_PLACE_KEYS[where], _SIZE_KEYS[large]], axis=1).ravel()
    heads = np.repeat(first[told] * _FIELDS, _WHOLE_FIELDS)
    lengths[told] += _WHOLE_FIELDS
    return np.insert(flat, heads, whole), np.insert(values, heads, _WHOLE), lengths


_PLACE_KEYS = np.array(
    [get_string_id(f"{_PLACE_SALT} {n}") for n in range(_PLACES + 1)], dtype=np.uint64
)
_SIZE_KEYS = np.array([get_string_id(f"{_SIZE_SALT} {n}") for n in range(8)], dtype=np.uint64)


def _mixed(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return one key for two in their order; SparseLinear hashes it once more."""
    mixed: npt.NDArray[np.uint64] = left * np.uint64(0x9E3779B97F4A7C15) + right
    return mixed


def _features(place: bool) -> Model[Sequence[Doc], Keys]:
    stems = Stems()

    def forward(
        model: Model[Sequence[Doc], Keys], docs: Sequence[Doc], is_train: bool
    ) -> tuple[Keys, Callable[[Any], list[Doc]]]:
        parts = [keys_of(doc, stems, model.attrs["place"]) for doc in docs]
        keys, values, lengths = (np.concatenate(column) for column in zip(*parts, strict=True))
        drop = model.attrs.get("dropout_rate", 0.0)
        if is_train and drop:
            values = values * model.ops.get_dropout_mask(values.shape, drop)
        return (keys, values, lengths), lambda _: []

    return Model("opnote_features", forward, attrs={"dropout_rate": 0.0, "place": place})


def build_model(
    length: int | None, labels: int | None = None, place: bool = True
) -> Model[Sequence[Doc], Any]:
    """Return the model: features, then one sparse linear layer of thinc's.

    Parameters
    ----------
    length
        The number of hash buckets; ``None`` where weights that are read will say it.
    labels
        The number of classes, when it is known already.
    place
        Whether a piece's place in the note and its size count.

    Returns
    -------
    Model
        From ``Doc`` objects to scores, shape (pieces of all docs, labels), not yet
        probabilities.
    """
    return chain(_features(place), SparseLinear_v2(nO=labels, length=length))
