"""What both looks give on folds: a second look counts where the first was unsure, and nowhere else."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from moderation.learning.corpus import is_told_to_nobody, read_seed, training_rows
from moderation.learning.features import count_terms, lay, tabulate
from moderation.learning.folds import FOLDS as DEALT
from moderation.learning.folds import Calibration, Folds, cross_validate, look_at_fold
from moderation.learning.layers import Example, fit_first, fit_second, look_at_all, prepare
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


@pytest.fixture(scope="module")
def small() -> Example:
    """Rows of all sorts, some of them told to nobody, in an order that mixes trades."""
    rows = training_rows(read_seed())
    talk, others = ([row for row in rows if is_told_to_nobody(row) is told] for told in (True, False))
    mixed = [row for pair in zip(talk[::40], others[::110], strict=False) for row in pair]
    return look_at_all(prepare(mixed))


def test_every_row_is_read_by_layers_that_saw_none_of_its_trade_and_keeps_its_place(small: Example) -> None:
    folds = cross_validate(small, KINSHIP)
    for fold in GroupKFold(DEALT).split(small.texts, groups=small.trades):
        with threadpool_limits(limits=1):
            first, second = look_at_fold(small, fold)
        for whole, part in ((folds.first, first), (folds.second, second)):
            assert (whole.pick(fold[1]).to_brand["intent"] == part.to_brand["intent"]).all()
            assert (whole.pick(fold[1]).public == part.public).all()


def test_the_gate_hears_as_much_of_public_talk_however_many_rows_it_has(small: Example) -> None:
    talk = np.flatnonzero(small.told_to_nobody())
    more = small.pick(np.concatenate([np.arange(len(small.rows)), talk]))
    vocabulary = count_terms(small.texts)
    gates = [fit_first(one, lay(one.dense, tabulate(one.texts, vocabulary))).gate for one in (small, more)]
    assert gates[1].coefficients == pytest.approx(gates[0].coefficients, abs=0.02)
    assert gates[1].bias == pytest.approx(gates[0].bias, abs=0.02)
