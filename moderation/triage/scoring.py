"""Features to probabilities: every layer's word, weighed by whom a text is told to, in plain numpy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.triage.embed import Bags
from moderation.triage.weights import AGAIN, Floats, Layer, Second, Weights

Table = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

HARDLY = 0.05
"""So little above its band a tag is looked at twice, too: what the second encoder did not see would be the less right
half of what is sure. Chosen on a seventh of the trades that it did not learn; more brings nothing and costs time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the layers say of texts, uncalibrated, each shape (texts, labels).

    `told` (texts, 1): how likely a text is told to nobody; `public`: its sentiment if it is.
    """

    to_brand: Mapping[str, Table]
    told: Table
    public: Table

    def pick(self, places: Places) -> "Heard":
        """What is said of some texts, in this order."""
        to_brand = {task: table[places] for task, table in self.to_brand.items()}
        return Heard(to_brand, self.told[places], self.public[places])

    def put(self, places: Places, again: "Heard") -> "Heard":
        """With what is said of the texts at `places` exchanged for `again`."""
        to_brand = {task: _put(table, places, again.to_brand[task]) for task, table in self.to_brand.items()}
        return Heard(to_brand, _put(self.told, places, again.told), _put(self.public, places, again.public))


def _put(table: Table, places: Places, rows: Table) -> Table:
    changed = table.copy()
    changed[places] = rows
    return changed


def score(weights: Weights, dense: Floats, bags: Bags) -> dict[str, Table]:
    """Calibrated probabilities of each task, shape (texts, labels), by the first encoder alone."""
    return settle(weights, hear(weights, dense, bags))


def hear(weights: Weights, dense: Floats, bags: Bags) -> Heard:
    """All that the first encoder's embeddings (texts, 512) and the terms say."""
    return Heard(
        to_brand={task: softmax(weigh(head.layer, dense, bags)) for task, head in weights.heads.items()},
        told=softmax(weigh(weights.public.gate, dense, bags))[:, 1:],
        public=softmax(weigh(weights.public.sentiment, dense, bags)),
    )


def settle(weights: Weights, heard: Heard) -> dict[str, Table]:
    """Calibrated probabilities."""
    mixed = mix(heard, weights.kinship)
    return {task: sharpen(table, weights.heads[task].temperature) for task, table in mixed.items()}


def find_doubtful(tables: Mapping[str, Table], sure_from: Mapping[str, Sequence[float]]) -> Places:
    """Places of the texts to be looked at twice: any tag that a second look can better is unsure, or hardly sure.
    Calibrated tables."""
    bands = {task: np.array(sure_from[task]) + HARDLY for task in AGAIN}
    doubted = [tables[task].max(axis=1) < bands[task][tables[task].argmax(axis=1)] for task in AGAIN]
    return np.flatnonzero(np.any(doubted, axis=0))


def mix(heard: Heard, kinship: Floats) -> dict[str, Table]:
    """Both readings of a mood, as likely as whom the text is told to; then intent and sentiment hear each other."""
    sentiment = (1 - heard.told) * heard.to_brand["sentiment"] + heard.told * heard.public
    return {**heard.to_brand, **couple(heard.to_brand["intent"], sentiment, kinship)}


def hear_again(second: Second, first: Heard, embedded: Floats) -> Heard:
    """What was heard of texts at a first look joined with what the second encoder's embeddings (texts, 384) say."""
    read = {
        name: softmax((embedded @ head.slopes + head.bias).astype(np.float64)) for name, head in second.heads.items()
    }

    told = join(np.hstack([1 - first.told, first.told]), read["told"], second.share)[:, 1:]
    to_brand = {task: join(first.to_brand[task], read[task], second.share) for task in AGAIN}
    return Heard({**first.to_brand, **to_brand}, told, join(first.public, read["public"], second.share))


def join(first: Table, second: Table, share: float) -> Table:
    """Two readings of the same texts as one, by logarithms; `share` is the second's, from 0 to 1."""
    return softmax((1 - share) * _logs(first) + share * _logs(second))


def weigh(layer: Layer, dense: Floats, bags: Bags) -> Table:
    """A layer's logits, shape (texts, labels)."""
    logits = (dense @ layer.dense + layer.bias).astype(np.float64)
    weighted = layer.sparse[bags.columns] * bags.values[:, None]
    for label in range(logits.shape[1]):
        logits[:, label] += np.bincount(bags.texts, weights=weighted[:, label], minlength=len(logits))
    return logits


def couple(intent: Table, sentiment: Table, kinship: Floats) -> dict[str, Table]:
    """Both tasks with a word from the other: a complaint is hardly positive, thanks are hardly a question."""
    both = intent[:, :, None] * sentiment[:, None, :] * kinship
    both /= both.sum(axis=(1, 2), keepdims=True)
    return {"intent": both.sum(axis=2), "sentiment": both.sum(axis=1)}


def sharpen(table: Table, temperature: float) -> Table:
    """Probabilities to the power 1 / temperature."""
    return softmax(_logs(table) / temperature)


def _logs(table: Table) -> Table:
    logs: Table = np.log(np.maximum(table, 1e-12))
    return logs


def softmax(logits: Table) -> Table:
    """Rows that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    normed: Table = powers / powers.sum(axis=1, keepdims=True)
    return normed
