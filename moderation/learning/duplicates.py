"""Rows that say the same as another: equal after folding, or closer than a limit in embedding."""

from collections.abc import Sequence

import numpy as np

from moderation.triage.normalise import Normalised
from moderation.triage.weights import Floats

NEAR = 0.92
"""Cosine from which two messages count as one."""
FEWEST_WORDS = 4
"""Shorter messages are told apart by their letters alone: «цена» and «почём» are near in meaning, and both are real."""


def find_duplicates(texts: Sequence[Normalised], dense: Floats) -> list[tuple[int, int]]:
    """Pairs (earlier, later) of places; a later row appears once."""
    firsts: dict[str, int] = {}
    pairs: dict[int, int] = {}
    for place, text in enumerate(texts):
        first = firsts.setdefault(text.folded, place)
        if first != place:
            pairs[place] = first
    long = np.array([len(text.folded.split()) >= FEWEST_WORDS for text in texts])
    likeness = np.tril(dense @ dense.T, k=-1)
    for later, earlier in np.argwhere(likeness > NEAR).tolist():
        if long[later] and long[earlier]:
            pairs.setdefault(later, earlier)
    return sorted((earlier, later) for later, earlier in pairs.items())
