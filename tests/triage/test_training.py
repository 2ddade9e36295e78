"""Training: equal input gives equal weights; calibration finds what was put in."""

import numpy as np
import pytest

from moderation.learning.corpus import read_seed, training_rows
from moderation.learning.folds import find_temperature, reliability
from moderation.learning.layers import prepare
from moderation.learning.training import train
from moderation.triage.classify import LinearTagger
from moderation.triage.scoring import sharpen, softmax

EVERY, SHORTEST = 13, 60
"""Rows, letters: some 1,300 rows of nearly all trades, with few lengths to compile for."""


@pytest.mark.timeout(1200)  # compiling takes a minute of a free core, twice
def test_equal_rows_give_equal_weights() -> None:
    short = [row for row in training_rows(read_seed()) if len(row.text) <= SHORTEST]
    short = [row for place, row in enumerate(short) if place % EVERY == 0 or row.labels["intent"] == "partnership"]
    told: list[str] = []
    first, second = train(prepare(short), told.append), train(prepare(short))
    assert first.version == second.version
    tagged = LinearTagger(first, None).tag(["заработок без вложений, пишите в лс"])[0]
    assert tagged.intent == "spam"
    assert told[-1].startswith("Training on")


def test_temperature_makes_boasting_honest() -> None:
    dice = np.random.default_rng(0)
    logits = dice.normal(size=(4000, 3)) * 2
    honest = softmax(logits)
    truth = (honest.cumsum(axis=1) > dice.random((4000, 1))).argmax(axis=1)
    boasting = softmax(logits * 2)
    temperature = find_temperature(boasting, truth)
    assert 1.8 < temperature < 2.2
    assert reliability(sharpen(boasting, temperature), truth) < 0.03 < reliability(boasting, truth)
