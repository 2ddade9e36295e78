"""Both looks at trades that they did not learn, and what is chosen there: temperatures and the least of a sure tag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.model_selection import GroupKFold

from moderation.learning.bands import find_bands
from moderation.learning.features import count_terms, lay, tabulate
from moderation.learning.layers import Example, Labels, embed_again, fit_first
from moderation.learning.spread import spread
from moderation.triage.scoring import Heard, Places, Table, find_doubtful, hear_again, mix, sharpen
from moderation.triage.weights import AGAIN, TASKS, Floats, Second

FOLDS = 7
ROUNDS = 4
"""Which texts are looked at twice hangs on the bands, and the bands on what a second look says; by then both stand."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of each task: the temperature of its probabilities, and the least of a sure tag of each label."""

    temperatures: Mapping[str, float]
    sure_from: Mapping[str, Sequence[float]]

    def settle(self, chances: Mapping[str, Table]) -> dict[str, Table]:
        """Honest probabilities."""
        return {task: sharpen(table, self.temperatures[task]) for task, table in chances.items()}


@dataclass(frozen=True, slots=True)
class Folds:
    """What models that saw no row of its trade hear in every row at a first look; and of the rows at `held`, whose
    trades the second look did not learn, what both looks hear together."""

    first: Heard
    held: Places
    both: Heard
    kinship: Floats

    def look_once(self) -> dict[str, Table]:
        """Uncalibrated probabilities of every row by the first encoder."""
        return mix(self.first, self.kinship)

    def look_twice(self, calibration: Calibration) -> dict[str, Table]:
        """Of the rows held, with a second look at what is unsure, as messages are tagged while nobody waits."""
        first = self.first.pick(self.held)
        doubtful = find_doubtful(calibration.settle(mix(first, self.kinship)), calibration.sure_from)
        return mix(first.put(doubtful, self.both.pick(doubtful)), self.kinship)


def deal(example: Example) -> list[tuple[Places, Places]]:
    """Folds that share no trade: places of those that are learned, and of the rest."""
    return list(GroupKFold(FOLDS).split(example.texts, groups=example.trades))


def cross_validate(example: Example, kinship: Floats, second: Second) -> Folds:
    """First looks at every row, and second ones at those that are held, by a look that learned the others."""
    folds = deal(example)
    order = np.argsort(np.concatenate([rest for _, rest in folds]))
    first = _gather(spread(look_at_fold, example, folds)).pick(order)
    held = np.flatnonzero(example.held())
    embedded = embed_again(second, example.pick(held).texts)
    return Folds(first, held, hear_again(second, first.pick(held), embedded), kinship)


def look_at_fold(example: Example, fold: tuple[Places, Places]) -> Heard:
    """What a first look says of the rows at the second places after learning those at the first."""
    part, rest = (example.pick(places) for places in fold)
    vocabulary = count_terms(part.texts)
    table, other = (lay(one.dense, tabulate(one.texts, vocabulary)) for one in (part, rest))
    return fit_first(part, table).hear(other)


def _gather(parts: Sequence[Heard]) -> Heard:
    return Heard(
        {task: np.concatenate([part.to_brand[task] for part in parts]) for task in TASKS},
        np.concatenate([part.told for part in parts]),
        np.concatenate([part.public for part in parts]),
    )


def calibrate(example: Example, folds: Folds) -> Calibration:
    """By the probabilities that messages get while nobody waits: of the rows held, which have a second look where one
    is due; toxicity, at which nobody looks twice, by all rows."""
    once = folds.look_once()
    held = example.pick(folds.held)
    chosen = _calibrate(held, {task: table[folds.held] for task, table in once.items()})
    for _ in range(ROUNDS):
        chosen = _calibrate(held, folds.look_twice(chosen))
    toxic = _calibrate(example, {task: table for task, table in once.items() if task not in AGAIN})
    return Calibration({**chosen.temperatures, **toxic.temperatures}, {**chosen.sure_from, **toxic.sure_from})


def _calibrate(example: Example, chances: Mapping[str, Table]) -> Calibration:
    """Bands of moods and intents are chosen without public talk."""
    temperatures: dict[str, float] = {}
    sure_from: dict[str, Sequence[float]] = {}
    to_brands = example.to_brands()
    for task, table in chances.items():
        truth = example.labels(task)
        temperatures[task] = find_temperature(table, truth)
        chosen = to_brands if task != "toxic" else np.ones(len(truth), dtype=np.bool_)
        sure_from[task] = find_bands(task, sharpen(table, temperatures[task])[chosen], truth[chosen])
    return Calibration(temperatures, sure_from)


def find_temperature(chances: Table, truth: Labels) -> float:
    """The temperature of least log loss."""

    def loss(temperature: float) -> float:
        true = sharpen(chances, temperature)[np.arange(len(truth)), truth]
        return -float(np.log(np.maximum(true, 1e-12)).mean())

    return round(float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x), 4)


def reliability(chances: Table, truth: Labels) -> float:
    """Expected calibration error over ten bands of confidence: how far "90 % sure" is from right in 90 %."""
    best, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    bands = np.minimum((best * 10).astype(int), 9)
    gaps = [
        abs(float(right[bands == band].mean()) - float(best[bands == band].mean())) * float((bands == band).mean())
        for band in np.unique(bands)
    ]
    return float(sum(gaps))
