"""A conversation's state as a pure function of its messages and of what people decided.

Messages may arrive twice and in any order; whatever the order, the same messages give the same state. So intake stores
messages first and then computes the state anew, instead of moving it forward event by event.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from inbox.conversations.models import Direction, Outcome, Status


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the state needs to know of a message.

    `answers`: a person of ours said it and it has left. `has_words`: it has tags, which can speak for the talk.
    """

    message_id: int
    sent_at: datetime
    direction: Direction
    needs_answer: bool
    answers: bool
    is_deleted: bool = False
    has_words: bool = True
    external_id: str = ""

    @property
    def order(self) -> tuple[datetime, int, str, int]:
        """Platform time, then the platform's number (ids of one chat are numbers as text), then ours."""
        return self.sent_at, len(self.external_id), self.external_id, self.message_id


@dataclass(frozen=True, slots=True)
class Decided:
    """What people, or earlier computing, set. `status_at`, `judged_at`: when a person last did; None: never."""

    status: Status
    outcome: Outcome | None
    closed_at: datetime | None
    snoozed_until: datetime | None
    status_at: datetime | None
    judged_at: datetime | None
    judged_needed: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """A time during which the contact waited for us; `answered_at` None: still waiting (or settled without words)."""

    since_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """What is written to the conversation. `leading_id`: the message whose tags and reason speak for it."""

    status: Status
    outcome: Outcome | None
    closed_at: datetime | None
    snoozed_until: datetime | None
    waiting_since_at: datetime | None
    last_answer_at: datetime | None
    leading_id: int | None
    waits: tuple[Wait, ...]


def compute(messages: Sequence[Spoken], decided: Decided, waiting_before: datetime | None = None) -> State:
    """State of a conversation; `messages` in any order, at least one.

    `waiting_before`: since when the contact was waiting already before the first of these, when earlier ones are left
    out.
    """
    ordered = sorted((one for one in messages if not one.is_deleted), key=lambda one: one.order)
    closed_at = decided.closed_at if decided.status_at else None
    settled_at = max((at for at in (closed_at, _judged_no(decided)) if at), default=None)
    waits, leading_id = _waits(ordered, settled_at, waiting_before)
    open_wait = waits[-1] if waits and waits[-1].answered_at is None else None
    since = open_wait.since_at if open_wait and (settled_at is None or _is_after(ordered, settled_at)) else None
    judged_yes = decided.judged_at if decided.judged_needed else None
    if since is None and judged_yes and not _answered_after(ordered, judged_yes):
        since = judged_yes
    answers = [one.sent_at for one in ordered if one.answers]
    state = State(
        status=decided.status,
        outcome=decided.outcome,
        closed_at=decided.closed_at,
        snoozed_until=decided.snoozed_until,
        waiting_since_at=since,
        last_answer_at=max(answers, default=None),
        leading_id=leading_id,
        waits=tuple(waits),
    )
    return _with_status(state, ordered, decided, max(one.sent_at for one in messages))


def _with_status(state: State, ordered: Sequence[Spoken], decided: Decided, last_at: datetime) -> State:
    asked_at = max((one.sent_at for one in ordered if one.needs_answer), default=None)
    if state.waiting_since_at is not None:
        overruled = decided.status_at is None or (asked_at is not None and asked_at > decided.status_at)
        if overruled or decided.status is Status.OPEN:
            return replace(state, status=Status.OPEN, outcome=None, closed_at=None, snoozed_until=None)
        return state
    if decided.status_at is not None or decided.judged_at is not None:
        return state
    is_talk = any(one.direction is Direction.INBOUND for one in ordered)
    if state.last_answer_at is None or not is_talk:
        return replace(
            state, status=Status.CLOSED, outcome=Outcome.NO_ANSWER_NEEDED_AUTOMATIC, closed_at=last_at,
            snoozed_until=None,
        )  # fmt: skip
    return replace(state, status=Status.OPEN, outcome=None, closed_at=None, snoozed_until=None)


def _waits(
    ordered: Sequence[Spoken], settled_at: datetime | None, waiting_before: datetime | None
) -> tuple[list[Wait], int | None]:
    """The waits in time, and the message that leads: the newest of the open wait, else the newest inbound one.

    What has words leads before what has none: the caption before the album's other photos.
    """
    waits: list[Wait] = [] if waiting_before is None else [Wait(waiting_before, None)]
    asked: Spoken | None = None
    newest: Spoken | None = None
    for one in ordered:
        waiting = bool(waits) and waits[-1].answered_at is None
        if one.direction is Direction.INBOUND:
            newest = _leader(newest, one)
        if waiting and settled_at is not None and waits[-1].since_at <= settled_at < one.sent_at:
            waits.pop()
            waiting, asked = False, None
        if one.answers and waiting:
            waits[-1] = replace(waits[-1], answered_at=one.sent_at)
            asked = None
        elif one.needs_answer:
            asked = _leader(asked, one)
            if not waiting:
                waits.append(Wait(one.sent_at, None))
    leading = asked or newest
    return waits, leading.message_id if leading else None


def _leader(before: Spoken | None, one: Spoken) -> Spoken:
    return before if before is not None and before.has_words and not one.has_words else one


def _is_after(ordered: Sequence[Spoken], settled_at: datetime) -> bool:
    return any(one.needs_answer and one.sent_at > settled_at for one in ordered)


def _answered_after(ordered: Sequence[Spoken], instant: datetime) -> bool:
    return any(one.answers and one.sent_at > instant for one in ordered)


def _judged_no(decided: Decided) -> datetime | None:
    return decided.judged_at if not decided.judged_needed else None
