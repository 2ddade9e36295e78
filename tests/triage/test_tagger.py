"""The tagger as the pipeline uses it: any string, batches, threads, cache, reasons."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.conversations.tags import Intent, Sentiment, Tagged, Tagger
from moderation.learning.corpus import read_seed
from moderation.triage import load_tagger
from moderation.triage.cache import TagCache
from moderation.triage.classify import LinearTagger
from moderation.triage.weights import TASKS


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(st.text(st.characters(), max_size=200), max_size=6))
def test_any_strings_get_tags(texts: list[str]) -> None:
    tags = SHIPPED.tag(texts)
    assert len(tags) == len(texts)
    for tagged in tags:
        for task, labels in TASKS.items():
            assert set(tagged.probabilities[task]) == set(labels)
            assert sum(tagged.probabilities[task].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "\udfff\ud800x",
        "a" * 100_000,
        "слово " * 20_000,
        "😀" * 5000,
        "你好",
        "مرحبا",
        "<link>",
    ],
)
def test_odd_strings_get_tags(tagger: LinearTagger, text: str) -> None:
    assert len(tagger.tag([text])) == 1


def test_a_batch_is_tagged_in_order_and_each_text_by_itself(tagger: LinearTagger) -> None:
    texts = [row.text for row in read_seed()[:40]] + ["+", "", "+"]
    together = tagger.tag(texts)
    assert [_labels(one) for one in together] == [_labels(tagger.tag([text])[0]) for text in texts]
    assert tagger.tag([]) == []


def test_threads_share_one_tagger() -> None:
    texts = [row.text for row in read_seed()[:200]]
    shared: Tagger = load_tagger()
    wanted = [_labels(one) for one in load_tagger(cache=False).tag(texts)]
    parts = [texts[:120], texts[80:], texts[:120], texts[80:]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared.tag, parts))
    assert [[_labels(one) for one in part] for part in found] == [wanted[:120], wanted[80:], wanted[:120], wanted[80:]]


def test_a_text_seen_before_is_not_paid_for_again() -> None:
    tagger = load_tagger()
    assert tagger.tag(["сколько стоит?"])[0] is tagger.tag(["сколько стоит?"])[0]
    free = load_tagger(cache=False)
    assert free.tag(["сколько стоит?"])[0] is not free.tag(["сколько стоит?"])[0]


def test_the_cache_forgets_what_was_used_longest_ago(tagger: LinearTagger) -> None:
    cache = TagCache(entries=2)
    cache.keep(dict(zip("аб", tagger.tag(["а", "б"]), strict=True)))
    assert set(cache.find(["а"])) == {"а"}
    cache.keep({"в": tagger.tag(["в"])[0]})
    assert set(cache.find(["а", "б", "в"])) == {"а", "в"}


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("❤️", "positive"), ("🔥🔥🔥", "positive"), ("👍", "positive"), (")))", "positive"), (":)", "positive"),
        ("🤡", "negative"), ("🤮", "negative"), ("👎👎", "negative"), ("((", "negative"), ("+", "neutral"),
        ("+1", "neutral"), ("…", "neutral"), ("", "neutral"), ("🏠", "neutral"), ("🔥🤡", "negative"),
    ],
)  # fmt: skip
def test_wordless_messages_are_other_for_sure(tagger: LinearTagger, text: str, sentiment: str) -> None:
    tagged = tagger.tag([text])[0]
    assert (tagged.intent, tagged.sentiment, tagged.toxic) == (Intent.OTHER, Sentiment(sentiment), False)
    assert tagged.unsure == frozenset()


def test_reasons_are_words_of_the_text(tagger: LinearTagger) -> None:
    tagged = tagger.tag(["Здравствуйте! Сколько СТОИТ доставка дивана?"])[0]
    assert "СТОИТ" in tagged.reasons["intent"]
    assert tagger.tag(["Казино, жми https://win777.top, бонус"])[0].reasons["intent"]
    for row in read_seed()[:50]:
        for words in tagger.tag([row.text])[0].reasons.values():
            assert len(words) <= 3


def test_profanity_alone_is_not_toxic(tagger: LinearTagger) -> None:
    tagged = tagger.tag(["бл*ть, как же вкусно"])[0]
    assert (tagged.profanity, tagged.toxic) == (True, False)


@pytest.mark.parametrize("text", ["你好世界", "مرحبا بالعالم"])
def test_a_script_that_the_corpus_never_saw_is_unsure(tagger: LinearTagger, text: str) -> None:
    assert tagger.tag([text])[0].unsure == frozenset(TASKS)


def _labels(tagged: Tagged) -> tuple[str, str, bool, bool, frozenset[str]]:
    return tagged.sentiment, tagged.intent, tagged.toxic, tagged.profanity, tagged.unsure


SHIPPED = load_tagger(cache=False)
