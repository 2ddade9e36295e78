"""Dealing trades into folds for the comparison of features."""

import numpy as np

from moderation.learning.compare import deal
from moderation.learning.folds import FOLDS

TRADES = np.array([f"trade-{place % 23}" for place in range(230)])


def test_a_trade_lies_in_one_fold() -> None:
    folds = deal(TRADES, seed=0)
    assert set(folds.tolist()) == set(range(FOLDS))
    for trade in np.unique(TRADES):
        assert len(set(folds[trade == TRADES].tolist())) == 1


def test_a_seed_deals_alike_and_another_otherwise() -> None:
    assert (deal(TRADES, seed=1) == deal(TRADES, seed=1)).all()
    assert (deal(TRADES, seed=1) != deal(TRADES, seed=2)).any()
