"""Loads what alerts say, and where a workspace is rung."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.adapter import Account
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus
from inbox.contacts.models import Contact
from inbox.conversations.assigning import ANSWERING
from inbox.conversations.models import Conversation, Message, Post
from inbox.core.context import Context
from inbox.core.i18n import Words, words_in
from inbox.organisations.archived import at_work
from inbox.organisations.models import Membership, Workspace
from routing.alerts.models import COOLDOWN, Alert, AlertSettings, TelegramLink
from routing.alerts.timing import Habits
from routing.alerts.wording import Told

_Parts = tuple[Conversation | None, str | None, str | None, str | None, str | None]
"""Conversation, the message's words, the contact's name, the post's words, the channel's name."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A workspace as alerts know it. `account` None: it has no alert chat, or is archived."""

    project: str
    habits: Habits
    words: Words
    hides_text: bool
    account: Account | None
    chat_external_id: str
    is_archived: bool


async def load_alert_desk(session: AsyncSession, context: Context, workspace_id: int) -> Desk:
    """Of several bots with an alert chat one that works, else the oldest."""
    workspace = await session.get_one(Workspace, workspace_id)
    settings = await session.scalar(select(AlertSettings).where(AlertSettings.workspace_id == workspace_id))
    channel = await find_alert_channel(session, workspace_id)
    return Desk(
        project=workspace.name,
        habits=Habits(
            zone=workspace.time_zone,
            cooldown=settings.cooldown if settings else COOLDOWN,
            quiet_from=settings.quiet_from if settings else None,
            quiet_to=settings.quiet_to if settings else None,
            muted_until=settings.muted_until if settings else None,
        ),
        words=words_in(settings.locale if settings else "ru"),
        hides_text=settings.hides_text if settings else False,
        account=account_of(channel, context.cipher) if channel else None,
        chat_external_id=(channel.alert_chat_external_id or "") if channel else "",
        is_archived=workspace.archived_at is not None,
    )


async def find_alert_channel(session: AsyncSession, workspace_id: int) -> Channel | None:
    """The Telegram channel whose bot rings; none in an archived project."""
    found: Channel | None = await session.scalar(
        select(Channel)
        .where(
            Channel.workspace_id == workspace_id,
            Channel.platform == Platform.TELEGRAM,
            Channel.alert_chat_external_id.is_not(None),
            Channel.removed_at.is_(None),
            at_work(Channel.workspace_id),
        )
        .order_by(Channel.status.in_([ChannelStatus.ATTENTION, ChannelStatus.DOWN]), Channel.id)
        .limit(1)
    )
    return found


@dataclass(frozen=True, slots=True)
class OwnChat:
    """Where a colleague is rung in private: the project's bot with which they talk, and their account there."""

    channel: Channel
    external_id: str


async def find_own_chat(session: AsyncSession, workspace_id: int, agent_id: int | None) -> OwnChat | None:
    """None where their Telegram is not linked with a bot of this project at work, or they may not answer there."""
    found = (
        await session.execute(
            select(Channel, TelegramLink.external_id)
            .join(TelegramLink, TelegramLink.channel_id == Channel.id)
            .join(Membership, Membership.agent_id == TelegramLink.agent_id)
            .where(
                TelegramLink.agent_id == agent_id, Channel.workspace_id == workspace_id, Channel.removed_at.is_(None),
                at_work(Channel.workspace_id), Membership.workspace_id == workspace_id,
                Membership.role.in_(ANSWERING),
            )
        )
    ).one_or_none()  # fmt: skip
    return None if found is None else OwnChat(found[0], found[1])


async def load_told(session: AsyncSession, context: Context, alerts: Sequence[Alert], desk: Desk) -> list[Told]:
    """What each alert may say, in one query."""
    rows = await session.execute(
        select(Alert.id, Conversation, Message.text, Contact.name, Post.text, Channel.name)
        .outerjoin(Conversation, Conversation.id == Alert.conversation_id)
        .outerjoin(Message, Message.id == Alert.message_id)
        .outerjoin(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(Post, Post.id == Conversation.post_id)
        .outerjoin(Channel, Channel.id == Conversation.channel_id)
        .where(Alert.id.in_([one.id for one in alerts]))
    )
    parts: dict[int, _Parts] = {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in rows}
    base = (context.settings.base_url or "").rstrip("/")
    told: list[Told] = []
    for alert in alerts:
        conversation, text, name, post, channel = parts[alert.id]
        details = alert.details
        about_channel = details.get("channel")
        at = f"{base}/w/{alert.workspace_id}"
        where = f"{at}/inbox/{conversation.id}" if conversation is not None else f"{at}/inbox"
        told.append(
            Told(
                alert_id=alert.id, kind=alert.kind, project=desk.project, occurred_at=alert.occurred_at,
                details=details, channel=channel or (str(about_channel) if about_channel else None),
                place=conversation.kind if conversation is not None else None,
                post=None if desk.hides_text else post, name=None if desk.hides_text else name,
                text=None if desk.hides_text else text or (conversation.preview if conversation is not None else None),
                url=where if base else None, has_conversation=conversation is not None,
            )
        )  # fmt: skip
    return told


async def last_rung_at(session: AsyncSession, alert: Alert) -> datetime | None:
    """When one of this kind last rang in the workspace."""
    found: datetime | None = await session.scalar(
        select(Alert.sent_at)
        .where(
            Alert.workspace_id == alert.workspace_id, Alert.kind == alert.kind, Alert.id != alert.id,
            Alert.sent_at.is_not(None),
        )
        .order_by(Alert.sent_at.desc())
        .limit(1)
    )  # fmt: skip
    return found
