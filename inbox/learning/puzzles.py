"""The correction queue: messages whose labels would teach most, the least sure and the most different first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.conversations.access import visible
from inbox.conversations.models import Conversation, Direction, Message, Tags

LATELY = timedelta(days=60)
LOOKED_THROUGH = 300
LONGEST = 400
"""Characters of a text that are compared and shown."""


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A message to be labelled. `doubt` is 0..1, 1: the model has no idea."""

    message_id: int
    conversation_id: int
    text: str
    intent: str
    sentiment: str
    toxic: bool
    doubt: float


async def list_puzzles(
    session: AsyncSession, caller: Caller, workspace_id: int, now: datetime, most: int = 8
) -> list[Puzzle]:
    """The most useful messages that the caller may read and nobody labelled yet, the most useful first."""
    rows = await session.execute(
        select(Message.id, Message.conversation_id, func.left(Message.text, LONGEST), Tags)
        .join(Tags, Tags.message_id == Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.workspace_id == workspace_id, Message.direction == Direction.INBOUND, Message.deleted_at.is_(None),
            Message.text != "", Tags.corrected_at.is_(None), Tags.tagged_at > now - LATELY,
            func.cardinality(Tags.unsure) > 0, visible(caller),
        )
        .order_by(Tags.tagged_at.desc(), Message.id.desc())
        .limit(LOOKED_THROUGH)
    )  # fmt: skip
    found = [
        Puzzle(
            message_id, conversation_id, text, tags.intent.value, tags.sentiment.value, tags.toxic,
            1 - min(_surest(tags.probabilities.get(task)) for task in ("intent", "sentiment")),
        )
        for message_id, conversation_id, text, tags in rows
    ]  # fmt: skip
    return choose(found, most)


def _surest(chances: object) -> float:
    """The probability of the label that was chosen."""
    numbers = [one for one in chances.values() if isinstance(one, int | float)] if isinstance(chances, dict) else []
    return float(max(numbers, default=1.0))


def choose(puzzles: Sequence[Puzzle], most: int) -> list[Puzzle]:
    """One after the other: the one of most doubt that is least like those chosen already."""
    pieces = {one.message_id: _pieces(one.text) for one in puzzles}
    likeness = dict.fromkeys(pieces, 0.0)
    left = list(puzzles)
    chosen: list[Puzzle] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda one: (one.doubt * (1 - likeness[one.message_id]), -one.message_id))
        if likeness[best.message_id] >= 1:
            break
        chosen.append(best)
        left.remove(best)
        for one in left:
            shared = _likeness(pieces[best.message_id], pieces[one.message_id])
            likeness[one.message_id] = max(likeness[one.message_id], shared)
    return chosen


def _pieces(text: str) -> frozenset[str]:
    """Threes of letters, for comparing."""
    plain = " ".join(text.casefold().split())
    return frozenset(plain[at : at + 3] for at in range(max(1, len(plain) - 2)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
