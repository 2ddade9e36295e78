"""Clocks of a conversation, from its waits: first response once in its life, next response for each later wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from inbox.calendars.hours import WorkingHours
from inbox.conversations.models import Conversation, Status
from inbox.conversations.state import Wait
from inbox.sla.promises import Promise

__all__ = ["Promise", "due_at", "end_of", "rests_of", "set_clocks", "warn_at", "working_time"]

Pauses = Sequence[datetime]
"""Begin, end, begin, end …; an odd number: the last pause goes on."""


def due_at(since_at: datetime, goal: timedelta, promise: Promise, pauses: Pauses = ()) -> datetime | None:
    """When an answer is due to what came at `since_at`; what came while closed has a goal of its own.

    None: the clock rests, or the working time never comes.
    """
    return end_of(since_at, length_of(since_at, goal, promise), promise.hours, pauses)


def warn_at(since_at: datetime, goal: timedelta, promise: Promise, pauses: Pauses = ()) -> datetime | None:
    """When `warn_before` of the goal is left; None when nobody is to be warned."""
    left = length_of(since_at, goal, promise) - promise.warn_before
    if not promise.warn_before or left <= timedelta():
        return None
    return end_of(since_at, left, promise.hours, pauses)


def length_of(since_at: datetime, goal: timedelta, promise: Promise) -> timedelta:
    """The goal that goes for what came then."""
    return goal if promise.hours.is_open(since_at) else max(goal, promise.after_closed)


def end_of(since_at: datetime, length: timedelta, hours: WorkingHours, pauses: Pauses) -> datetime | None:
    """`length` of working time after `since_at`, pauses left out; None: the last one goes on."""
    reached, left = since_at, length
    for begins_at, ends_at in _spans(pauses):
        if ends_at is not None and ends_at <= reached:
            continue
        passed = hours.working_between(reached, begins_at)
        if passed >= left:
            break
        if ends_at is None:
            return None
        left -= passed
        reached = max(reached, ends_at)
    return hours.add_working(reached, left)


def working_time(since_at: datetime, until_at: datetime, promise: Promise, pauses: Pauses = ()) -> timedelta:
    """Working time from one moment to the other, without the pauses."""
    total = promise.hours.working_between(since_at, until_at)
    for begins_at, ends_at in _spans(pauses):
        first, last = max(begins_at, since_at), min(ends_at or until_at, until_at)
        total -= promise.hours.working_between(first, last)
    return total


def rests_of(
    conversation: Conversation, answered_at: datetime | None = None, project: Sequence[datetime] = ()
) -> Pauses:
    """The times in which its clocks rest: it was put aside, its contact could not be written to, the `project` rested.

    Of a wait that was answered: what the platform told of later is nothing to it.
    """
    silences = [at for at in conversation.silences or () if answered_at is None or at < answered_at]
    spans = [*_spans(conversation.pauses or ()), *_spans(silences), *_spans(project)]
    rests: list[datetime] = []
    for begins_at, ends_at in sorted(spans, key=lambda span: span[0]):
        if len(rests) % 2 == 1:
            break
        if not rests or begins_at > rests[-1]:
            rests += [begins_at] if ends_at is None else [begins_at, ends_at]
        elif ends_at is None:
            rests.pop()
        else:
            rests[-1] = max(rests[-1], ends_at)
    return rests


def set_clocks(
    conversation: Conversation,
    waits: Sequence[Wait],
    promise: Promise,
    *,
    is_whole: bool = True,
    silences: Sequence[datetime] | None = None,
) -> None:
    """Write all clocks; a breach that was recorded stays, one that an answer found too late is recorded.

    `is_whole`: these are all waits of the conversation's life; else what is recorded of the first one stays.
    `silences`: as they are known now (None: as before); what the platform told late moves the clocks of its time.
    """
    if silences is not None:
        _learn_silences(conversation, silences)
    first = _first_wait(conversation, waits, is_whole=is_whole)
    if first is not None:
        _set_first(conversation, first, promise)
    elif is_whole:
        conversation.first_response_since_at = conversation.first_response_due_at = None
        conversation.first_response_met_at = conversation.first_response_breached_at = None
    later = _later_wait(conversation, waits, first)
    if later is not None:
        _set_next(conversation, later, promise)
    else:
        conversation.next_response_since_at = conversation.next_response_due_at = None
        conversation.next_response_met_at = conversation.next_response_breached_at = None
    _set_warning(conversation, waits, promise, is_first=bool(first is not None and later is None))
    _set_resolution(conversation, waits, promise)


def _learn_silences(conversation: Conversation, silences: Sequence[datetime]) -> None:
    """What was met or broken after the first moment of which another is known now is to be computed anew."""
    moved = set(conversation.silences or ()) ^ set(silences)
    conversation.silences = list(silences)
    if not moved:
        return
    since = min(moved)
    if conversation.first_response_met_at is not None and conversation.first_response_met_at > since:
        conversation.first_response_due_at = None
    if conversation.next_response_met_at is not None and conversation.next_response_met_at > since:
        conversation.next_response_due_at = None
    conversation.first_response_breached_at = _before(conversation.first_response_breached_at, since)
    conversation.next_response_breached_at = _before(conversation.next_response_breached_at, since)
    conversation.resolution_breached_at = _before(conversation.resolution_breached_at, since)


def _before(breached_at: datetime | None, since: datetime) -> datetime | None:
    return breached_at if breached_at is not None and breached_at <= since else None


def _set_first(conversation: Conversation, wait: Wait, promise: Promise) -> None:
    known = Wait(conversation.first_response_since_at or wait.since_at, conversation.first_response_met_at)
    if wait == known and wait.answered_at is not None and conversation.first_response_due_at is not None:
        return  # what was promised then was kept or broken then: a later promise changes nothing
    conversation.first_response_since_at = wait.since_at
    conversation.first_response_met_at = wait.answered_at
    due = due_at(
        wait.since_at, promise.first_response, promise, rests_of(conversation, wait.answered_at, promise.rests)
    )
    conversation.first_response_due_at = due
    conversation.first_response_breached_at = _breach(due, wait.answered_at, conversation.first_response_breached_at)


def _set_next(conversation: Conversation, wait: Wait, promise: Promise) -> None:
    known = Wait(conversation.next_response_since_at or wait.since_at, conversation.next_response_met_at)
    if wait == known and wait.answered_at is not None and conversation.next_response_due_at is not None:
        return
    recorded = conversation.next_response_breached_at
    conversation.next_response_since_at = wait.since_at
    conversation.next_response_met_at = wait.answered_at
    due = due_at(wait.since_at, promise.next_response, promise, rests_of(conversation, wait.answered_at, promise.rests))
    conversation.next_response_due_at = due
    is_of_this = recorded is not None and recorded > wait.since_at
    conversation.next_response_breached_at = _breach(due, wait.answered_at, recorded if is_of_this else None)


def _spans(pauses: Pauses) -> list[tuple[datetime, datetime | None]]:
    ends: list[datetime | None] = [*pauses[1::2]]
    return list(zip(pauses[::2], [*ends, None], strict=False))


def _set_warning(conversation: Conversation, waits: Sequence[Wait], promise: Promise, *, is_first: bool) -> None:
    """A warning comes once a due time, for the clock that runs."""
    conversation.warn_at = None
    if not waits or waits[-1].answered_at is not None or not conversation.needs_answer:
        return
    due = conversation.first_response_due_at if is_first else conversation.next_response_due_at
    if due is None or due == conversation.warned_due_at:
        return
    goal = promise.first_response if is_first else promise.next_response
    conversation.warn_at = warn_at(waits[-1].since_at, goal, promise, rests_of(conversation, project=promise.rests))


def _set_resolution(conversation: Conversation, waits: Sequence[Wait], promise: Promise) -> None:
    """The case lasts from its first wait to its closing by a person; what was reopened is a case of its own."""
    closed_at = conversation.closed_at if conversation.status is Status.CLOSED else None
    started_at = conversation.resolution_started_at
    met_at = conversation.resolution_met_at
    if met_at is not None and closed_at is None and waits and waits[-1].since_at > met_at:
        started_at = waits[-1].since_at
    elif started_at is None and waits:
        started_at = waits[0].since_at
    if started_at is None:
        return
    is_new = started_at != conversation.resolution_started_at
    recorded = None if is_new else conversation.resolution_breached_at
    conversation.resolution_started_at = started_at
    conversation.resolution_met_at = closed_at
    conversation.resolution_due_at = (
        due_at(started_at, promise.resolution, promise, rests_of(conversation, project=promise.rests))
        if promise.resolution
        else None
    )
    conversation.resolution_breached_at = _breach(conversation.resolution_due_at, closed_at, recorded)


def _first_wait(conversation: Conversation, waits: Sequence[Wait], *, is_whole: bool) -> Wait | None:
    """The wait that the first clock measures."""
    if not waits or (not is_whole and conversation.first_response_met_at is not None):
        return None
    return waits[0]


def _later_wait(conversation: Conversation, waits: Sequence[Wait], first: Wait | None) -> Wait | None:
    """The newest wait that is not the first one of the conversation's life; platforms tell whole seconds, so that it
    may begin in the second in which that one was answered."""
    met_at = conversation.first_response_met_at
    later = [wait for wait in waits if met_at is not None and wait is not first and wait.since_at >= met_at]
    return later[-1] if later else None


def _breach(due: datetime | None, met: datetime | None, recorded: datetime | None) -> datetime | None:
    """`recorded` is the due time that passed; an answer that had come before it and was told late takes it back."""
    if recorded is not None and (met is None or met > recorded):
        return recorded
    return due if due is not None and met is not None and met > due else None
