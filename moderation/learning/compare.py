"""Which features carry the classifier: each set of them, trained alike, on trades that it did not see."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from moderation.learning.features import Vocabulary, count_terms, lay, tabulate
from moderation.learning.folds import FOLDS
from moderation.learning.layers import PLAIN, Example, centred, fit
from moderation.learning.measure import measure, number
from moderation.learning.spread import spread
from moderation.triage.embed import embed
from moderation.triage.second import SecondLook
from moderation.triage.weights import TASKS, Floats

SECOND = "the second encoder"
SEEDS = (0, 1, 2, 3, 4)
KINDS = ("embeddings", "pieces", "words", "embeddings and pieces", "all", SECOND, f"all and {SECOND}")
"""`pieces`: n-grams of 3 to 5 letters; `words`: words and pairs of them; `all`: all but the second encoder."""
TIMED = 256
"""Texts by which costs are measured."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Macro-F1 of one feature set in one task: a figure for each seed."""

    features: str
    task: str
    scores: Sequence[float]


def compare_features(example: Example) -> list[Compared]:
    """Every feature set in every task, trained once a seed; a seed deals the trades into another split. The example is
    one that `look_at_all` has seen."""
    found = spread(_compare_once, example, SEEDS)
    return [Compared(kind, task, [scores[kind, task] for scores in found]) for kind in KINDS for task in TASKS]


def deal(trades: npt.NDArray[np.str_], seed: int) -> npt.NDArray[np.intp]:
    """The fold of each row: trades shuffled by the seed and dealt in turn. The first fold is held out."""
    names = np.unique(trades)
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[place]: turn % FOLDS for turn, place in enumerate(order)}
    return np.array([fold_of[trade] for trade in trades], dtype=np.intp)


def _compare_once(example: Example, seed: int) -> dict[tuple[str, str], float]:
    folds = deal(example.trades, seed)
    part, rest = example.pick(np.flatnonzero(folds != 0)), example.pick(np.flatnonzero(folds == 0))
    vocabulary = count_terms(part.texts)
    scores: dict[tuple[str, str], float] = {}
    for kind in KINDS:
        table, other = build_table(kind, part, vocabulary), build_table(kind, rest, vocabulary)
        for task, labels in TASKS.items():
            fitted = fit(table, part.labels(task), len(labels))
            scores[kind, task] = _score(rest, task, fitted.read(other).argmax(axis=1))
    return scores


def build_table(kind: str, example: Example, vocabulary: Vocabulary) -> csr_matrix:
    """The features of this kind, shape (texts, features)."""
    if kind == "embeddings":
        return csr_matrix(example.dense)
    if kind == SECOND:
        return csr_matrix(_seen_again(example))
    terms = tabulate(example.texts, vocabulary)
    columns = np.arange(terms.shape[1])
    pieces = np.array([term[0] == "~" for term in sorted(vocabulary.terms, key=vocabulary.terms.__getitem__)])
    match kind:
        case "pieces":
            return terms[:, columns[pieces]]
        case "words":
            return terms[:, columns[~pieces]]
        case "embeddings and pieces":
            return lay(example.dense, terms[:, columns[pieces]])
        case "all":
            return lay(example.dense, terms)
        case _:
            return lay(np.hstack([_seen_again(example), example.dense]), terms)


def _seen_again(example: Example) -> Floats:
    again = example.seen_again()
    return centred(again, again.mean(axis=0))


def time_features(example: Example) -> Mapping[str, float]:
    """Seconds of one core that the features of one text cost, by kind. Words and pieces are cut in one go."""
    part = example.pick(np.arange(min(TIMED, len(example.texts))))
    vocabulary = count_terms(part.texts)
    embed(part.texts[:1])
    again = SecondLook(PLAIN)
    again.embed(part.texts[:1])
    costs: dict[str, float] = {}
    for kind in KINDS:
        started = time.process_time()
        seen = replace(part, dense=embed(part.texts)) if kind not in {"pieces", "words", SECOND} else part
        seen = replace(seen, again=again.embed(seen.texts)) if SECOND in kind else seen
        build_table(kind, seen, vocabulary)
        costs[kind] = (time.process_time() - started) / len(part.texts)
    return costs


def _score(example: Example, task: str, guesses: npt.NDArray[np.intp]) -> float:
    labels = TASKS[task]
    truth = [row.labels[task] for row in example.rows]
    return number(measure(truth, [labels[guess] for guess in guesses], [True] * len(truth)), "macro_f1")
