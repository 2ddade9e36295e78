"""Bands: as strict as the rate wants, unless too few tags would be sure; negative and toxic ones by their own rate."""

import numpy as np
import numpy.typing as npt
import pytest

from moderation.learning.bands import ALERTS_RIGHT, Goal, find_band, find_bands

CHANCES = np.array([[0.95, 0.05, 0.0], [0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.5, 0.3, 0.2]])


@pytest.mark.parametrize(
    ("truth", "covered", "band"),
    [
        ([0, 0, 1, 1], 0.0, 0.9), ([0, 0, 0, 0], 0.0, 0.5), ([1, 1, 1, 1], 0.0, 1.0),
        ([0, 0, 1, 1], 0.75, 0.6), ([1, 1, 1, 1], 0.25, 0.95), ([0, 0, 0, 0], 0.25, 0.5),
    ],
)  # fmt: skip
def test_a_band_keeps_sure_tags_right_and_enough_of_them_sure(truth: list[int], covered: float, band: float) -> None:
    assert find_band(CHANCES, np.array(truth), Goal(0.9, covered)) == band


def drawn(labels: int, texts: int = 4000) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Honest chances, and what is true by them."""
    dice = np.random.default_rng(0)
    chances = dice.dirichlet(np.full(labels, 0.4), texts)
    return chances, (chances.cumsum(axis=1) > dice.random((texts, 1))).argmax(axis=1)


def test_negative_messages_have_a_band_of_their_own() -> None:
    chances, truth = drawn(3)
    negative, neutral, positive = find_bands("sentiment", chances, truth)
    assert neutral == positive
    rung = (chances.argmax(axis=1) == 0) & (chances[:, 0] >= negative)
    assert (truth[rung] == 0).mean() == pytest.approx(ALERTS_RIGHT, abs=0.01)


def test_the_band_of_toxicity_looks_at_accusations_alone() -> None:
    chances = np.array([[0.99, 0.01], [0.1, 0.9], [0.4, 0.6]])
    assert find_bands("toxic", chances, np.array([0, 1, 0])) == (0.9, 0.9)


def test_seven_in_ten_intents_stay_sure_however_hard_they_are() -> None:
    chances, truth = drawn(7)
    bands = find_bands("intent", chances, np.roll(truth, 1))
    assert len(set(bands)) == 1
    assert (chances.max(axis=1) >= bands[0]).mean() == pytest.approx(0.7, abs=0.01)
