"""Training: equal input gives equal weights; calibration finds what was put in."""

import numpy as np

from moderation.learning.corpus import read_seed, training_rows
from moderation.learning.training import find_band, find_temperature, prepare, reliability, train
from moderation.triage.classify import LinearTagger, sharpen, softmax

ALL_TRADES = 8


def test_equal_rows_give_equal_weights() -> None:
    example = prepare(training_rows(read_seed())[::ALL_TRADES])
    first, second = train(example), train(example)
    assert first.version == second.version
    tagged = LinearTagger(first, None).tag(["заработок без вложений, пишите в лс"])[0]
    assert tagged.intent == "spam"


def test_temperature_makes_boasting_honest() -> None:
    dice = np.random.default_rng(0)
    logits = dice.normal(size=(4000, 3)) * 2
    honest = softmax(logits)
    truth = (honest.cumsum(axis=1) > dice.random((4000, 1))).argmax(axis=1)
    boasting = softmax(logits * 2)
    temperature = find_temperature(boasting, truth)
    assert 1.8 < temperature < 2.2
    assert reliability(sharpen(boasting, temperature), truth) < 0.03 < reliability(boasting, truth)


def test_the_band_keeps_confident_tags_right() -> None:
    chances = np.array([[0.95, 0.05, 0.0], [0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.5, 0.3, 0.2]])
    assert find_band("sentiment", chances, np.array([0, 0, 1, 1])) == 0.9
    assert find_band("sentiment", chances, np.array([0, 0, 0, 0])) == 0.5
    assert find_band("sentiment", chances, np.array([1, 1, 1, 1])) == 1.0


def test_the_band_of_toxicity_looks_at_accusations_alone() -> None:
    chances = np.array([[0.99, 0.01], [0.1, 0.9], [0.4, 0.6]])
    assert find_band("toxic", chances, np.array([0, 1, 0])) == 0.9
