"""From which probability on a tag is sure: for every task and label chosen here, on messages that no model saw.

The messages are of trades that were not learned; for sentiment and intent without public talk, which is harder than
what is written to a brand and would make the bands stricter than a desk needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.triage.scoring import Table
from moderation.triage.weights import TASKS

Labels = npt.NDArray[np.intp]

ALERTS_RIGHT = 0.90
"""How many of the alerts on negative messages must be right. Most rows that decide were written at the borders on
purpose; on those of the first trades, mixed as a desk's messages are, it is 0.95. 0.95 of all would leave one in three
unheard."""
ACCUSED_RIGHT = 0.95
"""How many of those that are surely called toxic must be."""


@dataclass(frozen=True, slots=True)
class Goal:
    """`right` of the sure tags must be right, unless fewer than `covered` of all would be sure: then those are."""

    right: float
    covered: float


GOALS: Mapping[str, Goal] = {"sentiment": Goal(right=0.92, covered=0.70), "intent": Goal(right=0.95, covered=0.70)}
"""A little more than the 0.90 and 0.93 that are wanted of messages of other trades."""
NEGATIVE = TASKS["sentiment"].index("negative")
TOXIC = TASKS["toxic"].index("1")


def find_bands(task: str, chances: Table, truth: Labels) -> tuple[float, ...]:
    """For each label the least probability of a sure tag. `chances` (messages, labels), calibrated; `truth`: places."""
    return FINDERS[task](chances, truth)


def _of_sentiment(chances: Table, truth: Labels) -> tuple[float, ...]:
    """Negative tags ring at night, so that they have a band of their own."""
    accused = chances.argmax(axis=1) == NEGATIVE
    negative = find_band(chances[accused], truth[accused], Goal(ALERTS_RIGHT, covered=0.0))
    others = find_band(chances[~accused], truth[~accused], GOALS["sentiment"])
    return tuple(negative if place == NEGATIVE else others for place in range(len(TASKS["sentiment"])))


def _of_intent(chances: Table, truth: Labels) -> tuple[float, ...]:
    band = find_band(chances, truth, GOALS["intent"])
    return tuple(band for _ in TASKS["intent"])


def _of_toxicity(chances: Table, truth: Labels) -> tuple[float, ...]:
    """Nearly no message is toxic: the rate over all would hide false alarms."""
    accused = chances.argmax(axis=1) == TOXIC
    band = find_band(chances[accused], truth[accused], Goal(ACCUSED_RIGHT, covered=0.0))
    return tuple(band for _ in TASKS["toxic"])


FINDERS: Mapping[str, Callable[[Table, Labels], tuple[float, ...]]] = {
    "sentiment": _of_sentiment, "intent": _of_intent, "toxic": _of_toxicity,
}  # fmt: skip


def find_band(chances: Table, truth: Labels, goal: Goal) -> float:
    """One band for all labels; 1 when no tag is right often enough and none must be sure."""
    best = chances.max(axis=1)
    right = chances.argmax(axis=1) == truth
    order = np.argsort(-best, kind="stable")
    rates = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(rates >= goal.right)
    sure = max(int(enough[-1]) + 1 if len(enough) else 0, int(np.ceil(goal.covered * len(order))))
    return round(float(best[order][sure - 1]), 4) if sure else 1.0
