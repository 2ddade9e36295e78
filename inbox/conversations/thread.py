"""A conversation's thread: messages, notes and grey lines in time order, from the newest page to earlier ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.contacts.models import Identity
from inbox.conversations.models import Activity, Conversation, Message, MessageEdit
from inbox.core.errors import NotFoundError

MAX_ACTIVITIES = 300
MOST_REACHED, A_FEW = 500, 5
"""Messages that are shown to reach one of them, and before it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message or note; its `attachments` and `tags` are loaded. `edits`: earlier texts, oldest first.

    `author`: the name of who wrote it, as known now; None when nobody is known. `is_mine`: the reader wrote it here.
    """

    message: Message
    author: str | None
    is_mine: bool
    edits: tuple[MessageEdit, ...]
    parent_author: str | None = None
    """Who is quoted, under the name that is known by now."""

    @property
    def at(self) -> datetime:
        """Its place in time."""
        return self.message.sent_at


@dataclass(frozen=True, slots=True)
class Noted:
    """A grey line; `agent` None: the system did it."""

    activity: Activity
    agent: str | None

    @property
    def at(self) -> datetime:
        """Its place in time."""
        return self.activity.occurred_at


@dataclass(frozen=True, slots=True)
class Thread:
    """A page in time order. `before`: the id to ask the earlier page with; None when there is none."""

    items: list[Said | Noted]
    before: int | None

    @property
    def has_earlier(self) -> bool:
        """Whether there is an earlier page."""
        return self.before is not None


async def load_thread(
    session: AsyncSession,
    caller: Caller,
    conversation: Conversation,
    before: int | None = None,
    limit: int = 50,
    reach: int | None = None,
) -> Thread:
    """The newest `limit` messages, or those before the message `before`, with the grey lines of that time.

    More of them where that reaches the message `reach`, up to MOST_REACHED.
    """
    if reach is not None:
        limit = max(limit, await _count_down_to(session, conversation, reach))
    until = None if before is None else await _place_of(session, conversation, before)
    statement = select(Message).where(Message.conversation_id == conversation.id)
    if until is not None:
        statement = statement.where(tuple_(Message.sent_at, Message.id) < tuple_(*until))
    statement = statement.order_by(Message.sent_at.desc(), Message.id.desc()).limit(limit + 1)
    found = list(await session.scalars(with_message_parts(statement)))
    messages = found[:limit][::-1]
    earlier = messages[0].id if len(found) > limit else None
    said = await load_said(session, caller, messages)
    since = messages[0].sent_at if earlier is not None else None
    noted = await _load_activities(session, conversation, since, None if until is None else until[0])
    items: list[Said | Noted] = sorted([*said, *noted], key=lambda item: item.at)
    return Thread(items, earlier)


def with_message_parts(statement: Select[Message]) -> Select[Message]:
    """Attachments and tags come with the messages."""
    return statement.options(selectinload(Message.attachments), joinedload(Message.tags))


async def load_said(session: AsyncSession, caller: Caller, messages: Sequence[Message]) -> list[Said]:
    """Messages, whose parts are loaded, with their authors and earlier texts."""
    agents = await load_agent_names(session, {one.author_agent_id for one in messages})
    answered = {one.answered_identity_id for one in messages if one.parent_author_name is not None}
    people = await _load_people(session, {one.author_identity_id for one in messages} | answered)
    edits = await _load_edits(session, [one.id for one in messages if one.edited_at is not None])
    return [
        Said(
            message=one,
            author=agents.get(one.author_agent_id) or people.get(one.author_identity_id),
            is_mine=one.author_agent_id == caller.agent_id,
            edits=edits.get(one.id, ()),
            parent_author=people.get(one.answered_identity_id, one.parent_author_name)
            if one.parent_author_name is not None
            else None,
        )
        for one in messages
    ]


async def load_agent_names(session: AsyncSession, agent_ids: Collection[int | None]) -> dict[int | None, str]:
    """Agent → name; ids that are None fall out."""
    wanted = {agent_id for agent_id in agent_ids if agent_id is not None}
    if not wanted:
        return {}
    rows = await session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(wanted)))
    return dict(rows.all())


async def _place_of(session: AsyncSession, conversation: Conversation, message_id: int) -> tuple[datetime, int]:
    sent_at = await session.scalar(
        select(Message.sent_at).where(Message.id == message_id, Message.conversation_id == conversation.id)
    )
    if sent_at is None:
        raise NotFoundError("There is no such message in this conversation.")
    return sent_at, message_id


async def _count_down_to(session: AsyncSession, conversation: Conversation, message_id: int) -> int:
    """How many of the newest messages reach this one, and a few before it; 0 when it is too far, or elsewhere."""
    own = Message.conversation_id == conversation.id
    since = select(Message.sent_at).where(own, Message.id == message_id).scalar_subquery()
    count = int(await session.scalar(select(func.count()).where(own, Message.sent_at >= since)) or 0)
    return count + A_FEW if 0 < count <= MOST_REACHED else 0


async def _load_people(session: AsyncSession, identity_ids: Collection[int | None]) -> dict[int | None, str]:
    wanted = {identity_id for identity_id in identity_ids if identity_id is not None}
    if not wanted:
        return {}
    rows = await session.execute(select(Identity.id, Identity.name).where(Identity.id.in_(wanted)))
    return dict(rows.all())


async def _load_edits(session: AsyncSession, message_ids: Collection[int]) -> Mapping[int, tuple[MessageEdit, ...]]:
    if not message_ids:
        return {}
    rows = await session.scalars(
        select(MessageEdit)
        .where(MessageEdit.message_id.in_(message_ids))
        .order_by(MessageEdit.message_id, MessageEdit.edited_at)
    )
    edits: dict[int, tuple[MessageEdit, ...]] = {}
    for edit in rows:
        edits[edit.message_id] = (*edits.get(edit.message_id, ()), edit)
    return edits


async def _load_activities(
    session: AsyncSession, conversation: Conversation, since: datetime | None, until: datetime | None
) -> list[Noted]:
    """The newest grey lines from `since` on, and before `until`."""
    statement = select(Activity).where(Activity.conversation_id == conversation.id)
    if since is not None:
        statement = statement.where(Activity.occurred_at >= since)
    if until is not None:
        statement = statement.where(Activity.occurred_at < until)
    statement = statement.order_by(Activity.occurred_at.desc(), Activity.id.desc()).limit(MAX_ACTIVITIES)
    found = list(await session.scalars(statement))[::-1]
    names = await load_agent_names(session, {one.agent_id for one in found})
    return [Noted(one, names.get(one.agent_id)) for one in found]
