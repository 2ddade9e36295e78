"""Clocks of a conversation, from its waits: first response once in its life, next response for each later wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.calendars.hours import WorkingHours
from inbox.conversations.models import Conversation
from inbox.conversations.state import Wait


@dataclass(frozen=True, slots=True)
class Promise:
    """What a workspace promises, in working time of its hours."""

    hours: WorkingHours
    first_response: timedelta
    next_response: timedelta
    after_closed: timedelta


def due_at(since_at: datetime, goal: timedelta, promise: Promise) -> datetime | None:
    """When an answer is due to what came at `since_at`; what came while closed has a goal of its own."""
    length = goal if promise.hours.is_open(since_at) else max(goal, promise.after_closed)
    return promise.hours.add_working(since_at, length)


def set_clocks(conversation: Conversation, waits: Sequence[Wait], promise: Promise, *, is_whole: bool = True) -> None:
    """Write both clocks; a breach that was recorded stays, one that an answer found too late is recorded.

    `is_whole`: these are all waits of the conversation's life; else what is recorded of the first one stays.
    """
    first = _first_wait(conversation, waits, is_whole=is_whole)
    if first is not None:
        conversation.first_response_due_at = due_at(first.since_at, promise.first_response, promise)
        conversation.first_response_met_at = first.answered_at
        conversation.first_response_breached_at = _breach(
            conversation.first_response_due_at, first.answered_at, conversation.first_response_breached_at
        )
    elif is_whole:
        conversation.first_response_due_at = conversation.first_response_met_at = None
        conversation.first_response_breached_at = None
    later = _later_wait(conversation, waits)
    recorded = conversation.next_response_breached_at
    conversation.next_response_due_at = due_at(later.since_at, promise.next_response, promise) if later else None
    conversation.next_response_met_at = later.answered_at if later else None
    conversation.next_response_breached_at = _breach(
        conversation.next_response_due_at,
        conversation.next_response_met_at,
        recorded if later and recorded is not None and recorded > later.since_at else None,
    )


def _first_wait(conversation: Conversation, waits: Sequence[Wait], *, is_whole: bool) -> Wait | None:
    """The wait that the first clock measures."""
    if not waits or (not is_whole and conversation.first_response_met_at is not None):
        return None
    return waits[0]


def _later_wait(conversation: Conversation, waits: Sequence[Wait]) -> Wait | None:
    """The newest wait that is not the first one of the conversation's life."""
    met_at = conversation.first_response_met_at
    later = [wait for wait in waits if met_at is not None and wait.since_at > met_at]
    return later[-1] if later else None


def _breach(due: datetime | None, met: datetime | None, recorded: datetime | None) -> datetime | None:
    """`recorded` is the due time that passed; an answer that had come before it and was told late takes it back."""
    if recorded is not None and (met is None or met > recorded):
        return recorded
    return due if due is not None and met is not None and met > due else None
