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


def set_clocks(conversation: Conversation, waits: Sequence[Wait], promise: Promise) -> None:
    """Write both clocks; a breach that was recorded stays, one that an answer found too late is recorded."""
    if conversation.first_response_met_at is None and waits:
        first = waits[0]
        conversation.first_response_due_at = due_at(first.since_at, promise.first_response, promise)
        conversation.first_response_met_at = first.answered_at
        conversation.first_response_breached_at = _breach(
            conversation.first_response_due_at, first.answered_at, conversation.first_response_breached_at
        )
    elif not waits and conversation.first_response_met_at is None:
        conversation.first_response_due_at = None
    later = _later_wait(conversation, waits)
    conversation.next_response_due_at = due_at(later.since_at, promise.next_response, promise) if later else None
    conversation.next_response_met_at = later.answered_at if later else None
    conversation.next_response_breached_at = _breach(
        conversation.next_response_due_at,
        conversation.next_response_met_at,
        conversation.next_response_breached_at if later and later.answered_at is None else None,
    )


def _later_wait(conversation: Conversation, waits: Sequence[Wait]) -> Wait | None:
    """The newest wait that is not the first one of the conversation's life."""
    met_at = conversation.first_response_met_at
    later = [wait for wait in waits if met_at is not None and wait.since_at > met_at]
    return later[-1] if later else None


def _breach(due: datetime | None, met: datetime | None, recorded: datetime | None) -> datetime | None:
    if recorded is not None:
        return recorded
    return due if due is not None and met is not None and met > due else None
