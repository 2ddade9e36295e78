"""What both looks give on folds: a second look counts where the first was unsure, and nowhere else."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from moderation.learning.corpus import is_held, is_told_to_nobody, read_seed, training_rows
from moderation.learning.features import count_terms, lay, tabulate
from moderation.learning.folds import Calibration, Folds, calibrate, cross_validate, deal, look_at_fold
from moderation.learning.layers import Example, embed_again, fit_first, prepare
from moderation.triage import load_tagger
from moderation.triage.scoring import HARDLY, Heard, Table, hear_again, mix
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


HELD = np.arange(0, ROWS, 2)
FOLDS = Folds(drawn(0), HELD, drawn(1).pick(HELD), KINSHIP)


def test_where_all_is_sure_the_first_look_stands() -> None:
    once, twice = FOLDS.look_once(), FOLDS.look_twice(chosen(0.0))
    assert all(twice[task] == pytest.approx(once[task][HELD]) for task in TASKS)


def test_where_nothing_is_sure_all_is_looked_at_twice() -> None:
    twice, both = FOLDS.look_twice(chosen(1.1)), mix(FOLDS.both, KINSHIP)
    assert all(twice[task] == pytest.approx(both[task]) for task in TASKS)


def test_between_a_row_is_of_one_look_or_the_other() -> None:
    twice, both = FOLDS.look_twice(chosen(0.6)), mix(FOLDS.both, KINSHIP)
    once = {task: table[HELD] for task, table in FOLDS.look_once().items()}
    doubted = [once[task].max(axis=1) < 0.6 + HARDLY for task in ("sentiment", "intent")]
    unsure = doubted[0] | doubted[1]
    assert 0 < unsure.sum() < len(HELD)
    assert twice["intent"] == pytest.approx(np.where(unsure[:, None], both["intent"], once["intent"]))


@pytest.fixture(scope="module")
def small() -> Example:
    """Rows of all sorts, some of them told to nobody, in an order that mixes trades."""
    rows = training_rows(read_seed())
    talk, others = ([row for row in rows if is_told_to_nobody(row) is told] for told in (True, False))
    mixed = [row for pair in zip(talk[::40], others[::110], strict=False) for row in pair]
    return prepare(mixed)


@pytest.fixture(scope="module")
def folds(small: Example) -> Folds:
    return cross_validate(small, KINSHIP, load_tagger().weights.second)


def test_every_row_is_read_by_layers_that_saw_none_of_its_trade_and_keeps_its_place(
    small: Example, folds: Folds
) -> None:
    for part, rest in deal(small):
        assert not set(small.trades[part]) & set(small.trades[rest])
        with threadpool_limits(limits=1):
            first = look_at_fold(small, (part, rest))
        assert (folds.first.pick(rest).to_brand["intent"] == first.to_brand["intent"]).all()
        assert (folds.first.pick(rest).public == first.public).all()


def test_a_second_look_is_taken_at_the_trades_alone_that_it_did_not_learn(small: Example, folds: Folds) -> None:
    second = load_tagger().weights.second
    assert folds.held.tolist() == [place for place, trade in enumerate(small.trades) if is_held(trade)]
    embedded = embed_again(second, [small.texts[place] for place in folds.held])
    both = hear_again(second, folds.first.pick(folds.held), embedded)
    assert both.to_brand["sentiment"] == pytest.approx(folds.both.to_brand["sentiment"], abs=1e-6)
    assert (folds.both.to_brand["toxic"] == folds.first.pick(folds.held).to_brand["toxic"]).all()


def test_moods_and_intents_are_calibrated_by_both_looks_and_toxicity_by_the_first(small: Example, folds: Folds) -> None:
    alike = Folds(folds.first, folds.held, folds.first.pick(folds.held), KINSHIP)
    by_both, by_first = calibrate(small, folds), calibrate(small, alike)
    assert by_both.sure_from["toxic"] == by_first.sure_from["toxic"]
    assert by_both.temperatures["toxic"] == by_first.temperatures["toxic"]
    assert all(by_both.temperatures[task] != by_first.temperatures[task] for task in ("sentiment", "intent"))


def test_the_gate_hears_as_much_of_public_talk_however_many_rows_it_has(small: Example) -> None:
    talk = np.flatnonzero(small.told_to_nobody())
    more = small.pick(np.concatenate([np.arange(len(small.rows)), talk]))
    vocabulary = count_terms(small.texts)
    gates = [fit_first(one, lay(one.dense, tabulate(one.texts, vocabulary))).gate for one in (small, more)]
    assert gates[1].coefficients == pytest.approx(gates[0].coefficients, abs=0.02)
    assert gates[1].bias == pytest.approx(gates[0].bias, abs=0.02)
