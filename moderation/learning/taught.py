"""What the features give on a public set whose own labels teach them: how much of what the shipped model misses there
is another meaning of the labels, and how much is beyond both encoders."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from moderation.learning.corpus import Row
from moderation.learning.features import count_terms, tabulate
from moderation.learning.layers import Example, fit, look_at_all, prepare
from moderation.learning.measure import Figures, measure
from moderation.learning.spread import spread
from moderation.triage.classify import LinearTagger
from moderation.triage.second import centred
from moderation.triage.weights import TASKS, Floats

FOLDS = 5
ALIKE = 0.85
"""Cosine from which two comments are kept in one fold: of one author or one quarrel, as far as texts tell."""
STRENGTH = 1.0
"""Inverse of the regularisation: sets are smaller than our corpus, and the shipped model speaks along."""
HEARD_WEIGHT = 0.3
"""What the shipped model's logits weigh beside embeddings, whose numbers are smaller."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled set as both encoders and the shipped model see it; `heard` (texts, labels of all tasks): the model's
    logits by its first look."""

    example: Example
    heard: Floats
    task: str

    def pick(self, places: npt.NDArray[np.intp]) -> "Seen":
        """A part of it."""
        return Seen(self.example.pick(places), self.heard[places], self.task)


def see(tagger: LinearTagger, texts: Sequence[str], labels: Sequence[str], task: str) -> Seen:
    """`labels`: ours. Some 30 ms of one core a text."""
    rows = [Row(text, {task: label}, "comment", "ru", "", "") for text, label in zip(texts, labels, strict=True)]
    return Seen(look_at_all(prepare(rows)), _hear(tagger, texts), task)


def _hear(tagger: LinearTagger, texts: Sequence[str]) -> Floats:
    said = tagger.tag(texts, hurried=True)
    table = np.array([[one.probabilities[task][label] for task in TASKS for label in TASKS[task]] for one in said])
    clipped = np.clip(table, 1e-4, 1 - 1e-4)
    logits: Floats = np.log(clipped / (1 - clipped)).astype(np.float32)
    return logits


def teach(part: Seen, rest: Seen) -> Figures:
    """Figures on the rest after learning the part."""
    return _figures(rest, _guess((part, rest)))


def teach_in_folds(seen: Seen) -> Figures:
    """Figures on a whole set, each fold of it read by what learned the others; what is alike shares a fold."""
    deals = list(
        StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(
            seen.heard, seen.example.labels(seen.task), group_alike(seen.example.dense)
        )
    )
    guesses = np.zeros(len(seen.heard), dtype=np.intp)
    for (_, held), found in zip(
        deals, spread(_guess, [(seen.pick(learned), seen.pick(held)) for learned, held in deals]), strict=True
    ):
        guesses[held] = found
    return _figures(seen, guesses)


def group_alike(dense: Floats) -> npt.NDArray[np.intp]:
    """The group of each text: those that a chain of likeness joins. `dense`: embeddings of length 1."""
    groups: npt.NDArray[np.intp] = connected_components(csr_matrix(dense @ dense.T > ALIKE))[1].astype(np.intp)
    return groups


def _guess(pair: tuple[Seen, Seen]) -> npt.NDArray[np.intp]:
    part, _ = pair
    vocabulary = count_terms(part.example.texts)
    centre: Floats = part.example.seen_again().mean(axis=0)
    tables = [
        hstack(
            [
                csr_matrix(HEARD_WEIGHT * one.heard),
                csr_matrix(centred(one.example.seen_again(), centre)),
                csr_matrix(one.example.dense),
                tabulate(one.example.texts, vocabulary),
            ],
            format="csr",
        )
        for one in pair
    ]
    fitted = fit(tables[0], part.example.labels(part.task), len(TASKS[part.task]), strength=STRENGTH)
    guesses: npt.NDArray[np.intp] = fitted.read(tables[1]).argmax(axis=1)
    return guesses


def _figures(seen: Seen, guesses: npt.NDArray[np.intp]) -> Figures:
    labels = TASKS[seen.task]
    truth = [row.labels[seen.task] for row in seen.example.rows]
    return measure(truth, [labels[guess] for guess in guesses], [True] * len(truth))
