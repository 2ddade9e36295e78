"""Makes a project's own head from corrected messages: a shift of the shipped classifier's logits, held small.

Some rows of the seed corpus are learned along, so that what a project's slang does not touch stays as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from moderation.learning.features import Vocabulary, count_terms, lay, tabulate, take_up
from moderation.triage.normalise import Normalised
from moderation.triage.own import OwnHead, OwnTask
from moderation.triage.scoring import Table
from moderation.triage.weights import DIMENSIONS, TASKS, Floats

Labels = npt.NDArray[np.intp]

HELD = 0.1
"""Strength of the regularisation: how much evidence a shift wants."""
HELD_BIAS = 4.0
"""Corrections are no fair sample: how often a label was corrected says little about how often it is right."""
ALONG = 0.5
"""Weight of a row of the seed corpus against a correction."""
STEPS = 200


@dataclass(frozen=True, slots=True)
class Lessons:
    """Labelled texts as the shipped classifier sees them. `tables` task → its probabilities, shape (texts, labels)."""

    texts: Sequence[Normalised]
    dense: Floats
    tables: Mapping[str, Table]
    truth: Mapping[str, Labels]

    def pick(self, places: npt.NDArray[np.intp]) -> "Lessons":
        """A part of them."""
        return Lessons(
            [self.texts[place] for place in places],
            self.dense[places],
            {task: table[places] for task, table in self.tables.items()},
            {task: labels[places] for task, labels in self.truth.items()},
        )


def fit_own(lessons: Lessons, along: Lessons, base_version: str, tasks: Sequence[str] = tuple(TASKS)) -> OwnHead:
    """A head of these tasks from corrections, with rows of the corpus learned along. Equal input, equal head."""
    vocabulary = count_terms(lessons.texts, among=along.texts, least_words=1, least_pieces=2)
    texts = [*lessons.texts, *along.texts]
    table = lay(np.vstack([lessons.dense, along.dense]), tabulate(texts, vocabulary))
    weights = np.concatenate([np.ones(len(lessons.texts)), np.full(len(along.texts), ALONG)])
    with threadpool_limits(limits=1):
        made = {
            task: _fit_task(
                table,
                np.log(np.maximum(np.vstack([lessons.tables[task], along.tables[task]]), 1e-9)),
                np.concatenate([lessons.truth[task], along.truth[task]]),
                weights,
            )
            for task in tasks
        }
    return _head(vocabulary, made, base_version)


def _head(vocabulary: Vocabulary, made: Mapping[str, tuple[Table, Table]], base_version: str) -> OwnHead:
    return OwnHead(
        vocabulary.terms,
        vocabulary.idf,
        {task: OwnTask(*take_up(slope, DIMENSIONS), bias.astype(np.float32)) for task, (slope, bias) in made.items()},
        base_version,
    )


def _fit_task(table: csr_matrix, start: Table, truth: Labels, weights: npt.NDArray[np.float64]) -> tuple[Table, Table]:
    """Slopes (features, labels) and bias (labels,) of least weighted log loss over `start`, plus their squares."""
    features, labels = table.shape[1], start.shape[1]
    wanted = np.eye(labels)[truth]
    table = table.astype(np.float64)
    turned = table.T.tocsr()

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        slope, bias = flat[:-labels].reshape(features, labels), flat[-labels:]
        logits = start + table @ slope + bias
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        missed = -np.log(np.maximum((chances * wanted).sum(axis=1), 1e-12))
        error = weights[:, None] * (chances - wanted)
        value = float(weights @ missed + HELD / 2 * (slope**2).sum() + HELD_BIAS / 2 * (bias**2).sum())
        rise = np.concatenate([(turned @ error + HELD * slope).ravel(), error.sum(axis=0) + HELD_BIAS * bias])
        return value, rise

    found = minimize(loss, np.zeros((features + 1) * labels), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return found[:-labels].reshape(features, labels), found[-labels:]
