"""Reviews of many messages at once: each as it would be alone and in a transaction of its own, so that what cannot be
done with one keeps nothing from the others; and how far the platform has come with them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.conversations.access import access_message, visible
from inbox.conversations.models import Conversation, Message, ModerationAction, ReviewState
from inbox.conversations.review import Review, find_undo, review
from inbox.core.bulk import among
from inbox.core.context import Context
from inbox.core.database import Scope
from inbox.core.errors import ConflictError, RefusedError
from inbox.core.i18n import N_
from inbox.core.transient import is_transient

MOST = 200
"""Messages of one deed."""
AWAY = N_("a server was away; try again")
SLOW_AFTER = timedelta(minutes=2)
"""What is not done by then is not waited for before a person's eyes."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of the messages. `asked`: message → its review, for the platform to carry out; `undoable`: those of
    them with which it can be undone; `taken_back`: whose opposite waited for a key, so that nothing is left to do;
    `refused`: message → why nothing was done; `conversation_ids`: where something was."""

    asked: Mapping[int, int]
    undoable: Sequence[int]
    taken_back: Sequence[int]
    refused: Mapping[int, RefusedError]
    conversation_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many reviews stand how; `failures`: the platform's reasons. `is_at_work`: more will be known soon."""

    counts: Mapping[ReviewState, int]
    failures: Sequence[str]
    is_at_work: bool


async def review_many(
    context: Context, caller: Caller, scope: Scope, message_ids: Sequence[int], wanted: Review
) -> Reviewed:
    """Ask for it on each of at most MOST messages; what one alone would be refused for is told of that one."""
    asked: dict[int, int] = {}
    undoable: list[int] = []
    taken_back: list[int] = []
    refused: dict[int, RefusedError] = {}
    conversation_ids: dict[int, None] = {}
    for message_id in list(dict.fromkeys(message_ids))[:MOST]:
        try:
            async with context.transaction(scope) as session:
                message, conversation = await access_message(
                    session, caller, message_id, Permission.MODERATE, lock=True
                )
                row = await review(
                    session, context.adapters, caller, message, conversation, wanted, context.clock()
                )  # fmt: skip
                undoing = await find_undo(session, context.adapters, conversation, wanted.action)
        except RefusedError as refusal:
            refused[message_id] = refusal
        except SQLAlchemyError as error:
            if not is_transient(error):
                raise
            refused[message_id] = ConflictError(AWAY)
        else:
            conversation_ids[conversation.id] = None
            if row.state is ReviewState.CANCELLED:
                taken_back.append(message_id)
            else:
                asked[message_id] = row.id
                undoable += [message_id] if undoing is not None else []
    return Reviewed(asked, undoable, taken_back, refused, list(conversation_ids))


async def find_platforms(session: AsyncSession, caller: Caller, message_ids: Sequence[int]) -> set[Platform]:
    """Where the messages are that the caller may review; empty: none of them is theirs to review."""
    found = await session.scalars(
        select(Channel.platform)
        .join(Message, Message.channel_id == Channel.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            among(Message.id, message_ids),
            visible(caller),
            Conversation.workspace_id.in_(sorted(caller.workspaces_with(Permission.MODERATE))),
        )
        .distinct()
    )
    return set(found)


async def load_progress(session: AsyncSession, caller: Caller, review_ids: Sequence[int], now: datetime) -> Progress:
    """Of the caller's own reviews among these."""
    rows = (
        await session.execute(
            select(ModerationAction.state, ModerationAction.failure, ModerationAction.asked_at).where(
                among(ModerationAction.id, review_ids), ModerationAction.agent_id == caller.agent_id
            )
        )
    ).all()
    failures = [failure for state, failure, _ in rows if state is ReviewState.REFUSED and failure]
    return Progress(
        counts=Counter(state for state, _, _ in rows),
        failures=list(dict.fromkeys(failures)),
        is_at_work=any(state is ReviewState.ASKED and asked_at > now - SLOW_AFTER for state, _, asked_at in rows),
    )
