"""Which comments need an answer: the figures on 500 labelled ones, by the shipped model and the rules of intake."""

from dataclasses import replace
from pathlib import Path

import pytest

from inbox.channels.events import ConversationKind
from inbox.conversations.addressee import Whom
from inbox.conversations.needs_answer import Why, judge
from inbox.conversations.tags import Intent, Sentiment, Tagged
from inbox.core.errors import SetupError
from moderation.learning.answers import describe, judge_comments, read_comments
from moderation.learning.corpus import read_seed
from moderation.triage.classify import LinearTagger
from moderation.triage.normalise import normalise

UNSURE = Tagged(Sentiment.NEUTRAL, Intent.OTHER, False, False, {}, frozenset({"intent"}), {}, "words")
TALK = replace(UNSURE, unsure=frozenset())


def test_needs_answer_reaches_its_figures(tagger: LinearTagger) -> None:
    comments = read_comments()
    assert len(comments) >= 500
    outcome = judge_comments(comments, tagger)
    assert outcome.recall >= 0.97, describe(outcome)
    assert outcome.precision >= 0.8, describe(outcome)


def test_the_table_is_no_part_of_the_corpus() -> None:
    corpus = {normalise(row.text).folded for row in read_seed()}
    said = [one.text for one in read_comments() if len(normalise(one.text).folded.split()) >= 4]
    assert [text for text in said if normalise(text).folded in corpus] == []


def judged(text: str, tags: Tagged, whom: Whom = Whom.NOBODY, *, in_draw: bool = False) -> tuple[bool, Why]:
    verdict = judge(ConversationKind.COMMENT, text, (), tags, whom=whom, in_draw=in_draw)
    return verdict.needed, verdict.why


def chances(**intent: float) -> Tagged:
    return replace(UNSURE, intent=Intent(max(intent, key=lambda one: intent[one])), probabilities={"intent": intent})


def test_a_person_looks_where_something_may_be_asked() -> None:
    assert judged("вчера брали", chances(other=0.6, praise=0.38, question=0.02)) == (False, Why.TALK)
    assert judged("вчера брали", chances(other=0.9, question=0.05, lead=0.05)) == (True, Why.UNSURE)
    assert judged("вчера брали", chances(complaint=0.5, other=0.5)) == (True, Why.COMPLAINT)


@pytest.mark.parametrize("text", ["спасибо, очень «быстро»", 'ваш "быстрый сервис"', "«Вежливый персонал», ага"])
def test_praise_in_quotation_marks_is_looked_at(text: str) -> None:
    praise = chances(praise=0.99, other=0.01)
    assert judged(text, praise) == (True, Why.UNSURE)
    assert judged(text, praise, Whom.SUBSCRIBER) == (False, Why.PRAISE)
    assert judged(text, chances(spam=0.99, other=0.01)) == (False, Why.SPAM)


@pytest.mark.parametrize(
    "text",
    [
        "кафе «Вкус» лучшее",
        "спасибо, очень быстро",
        "«Чистый лист» читали всей семьёй",
        "обожаю ваш «Лучший друг»",
        "«Скорая помощь» приехала за минуту",
    ],
)
def test_other_names_in_quotation_marks_and_plain_praise_are_not(text: str) -> None:
    assert judged(text, chances(praise=0.99, other=0.01)) == (False, Why.PRAISE)


def test_without_chances_the_tag_and_its_doubt_count() -> None:
    assert judged("вчера брали", UNSURE) == (True, Why.UNSURE)
    assert judged("вчера брали", replace(UNSURE, unsure=frozenset())) == (False, Why.TALK)
    assert judged("вчера брали", replace(UNSURE, unsure=frozenset(), intent=Intent.LEAD)) == (True, Why.LEAD)


def test_under_a_draw_a_question_must_be_likelier() -> None:
    assert judged("а из другого города", chances(question=0.6, other=0.4), in_draw=True) == (True, Why.QUESTION)
    assert judged("хочу приз", chances(other=0.8, lead=0.2), in_draw=True) == (False, Why.DRAW)


def test_in_an_answer_to_another_subscriber_a_question_must_be_likelier() -> None:
    doubtful = chances(other=0.8, question=0.2)
    assert judged("а вы чего ждали", doubtful) == (True, Why.UNSURE)
    assert judged("а вы чего ждали", doubtful, Whom.SUBSCRIBER) == (False, Why.TALK)
    assert judged("а где такое заказать", chances(lead=0.6, other=0.4), Whom.SUBSCRIBER) == (True, Why.LEAD)
    assert judged("Подскажите, как вы сами", TALK, Whom.SUBSCRIBER) == (False, Why.TALK)


@pytest.mark.parametrize("text", ["и у меня та же история", "Мне тоже не вернули", "same here, two weeks already"])
def test_whoever_joins_anothers_trouble_has_one_of_their_own(text: str) -> None:
    angry = replace(TALK, sentiment=Sentiment.NEGATIVE)
    assert judged(text, angry, Whom.SUBSCRIBER) == (True, Why.COMPLAINT)
    assert judged(text, TALK, Whom.SUBSCRIBER) == (False, Why.TALK)
    assert judged("да они всегда такие", angry, Whom.SUBSCRIBER) == (False, Why.TALK)


@pytest.mark.parametrize("text", ["спасибо!", "Поняла, спасибо большое за ответ 🙏🏻", "ок спс", "thank you"])
def test_bare_thanks_for_our_answer_need_none(text: str) -> None:
    assert judged(text, UNSURE, Whom.US) == (False, Why.PRAISE)


@pytest.mark.parametrize("text", ["спасибо, а когда?", "спасибо не надо", "Ок", "спасибо за помощь, так и не приехали"])
def test_what_is_more_than_thanks_still_addresses_us(text: str) -> None:
    assert judged(text, UNSURE, Whom.US) == (True, Why.ADDRESSES_US)


def test_angry_thanks_still_address_us() -> None:
    angry = replace(UNSURE, sentiment=Sentiment.NEGATIVE)
    assert judged("ну спасибо вам за помощь", angry, Whom.US) == (True, Why.ADDRESSES_US)
    assert judged("спасибо вам за помощь", angry, Whom.US) == (True, Why.ADDRESSES_US)


@pytest.mark.parametrize("text", ["Почините ступеньку у входа", "Админы, удалите спам", "ну привезите же такое в Омск"])
def test_a_request_for_a_service_addresses_us(text: str) -> None:
    assert judged(text, TALK) == (True, Why.ADDRESSES_US)
    assert judged(text, replace(TALK, intent=Intent.SPAM)) == (False, Why.SPAM)


@pytest.mark.parametrize("text", ["ау", "Ау!!", "алло, админы?", "Эй, есть кто?"])
def test_a_call_and_nothing_else_is_for_us(text: str) -> None:
    assert judged(text, TALK) == (True, Why.ADDRESSES_US)
    assert judged(text, TALK, Whom.SUBSCRIBER) == (False, Why.TALK)


@pytest.mark.parametrize(
    "text", ["ау, где моя молодость", "Держитесь там", "они всё обещают: сделайте, добавьте", "открытие было вчера"]
)
def test_other_imperatives_are_talk(text: str) -> None:
    assert judged(text, TALK) == (False, Why.TALK)


@pytest.mark.parametrize("text", ["?", "???", "?!", " ?? "])
def test_question_marks_alone_ask(text: str) -> None:
    assert judged(text, replace(UNSURE, unsure=frozenset())) == (True, Why.QUESTION)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("text\tlabel\n", "line 1: the header"),
        ("text\tparent\tmode\tmedia\tneeds_answer\treason\nда\t\t\n", "line 2: 3 columns"),
        ("text\tparent\tmode\tmedia\tneeds_answer\treason\nда\tмы\t\t\t1\tappeal\n", "line 2: a parent"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, table: str, complaint: str) -> None:
    (tmp_path / "table.tsv").write_text(table, encoding="utf-8")
    with pytest.raises(SetupError, match=complaint):
        read_comments(tmp_path / "table.tsv")
