"""What is suspicious, and what did not arrive, wants a look until somebody has seen to it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from inbox.conversations.models import Delivery, Direction
from inbox.conversations.state import Seen, Spoken
from inbox.conversations.unsettled import find_undelivered, is_held
from tests.pipeline.test_state import answers, asks, at, thanks

SPAM = replace(thanks(102, 20), held=True)


def missing(number: int, second: float, delivery: Delivery = Delivery.FAILED, *, known: float | None = None) -> Spoken:
    """An answer that was written at this second, and did not arrive, as was `known` at another."""
    return Spoken(
        number, at(second), Direction.OUTBOUND, False, delivery is Delivery.UNCERTAIN, undelivered=delivery,
        failed_at=at(second if known is None else known),
    )  # fmt: skip


def seen(decided: float, newest: Spoken) -> Seen:
    return Seen(at(decided), newest.sent_at, newest.external_id)


@pytest.mark.parametrize(
    ("messages", "settled", "banned", "is_so"),
    [
        ([asks(101, 10), SPAM], None, None, True),
        ([SPAM, asks(103, 30)], None, None, True),
        ([asks(101, 10), replace(SPAM, is_deleted=True)], None, None, False),
        ([asks(101, 10), SPAM], seen(25, SPAM), None, False),
        ([asks(101, 10), SPAM], seen(25, asks(101, 10)), None, True),
        ([asks(101, 10), SPAM], None, 20, False),
        ([asks(101, 10), SPAM], None, 19, True),
        ([asks(101, 10), thanks(102, 20)], None, None, False),
    ],
)
def test_a_talk_is_suspicious_while_one_message_of_it_is(
    messages: Sequence[Spoken], settled: Seen | None, banned: float | None, is_so: bool
) -> None:
    found = {is_held(order, settled, None if banned is None else at(banned)) for order in permutations(messages)}
    assert found == {is_so}


@pytest.mark.parametrize(
    ("messages", "settled", "expected"),
    [
        ([asks(101, 10), missing(1, 20)], None, Delivery.FAILED),
        ([asks(101, 10), missing(1, 20, Delivery.UNCERTAIN)], None, Delivery.UNCERTAIN),
        ([missing(1, 20, Delivery.UNCERTAIN), missing(2, 25)], None, Delivery.FAILED),
        ([missing(1, 20), missing(2, 25, Delivery.UNCERTAIN)], None, Delivery.FAILED),
        ([missing(1, 20), answers(102, 40)], None, None),
        ([missing(1, 20, known=50), answers(102, 40)], None, Delivery.FAILED),
        ([missing(1, 20), replace(answers(102, 40), is_deleted=True)], None, Delivery.FAILED),
        ([asks(101, 10), missing(1, 20)], seen(30, asks(101, 10)), None),
        ([asks(101, 10), missing(1, 20, known=40)], seen(30, asks(101, 10)), Delivery.FAILED),
        ([asks(101, 10), replace(missing(1, 20), is_deleted=True)], None, None),
        ([asks(101, 10), answers(102, 20)], None, None),
    ],
)
def test_what_did_not_arrive_is_told_until_somebody_who_knew_closed_or_answered(
    messages: Sequence[Spoken], settled: Seen | None, expected: Delivery | None
) -> None:
    assert {find_undelivered(order, settled) for order in permutations(messages)} == {expected}
