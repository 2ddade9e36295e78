"""Training: equal input gives equal weights; calibration finds what was put in."""

from dataclasses import replace

import numpy as np
import pytest

from inbox.core.errors import SetupError
from moderation.learning.corpus import TEST_TRADES, is_held, read_seed, training_rows
from moderation.learning.folds import find_temperature, reliability
from moderation.learning.layers import prepare
from moderation.learning.training import check_kept, check_tuning, teach_second, train
from moderation.triage import load_tagger
from moderation.triage.classify import LinearTagger
from moderation.triage.scoring import sharpen, softmax

EVERY = 26
"""Rows: some 1,600 of nearly all trades, and all offers."""


def test_equal_rows_give_equal_weights() -> None:
    rows = training_rows(read_seed())
    few = [row for place, row in enumerate(rows) if place % EVERY == 0 or row.labels["intent"] == "partnership"]
    second = load_tagger().weights.second
    told: list[str] = []
    first, again = train(prepare(few), second, told.append), train(prepare(few), second)
    assert first.version == again.version
    tagged = LinearTagger(first, None).tag(["заработок без вложений, пишите в лс"])[0]
    assert tagged.intent == "spam"
    assert told[-1].startswith("Training on")


@pytest.mark.timeout(600)  # compiling takes some seconds of a free core
def test_a_second_look_learns_no_trade_that_is_held() -> None:
    rows = [row for row in training_rows(read_seed()) if len(row.text) < 25][::60]
    example = prepare(rows)
    check_tuning()
    second = teach_second(example)
    assert any(is_held(row.trade) for row in rows)
    assert second.learned == tuple(sorted({row.trade for row in rows if not is_held(row.trade)}))
    check_kept(second)


@pytest.mark.parametrize("trade", [next(row.trade for row in read_seed() if is_held(row.trade)), min(TEST_TRADES)])
def test_a_second_look_that_learned_what_judges_it_is_not_kept(trade: str) -> None:
    second = load_tagger().weights.second
    with pytest.raises(SetupError, match=f"{trade}.*--tune"):
        check_kept(replace(second, learned=(*second.learned, trade)))


def test_a_second_look_that_does_not_run_here_is_not_kept() -> None:
    second = load_tagger().weights.second
    check_kept(second)
    with pytest.raises(SetupError, match=r"does not run here.*--tune"):
        check_kept(replace(second, over="another wheel"))


def test_temperature_makes_boasting_honest() -> None:
    dice = np.random.default_rng(0)
    logits = dice.normal(size=(4000, 3)) * 2
    honest = softmax(logits)
    truth = (honest.cumsum(axis=1) > dice.random((4000, 1))).argmax(axis=1)
    boasting = softmax(logits * 2)
    temperature = find_temperature(boasting, truth)
    assert 1.8 < temperature < 2.2
    assert reliability(sharpen(boasting, temperature), truth) < 0.03 < reliability(boasting, truth)
