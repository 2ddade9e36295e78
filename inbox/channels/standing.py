"""A channel's standing in its chats, as events tell it: rights, names, moves to a supergroup."""

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import ChatMigrated, OurStandingChanged
from inbox.channels.models import ChannelChat
from inbox.conversations.models import Conversation, Message, Post


async def store_standing(session: AsyncSession, workspace_id: int, channel_id: int, event: OurStandingChanged) -> None:
    """What we may do in a chat; the newest word by platform time stays."""
    values = {
        "workspace_id": workspace_id, "channel_id": channel_id, "external_id": event.chat_external_id,
        "title": event.chat_title, "can_act": list(event.can_act), "is_member": event.is_member,
        "changed_at": event.occurred_at,
    }  # fmt: skip
    statement = insert(ChannelChat).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[ChannelChat.channel_id, ChannelChat.external_id],
            set_={name: statement.excluded[name] for name in ("title", "can_act", "is_member", "changed_at")},
            where=ChannelChat.changed_at < event.occurred_at,
        )
    )


async def migrate_chat(session: AsyncSession, channel_id: int, move: ChatMigrated) -> None:
    """Re-key what was written under a group's old id, so that its history stays one."""
    old, new = f":{move.old_chat_external_id}:", f":{move.new_chat_external_id}:"
    await session.execute(
        update(Conversation)
        .where(Conversation.channel_id == channel_id, Conversation.chat_external_id == move.old_chat_external_id)
        .values(chat_external_id=move.new_chat_external_id, key=func.replace(Conversation.key, old, new))
    )
    await session.execute(
        update(Message)
        .where(Message.channel_id == channel_id, Message.external_id.startswith(old, autoescape=True))
        .values(external_id=func.replace(Message.external_id, old, new))
    )
    await session.execute(
        update(Post)
        .where(Post.channel_id == channel_id, Post.external_id.startswith(old, autoescape=True))
        .values(external_id=func.replace(Post.external_id, old, new))
    )
