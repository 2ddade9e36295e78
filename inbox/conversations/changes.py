"""A person's change of a conversation as given: only the fields that are set, and what of them contradicts itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from inbox.conversations.models import Outcome, Priority, Status
from inbox.core.database import Json
from inbox.core.errors import InvalidInputError

LONGEST_SNOOZE = timedelta(days=366)


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
Unset = Literal[_Unset.UNSET]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a conversation; UNSET: stays. `labels`: all of its labels by name, new ones are made;
    `added_labels` and `removed_labels`: beside the others that it has. `restored`: what `deciding.remember` kept, put
    back whatever was decided since; it goes with no new status.

    `needs_answer` False with no status closes it as "no answer needed"; True opens it again.
    """

    status: Status | Unset = UNSET
    outcome: Outcome | Unset = UNSET
    needs_answer: bool | Unset = UNSET
    assignee_id: int | Unset | None = UNSET
    team_id: int | Unset | None = UNSET
    priority: Priority | Unset = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    added_labels: tuple[str, ...] = ()
    removed_labels: tuple[str, ...] = ()
    restored: Json | Unset = UNSET
    snoozed_until: datetime | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a change leads, without contradictions; None: no new status. `judged`: a person's word on an answer."""

    status: Status | None
    outcome: Outcome | None
    snoozed_until: datetime | None
    judged: bool | None


def decide(change: Change, status: Status, *, answered: bool, now: datetime) -> Decision:
    """Read status, outcome, needs_answer and snoozed_until together; InvalidInputError when they contradict.

    `status` is the present one; `answered` tells whether a person of ours has answered and nothing waits.
    """
    target = _target(change, status)
    if target is Status.SNOOZED:
        snoozed_until = _check_snooze(change, status, now)
    elif isinstance(change.snoozed_until, datetime):
        raise InvalidInputError("A time to wake up goes with the status snoozed.", field="snoozed_until")
    else:
        snoozed_until = None
    outcome = _outcome(change, target, status, answered=answered)
    _check_judgement(change, target)
    return Decision(target, outcome, snoozed_until, _judged(change, target))


def _target(change: Change, status: Status) -> Status | None:
    """The status that is asked for, said or implied."""
    if change.status is not UNSET:
        return change.status
    if isinstance(change.snoozed_until, datetime):
        return Status.SNOOZED
    if change.snoozed_until is None and status is Status.SNOOZED:
        return Status.OPEN
    if change.needs_answer is False:
        return Status.CLOSED
    if change.needs_answer is True and status is Status.CLOSED:
        return Status.OPEN
    if change.outcome is not UNSET and status is Status.CLOSED:
        return Status.CLOSED
    return None


def _check_snooze(change: Change, status: Status, now: datetime) -> datetime | None:
    """The time to wake up; None keeps the present one."""
    if not isinstance(change.snoozed_until, datetime):
        if status is Status.SNOOZED and change.snoozed_until is UNSET:
            return None
        raise InvalidInputError("Say until when to snooze.", field="snoozed_until")
    if change.snoozed_until.tzinfo is None:
        raise InvalidInputError("The time needs its offset from UTC.", field="snoozed_until")
    if change.snoozed_until <= now:
        raise InvalidInputError("The time to wake up is already past.", field="snoozed_until")
    if change.snoozed_until > now + LONGEST_SNOOZE:
        raise InvalidInputError("A conversation can be snoozed for a year at most.", field="snoozed_until")
    return change.snoozed_until


def _outcome(change: Change, target: Status | None, status: Status, *, answered: bool) -> Outcome | None:
    """The outcome of closing; None when it is not being closed."""
    if target is not Status.CLOSED:
        if change.outcome is not UNSET:
            raise InvalidInputError("An outcome goes with the status closed.", field="outcome")
        return None
    if change.outcome is Outcome.NO_ANSWER_NEEDED_AUTOMATIC:
        raise InvalidInputError("This outcome is given by the program itself.", field="outcome")
    if change.outcome is not UNSET:
        return change.outcome
    if change.needs_answer is False or not answered:
        return Outcome.NO_ANSWER_NEEDED
    return Outcome.ANSWERED


def _check_judgement(change: Change, target: Status | None) -> None:
    if change.needs_answer is True and target is Status.CLOSED:
        raise InvalidInputError("What needs an answer cannot be closed at once.", field="needs_answer")
    if change.needs_answer is False and change.outcome is Outcome.ANSWERED:
        raise InvalidInputError("Say either answered or no answer needed.", field="outcome")


def _judged(change: Change, target: Status | None) -> bool | None:
    """Closing settles by itself; only an open conversation needs the person's word beside it."""
    if change.needs_answer is UNSET or target is Status.CLOSED:
        return None
    return change.needs_answer
