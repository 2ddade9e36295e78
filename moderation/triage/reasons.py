"""Which words carried a tag: the linear contributions of a text's terms, summed by word."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from moderation.triage.embed import Bags
from moderation.triage.normalise import LINK, MAIL, MENTION, PHONE, PRICE, Normalised
from moderation.triage.scoring import Heard, Table
from moderation.triage.weights import Floats, Weights

Voice = tuple[Bags, Floats]
"""The bags of a vocabulary with its terms' weights, shape (terms, labels)."""

MOST = 3
LEAST = 0.05
"""Words are named from this contribution to the logit on."""
SIGNS = {LINK: "🔗", PHONE: "☎", MAIL: "✉", PRICE: "₽", MENTION: "@"}
WIDEST = 1000
"""Room for the words of one text; a text has fewer (terms.MOST_WORDS)."""


def list_voices(weights: Weights, task: str, bags: Bags, heard: Heard) -> list[Voice]:
    """Whose words count in one task: the layer for a brand and that for public talk, each as it was listened to.

    A text that was looked at twice is explained by the first look.
    """
    to_brand = weights.heads[task].layer.sparse
    if task != "sentiment":
        return [(bags, to_brand)]
    return [(_lowered(bags, 1 - heard.told), to_brand), (_lowered(bags, heard.told), weights.public.sentiment.sparse)]


def _lowered(bags: Bags, shares: Table) -> Bags:
    """With a part of each text's voice, `shares` (texts, 1)."""
    return replace(bags, values=bags.values * shares[bags.texts, 0].astype(np.float32))


def explain(
    texts: Sequence[Normalised], voices: Sequence[Voice], chosen: npt.NDArray[np.intp]
) -> list[tuple[str, ...]]:
    """For each text the words that spoke most for its chosen label, as written; empty when none did."""
    shares = np.concatenate([bags.values * sparse[bags.columns, chosen[bags.texts]] for bags, sparse in voices])
    keys = np.concatenate(
        [bags.texts * WIDEST + np.where(bags.owners < 0, WIDEST - 1, bags.owners) for bags, _ in voices]
    )
    present, inverse = np.unique(keys, return_inverse=True)
    sums = np.bincount(inverse, weights=shares, minlength=len(present))
    found: list[list[tuple[float, int]]] = [[] for _ in texts]
    for key, total in zip(present.tolist(), sums.tolist(), strict=True):
        text, word = divmod(key, WIDEST)
        if total > LEAST and word != WIDEST - 1:
            found[text].append((total, word))
    return [_name(text, voices[0][0].words[place], found[place]) for place, text in enumerate(texts)]


def _name(text: Normalised, words: Sequence[str], weighed: list[tuple[float, int]]) -> tuple[str, ...]:
    strongest = sorted(weighed, reverse=True)
    named = dict.fromkeys(as_written(text, words[word]) for _, word in strongest[: 2 * MOST])
    return tuple(named)[:MOST]


def as_written(text: Normalised, word: str) -> str:
    """A folded word as it stands in the raw text, when it stands there; a marker as a sign."""
    if word in SIGNS:
        return SIGNS[word]
    plain = text.raw.lower().replace("ё", "е")
    start = plain.find(word) if len(plain) == len(text.raw) else -1
    return word if start < 0 else text.raw[start : start + len(word)]
