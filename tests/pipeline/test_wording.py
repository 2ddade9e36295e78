"""Whether an edit says more, and since when a message of several texts asks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.conversations.askings import Asking, Version, find_askings
from inbox.conversations.wording import says_more

SENT_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(minute: float) -> datetime:
    return SENT_AT + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ("спасибо", "спасибо, а какая цена шкафа и когда привезёте?", True),
        ("какая цена у шкафа", "какая цена у стола", True),
        ("какая цена", "какая цена и есть ли доставка в Казань", True),
        ("можно вернуть", "не можно вернуть", True),
        ("заказ 12345 где", "заказ 12346 где", True),
        ("привезёте в 9 утра?", "привезёте в 9 вечера?", True),
        ("есть размер S?", "есть размер M?", True),
        ("стол в наличии?", "стул в наличии?", True),
        ("", "сколько стоит?", True),
        ("шкаф " * 3, " ".join(f"шкаф{number}" for number in "абвгдежзик"), True),
        ("цена", "Цена?!", False),
        ("когда привезёте", "Когда привезете?", False),
        ("скока стоит доствка", "скока стоит доставка", False),
        ("немогу войти", "не могу войти", False),
        ("цена шкафа", "а цена у шкафа", False),
        ("какая цена шкафа и стола", "какая цена шкафа", False),
        ("когда привезёте?", "Добрый день! Когда привезёте? Спасибо", False),
        ("when will it come", "Good morning, when will it come, please?", False),
    ],
)
def test_an_edit_says_more_when_it_has_a_word_that_asks_for_something_else(before: str, after: str, more: bool) -> None:
    assert says_more(before, after) is more


@given(st.text(), st.text())
def test_any_texts_are_compared_and_one_says_nothing_more_than_itself(before: str, after: str) -> None:
    says_more(before, after)
    assert not says_more(after, after)


NOTHING, PRICE, SLIP, MORE = "👍", "какая цена", "кокая цена", "какая цена и доставка"


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([(PRICE, True)], [Asking(at(0), False)]),
        ([(NOTHING, False)], []),
        ([(NOTHING, False), (PRICE, True)], [Asking(at(1), True)]),
        ([(SLIP, True), (PRICE, True)], [Asking(at(0), False)]),
        ([(PRICE, True), (MORE, True)], [Asking(at(0), False), Asking(at(1), True)]),
        ([(PRICE, True), (NOTHING, False)], [Asking(at(0), False, at(1))]),
        ([(PRICE, True), (NOTHING, False), (PRICE, True)], [Asking(at(0), False, at(1)), Asking(at(2), True)]),
        ([(PRICE, None), (MORE, True)], [Asking(at(0), False)]),
        ([(PRICE, None), (MORE, False)], []),
        ([(NOTHING, None), (PRICE, True), (MORE, True)], [Asking(at(0), False), Asking(at(2), True)]),
    ],
)
def test_a_message_asks_since_its_text_does(texts: Sequence[tuple[str, bool | None]], found: Sequence[Asking]) -> None:
    versions = [Version(at(minute), text, asks) for minute, (text, asks) in enumerate(texts)]
    assert find_askings(versions, SENT_AT) == found


def test_of_what_came_edited_nobody_knows_what_it_said_before() -> None:
    known = [Version(at(5), PRICE, True), Version(at(6), MORE, True)]
    assert find_askings(known, SENT_AT, came_edited=True) == [Asking(at(5), True), Asking(at(6), True)]
