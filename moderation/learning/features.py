"""Feature tables of a corpus for training: embeddings beside weighted terms, as one sparse matrix."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack

from moderation.triage.embed import bag, list_terms
from moderation.triage.normalise import Normalised
from moderation.triage.weights import Floats

LEAST_WORDS, LEAST_PIECES = 2, 3
"""In how many messages a word (a piece of a word) must stand to become a feature."""
DENSE_WEIGHT = 0.5
"""What embeddings weigh beside terms; at 1.0 a layer learns by heart the trades that it sees. Chosen on folds."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms with their rows, and how rare each is."""

    terms: Mapping[str, int]
    idf: Floats


def count_terms(
    texts: Sequence[Normalised],
    among: Sequence[Normalised] = (),
    least_words: int = LEAST_WORDS,
    least_pieces: int = LEAST_PIECES,
) -> Vocabulary:
    """The vocabulary of a corpus; how rare its terms are is counted in the texts `among` which it stands, too."""
    counts = _count(texts)
    kept = sorted(term for term, count in counts.items() if count >= (least_pieces if term[0] == "~" else least_words))
    counts.update(_count(among))
    total = len(texts) + len(among)
    idf = [np.log((1 + total) / (1 + counts[term])) + 1 for term in kept]
    return Vocabulary({term: place for place, term in enumerate(kept)}, np.array(idf, dtype=np.float32))


def _count(texts: Sequence[Normalised]) -> Counter[str]:
    """In how many texts each term stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(list_terms(text).keys))
    return counts


def tabulate(texts: Sequence[Normalised], vocabulary: Vocabulary) -> csr_matrix:
    """Weighted terms, shape (texts, terms)."""
    bags = bag(texts, vocabulary.terms, vocabulary.idf)
    return csr_matrix((bags.values, (bags.texts, bags.columns)), shape=(len(texts), len(vocabulary.terms)))


def lay(dense: Floats, terms: csr_matrix) -> csr_matrix:
    """Weighted embeddings beside terms: what layers learn from and read; shape (rows, features)."""
    return hstack([csr_matrix(DENSE_WEIGHT * dense), terms], format="csr")


def take_up(slopes: npt.NDArray[np.float64], dimensions: int) -> tuple[Floats, Floats]:
    """Slopes (features, labels) over what `lay` gives: those of plain embeddings, which come first, and of terms."""
    dense, terms = DENSE_WEIGHT * slopes[:dimensions], slopes[dimensions:]
    return dense.astype(np.float32), terms.astype(np.float32)
