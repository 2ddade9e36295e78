"""Review of a subscriber's message: delete it, ban or mute its author; asked here, done on the platform by a job.

What was removed stays readable here. What the platform or the key cannot do is refused at once, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.audit.models import AuditEntry
from inbox.channels.capabilities import check_capability, check_right
from inbox.channels.events import ConversationKind, Platform
from inbox.channels.models import ChannelChat
from inbox.contacts.models import Identity
from inbox.conversations.models import Activity, Conversation, Direction, Message
from inbox.conversations.recompute import recompute
from inbox.core.errors import ConflictError, InvalidInputError
from inbox.core.events import ReviewMessage
from inbox.core.i18n import N_
from inbox.core.jobs import defer
from inbox.core.live import announce

DELETABLE_FOR = timedelta(hours=48)
"""Telegram: deleteMessage."""
LONGEST = timedelta(days=366)
"""Telegram takes a longer restriction for one without end."""
REASON_LENGTH = 500


class ReviewAction(StrEnum):
    """delete, restore: the message · warn, mute, unmute, ban, unban: its author."""

    DELETE = "delete"
    RESTORE = "restore"
    WARN = "warn"
    MUTE = "mute"
    UNMUTE = "unmute"
    BAN = "ban"
    UNBAN = "unban"


_MISSING: Mapping[Platform, Mapping[ReviewAction, str]] = {
    Platform.TELEGRAM: {
        ReviewAction.RESTORE: N_("Telegram has no way to restore a deleted message. Its text is kept here."),
        ReviewAction.WARN: N_("Telegram has no warnings. Write to the person, or mute them for a while."),
    },
    Platform.VK: {
        ReviewAction.RESTORE: N_("This program does not restore VK comments yet. Restore it in the community itself."),
        ReviewAction.WARN: N_("VK has no warnings. Write to the person, or ban them for a while."),
    },
}
_RIGHTS: Mapping[ReviewAction, tuple[str, str]] = {
    ReviewAction.DELETE: ("delete", "delete_messages"),
    ReviewAction.MUTE: ("restrict", "restrict"),
    ReviewAction.UNMUTE: ("restrict", "restrict"),
    ReviewAction.BAN: ("ban", "ban"),
    ReviewAction.UNBAN: ("ban", "ban"),
}
"""The right in the chat, and the channel's capability."""


@dataclass(frozen=True, slots=True)
class Review:
    """What is to be done and why. `length` of a mute or ban; None: without end."""

    action: ReviewAction
    reason: str
    length: timedelta | None = None


async def review(
    session: AsyncSession, caller: Caller, message: Message, conversation: Conversation, wanted: Review, now: datetime
) -> None:
    """Ask for it, on a message that `access_message` gave, locked, with MODERATE."""
    _check(message, conversation, wanted, now)
    identity = await _author(session, message, conversation)
    await _check_right(session, message, conversation, wanted.action)
    before = {"text": message.text, "deleted": message.deleted_at is not None}
    if wanted.action is ReviewAction.DELETE:
        message.deleted_at = now
    seconds = None if wanted.length is None else int(wanted.length.total_seconds())
    session.add_all(
        [
            AuditEntry(
                workspace_id=message.workspace_id, agent_id=caller.agent_id, action=f"review.{wanted.action.value}",
                row_kind="message", row_id=message.id, before=before,
                after={"reason": wanted.reason, "seconds": seconds, "author": identity.name}, occurred_at=now,
            ),
            Activity(
                workspace_id=message.workspace_id, conversation_id=conversation.id, kind="review",
                agent_id=caller.agent_id, occurred_at=now,
                details={"action": wanted.action.value, "reason": wanted.reason, "author": identity.name},
            ),
        ]
    )  # fmt: skip
    await session.flush()
    await defer(
        session,
        [
            ReviewMessage(
                conversation_id=conversation.id, message_id=message.id, action=wanted.action.value, seconds=seconds
            )
        ],
    )
    await recompute(session, conversation)
    announce(
        session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip


def _check(message: Message, conversation: Conversation, wanted: Review, now: datetime) -> None:
    """What can be told from the message alone."""
    channel = conversation.channel
    if (missing := _MISSING[channel.platform].get(wanted.action)) is not None:
        raise ConflictError(missing)
    if channel.removed_at is not None:
        raise ConflictError("This channel is not connected any more.")
    if message.direction is not Direction.INBOUND or message.external_id is None:
        raise ConflictError("Only what subscribers write is reviewed. A reply of ours can be deleted.")
    if wanted.length is not None and not timedelta() < wanted.length <= LONGEST:
        raise InvalidInputError("Between a minute and 366 days, or without end.", field="minutes")
    on_telegram = channel.platform is Platform.TELEGRAM
    if wanted.action is ReviewAction.DELETE:
        _check_deletable(message, now, on_telegram=on_telegram)
    elif conversation.kind is ConversationKind.DIRECT and on_telegram:
        raise ConflictError("A private talk has no bans or mutes: the person can be banned in a group only.")


def _check_deletable(message: Message, now: datetime, *, on_telegram: bool) -> None:
    if message.deleted_at is not None:
        raise ConflictError("This message is already deleted.")
    if on_telegram and now - message.sent_at > DELETABLE_FOR:
        raise ConflictError("Telegram lets bots delete a message for 48 hours only; this one is older.")


async def _author(session: AsyncSession, message: Message, conversation: Conversation) -> Identity:
    identity = await session.get_one(Identity, message.author_identity_id or conversation.identity_id)
    if identity.is_ours:
        raise ConflictError(f"{identity.name} is one of your own people: they are not moderated.")
    return identity


async def _check_right(
    session: AsyncSession, message: Message, conversation: Conversation, action: ReviewAction
) -> None:
    """On Telegram rights are a chat's; in VK they are the key's."""
    act, name = _RIGHTS[action]
    if conversation.channel.platform is Platform.VK:
        check_capability(conversation.channel, name)
    elif conversation.kind is not ConversationKind.DIRECT:
        can_act = await session.scalar(
            select(ChannelChat.can_act).where(
                ChannelChat.channel_id == message.channel_id, ChannelChat.external_id == conversation.chat_external_id
            )
        )
        check_right(conversation.channel, can_act, act, name)
