"""Feature tables of a corpus for training: embeddings beside weighted terms, as one sparse matrix."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack

from moderation.triage.embed import bag, list_terms
from moderation.triage.normalise import Normalised
from moderation.triage.weights import Floats

LEAST_WORDS, LEAST_PIECES = 2, 3
"""In how many messages a word (a piece of a word) must stand to become a feature."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms with their rows, and how rare each is."""

    terms: Mapping[str, int]
    idf: Floats


def count_terms(texts: Sequence[Normalised]) -> Vocabulary:
    """The vocabulary of a corpus."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(list_terms(text).keys))
    kept = sorted(term for term, count in counts.items() if count >= (LEAST_PIECES if term[0] == "~" else LEAST_WORDS))
    idf = [np.log((1 + len(texts)) / (1 + counts[term])) + 1 for term in kept]
    return Vocabulary({term: place for place, term in enumerate(kept)}, np.array(idf, dtype=np.float32))


def tabulate(texts: Sequence[Normalised], vocabulary: Vocabulary) -> csr_matrix:
    """Weighted terms, shape (texts, terms)."""
    bags = bag(texts, vocabulary.terms, vocabulary.idf)
    return csr_matrix((bags.values, (bags.texts, bags.columns)), shape=(len(texts), len(vocabulary.terms)))


def join(dense: Floats, sparse: csr_matrix) -> csr_matrix:
    """Embeddings and terms side by side."""
    return hstack([csr_matrix(dense), sparse], format="csr")
