"""A channel's standing in its chats, as events tell it: rights, names, moves to a supergroup."""

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import ChatMigrated, ConversationKind, OurStandingChanged
from inbox.channels.models import Channel, ChannelChat
from inbox.conversations.merging import move_to
from inbox.conversations.models import Conversation
from inbox.core.events import CheckChannel
from inbox.core.jobs import defer


async def store_standing(session: AsyncSession, workspace_id: int, channel_id: int, event: OurStandingChanged) -> None:
    """What we may do in a chat; the newest word by platform time stays, and has the channel looked at again."""
    values = {
        "workspace_id": workspace_id, "channel_id": channel_id, "external_id": event.chat_external_id,
        "title": event.chat_title, "can_act": list(event.can_act), "is_member": event.is_member,
        "changed_at": event.occurred_at,
    }  # fmt: skip
    statement = insert(ChannelChat).values(values)
    changed = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[ChannelChat.channel_id, ChannelChat.external_id],
            set_={name: statement.excluded[name] for name in ("title", "can_act", "is_member", "changed_at")},
            where=ChannelChat.changed_at < event.occurred_at,
        ).returning(ChannelChat.external_id)
    )
    if changed is not None:
        await defer(session, [CheckChannel(channel_id=channel_id)])


async def note_chats(session: AsyncSession, begun: Iterable[Conversation]) -> None:
    """Chats that people wrote in before any word on our standing there: the channel is looked at again for them."""
    chats = {
        (one.channel_id, one.chat_external_id): {
            "workspace_id": one.workspace_id, "channel_id": one.channel_id, "external_id": one.chat_external_id,
            "title": one.chat_title or "", "can_act": [], "changed_at": one.started_at,
        }
        for one in begun
        if one.kind is not ConversationKind.DIRECT
    }  # fmt: skip
    if not chats:
        return
    rows = [chats[key] for key in sorted(chats)]
    added = await session.scalars(
        insert(ChannelChat).values(rows).on_conflict_do_nothing().returning(ChannelChat.channel_id)
    )
    await defer(session, [CheckChannel(channel_id=channel_id) for channel_id in sorted(set(added))])


async def migrate_chat(session: AsyncSession, channel_id: int, move: ChatMigrated) -> set[int]:
    """A group's talks go on under its new id, with their history; returns the conversations to be refreshed.

    Messages keep their old external ids: the supergroup counts its messages anew, so that `:{new}:5` would be another
    message. The caller holds the channel's advisory lock.
    """
    await _note_move(session, channel_id, move)
    old, new = f":{move.old_chat_external_id}:", f":{move.new_chat_external_id}:"
    rows = await session.execute(
        select(Conversation.id, Conversation.key)
        .where(Conversation.channel_id == channel_id, Conversation.chat_external_id == move.old_chat_external_id)
        .order_by(Conversation.id)
        .with_for_update()
    )
    touched: set[int] = set()
    for conversation_id, key in rows.all():
        new_key = key.replace(old, new)
        heir_id = await session.scalar(
            select(Conversation.id).where(Conversation.channel_id == channel_id, Conversation.key == new_key)
        )
        if heir_id is None:
            values = {"chat_external_id": move.new_chat_external_id, "key": new_key}
            await session.execute(update(Conversation).where(Conversation.id == conversation_id).values(values))
        else:
            # The supergroup's message came before the news of the move.
            await move_to(session, conversation_id, heir_id)
        touched.add(heir_id or conversation_id)
    return touched


async def _note_move(session: AsyncSession, channel_id: int, move: ChatMigrated) -> None:
    """The chat under both ids: late messages of the old one find the new one; the alert chat stays known as such."""
    workspace_id = await session.scalar(select(Channel.workspace_id).where(Channel.id == channel_id))
    statement = insert(ChannelChat)
    for external_id, migrated_to in (
        (move.old_chat_external_id, move.new_chat_external_id),
        (move.new_chat_external_id, None),
    ):
        values = {
            "workspace_id": workspace_id, "channel_id": channel_id, "external_id": external_id,
            "migrated_to_external_id": migrated_to, "is_member": migrated_to is None, "changed_at": move.occurred_at,
        }  # fmt: skip
        is_old = {"migrated_to_external_id": migrated_to, "is_member": False}
        keys = [ChannelChat.channel_id, ChannelChat.external_id]
        await session.execute(
            statement.values(values).on_conflict_do_update(index_elements=keys, set_=is_old)
            if migrated_to
            else statement.values(values).on_conflict_do_nothing(index_elements=keys)
        )
    await session.execute(
        update(Channel)
        .where(Channel.id == channel_id, Channel.alert_chat_external_id == move.old_chat_external_id)
        .values(alert_chat_external_id=move.new_chat_external_id)
    )
