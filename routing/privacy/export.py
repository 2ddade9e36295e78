"""All that is kept of a subscriber, as one JSON document that a person can read and a program can take."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from inbox.agents.caller import Caller
from inbox.audit.service import record
from inbox.channels.models import Channel
from inbox.contacts.models import Contact, Identity
from inbox.conversations.access import parts
from inbox.conversations.models import (
    Conversation,
    ConversationLabel,
    Direction,
    Label,
    Message,
    MessageEdit,
    MessageKind,
    ModerationAction,
)  # fmt: skip
from inbox.core.bulk import among
from inbox.core.database import Json
from routing.leads.models import Lead


async def export_contact(session: AsyncSession, caller: Caller, contact: Contact, now: datetime) -> Json:
    """Of a contact that `access_contact` gave; that it was given out is noted. Times are RFC 3339 in UTC. Files are
    named, not enclosed: they lie with the platform."""
    record(session, contact.workspace_id, caller.agent_id, "contact.exported", contact.id, now)
    return {
        "exported_at": now.isoformat(),
        "contact": {
            "id": contact.id, "name": contact.name, "note": contact.note, "known_since": contact.created_at.isoformat(),
            "erased_at": _at(contact.erased_at),
        },
        "accounts": await _accounts(session, contact),
        "conversations": await _conversations(session, contact),
        "leads": await _leads(session, contact),
    }  # fmt: skip


async def _accounts(session: AsyncSession, contact: Contact) -> list[Json]:
    rows = await session.execute(
        select(Identity, Channel)
        .join(Channel, Channel.id == Identity.channel_id)
        .where(Identity.contact_id == contact.id)
        .order_by(Identity.id)
    )
    return [
        {
            "platform": channel.platform.value, "channel": channel.name, "id": identity.external_id,
            "name": identity.name, "username": identity.username, "blocked_us_at": _at(identity.unreachable_at),
            "banned_at": _at(identity.banned_at), "ban_reason": identity.ban_comment or None,
        }
        for identity, channel in rows
    ]  # fmt: skip


async def _conversations(session: AsyncSession, contact: Contact) -> list[Json]:
    conversations = (
        await session.scalars(
            select(Conversation)
            .where(Conversation.contact_id == contact.id)
            .options(*parts())
            .order_by(Conversation.started_at, Conversation.id)
        )
    ).all()
    ids = [one.id for one in conversations]
    said = (
        await session.scalars(
            select(Message)
            .where(among(Message.conversation_id, ids))
            .options(selectinload(Message.attachments), joinedload(Message.tags))
            .order_by(Message.sent_at, Message.id)
        )
    ).all()
    edits: dict[int, list[MessageEdit]] = defaultdict(list)
    for edit in await session.scalars(
        select(MessageEdit)
        .join(Message, Message.id == MessageEdit.message_id)
        .where(among(Message.conversation_id, ids))
        .order_by(MessageEdit.edited_at)
    ):
        edits[edit.message_id].append(edit)
    deeds: dict[int, list[ModerationAction]] = defaultdict(list)
    for deed in await session.scalars(
        select(ModerationAction).where(among(ModerationAction.conversation_id, ids)).order_by(ModerationAction.id)
    ):
        deeds[deed.message_id].append(deed)
    labels: dict[int, list[str]] = defaultdict(list)
    for conversation_id, name in await session.execute(
        select(ConversationLabel.conversation_id, Label.name)
        .join(Label, Label.id == ConversationLabel.label_id)
        .where(among(ConversationLabel.conversation_id, ids))
        .order_by(Label.name)
    ):
        labels[conversation_id].append(name)
    messages: dict[int, list[Json]] = defaultdict(list)
    for message in said:
        messages[message.conversation_id].append(_message(message, edits[message.id], deeds[message.id]))
    return [
        {
            "id": one.id, "channel": one.channel.name, "kind": one.kind.value, "chat": one.chat_title,
            "post": one.post.url if one.post else None, "status": one.status.value, "labels": labels[one.id],
            "started_at": one.started_at.isoformat(), "messages": messages[one.id],
        }
        for one in conversations
    ]  # fmt: skip


def _message(message: Message, edits: Sequence[MessageEdit], deeds: Sequence[ModerationAction]) -> Json:
    tags = message.tags
    return {
        "id": message.id, "from": _speaker(message), "sent_at": message.sent_at.isoformat(), "text": message.text,
        "earlier_texts": [{"at": one.edited_at.isoformat(), "text": one.text} for one in edits],
        "edited_at": _at(message.edited_at), "deleted_at": _at(message.deleted_at),
        "files": [{"kind": one.kind.value, "name": one.file_name or one.title, "bytes": one.size}
                  for one in message.attachments],
        "tags": None if tags is None else {
            "sentiment": tags.sentiment.value, "intent": tags.intent.value, "toxic": tags.toxic,
        },
        "moderation": [
            {"deed": one.action.value, "at": one.asked_at.isoformat(), "reason": one.reason, "text": one.text}
            for one in deeds
        ],
    }  # fmt: skip


def _speaker(message: Message) -> str:
    if message.direction is Direction.INBOUND:
        return "subscriber"
    return "us" if message.kind is MessageKind.MESSAGE else message.kind.value


async def _leads(session: AsyncSession, contact: Contact) -> list[Json]:
    leads = await session.scalars(select(Lead).where(Lead.contact_id == contact.id).order_by(Lead.id))
    return [
        {
            "id": one.id, "text": one.text, "phone": one.phone, "stage": one.stage.value, "reason": one.reason,
            "amount": None if one.amount is None else str(one.amount), "heard_at": one.heard_at.isoformat(),
        }
        for one in leads
    ]  # fmt: skip


def _at(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None
