"""A person's decisions as a conversation keeps them: what was decided, when, and what had been seen by then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import case, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Conversation, Delivery, Direction, Message, MessageKind, Outcome, Status
from inbox.conversations.spoken import WINDOW
from inbox.conversations.state import EDITED, Decided, Decision, Judgement, Seen, Spoken, State
from inbox.core.bulk import among
from inbox.core.database import Json

ASIDE = frozenset({Status.WAITING_SUBSCRIBER, Status.WAITING_CLIENT, Status.SNOOZED})
"""While a conversation is put aside its clocks rest."""
MOST_PAUSES = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """The status that a person sets."""

    status: Status
    outcome: Outcome | None = None
    snoozed_until: datetime | None = None


async def load_seen(session: AsyncSession, conversation: Conversation, now: datetime) -> Seen:
    """The newest message that is there, a subscriber's or an answer of ours, of a conversation that is locked.

    What is stored but not committed yet refreshes the conversation after us: it counts as not seen.
    """
    return (await load_seen_of(session, [conversation], now))[conversation.id]


async def load_seen_of(session: AsyncSession, conversations: Sequence[Conversation], now: datetime) -> dict[int, Seen]:
    """The same for several, in one query. A question's edit stands at its own time."""
    number = func.coalesce(Message.external_id, "")
    asks_edited = (Message.direction == Direction.INBOUND) & Message.needs_answer & Message.edited_at.is_not(None)
    last = (
        select(
            case((asks_edited, Message.edited_at), else_=Message.sent_at).label("sent_at"),
            case((asks_edited, number + EDITED), else_=number).label("number"),
        )
        .where(
            Message.conversation_id == Conversation.id,
            Message.kind == MessageKind.MESSAGE,
            or_(
                Message.direction == Direction.INBOUND,
                Message.outside,
                Message.delivery.in_((Delivery.SENT, Delivery.UNCERTAIN)),
            ),
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(WINDOW)
        .lateral("last")
    )
    rows = await session.execute(
        select(Conversation.id, last.c.sent_at, last.c.number)
        .join(last, true())
        .where(among(Conversation.id, [one.id for one in conversations]))
        .ext(distinct_on(Conversation.id))
        .order_by(
            Conversation.id,
            last.c.sent_at.desc(),
            func.length(last.c.number).desc(),
            last.c.number.collate("C").desc(),
        )
    )
    found = {conversation_id: Seen(now, sent_at, number) for conversation_id, sent_at, number in rows}
    return {one.id: found.get(one.id) or Seen(now, one.started_at) for one in conversations}


def set_status(conversation: Conversation, wanted: Wanted, seen: Seen) -> None:
    """The word of a person stands until the subscriber asks something that was not seen."""
    was_closed = conversation.status is Status.CLOSED
    _pause(conversation, seen.decided_at, is_aside=wanted.status in ASIDE)
    is_closed = wanted.status is Status.CLOSED
    conversation.status = conversation.decided_status = wanted.status
    conversation.outcome = conversation.decided_outcome = wanted.outcome
    conversation.snoozed_until = conversation.decided_until = wanted.snoozed_until
    conversation.closed_at = seen.decided_at if is_closed else None
    conversation.status_at = seen.decided_at
    conversation.status_seen_at, conversation.status_seen_external_id = seen.sent_at, seen.external_id
    if is_closed or was_closed:
        set_settled(conversation, seen if is_closed else None)


def set_judgement(conversation: Conversation, seen: Seen, *, needed: bool) -> None:
    """A person says whether an answer is needed."""
    conversation.judged_at, conversation.judged_needed = seen.decided_at, needed
    conversation.judged_seen_at, conversation.judged_seen_external_id = seen.sent_at, seen.external_id
    set_settled(conversation, None if needed else seen)


def set_settled(conversation: Conversation, seen: Seen | None) -> None:
    """Nothing waits any more; None: that is taken back."""
    conversation.settled_at = seen.decided_at if seen else None
    conversation.settled_seen_at = seen.sent_at if seen else None
    conversation.settled_seen_external_id = seen.external_id if seen else ""


def wake(conversation: Conversation) -> None:
    """The time of snoozing is over: it is open, as if the person had said so then."""
    if conversation.snoozed_until is not None:
        _pause(conversation, conversation.snoozed_until, is_aside=False)
    conversation.status = conversation.decided_status = Status.OPEN
    conversation.snoozed_until = conversation.decided_until = None


def end_pause(conversation: Conversation, state: State, spoken: Sequence[Spoken]) -> None:
    """A question that was not seen when the conversation was put aside has its clocks go on, since it was asked."""
    seen = decided(conversation).status
    if seen is None or state.status in ASIDE or len(conversation.pauses or ()) % 2 == 0:
        return
    asked = [one.sent_at for one in spoken if one.needs_answer and one.order > seen.seen.order]
    _pause(conversation, max(min(asked, default=seen.seen.decided_at), seen.seen.decided_at), is_aside=False)


def _pause(conversation: Conversation, at: datetime, *, is_aside: bool) -> None:
    """Begin or end a pause; the list is made anew, so that the change is seen."""
    pauses = conversation.pauses or []
    if is_aside is not (len(pauses) % 2 == 1):
        conversation.pauses = [*pauses[-MOST_PAUSES:], max(at, *pauses[-1:])] if pauses else [at]


def decided(conversation: Conversation) -> Decided:
    """All that people decided of it."""
    status = judged = None
    status_seen = _seen(conversation.status_at, conversation.status_seen_at, conversation.status_seen_external_id)
    if status_seen is not None and conversation.decided_status is not None:
        status = Decision(
            status_seen, conversation.decided_status, conversation.decided_outcome, conversation.decided_until
        )
    judged_seen = _seen(conversation.judged_at, conversation.judged_seen_at, conversation.judged_seen_external_id)
    if judged_seen is not None:
        judged = Judgement(judged_seen, conversation.judged_needed)
    settled = _seen(conversation.settled_at, conversation.settled_seen_at, conversation.settled_seen_external_id)
    return Decided(status, judged, settled)


def _seen(decided_at: datetime | None, sent_at: datetime | None, external_id: str) -> Seen | None:
    return Seen(decided_at, sent_at, external_id) if decided_at is not None and sent_at is not None else None


DECISIONS = (
    "judged_at", "judged_needed", "status_at", "decided_status", "decided_outcome", "decided_until", "settled_at",
)  # fmt: skip
"""What only a person's new word, a rule's or the end of snoozing changes, of what `remember` keeps."""


class _Remembered(BaseModel):
    """What is remembered of a conversation, with its types."""

    model_config = ConfigDict(from_attributes=True)

    judged_at: datetime | None
    judged_needed: bool
    judged_seen_at: datetime | None
    judged_seen_external_id: str
    status_at: datetime | None
    decided_status: Status | None
    decided_outcome: Outcome | None
    decided_until: datetime | None
    status_seen_at: datetime | None
    status_seen_external_id: str
    settled_at: datetime | None
    settled_seen_at: datetime | None
    settled_seen_external_id: str
    status: Status
    outcome: Outcome | None
    snoozed_until: datetime | None
    closed_at: datetime | None
    closed_by_id: int | None
    waiting_since_at: datetime | None
    pauses: list[datetime]


def remember(conversation: Conversation) -> Json:
    """All that was decided of it so far, and its state, as JSON that `restore` understands."""
    return _Remembered.model_validate(conversation).model_dump(mode="json")


def restore(conversation: Conversation, remembered: Json) -> None:
    """As if nothing had been decided since; what came meanwhile shows when the conversation is refreshed."""
    for name, value in _Remembered.model_validate(remembered):
        setattr(conversation, name, value)
