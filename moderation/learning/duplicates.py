"""Rows that say the same as another: equal after folding, or closer than a limit in embedding."""

from collections.abc import Sequence

import numpy as np

from moderation.triage.normalise import Normalised
from moderation.triage.weights import Floats

NEAR = 0.92
"""Cosine from which two messages count as one."""
FEWEST_WORDS = 4
"""Shorter messages are told apart by their letters alone: «цена» and «почём» are near in meaning, and both are real."""
BLOCK = 512
"""Rows compared at a time: all against all would need a gigabyte for ten thousand messages."""


def find_duplicates(texts: Sequence[Normalised], dense: Floats) -> list[tuple[int, int]]:
    """Pairs (earlier, later) of places; a later row appears once."""
    firsts: dict[str, int] = {}
    pairs: dict[int, int] = {}
    for place, text in enumerate(texts):
        first = firsts.setdefault(text.folded, place)
        if first != place:
            pairs[place] = first
    long = np.flatnonzero([len(text.folded.split()) >= FEWEST_WORDS for text in texts])
    told = dense[long]
    for start in range(0, len(long), BLOCK):
        likeness = np.tril(told[start : start + BLOCK] @ told.T, k=start - 1)
        for row, earlier in np.argwhere(likeness > NEAR).tolist():
            pairs.setdefault(int(long[start + row]), int(long[earlier]))
    return sorted((earlier, later) for later, earlier in pairs.items())
