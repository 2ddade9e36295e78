"""Linking by one-time codes: a chat becomes the alert chat, a Telegram account a colleague's."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.agents.tokens import NO_TOKEN, find_active, load_caller
from inbox.audit.service import record
from inbox.channels.account import account_of
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelChat
from inbox.channels.ringing import Ring
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE, Json
from inbox.core.errors import KeyRefusedError, PermanentRefusalError
from inbox.core.events import LinkByCode
from inbox.core.i18n import N_, words_in
from inbox.core.live import announce
from inbox.core.pacing import Pacing
from inbox.core.secrets import hash_secret
from inbox.organisations.models import Membership
from routing.alerts.calling import call_in_turn, ringer_of
from routing.alerts.models import LinkCode, TelegramLink

PREFIX = "otk-"
LIVES = timedelta(minutes=30)
NOT_LINKED = N_("Link your Telegram first: in Otklik open Settings → Alerts and follow “Your Telegram”.")
DEAD = N_("This code is not valid any more. Make a new one in Otklik: Settings → Alerts.")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


async def make_code(session: AsyncSession, caller: Caller, workspace_id: int | None, now: datetime) -> str:
    """A new code, shown this once: for the workspace's alert chat, or (None) for the caller's own account."""
    if workspace_id is not None:
        caller.require(workspace_id, Permission.MANAGE_RULES)
    await session.execute(delete(LinkCode).where(LinkCode.expires_at < now))
    code = PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(16))
    session.add(
        LinkCode(
            code_hash=hash_secret(code), workspace_id=workspace_id, agent_id=caller.agent_id, expires_at=now + LIVES
        )
    )
    await session.flush()
    return code


async def find_linked(session: AsyncSession, workspace_id: int, external_id: str) -> Caller | None:
    """The colleague whose Telegram account this is, as a caller; the session is fenced to their workspaces."""
    agent = await session.scalar(
        select(Agent)
        .join(TelegramLink, TelegramLink.agent_id == Agent.id)
        .join(Membership, (Membership.agent_id == Agent.id) & (Membership.workspace_id == workspace_id))
        .where(TelegramLink.external_id == external_id, Agent.deactivated_at.is_(None))
    )
    return None if agent is None else await load_caller(session, agent, NO_TOKEN)


async def find_own_link(session: AsyncSession, agent_id: int) -> TelegramLink | None:
    """The person's own link."""
    found: TelegramLink | None = await session.scalar(select(TelegramLink).where(TelegramLink.agent_id == agent_id))
    return found


async def unlink(session: AsyncSession, agent_id: int) -> None:
    """The account is nobody's any more."""
    await session.execute(delete(TelegramLink).where(TelegramLink.agent_id == agent_id))


async def run_link(context: Context, pacing: Pacing, job: LinkByCode) -> None:
    """Use the code, and say in the chat what came of it."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, job.channel_id)
        said = await _use(session, channel, job, context.clock())
        account = account_of(channel, context.cipher)
    ring = Ring(job.chat_external_id, words_in("ru").gettext(said))
    ringer = ringer_of(context, account)
    try:
        await call_in_turn(context, pacing, account, job.chat_external_id, lambda: ringer.ring(account, ring))
    except (PermanentRefusalError, KeyRefusedError):
        return


async def _use(session: AsyncSession, channel: Channel, job: LinkByCode, now: datetime) -> str:
    code = await session.scalar(select(LinkCode).where(LinkCode.code_hash == hash_secret(job.code)).with_for_update())
    if code is None or code.expires_at <= now:
        return DEAD
    if code.used_at is not None:
        # A repeated update must not tell who is linked that they are not.
        return N_("This code has been used.")
    maker = await find_active(session, code.agent_id)
    if maker is None or (code.workspace_id is not None and not maker.may(code.workspace_id, Permission.MANAGE_RULES)):
        return DEAD
    if code.workspace_id is not None:
        if channel.workspace_id != code.workspace_id or channel.platform is not Platform.TELEGRAM:
            return N_("This code is of another project.")
        code.used_at = now
        await _link_chat(session, channel, job, maker, now)
        return N_("This chat gets the alerts now. People may talk here: only answers to alerts are read.")
    if not job.is_private:
        return N_("Write this code to the bot in private, not in a group.")
    if channel.workspace_id not in maker.roles:
        return N_("This code is of another project.")
    code.used_at = now
    await _link_person(session, channel, job, maker, now)
    return N_("Your Telegram is linked: the buttons under alerts work for you now.")


async def _link_chat(session: AsyncSession, channel: Channel, job: LinkByCode, maker: Caller, now: datetime) -> None:
    others = await session.scalars(
        select(Channel)
        .where(Channel.workspace_id == channel.workspace_id, Channel.alert_chat_external_id.is_not(None))
        .with_for_update()
    )
    for other in others:
        other.alert_chat_external_id = None
    before: Json = {"alert_chat_id": channel.alert_chat_external_id}
    channel.alert_chat_external_id = job.chat_external_id
    record(
        session, channel.workspace_id, maker.agent_id, "channel.alert_chat", channel.id, now, before=before,
        after={"alert_chat_id": job.chat_external_id},
    )  # fmt: skip
    title = {"title": job.chat_title} if job.chat_title else {}
    statement = insert(ChannelChat).values(
        workspace_id=channel.workspace_id, channel_id=channel.id, external_id=job.chat_external_id, kind="alerts",
        title=job.chat_title, can_act=[],
    )  # fmt: skip
    keys = [ChannelChat.channel_id, ChannelChat.external_id]
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"is_member": True, **title}))
    announce(session, channel.workspace_id, "channel", channel_id=channel.id)


async def _link_person(session: AsyncSession, channel: Channel, job: LinkByCode, maker: Caller, now: datetime) -> None:
    """An account that was a colleague's is theirs from now on."""
    await session.execute(
        delete(TelegramLink).where(
            (TelegramLink.agent_id == maker.agent_id)
            | (
                (TelegramLink.organisation_id == maker.organisation_id)
                & (TelegramLink.external_id == job.author_external_id)
            )
        )
    )
    session.add(
        TelegramLink(
            agent_id=maker.agent_id, organisation_id=maker.organisation_id, external_id=job.author_external_id,
            name=job.author_name, channel_id=channel.id, linked_at=now,
        )
    )  # fmt: skip
    record(session, channel.workspace_id, maker.agent_id, "agent.telegram_linked", maker.agent_id, now)
