"""The demo: a fresh home, the simulator, a seeded team, and a stream of people who write."""

import asyncio
import json
import secrets
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, ShiftState
from inbox.agents.passwords import hash_password
from inbox.calendars.models import Calendar, CalendarInterval
from inbox.channels.adapter import Checked
from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.organisations.models import Membership, Organisation, Role, Team, TeamMember, Workspace
from routing.rules.service import make_ready_rules

BOT_ID = "7700000001"
TIME_ZONE = "Europe/Moscow"

log = structlog.get_logger()


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


def fresh_home(chosen: Path | None) -> tuple[Path, bool]:
    """The demo's folder, and whether it is to be removed at the end."""
    if chosen is not None:
        return chosen, False
    return Path(tempfile.mkdtemp(prefix="otklik-demo-")), True


def remove_home(home: Path) -> None:
    """Forget a demo that was in a folder of its own making."""
    shutil.rmtree(home, ignore_errors=True)


async def seed(context: Context, sim_url: str, *, closed: bool) -> list[DemoAccount]:
    """The demo's company, unless the home already has one (then new passwords for the same people)."""
    password = secrets.token_urlsafe(9)
    password_hash = await asyncio.to_thread(hash_password, password)
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        existing = {agent.email: agent for agent in await session.scalars(select(Agent))}
        if existing:
            for agent in existing.values():
                agent.password_hash = password_hash
        else:
            await _make_company(session, context, sim_url, password_hash, now)
        await _set_hours(session, now, closed=closed)
    return [DemoAccount(person.email, password, person.role.value, person.purpose) for person in PEOPLE]


async def _make_company(
    session: AsyncSession, context: Context, sim_url: str, password_hash: str, now: datetime
) -> None:
    organisation = Organisation(name="Агентство «Демо»")
    session.add(organisation)
    await session.flush()
    workspace = Workspace(organisation_id=organisation.id, name="Мебель «Лад»", time_zone=TIME_ZONE, sees_all=True)
    session.add(workspace)
    await session.flush()
    await make_ready_rules(session, workspace.id)
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
    token = f"{BOT_ID}:{secrets.token_urlsafe(26)[:35]}"
    session.add(
        Channel(
            workspace_id=workspace.id,
            platform=Platform.TELEGRAM,
            external_id=BOT_ID,
            name="Лад мебель",
            credentials_encrypted=context.cipher.encrypt_fields(
                {"token": token, "webhook_secret": secrets.token_urlsafe(32)}
            ),
            key_fingerprint=token[-4:],
            api_url=sim_url,
        )
    )
    await session.flush()


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


async def connect_channel(context: Context) -> Checked:
    """Let the simulator know the demo's bot, and find out what its key can do."""
    from inbox.channels.service import run_check
    from inbox.core.events import CheckChannel

    async with context.database.session(EVERY_WORKSPACE) as session:
        channel_ids = list(await session.scalars(select(Channel.id)))
    for channel_id in channel_ids:
        await run_check(context, CheckChannel(channel_id=channel_id))
    return Checked(BOT_ID, "demo", None, ())


def print_ready(url: str, sim_url: str, accounts: list[DemoAccount], *, as_json: bool) -> None:
    """Where to go and who to be."""
    if as_json:
        line = {"url": url, "sim_url": sim_url, "accounts": [asdict(account) for account in accounts]}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("sign in as", "password", "role", "team"):
        table.add_column(column)
    for account in accounts:
        table.add_row(account.email, account.password, account.role, account.team or "—")
    console.print(f"\n[bold]Otklik[/bold]  {url}\n[bold]Phone [/bold]  {sim_url}\n")
    console.print(table)
    console.print("\nWrite something on the phone and watch the inbox. Ctrl-C ends the demo.\n")
