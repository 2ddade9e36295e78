"""What both looks give on folds: a second look counts where the first was unsure, and nowhere else."""

import numpy as np
import pytest

from moderation.learning.corpus import read_seed, training_rows
from moderation.learning.folds import Calibration, Folds
from moderation.learning.layers import fit_second, prepare
from moderation.triage.scoring import Heard, Table, mix
from moderation.triage.weights import TASKS

ROWS = 50
KINSHIP = np.ones((len(TASKS["intent"]), len(TASKS["sentiment"])), dtype=np.float32)


def drawn(seed: int) -> Heard:
    dice = np.random.default_rng(seed)
    to_brand: dict[str, Table] = {
        task: dice.dirichlet(np.full(len(labels), 0.4), ROWS) for task, labels in TASKS.items()
    }
    return Heard(to_brand, dice.random((ROWS, 1)), dice.dirichlet(np.full(3, 0.4), ROWS))


def chosen(band: float) -> Calibration:
    return Calibration(dict.fromkeys(TASKS, 1.0), {task: (band,) * len(labels) for task, labels in TASKS.items()})


FOLDS = Folds(drawn(0), drawn(1), KINSHIP)


def test_where_all_is_sure_the_first_look_stands() -> None:
    once, twice = FOLDS.look_once(), FOLDS.look_twice(chosen(0.0))
    assert all((twice[task] == once[task]).all() for task in TASKS)


def test_where_nothing_is_sure_all_is_looked_at_twice() -> None:
    twice, second = FOLDS.look_twice(chosen(1.1)), mix(FOLDS.second, KINSHIP)
    assert all((twice[task] == second[task]).all() for task in TASKS)


def test_between_a_row_is_of_one_look_or_the_other() -> None:
    once, twice, second = FOLDS.look_once(), FOLDS.look_twice(chosen(0.6)), mix(FOLDS.second, KINSHIP)
    unsure = (once["sentiment"].max(axis=1) < 0.6) | (once["intent"].max(axis=1) < 0.6)
    assert 0 < unsure.sum() < ROWS
    assert (twice["intent"] == np.where(unsure[:, None], second["intent"], once["intent"])).all()


def test_a_second_look_wants_rows_that_were_seen_twice() -> None:
    example = prepare(training_rows(read_seed())[:20])
    with pytest.raises(ValueError, match="look_at_all first"):
        fit_second(example, example.dense)
