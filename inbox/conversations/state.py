"""A conversation's state as a pure function of its messages and of what people decided.

Messages may arrive twice and in any order; whatever the order, the same messages give the same state. So intake stores
messages first and then computes the state anew, instead of moving it forward event by event.

A decision stands until a message asks that the person had not seen. Which that is does not follow from clocks: ours and
the platform's differ, and a message may be on its way while a person decides. So a decision keeps the newest message
that was there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inbox.conversations.models import Delivery, Direction, Outcome, Status

JUST_AFTER = timedelta(minutes=10)
"""An answer that leaves within this after its conversation was settled was on its way, or was what settled it."""

Order = tuple[datetime, int, str]
"""Platform time, then the platform's number (ids of one chat are numbers as text)."""

EDITED = ":edited after all of its second"
"""Follows the number of an edit: longer than any number, so that nobody who spoke in that second had seen it."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the state needs to know of a message, or of an edit of it that asks (`is_edit`, at its own time).

    `answers`: a person of ours said it and it has left. `has_words`: it has tags, which can speak for the talk.
    `withdrawn_at`: since when its text asks nothing any more, though it did. `undelivered`: an answer of a person's
    that failed or is uncertain, which we learnt at `failed_at`.
    """

    message_id: int
    sent_at: datetime
    direction: Direction
    needs_answer: bool
    answers: bool
    is_deleted: bool = False
    has_words: bool = True
    external_id: str = ""
    is_timed: bool = True
    """False: it was written before the channel was connected, or in the archive, and no clock runs for it."""
    is_edit: bool = False
    withdrawn_at: datetime | None = None
    held: bool = False
    undelivered: Delivery | None = None
    failed_at: datetime | None = None

    @property
    def order(self) -> Order:
        """Its place in the talk."""
        number = self.external_id + EDITED if self.is_edit else self.external_id
        return self.sent_at, len(number), number


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest message that was there when a person decided; `decided_at` is our clock."""

    decided_at: datetime
    sent_at: datetime
    external_id: str = ""

    @property
    def order(self) -> Order:
        """The place in the talk after which nothing was seen."""
        return self.sent_at, len(self.external_id), self.external_id


@dataclass(frozen=True, slots=True)
class Decision:
    """The status that a person set last."""

    seen: Seen
    status: Status
    outcome: Outcome | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person said last on whether an answer is needed."""

    seen: Seen
    needed: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """All that people decided. `settled`: what they had seen when they last said that nothing waits any more."""

    status: Decision | None = None
    judged: Judgement | None = None
    settled: Seen | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A time during which the contact waited for us; `answered_at` None: still waiting (or settled without words)."""

    since_at: datetime
    answered_at: datetime | None
    is_timed: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """What is written to the conversation. `leading_id`: the message whose tags and reason speak for it.

    `judged`: the person's word still speaks for it instead.
    """

    status: Status
    outcome: Outcome | None
    closed_at: datetime | None
    snoozed_until: datetime | None
    waiting_since_at: datetime | None
    last_answer_at: datetime | None
    leading_id: int | None
    judged: bool
    waits: tuple[Wait, ...]


def compute(
    messages: Sequence[Spoken],
    decided: Decided,
    waiting_before: datetime | None = None,
    banned_at: datetime | None = None,
    *,
    is_whole: bool = True,
) -> State:
    """State of a conversation; `messages` in any order, at least one.

    `banned_at`: when the contact was banned last; what had been asked by then is settled.
    `waiting_before`: since when the contact was waiting already before the first of these, when earlier ones are left
    out (`is_whole` False).
    """
    there = (one for one in without_withdrawn(messages) if not one.is_deleted)
    ordered = sorted(there, key=lambda one: (one.order, one.message_id))
    decided = _with_ban(decided, banned_at)
    waits = _Waits(decided, waiting_before)
    earliest = min(one.order for one in messages)
    if not is_whole and decided.judged is not None and decided.judged.seen.order < earliest:
        waits.is_judged_over = True
    for one in ordered:
        waits.take(one)
    waits.end()
    leading = waits.asked or waits.newest or _newest_inbound(messages)
    state = State(
        status=Status.OPEN,
        outcome=None,
        closed_at=None,
        snoozed_until=None,
        waiting_since_at=waits.since_at(ordered),
        last_answer_at=max((one.sent_at for one in ordered if one.answers), default=None),
        leading_id=leading.message_id if leading else None,
        judged=decided.judged is not None and (leading is None or leading.order <= decided.judged.seen.order),
        waits=tuple(wait for wait in waits.found if wait.is_timed),
    )
    state = _with_status(state, ordered, decided, max(one.sent_at for one in messages))
    return state if banned_at is None else _closed_by_ban(state, decided, banned_at)


def without_withdrawn(messages: Sequence[Spoken]) -> list[Spoken]:
    """The same; what an edit took away before we answered was never asked."""
    answered = [one.order for one in messages if one.answers and not one.is_deleted]
    found: list[Spoken] = []
    for one in messages:
        gone_at = one.withdrawn_at
        if gone_at is None or any(one.order < order and order[0] <= gone_at for order in answered):
            found.append(one)
        elif not one.is_edit:
            found.append(replace(one, needs_answer=False))
    return found


def _with_ban(decided: Decided, banned_at: datetime | None) -> Decided:
    """A ban says that nothing waits any more, as a person who closes does."""
    if banned_at is None:
        return decided
    ban = Seen(banned_at, banned_at)
    is_newer = decided.settled is None or decided.settled.order < ban.order
    return replace(decided, settled=ban) if is_newer else decided


def _closed_by_ban(state: State, decided: Decided, banned_at: datetime) -> State:
    """Unless a person said otherwise since, or the contact has asked since: they were let in again."""
    said = [one.seen.decided_at for one in (decided.status, decided.judged) if one is not None]
    has_asked = state.waiting_since_at is not None or (bool(state.waits) and state.waits[-1].since_at >= banned_at)
    if state.status is Status.CLOSED or has_asked or any(at > banned_at for at in said):
        return state
    return replace(
        state, status=Status.CLOSED, outcome=Outcome.NO_ANSWER_NEEDED_AUTOMATIC, closed_at=banned_at,
        snoozed_until=None,
    )  # fmt: skip


def _with_status(state: State, ordered: Sequence[Spoken], decided: Decided, last_at: datetime) -> State:
    decision = decided.status
    if decision is not None:
        if _asks_after(ordered, decision.seen):
            return state
        closed_at = decision.seen.decided_at if decision.status is Status.CLOSED else None
        return replace(
            state, status=decision.status, outcome=decision.outcome, closed_at=closed_at,
            snoozed_until=decision.snoozed_until,
        )  # fmt: skip
    if state.waiting_since_at is not None or decided.judged is not None:
        return state
    is_talk = any(one.direction is Direction.INBOUND for one in ordered)
    if state.last_answer_at is None or not is_talk:
        return replace(
            state, status=Status.CLOSED, outcome=Outcome.NO_ANSWER_NEEDED_AUTOMATIC, closed_at=last_at
        )  # fmt: skip
    return state


class _Waits:
    """The waits in time, and the message that leads: the newest of the open wait, else the newest inbound one.

    What has words leads before what has none: the caption before the album's other photos.
    """

    def __init__(self, decided: Decided, waiting_before: datetime | None) -> None:
        self.found: list[Wait] = [] if waiting_before is None else [Wait(waiting_before, None)]
        self.asked: Spoken | None = None
        self.newest: Spoken | None = None
        self._settled = decided.settled
        self._judged = decided.judged.seen if decided.judged is not None and decided.judged.needed else None
        self.is_judged_over = self._judged is None
        self._opened: Order | None = None if waiting_before is None else (waiting_before, 0, "")

    def take(self, one: Spoken) -> None:
        """The next message in time."""
        if self._judged is not None and self._judged.order < one.order:
            self._judge()
        if one.direction is Direction.INBOUND:
            self.newest = _leader(self.newest, one)
        if self._is_settled_before(one):
            self.found.pop()
            self._opened, self.asked = None, None
        if one.answers and self._opened is not None:
            self.found[-1] = replace(self.found[-1], answered_at=one.sent_at)
            self._opened, self.asked = None, None
        elif one.needs_answer:
            self.asked = _leader(self.asked, one)
            self._open(one.sent_at, one.order, is_timed=one.is_timed)

    def end(self) -> None:
        """No message comes after."""
        if self._judged is not None:
            self._judge()

    def since_at(self, ordered: Sequence[Spoken]) -> datetime | None:
        """Since when the contact is waiting."""
        if self._opened is None or (self._settled is not None and not self._lasts(self._settled, ordered)):
            return None
        return self.found[-1].since_at

    def _lasts(self, settled: Seen, ordered: Sequence[Spoken]) -> bool:
        return (self._opened is not None and self._opened > settled.order) or _asks_after(ordered, settled)

    def _judge(self) -> None:
        """A person said that an answer is needed: the wait begins then, if there was none."""
        if not self.is_judged_over and self._judged is not None:
            self.is_judged_over = True
            self._open(self._judged.decided_at, self._judged.order)

    def _open(self, since_at: datetime, order: Order, *, is_timed: bool = True) -> None:
        """A wait that no clock measures becomes one that is measured with the first message that can be."""
        if self._opened is None:
            self.found.append(Wait(since_at, None, is_timed))
            self._opened = order
        elif is_timed and not self.found[-1].is_timed:
            self.found.append(Wait(since_at, None))

    def _is_settled_before(self, one: Spoken) -> bool:
        """The open wait was settled without words before this question, or long before this answer."""
        settled, opened = self._settled, self._opened
        if settled is None or opened is None or not opened <= settled.order < one.order:
            return False
        if one.answers:
            return one.sent_at > settled.decided_at + JUST_AFTER
        return one.needs_answer


def _leader(before: Spoken | None, one: Spoken) -> Spoken:
    return before if before is not None and before.has_words and not one.has_words else one


def _newest_inbound(messages: Sequence[Spoken]) -> Spoken | None:
    """Where everything was deleted, the last word still tells what it was about."""
    inbound = (one for one in messages if one.direction is Direction.INBOUND)
    return max(inbound, key=lambda one: (one.order, one.message_id), default=None)


def _asks_after(ordered: Sequence[Spoken], seen: Seen) -> bool:
    return any(one.needs_answer and one.order > seen.order for one in ordered)
