"""Which conversation a message belongs to: one contact in private, under one post, or in one chat and topic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import Author, ConversationKind, MessageReceived
from inbox.channels.models import ChannelChat
from inbox.contacts.service import AuthorKey, Known
from inbox.conversations.addressee import find_answered
from inbox.conversations.arrivals import Arrived, OnChannel, Placed
from inbox.conversations.models import Conversation, Message, Post, PostMode
from inbox.conversations.posts import ensure_roots
from inbox.core.bulk import among, insert_rows, take_ids

ConversationKey = tuple[int, str]
"""(channel id, key)."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A conversation that a message asks for."""

    channel: OnChannel
    event: MessageReceived
    kind: ConversationKind
    key: str
    chat_external_id: str
    owner: Known
    is_contact: bool
    """Whether `owner` wrote, or was answered, as a subscriber; else only our side was heard there so far."""
    post_id: int | None
    in_draw: bool


@dataclass(frozen=True, slots=True)
class _Root:
    """A known post by its root."""

    post_id: int
    in_draw: bool


async def store_conversations(
    session: AsyncSession, received: Sequence[tuple[Arrived, MessageReceived]], known: Mapping[AuthorKey, Known]
) -> list[Placed]:
    """Place every message, making conversations where none is; in platform time."""
    ordered = sorted(received, key=lambda pair: (pair[1].sent_at, pair[1].external_id))
    await ensure_roots(session, ordered)
    roots = await _find_roots(session, ordered)
    answered = await _find_answered(session, ordered, known)
    moves = await _find_moves(session, ordered)
    wanted = [_want(one.channel, event, known, roots, answered, moves) for one, event in ordered]
    ids = await _find_or_make(session, [one for one in wanted if isinstance(one, _Wanted)])
    placed: list[Placed] = []
    for (one, event), want in zip(ordered, wanted, strict=True):
        author = known[(one.channel.channel_id, event.author.external_id)]
        ours = _is_ours(event, author)
        if isinstance(want, _Wanted):
            conversation_id, kind, in_draw = ids[(one.channel.channel_id, want.key)], want.kind, want.in_draw
        else:
            conversation_id, kind, in_draw = want, event.kind, False
        placed.append(
            Placed(
                one.channel,
                event,
                kind,
                conversation_id,
                author.identity_id,
                ours,
                in_draw,
                one.before_connection,
                one.is_quiet,
                answered=known.get((one.channel.channel_id, find_answered(event) or "")),
            )
        )
    return placed


def _is_ours(event: MessageReceived, author: Known) -> bool:
    return event.is_outbound or event.author.is_ours or author.was_ours(event.sent_at)


def _want(
    channel: OnChannel,
    event: MessageReceived,
    known: Mapping[AuthorKey, Known],
    roots: Mapping[ConversationKey, _Root],
    answered: Mapping[ConversationKey, int],
    moves: Mapping[ConversationKey, str],
) -> _Wanted | int:
    """The conversation by its key, or by id when our people answered a message of ours in it."""
    owner = event.author
    ours = _is_ours(event, known[(channel.channel_id, owner.external_id)])
    if ours and event.parent:
        found = answered.get((channel.channel_id, event.parent.external_id))
        if found is not None:
            return found
    if ours:
        asked = (event.addressee, event.parent.author if event.parent else None)
        owner = next((one for one in asked if one and _may_be_asked(one, channel, event, known)), owner)
        ours = owner is event.author
    root = roots.get((channel.channel_id, event.thread_external_id or ""))
    kind = event.kind
    if kind is ConversationKind.GROUP and root is not None:
        kind = ConversationKind.COMMENT
    chat = moves.get((channel.channel_id, event.chat_external_id), event.chat_external_id)
    return _Wanted(
        channel=channel,
        event=event,
        kind=kind,
        key=_key(kind, event, chat, owner.external_id),
        chat_external_id=chat,
        owner=known[(channel.channel_id, owner.external_id)],
        is_contact=not ours,
        post_id=root.post_id if root else None,
        in_draw=root.in_draw if root else False,
    )


def _may_be_asked(parent: Author, channel: OnChannel, event: MessageReceived, known: Mapping[AuthorKey, Known]) -> bool:
    """Whether the author of what was answered is a subscriber, not one of our side."""
    if parent.is_ours or not parent.external_id or parent.external_id == channel.external_id:
        return False
    return not known[(channel.channel_id, parent.external_id)].was_ours(event.sent_at)


def _key(kind: ConversationKind, event: MessageReceived, chat: str, owner_external_id: str) -> str:
    if kind is ConversationKind.DIRECT:
        # Direct messages of a channel share one chat, which has a title: there each contact has a topic.
        topic = f":{event.topic_external_id}" if event.chat_title and event.topic_external_id else ""
        return f"direct:{chat}{topic}"
    if kind is ConversationKind.COMMENT and event.thread_external_id:
        return f"thread:{event.thread_external_id}:{owner_external_id}"
    return f"group:{chat}:{event.topic_external_id or 0}:{owner_external_id}"


async def _find_moves(
    session: AsyncSession, ordered: Sequence[tuple[Arrived, MessageReceived]]
) -> dict[ConversationKey, str]:
    """Groups that became supergroups, by (channel, old chat)."""
    chats = {event.chat_external_id for _, event in ordered if event.kind is not ConversationKind.DIRECT}
    if not chats:
        return {}
    rows = await session.execute(
        select(ChannelChat.channel_id, ChannelChat.external_id, ChannelChat.migrated_to_external_id).where(
            among(ChannelChat.channel_id, {one.channel.channel_id for one, _ in ordered}),
            among(ChannelChat.external_id, chats),
            ChannelChat.migrated_to_external_id.is_not(None),
        )
    )
    return {(channel_id, old): new for channel_id, old, new in rows if new is not None}


async def _find_roots(
    session: AsyncSession, ordered: Sequence[tuple[Arrived, MessageReceived]]
) -> dict[ConversationKey, _Root]:
    threads = {event.thread_external_id for _, event in ordered if event.thread_external_id}
    if not threads:
        return {}
    rows = await session.execute(
        select(Post.channel_id, Post.thread_external_id, Post.id, Post.mode).where(
            among(Post.channel_id, {one.channel.channel_id for one, _ in ordered}),
            among(Post.thread_external_id, threads),
        )
    )
    return {
        (channel_id, thread or ""): _Root(post_id, mode is PostMode.DRAW) for channel_id, thread, post_id, mode in rows
    }


async def _find_answered(
    session: AsyncSession,
    ordered: Sequence[tuple[Arrived, MessageReceived]],
    known: Mapping[AuthorKey, Known],
) -> dict[ConversationKey, int]:
    """Conversations of the messages that our people answered, by (channel, message)."""
    parents = {
        event.parent.external_id
        for one, event in ordered
        if event.parent and _is_ours(event, known[(one.channel.channel_id, event.author.external_id)])
    }
    if not parents:
        return {}
    rows = await session.execute(
        select(Message.channel_id, Message.external_id, Message.conversation_id).where(
            among(Message.channel_id, {one.channel.channel_id for one, _ in ordered}),
            among(Message.external_id, parents),
        )
    )
    return {(channel_id, external_id or ""): found for channel_id, external_id, found in rows}


async def _find_or_make(session: AsyncSession, wanted: Sequence[_Wanted]) -> dict[ConversationKey, int]:
    first: dict[ConversationKey, _Wanted] = {}
    for one in wanted:
        key = (one.channel.channel_id, one.key)
        if key not in first or (one.is_contact and not first[key].is_contact):
            first[key] = one
    if not first:
        return {}
    rows = await session.execute(
        select(Conversation.channel_id, Conversation.key, Conversation.id, Conversation.identity_id).where(
            among(Conversation.channel_id, {channel_id for channel_id, _ in first}),
            among(Conversation.key, {key for _, key in first}),
        )
    )
    ids: dict[ConversationKey, int] = {}
    for channel_id, name, found, identity_id in rows:
        want = first.get((channel_id, name))
        if want is None:
            continue
        ids[(channel_id, name)] = found
        if want.is_contact and identity_id != want.owner.identity_id:
            await _name_contact(session, found, want)
    missing = [first[key] for key in sorted(first.keys() - ids.keys())]
    fresh = await take_ids(session, Conversation, len(missing))
    values = [{"id": found, **_values(one)} for one, found in zip(missing, fresh, strict=True)]
    await insert_rows(session, Conversation, values)
    ids |= {(one.channel.channel_id, one.key): found for one, found in zip(missing, fresh, strict=True)}
    return ids


async def _name_contact(session: AsyncSession, conversation_id: int, one: _Wanted) -> None:
    """Our side spoke first, so that the talk was filed under us; now the contact is known."""
    await session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(contact_id=one.owner.contact_id, identity_id=one.owner.identity_id)
    )


def _values(one: _Wanted) -> dict[str, int | str | datetime | ConversationKind | None]:
    event = one.event
    return {
        "workspace_id": one.channel.workspace_id,
        "channel_id": one.channel.channel_id,
        "contact_id": one.owner.contact_id,
        "identity_id": one.owner.identity_id,
        "post_id": one.post_id,
        "kind": one.kind,
        "key": one.key,
        "chat_external_id": one.chat_external_id,
        "thread_external_id": event.thread_external_id if one.kind is ConversationKind.COMMENT else None,
        "topic_external_id": event.topic_external_id,
        "chat_title": event.chat_title,
        "started_at": event.sent_at,
        "last_message_at": event.sent_at,
    }
