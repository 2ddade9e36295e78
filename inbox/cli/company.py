"""The demo's company: an agency with one brand, a team on shift, working hours, and a bot on the simulator."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, ShiftState
from inbox.agents.passwords import hash_password
from inbox.calendars.models import Calendar, CalendarInterval
from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.secrets import make_secret
from inbox.organisations.models import Membership, Organisation, Role, Team, TeamMember, Workspace
from inbox.sla.models import SlaPolicy
from inbox.sla.promises import AFTER_CLOSED, FIRST_RESPONSE, NEXT_RESPONSE, WARN_BEFORE
from routing.rules.service import make_ready_rules

TIME_ZONE = "Europe/Moscow"
FIRST_BOT_ID = 7_700_000_000
FIRST_GROUP_ID = 210_000_000
ADMINISTRATOR_ID = 1
"""Whose the community's second key is."""
NAME = "Лад мебель"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A sign-in of the demo."""

    email: str
    password: str
    role: str
    team: str | None


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    email: str
    role: Role
    purpose: str | None


PEOPLE = (
    _Person("Ольга Демидова", "owner@demo.otklik", Role.OWNER, None),
    _Person("Мария Ковалёва", "sales@demo.otklik", Role.SALES, "sales"),
    _Person("Артём Лебедев", "sales2@demo.otklik", Role.SALES, "sales"),
    _Person("Игорь Власов", "support@demo.otklik", Role.MODERATOR, "support"),
    _Person("Света Дорохова", "support2@demo.otklik", Role.MODERATOR, "support"),
    _Person("Павел Тихонов", "moderator@demo.otklik", Role.MODERATOR, "moderators"),
)


async def seed(context: Context, sim_url: str, *, closed: bool) -> tuple[list[DemoAccount], dict[Platform, int]]:
    """The company (in a home that has it: new passwords), a new bot and community; returns sign-ins and channels."""
    password = secrets.token_urlsafe(9)
    password_hash = await asyncio.to_thread(hash_password, password)
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        known = {agent.email: agent for agent in await session.scalars(select(Agent))}
        if known:
            for person in PEOPLE:
                if person.email in known:
                    known[person.email].password_hash = password_hash
        else:
            await _make_company(session, password_hash, now)
        channel_ids = await _connect_channels(session, context, sim_url, now)
        await _set_hours(session, now, closed=closed)
    return [DemoAccount(one.email, password, one.role.value, one.purpose) for one in PEOPLE], channel_ids


async def _make_company(session: AsyncSession, password_hash: str, now: datetime) -> None:
    organisation = Organisation(name="Агентство «Демо»")
    session.add(organisation)
    await session.flush()
    workspace = Workspace(
        organisation_id=organisation.id, name="Мебель «Лад»", time_zone=TIME_ZONE, sees_all=True,
        idle_off_after=timedelta(),  # the invented colleagues never touch a mouse
    )  # fmt: skip
    session.add(workspace)
    await session.flush()
    await make_ready_rules(session, workspace.id)
    session.add(
        SlaPolicy(
            workspace_id=workspace.id, name="Отвечаем за 15 минут", first_response=FIRST_RESPONSE,
            next_response=NEXT_RESPONSE, after_closed=AFTER_CLOSED, warn_before=WARN_BEFORE, is_default=True,
        )
    )  # fmt: skip
    teams = {team.purpose: team for team in await session.scalars(select(Team))}
    for person in PEOPLE:
        agent = Agent(
            organisation_id=organisation.id, email=person.email, name=person.name, password_hash=password_hash,
            shift_state=ShiftState.ON if person.purpose else ShiftState.OFF, capacity=500, shift_changed_at=now,
        )  # fmt: skip
        session.add(agent)
        await session.flush()
        session.add(
            Membership(organisation_id=organisation.id, workspace_id=workspace.id, agent_id=agent.id, role=person.role)
        )
        await session.flush()
        if person.purpose is not None:
            team_id = teams[person.purpose].id
            session.add(TeamMember(workspace_id=workspace.id, team_id=team_id, agent_id=agent.id))


async def _connect_channels(
    session: AsyncSession, context: Context, sim_url: str, now: datetime
) -> dict[Platform, int]:
    """A bot and a community of their own for each run: a fresh simulator counts its messages anew."""
    workspace_id = await session.scalar(select(Workspace.id).order_by(Workspace.id).limit(1))
    for old in await session.scalars(select(Channel).where(Channel.removed_at.is_(None))):
        old.removed_at = now
    bot_id = str(FIRST_BOT_ID + secrets.randbelow(100_000_000))
    group_id = str(FIRST_GROUP_ID + secrets.randbelow(10_000_000))
    secret = secrets.token_urlsafe(27)[:35]
    keys = {
        (Platform.TELEGRAM, bot_id): {"token": f"{bot_id}:{secret}"},
        (Platform.VK, group_id): {
            "token": f"vk1.a.club{group_id}.{secret}",
            "user_token": f"vk1.a.user{ADMINISTRATOR_ID}.club{group_id}.{secret}",
        },
    }
    channels = {
        platform: Channel(
            workspace_id=workspace_id, platform=platform, external_id=external_id, name=NAME, api_url=sim_url,
            credentials_encrypted=context.cipher.encrypt_fields({**fields, "webhook_secret": make_secret()}),
            key_fingerprint=fields["token"][-4:],
        )
        for (platform, external_id), fields in keys.items()
    }  # fmt: skip
    session.add_all(channels.values())
    await session.flush()
    return {platform: channel.id for platform, channel in channels.items()}


async def _set_hours(session: AsyncSession, now: datetime, *, closed: bool) -> None:
    """Working hours around this moment: twelve hours that hold it, or that begin in six."""
    local = now.astimezone(ZoneInfo(TIME_ZONE))
    minute = local.hour * 60 + local.minute
    opens = (minute + (360 if closed else -240)) % 1440 // 30 * 30
    for workspace_id in await session.scalars(select(Workspace.id)):
        for old in await session.scalars(select(Calendar).where(Calendar.workspace_id == workspace_id)):
            await session.delete(old)
        await session.flush()
        calendar = Calendar(
            workspace_id=workspace_id, name="Рабочие часы", time_zone=TIME_ZONE, holidays=None, is_default=True
        )
        session.add(calendar)
        await session.flush()
        session.add_all(
            CalendarInterval(
                workspace_id=workspace_id, calendar_id=calendar.id, weekday=weekday, opens_minute=opens,
                closes_minute=opens + 720,
            )
            for weekday in range(7)
        )  # fmt: skip
