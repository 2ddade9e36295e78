"""The shipped model reaches its figures on trades that it never saw, and the card speaks of this very model."""

from collections.abc import Mapping

import pytest

from moderation.learning.card import CARD
from moderation.learning.corpus import TEST_TRADES, is_held, read_seed
from moderation.learning.evaluate import told
from moderation.learning.measure import measure, measure_alerts, number
from moderation.triage.classify import LinearTagger
from moderation.triage.weights import TASKS

Columns = tuple[list[str], list[str], list[bool]]


@pytest.fixture(scope="module")
def unseen(tagger: LinearTagger) -> Mapping[str, Columns]:
    """Task → what is true of the test trades, what was said, and whether it was surely said."""
    rows = [row for row in read_seed() if row.trade in TEST_TRADES]
    tags = tagger.tag([row.text for row in rows])
    return {
        task: (
            [row.labels[task] for row in rows],
            [told(tagged, task) for tagged in tags],
            [task not in tagged.unsure for tagged in tags],
        )
        for task in TASKS
    }


@pytest.mark.parametrize(("task", "least"), [("intent", 0.85), ("sentiment", 0.80), ("toxic", 0.87)])
def test_macro_f1_is_reached(unseen: Mapping[str, Columns], task: str, least: float) -> None:
    assert number(measure(*unseen[task]), "macro_f1") >= least


@pytest.mark.parametrize(("task", "right"), [("intent", 0.93), ("sentiment", 0.90)])
def test_seven_in_ten_tags_are_sure_and_right(unseen: Mapping[str, Columns], task: str, right: float) -> None:
    figures = measure(*unseen[task])
    assert number(figures, "coverage") >= 0.70
    assert number(figures, "accuracy_confident") >= right


def test_alerts_on_negative_messages_are_right_and_miss_few(unseen: Mapping[str, Columns]) -> None:
    precision, recall = measure_alerts(*unseen["sentiment"])
    assert precision >= 0.90
    assert recall >= 0.80


def test_its_second_look_learned_no_trade_that_judges_it(tagger: LinearTagger) -> None:
    learned = set(tagger.weights.second.learned)
    assert len(learned) > 300
    assert not learned & TEST_TRADES
    assert not {trade for trade in learned if is_held(trade)}


def test_the_card_is_about_this_model(tagger: LinearTagger) -> None:
    assert f"Model `{tagger.model_version}`" in CARD.read_text(encoding="utf-8")
