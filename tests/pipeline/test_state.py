"""What a person decided stands against what was seen, not against a clock."""

from collections.abc import Sequence
from dataclasses import replace
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


def reworded(number: int, second: float, withdrawn: float | None = None) -> Spoken:
    """An edit that asks anew."""
    gone_at = None if withdrawn is None else at(withdrawn)
    return replace(asks(number, second), is_edit=True, withdrawn_at=gone_at)


def closed(second: float, seen: Spoken, status: Status = Status.CLOSED) -> Decided:
    """A person decides at this second of our clock, having seen this."""
    mark = Seen(at(second), seen.sent_at, seen.order[2])
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


@pytest.mark.parametrize("second", [60, 61, 3600])
def test_who_asks_after_a_ban_was_let_in_again_and_our_answer_does_not_close_the_talk(second: float) -> None:
    before, since = asks(101, 10), asks(102, second)
    assert compute([before], Decided(), banned_at=at(60)).status is Status.CLOSED
    asking = compute([before, since], Decided(), banned_at=at(60))
    assert (asking.status, asking.waiting_since_at) == (Status.OPEN, at(second))
    answered = compute([before, since, answers(103, second + 5)], Decided(), banned_at=at(60))
    assert (answered.status, answered.outcome, answered.closed_at) == (Status.OPEN, None, None)


def test_an_answer_that_was_under_way_leaves_a_ban_as_it_is() -> None:
    state = compute([asks(101, 10), answers(102, 70), thanks(103, 80)], Decided(), banned_at=at(60))
    assert (state.status, state.closed_at) == (Status.CLOSED, at(60))


@pytest.mark.parametrize(
    ("talk", "waits", "since"),
    [
        ([asks(101, 10), reworded(101, 30)], [(10, None)], 10),
        ([asks(101, 10), answers(102, 20), reworded(101, 30)], [(10, 20), (30, None)], 30),
        ([asks(101, 10), answers(102, 30), reworded(101, 30)], [(10, 30), (30, None)], 30),
        ([replace(asks(101, 10), withdrawn_at=at(20)), answers(102, 30)], [], None),
        ([replace(asks(101, 10), withdrawn_at=at(20)), answers(102, 20)], [(10, 20)], None),
        ([replace(asks(101, 10), withdrawn_at=at(20)), asks(102, 15)], [(15, None)], 15),
        ([thanks(101, 10), reworded(101, 20, 30), answers(102, 25)], [(20, 25)], None),
        ([thanks(101, 10), reworded(101, 20, 30), answers(102, 35)], [], None),
    ],
)
def test_an_edit_is_waited_for_where_it_asks_and_until_it_is_withdrawn(
    talk: Sequence[Spoken], waits: Sequence[tuple[float, float | None]], since: float | None
) -> None:
    state = compute(talk, Decided())
    expected = [(at(begin), None if end is None else at(end)) for begin, end in waits]
    assert [(one.since_at, one.answered_at) for one in state.waits] == expected
    assert state.waiting_since_at == (None if since is None else at(since))


def test_who_had_seen_the_edit_decided_of_it_too() -> None:
    talk = [asks(101, 10), answers(102, 20), reworded(101, 30)]
    assert compute(talk, closed(40, talk[-1])).status is Status.CLOSED
    assert compute(talk, closed(25, talk[1])).status is Status.OPEN


@st.composite
def talks(draw: st.DrawFn) -> tuple[list[Spoken], Decided]:
    """A talk and a decision after some of its messages."""
    kinds = draw(st.lists(st.sampled_from([asks, thanks, answers, reworded]), min_size=1, max_size=7))
    seconds = sorted(draw(st.lists(st.integers(0, 5), min_size=len(kinds), max_size=len(kinds))))
    messages = [kind(101 + place, second) for place, (kind, second) in enumerate(zip(kinds, seconds, strict=True))]
    messages.sort(key=lambda one: one.order)
    seen = draw(st.sampled_from(messages))
    mark = Seen(at(draw(st.floats(0, 6))), seen.sent_at, seen.order[2])
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
