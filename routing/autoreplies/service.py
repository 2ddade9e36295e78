"""Sends auto-replies for what was just stored: in the batch's transaction, once an occasion, never as an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.calendars.hours import WorkingHours
from inbox.calendars.service import load_hours
from inbox.channels.events import ConversationKind
from inbox.contacts.models import Identity
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation, Delivery, Direction, Message, MessageKind, Post, PostMode
from inbox.core.bulk import among
from inbox.core.events import DeliverMessage
from inbox.core.i18n import words_in
from inbox.core.jobs import defer
from inbox.replies.service import announce_message
from routing.autoreplies.models import AutoReply, AutoReplyKind, AutoReplyUse
from routing.autoreplies.occasions import Occasion, find_occasions, is_spoken_to, may_answer_in, rules_occasion
from routing.autoreplies.wording import Filling, fill, first_name, locale_for, needs_opening, say_opening

CAP_WITHIN = timedelta(hours=1)


@dataclass(slots=True)
class Desk:
    """What a batch needs: texts in order of choice, hours, modes of posts, public replies of the last hour."""

    now: datetime
    replies: Mapping[int, Sequence[AutoReply]]
    hours: Mapping[int, WorkingHours]
    modes: Mapping[int, PostMode]
    recent: dict[int, int] = field(default_factory=dict)


async def answer_automatically(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation], now: datetime
) -> int:
    """Write auto-replies, with their jobs, to the new messages of a batch; returns how many."""
    talks = [conversations[one.conversation_id] for one in new if is_spoken_to(one, _talk(one, conversations), now)]
    if not talks:
        return 0
    desk = await load_desk(session, talks, now)
    sent = 0
    for message in sorted(new, key=lambda one: (one.event.sent_at, one.message_id)):
        conversation = conversations[message.conversation_id]
        hours = desk.hours.get(message.workspace_id)
        for occasion in () if hours is None else find_occasions(message, conversation, hours, now):
            reply = _choose(desk, conversation, occasion.kind)
            if reply is not None:
                sent += await _use(session, desk, reply, occasion, message, conversation)
                break
    return sent


async def reply_by_rule(
    session: AsyncSession, auto_reply_id: int, message: NewMessage, conversation: Conversation, now: datetime
) -> bool:
    """What a rule's action does: this auto-reply, under the same guards, once a day in one conversation."""
    reply = await session.scalar(
        select(AutoReply).where(
            AutoReply.id == auto_reply_id, AutoReply.workspace_id == conversation.workspace_id, AutoReply.is_enabled
        )
    )
    if reply is None or not is_spoken_to(message, conversation, now):
        return False
    desk = await load_desk(session, [conversation], now)
    hours = (await load_hours(session, [conversation.workspace_id]))[conversation.workspace_id]
    return await _use(session, desk, reply, rules_occasion(hours, now), message, conversation)


async def load_desk(session: AsyncSession, talks: Sequence[Conversation], now: datetime) -> Desk:
    """One query when no workspace has an auto-reply, three more when one has."""
    rows = await session.scalars(
        select(AutoReply)
        .where(among(AutoReply.workspace_id, {one.workspace_id for one in talks}), AutoReply.is_enabled)
        .order_by(AutoReply.channel_id.is_(None), AutoReply.id)
    )
    replies: dict[int, list[AutoReply]] = {}
    for row in rows:
        replies.setdefault(row.workspace_id, []).append(row)
    post_ids = {one.post_id for one in talks if one.post_id is not None and one.workspace_id in replies}
    return Desk(
        now=now,
        replies=replies,
        hours=await load_hours(session, replies.keys()) if replies else {},
        modes=await _load_modes(session, post_ids),
        recent=await _count_recent(session, post_ids, now),
    )


async def _load_modes(session: AsyncSession, post_ids: set[int]) -> dict[int, PostMode]:
    if not post_ids:
        return {}
    rows = await session.execute(select(Post.id, Post.mode).where(among(Post.id, post_ids)))
    return dict(rows.all())


async def _count_recent(session: AsyncSession, post_ids: set[int], now: datetime) -> dict[int, int]:
    if not post_ids:
        return {}
    rows = await session.execute(
        select(AutoReplyUse.post_id, func.count())
        .where(among(AutoReplyUse.post_id, post_ids), AutoReplyUse.used_at > now - CAP_WITHIN)
        .group_by(AutoReplyUse.post_id)
    )
    return {post_id: count for post_id, count in rows if post_id is not None}


def _talk(message: NewMessage, conversations: Mapping[int, Conversation]) -> Conversation:
    return conversations[message.conversation_id]


def _choose(desk: Desk, conversation: Conversation, kind: AutoReplyKind) -> AutoReply | None:
    """The channel's own text, else the one for all channels."""
    mode = desk.modes.get(conversation.post_id) if conversation.post_id is not None else None
    return next(
        (
            one
            for one in desk.replies.get(conversation.workspace_id, [])
            if one.kind is kind
            and one.channel_id in {None, conversation.channel_id}
            and may_answer_in(conversation, mode, is_public=one.is_public)
        ),
        None,
    )


async def _use(
    session: AsyncSession,
    desk: Desk,
    reply: AutoReply,
    occasion: Occasion,
    message: NewMessage,
    conversation: Conversation,
) -> bool:
    """Take the occasion, if nobody did, and write the message with its job."""
    post_id = conversation.post_id if conversation.kind is not ConversationKind.DIRECT else None
    mode = desk.modes.get(post_id) if post_id is not None else None
    if not may_answer_in(conversation, mode, is_public=reply.is_public):
        return False
    if post_id is not None and desk.recent.get(post_id, 0) >= reply.public_cap:
        return False
    hours = desk.hours.get(conversation.workspace_id)
    if needs_opening(reply.text) and (occasion.opens_at is None or hours is None):
        return False
    taken = await session.scalar(
        insert(AutoReplyUse)
        .values(
            workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind=occasion.kind,
            period_at=occasion.period_at, auto_reply_id=reply.id, post_id=post_id, used_at=desk.now,
        )
        .on_conflict_do_nothing()
        .returning(AutoReplyUse.conversation_id)
    )  # fmt: skip
    if taken is None:
        return False
    if post_id is not None:
        desk.recent[post_id] = desk.recent.get(post_id, 0) + 1
    await _write(session, desk, reply, occasion, message, conversation)
    return True


async def _write(
    session: AsyncSession,
    desk: Desk,
    reply: AutoReply,
    occasion: Occasion,
    message: NewMessage,
    conversation: Conversation,
) -> None:
    words = words_in(locale_for(message.event.author.language, reply.locale))
    hours = desk.hours.get(conversation.workspace_id)
    opening = None
    if hours is not None and occasion.opens_at is not None:
        opening = say_opening(occasion.opens_at, hours.time_zone, desk.now, words)
    text = fill(reply.text, Filling(first_name(await _name_of(session, message, conversation)), opening))
    is_direct = conversation.kind is ConversationKind.DIRECT
    written = Message(
        workspace_id=conversation.workspace_id, conversation_id=conversation.id, channel_id=conversation.channel_id,
        direction=Direction.OUTBOUND, kind=MessageKind.AUTO_REPLY, text=text,
        thread_external_id=conversation.thread_external_id,
        parent_external_id=None if is_direct else message.event.external_id, sent_at=desk.now, delivery=Delivery.QUEUED,
    )  # fmt: skip
    session.add(written)
    await session.flush()
    use = await session.get_one(AutoReplyUse, (conversation.id, occasion.kind, occasion.period_at))
    use.message_id = written.id
    await defer(session, [DeliverMessage(conversation_id=conversation.id, message_id=written.id)])
    announce_message(session, written, conversation)


async def _name_of(session: AsyncSession, message: NewMessage, conversation: Conversation) -> str:
    """What the platform's event says; where it names nobody (VK), what is known of the person by now, if anything."""
    author = message.event.author
    if author.is_named:
        return author.name
    known = select(Identity.name).where(Identity.id == conversation.identity_id, Identity.named_at.is_not(None))
    return await session.scalar(known) or ""
