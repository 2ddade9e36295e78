"""Clocks follow from the waits: due in working time, met by a person's answer, breached once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import inbox.core.tables
from inbox.calendars.hours import Interval, WorkingHours
from inbox.conversations.models import Conversation, Priority, Status
from inbox.conversations.state import Wait
from inbox.sla.clocks import Promise, due_at, set_clocks, working_time
from inbox.sla.promises import Goals, Promises, Terms

TABLES = inbox.core.tables
"""Imported so that Conversation's relations are known."""
DAY = datetime(2026, 11, 20, tzinfo=UTC)
HOURS = WorkingHours("UTC", tuple(Interval(day, 540, 1080) for day in range(7)))
PROMISE = Promise(HOURS, timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=2))


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return DAY + timedelta(days=day, hours=hour, minutes=minute)


def clocks(*waits: Wait, conversation: Conversation | None = None, is_whole: bool = True) -> Conversation:
    conversation = conversation or Conversation()
    set_clocks(conversation, waits, PROMISE, is_whole=is_whole)
    return conversation


@pytest.mark.parametrize(
    ("since", "due"),
    [
        (at(10), at(10, 15)),
        (at(17, 50), at(9, 5, day=1)),
        (at(20), at(11, 0, day=1)),
        (at(3), at(11)),
    ],
)
def test_what_came_while_closed_has_a_goal_of_its_own(since: datetime, due: datetime) -> None:
    assert due_at(since, PROMISE.first_response, PROMISE) == due


def test_first_is_measured_once_and_next_for_later_waits() -> None:
    told = clocks(Wait(at(10), at(10, 10)), Wait(at(12), at(12, 20)), Wait(at(13), None))
    assert (told.first_response_due_at, told.first_response_met_at) == (at(10, 15), at(10, 10))
    assert (told.next_response_due_at, told.next_response_met_at) == (at(13, 30), None)
    assert told.first_response_breached_at is None


def test_a_question_in_the_second_of_the_first_answer_has_a_clock_of_its_own() -> None:
    told = clocks(Wait(at(10), at(10, 10)), Wait(at(10, 10), None))
    assert (told.next_response_since_at, told.next_response_due_at) == (at(10, 10), at(10, 40))
    at_once = clocks(Wait(at(10), at(10)))
    assert (at_once.first_response_met_at, at_once.next_response_since_at) == (at(10), None)


def test_an_answer_too_late_is_a_breach_at_the_due_time() -> None:
    told = clocks(Wait(at(10), at(11)))
    assert told.first_response_breached_at == at(10, 15)


def test_a_recorded_breach_stays_and_one_answered_in_time_after_all_is_taken_back() -> None:
    swept = Conversation(first_response_breached_at=at(10, 15))
    assert clocks(Wait(at(10), at(11)), conversation=swept).first_response_breached_at == at(10, 15)
    told_late = Conversation(first_response_breached_at=at(10, 15))
    assert clocks(Wait(at(10), at(10, 5)), conversation=told_late).first_response_breached_at is None


def test_the_breach_of_an_earlier_wait_is_not_the_next_ones() -> None:
    before = Conversation(next_response_breached_at=at(12, 30))
    told = clocks(Wait(at(10), at(10, 5)), Wait(at(12), at(12, 50)), Wait(at(14), None), conversation=before)
    assert told.next_response_due_at == at(14, 30)
    assert told.next_response_breached_at is None


def test_an_earlier_question_that_comes_late_moves_the_clock_back() -> None:
    told = clocks(Wait(at(10), at(10, 20)))
    assert told.first_response_due_at == at(10, 15)
    assert clocks(Wait(at(9, 30), at(10, 20)), conversation=told).first_response_due_at == at(9, 45)


def test_of_a_long_talk_whose_beginning_is_not_loaded_the_first_clock_stays() -> None:
    told = clocks(Wait(at(9), at(9, 5)))
    clocks(Wait(at(15), None), conversation=told, is_whole=False)
    assert (told.first_response_due_at, told.first_response_met_at) == (at(9, 15), at(9, 5))
    assert told.next_response_due_at == at(15, 30)


def test_without_a_wait_there_is_no_clock() -> None:
    told = clocks(Wait(at(10), None))
    clocks(conversation=told)
    assert (told.first_response_due_at, told.next_response_due_at) == (None, None)


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ((at(10, 5), at(12)), at(12, 10)),
        ((at(10, 5), at(10, 6), at(10, 10), at(14)), at(14, 6)),
        ((at(9), at(9, 30)), at(10, 15)),
        ((at(9, 50), at(10, 20)), at(10, 35)),
        ((at(10, 5), at(20)), at(9, 10, day=1)),
        ((at(10, 5),), None),
        ((at(10, 20),), at(10, 15)),
    ],
)
def test_a_clock_rests_while_the_conversation_is_put_aside(pauses: tuple[datetime, ...], due: datetime | None) -> None:
    assert due_at(at(10), PROMISE.first_response, PROMISE, pauses) == due


def test_time_in_pauses_and_closed_hours_is_no_working_time() -> None:
    assert working_time(at(10), at(12), PROMISE, (at(10, 30), at(11))) == timedelta(minutes=90)
    assert working_time(at(17), at(10, day=1), PROMISE, (at(17, 30),)) == timedelta(minutes=30)


def test_what_was_answered_keeps_the_promise_of_its_time() -> None:
    told = clocks(Wait(at(10), at(10, 10)))
    set_clocks(told, [Wait(at(10), at(10, 10))], replace(PROMISE, first_response=timedelta(minutes=5)))
    assert (told.first_response_due_at, told.first_response_breached_at) == (at(10, 15), None)
    open_one = clocks(Wait(at(10), None))
    set_clocks(open_one, [Wait(at(10), None)], replace(PROMISE, first_response=timedelta(minutes=5)))
    assert open_one.first_response_due_at == at(10, 5)


def test_a_warning_comes_before_the_due_time_and_once() -> None:
    told = clocks(Wait(at(10), None), conversation=Conversation(needs_answer=True))
    assert told.warn_at == at(10, 10)
    told.warned_due_at = told.first_response_due_at
    assert clocks(Wait(at(10), None), conversation=told).warn_at is None
    assert clocks(Wait(at(10), at(10, 5)), conversation=told).warn_at is None


def test_resolution_lasts_from_the_first_wait_to_the_closing_and_begins_anew_when_reopened() -> None:
    promise = replace(PROMISE, resolution=timedelta(hours=2))
    talk = Conversation(status=Status.OPEN)
    waits = [Wait(at(10), at(10, 5)), Wait(at(11), None)]
    set_clocks(talk, waits, promise)
    assert (talk.resolution_due_at, talk.resolution_met_at) == (at(12), None)
    talk.status, talk.closed_at = Status.CLOSED, at(12, 30)
    set_clocks(talk, waits, promise)
    assert (talk.resolution_met_at, talk.resolution_breached_at) == (at(12, 30), at(12))
    talk.status, talk.closed_at = Status.OPEN, None
    set_clocks(talk, [*waits[:1], Wait(at(15), None)], promise)
    assert (talk.resolution_due_at, talk.resolution_met_at, talk.resolution_breached_at) == (at(17), None, None)


def test_goals_follow_policy_and_priority_and_hours_follow_the_team() -> None:
    goals = dict.fromkeys(Priority, Goals(timedelta(minutes=15), timedelta(minutes=30), None))
    fast = Terms({**goals, Priority.URGENT: Goals(timedelta(minutes=3), timedelta(minutes=5), timedelta(hours=1))})
    night = WorkingHours("UTC", (Interval(0, 0, 60),))
    promises = Promises({1: HOURS}, {7: night}, {5: fast}, {})
    urgent = promises.of_terms(1, 7, Priority.URGENT, 5)
    assert (urgent.hours, urgent.first_response, urgent.resolution) == (night, timedelta(minutes=3), timedelta(hours=1))
    assert promises.of_terms(1, 8, Priority.URGENT, None).first_response == timedelta(minutes=15)
    assert promises.of_terms(1, None, Priority.LOW, 5).hours == HOURS


def test_the_time_in_the_archive_counts_against_nobody_also_for_what_is_told_of_late() -> None:
    """What was written before and is taken in afterwards, when nothing but the project tells that it rested."""
    promise = replace(PROMISE, rests=(at(10, 10), at(16)))
    talk = Conversation()
    set_clocks(talk, [Wait(at(10), None)], promise)
    assert talk.first_response_due_at == at(16, 5)
    talk.pauses = [at(10, 5), at(10, 12)]
    set_clocks(talk, [Wait(at(10), None)], promise)
    assert talk.first_response_due_at == at(16, 10), "times that overlap count once"
