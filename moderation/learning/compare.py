"""Which features carry the classifier: each set of them, trained alike, on folds that share no trade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from moderation.learning.features import count_terms, join, tabulate
from moderation.learning.measure import measure, number
from moderation.learning.training import FOLDS, Example, fit
from moderation.triage.weights import TASKS

SEEDS = (0, 1, 2)
KINDS = ("embeddings", "terms", "both")


@dataclass(frozen=True, slots=True)
class Compared:
    """Macro-F1 of one feature set in one task: a figure for each seed."""

    features: str
    task: str
    scores: Sequence[float]


def compare_features(example: Example) -> list[Compared]:
    """Every feature set in every task; a seed deals the trades into other folds."""
    found: dict[tuple[str, str], list[float]] = {(kind, task): [] for kind in KINDS for task in TASKS}
    for seed in SEEDS:
        for key, score in _compare_once(example, deal(example.trades, seed)).items():
            found[key].append(score)
    return [Compared(kind, task, scores) for (kind, task), scores in found.items()]


def deal(trades: npt.NDArray[np.str_], seed: int) -> npt.NDArray[np.intp]:
    """The fold of each row: trades shuffled by the seed and dealt in turn."""
    names = np.unique(trades)
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[place]: turn % FOLDS for turn, place in enumerate(order)}
    return np.array([fold_of[trade] for trade in trades], dtype=np.intp)


def _compare_once(example: Example, folds: npt.NDArray[np.intp]) -> dict[tuple[str, str], float]:
    told = {(kind, task): np.zeros(len(folds), dtype=np.intp) for kind in KINDS for task in TASKS}
    for fold in range(FOLDS):
        seen, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        part, rest = example.pick(seen), example.pick(held)
        tables, others = _tables(part, part), _tables(part, rest)
        for kind, task in told:
            coefficients, bias = fit(tables[kind], part.labels(task), len(TASKS[task]))
            told[kind, task][held] = (others[kind] @ coefficients + bias).argmax(axis=1)
    return {key: _score(example, key[1], guesses) for key, guesses in told.items()}


def _tables(seen: Example, other: Example) -> Mapping[str, csr_matrix]:
    """Feature tables of `other` with the vocabulary of `seen`."""
    terms = tabulate(other.texts, count_terms(seen.texts))
    return {"embeddings": csr_matrix(other.dense), "terms": terms, "both": join(other.dense, terms)}


def _score(example: Example, task: str, guesses: npt.NDArray[np.intp]) -> float:
    labels = TASKS[task]
    truth = [row.labels[task] for row in example.rows]
    return number(measure(truth, [labels[guess] for guess in guesses], [True] * len(truth)), "macro_f1")
