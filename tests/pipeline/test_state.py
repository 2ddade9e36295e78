"""What a person decided stands against what was seen, not against a clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import inbox.core.tables
from inbox.conversations.models import Direction, Outcome, Status
from inbox.conversations.state import JUST_AFTER, Decided, Decision, Judgement, Seen, Spoken, compute

TABLES = inbox.core.tables
START = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def asks(number: int, second: float) -> Spoken:
    return Spoken(number, at(second), Direction.INBOUND, True, False, external_id=f":5:{number}")


def thanks(number: int, second: float) -> Spoken:
    return Spoken(number, at(second), Direction.INBOUND, False, False, external_id=f":5:{number}")


def answers(number: int, second: float) -> Spoken:
    return Spoken(number, at(second), Direction.OUTBOUND, False, True, external_id=f":5:{number}")


def closed(second: float, seen: Spoken, status: Status = Status.CLOSED) -> Decided:
    """A person decides at this second of our clock, having seen this."""
    mark = Seen(at(second), seen.sent_at, seen.external_id)
    if status is Status.SNOOZED:
        return Decided(Decision(mark, status, None, at(9000)))
    return Decided(Decision(mark, status, Outcome.ANSWERED), settled=mark)


@pytest.mark.parametrize("second", [10, 11, 16, 16.5])
@pytest.mark.parametrize("status", [Status.CLOSED, Status.SNOOZED])
def test_a_question_that_was_not_seen_opens_whatever_our_clock_said(second: float, status: Status) -> None:
    first = asks(101, 10)
    state = compute([first, asks(102, second)], closed(16.12, first, status))
    assert (state.status, state.closed_at, state.snoozed_until) == (Status.OPEN, None, None)
    assert state.waiting_since_at == (at(second) if status is Status.CLOSED else at(10))


@pytest.mark.parametrize("status", [Status.CLOSED, Status.SNOOZED])
def test_what_was_seen_leaves_the_decision_as_it_is(status: Status) -> None:
    first = asks(101, 20)
    state = compute([first, thanks(102, 30), asks(100, 5)], closed(16, first, status))
    assert state.status is status
    assert (state.waiting_since_at is None) is (status is Status.CLOSED)


def test_a_reopened_talk_goes_on_waiting_since_the_new_question() -> None:
    first, second = asks(101, 10), asks(102, 16)
    state = compute([first, second], closed(16.12, first))
    assert [one.since_at for one in state.waits] == [at(16)]


@pytest.mark.parametrize(
    ("second", "met_at"), [(17, 17), (16 + JUST_AFTER.total_seconds(), 616), (17 + JUST_AFTER.total_seconds(), None)]
)
def test_a_reply_that_left_just_after_closing_meets_the_clock(second: float, met_at: float | None) -> None:
    first = asks(101, 10)
    state = compute([first, thanks(102, 16.5), answers(103, second)], closed(16, first))
    assert state.status is Status.CLOSED
    met = [one.answered_at for one in state.waits]
    assert met == ([] if met_at is None else [at(met_at)])


def test_a_persons_word_starts_a_wait_that_an_answer_ends() -> None:
    praise = thanks(101, 10)
    word = Decided(judged=Judgement(Seen(at(60), praise.sent_at, praise.external_id), True))
    waiting = compute([praise], word)
    assert (waiting.status, waiting.waiting_since_at, waiting.judged) == (Status.OPEN, at(60), True)
    assert [(one.since_at, one.answered_at) for one in waiting.waits] == [(at(60), None)]
    answered = compute([praise, answers(102, 70), asks(103, 90)], word)
    assert [(one.since_at, one.answered_at) for one in answered.waits] == [(at(60), at(70)), (at(90), None)]
    assert answered.judged is False, "the new question speaks for itself"


def test_a_word_from_before_the_window_starts_nothing_anew() -> None:
    word = Decided(judged=Judgement(Seen(at(0), at(0), ":5:1"), True))
    assert compute([answers(101, 10)], word, is_whole=False).waits == ()


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[Spoken], Decided]:
    """A talk and a decision after some of its messages."""
    kinds = draw(st.lists(st.sampled_from([asks, thanks, answers]), min_size=1, max_size=7))
    seconds = sorted(draw(st.lists(st.integers(0, 5), min_size=len(kinds), max_size=len(kinds))))
    messages = [kind(101 + place, second) for place, (kind, second) in enumerate(zip(kinds, seconds, strict=True))]
    seen = draw(st.sampled_from(messages))
    mark = Seen(at(draw(st.floats(0, 6))), seen.sent_at, seen.external_id)
    needed = draw(st.booleans())
    status = draw(st.sampled_from([Status.OPEN, Status.WAITING_CLIENT, Status.CLOSED]))
    settled = mark if status is Status.CLOSED or not needed else None
    return messages, Decided(Decision(mark, status), Judgement(mark, needed), settled)


@given(talks(), st.randoms(use_true_random=False))
def test_state_is_the_same_in_any_order_and_a_new_question_is_never_swallowed(
    talk: tuple[list[Spoken], Decided], dice: Random
) -> None:
    messages, decided = talk
    expected = compute(messages, decided)
    assert compute(_shuffled(messages, dice), decided) == expected
    assert decided.status is not None
    after = [one for one in messages if one.order > decided.status.seen.order]
    if any(one.needs_answer for one in after):
        assert expected.status is Status.OPEN
    asked = [place for place, one in enumerate(after) if one.needs_answer]
    if asked and not any(one.answers for one in after[asked[-1] :]):
        assert expected.waiting_since_at is not None


def _shuffled(messages: Sequence[Spoken], dice: Random) -> list[Spoken]:
    return dice.sample(messages, len(messages))
