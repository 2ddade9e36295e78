"""The plan's projects as rows: people, hours, promises, rules, words of the machine, channels."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, ShiftState
from inbox.calendars.models import Calendar, CalendarDays, CalendarInterval
from inbox.channels.models import ChannelStatus
from inbox.conversations.models import Priority
from inbox.core.context import Context
from inbox.organisations.models import Membership, Organisation, Role, Team, TeamMember, Workspace
from inbox.sla.models import SlaGoal, SlaPolicy
from routing.alerts.models import BY_DEFAULT, AlertKind, AlertSettings
from routing.autoreplies.models import AutoReply, AutoReplyKind
from routing.rules.models import Rule
from routing.rules.service import make_ready_rules
from tests.company import connect, connect_community
from tests.week.plan import BEGINS, PEOPLE, PROJECTS, Hours, Project

GROUPS = {project.name: 900_001 + place for place, project in enumerate(PROJECTS)}
BOTS = {project.name: f"770000{place + 1}" for place, project in enumerate(PROJECTS)}


async def settle(
    session: AsyncSession, context: Context, url: str
) -> tuple[dict[str, int], dict[tuple[str, str], int], dict[str, int]]:
    """All rows; returns ids of projects by name, of channels by project and platform, of people by name."""
    organisation = Organisation(name="Неделя")
    session.add(organisation)
    await session.flush()
    people: dict[str, int] = {}
    for person in PEOPLE:
        agent = Agent(
            organisation_id=organisation.id, email=f"{len(people)}@week.test", name=person.name, password_hash="-",
            capacity=person.capacity, shift_state=ShiftState.OFF,
        )  # fmt: skip
        session.add(agent)
        await session.flush()
        people[person.name] = agent.id
    workspaces: dict[str, int] = {}
    channels: dict[tuple[str, str], int] = {}
    for project in PROJECTS:
        workspace = Workspace(
            organisation_id=organisation.id, name=project.name, time_zone=project.hours.zone, idle_off_after=timedelta()
        )
        session.add(workspace)
        await session.flush()
        workspaces[project.name] = workspace.id
        await _staff(session, workspace, project, people)
        await _promise(session, workspace.id, project)
        bot = await connect(session, context, workspace.id, BOTS[project.name], url)
        community = await connect_community(session, context, workspace.id, GROUPS[project.name], url)
        for platform, channel in (("telegram", bot), ("vk", community)):
            channel.created_at, channel.status = BEGINS - timedelta(days=1), ChannelStatus.ACTIVE
            channels[project.name, platform] = channel.id
    await session.flush()
    return workspaces, channels, people


async def _staff(session: AsyncSession, workspace: Workspace, project: Project, people: Mapping[str, int]) -> None:
    await make_ready_rules(session, workspace.id)
    if project.rest_goes_to_the_freest:
        last = select(Rule).where(Rule.workspace_id == workspace.id).order_by(Rule.position.desc()).limit(1)
        rule = (await session.scalars(last)).one()
        rule.actions = [{**rule.actions[0], "choose": "least_loaded"}]
    names = {project.owner, *(name for team in project.teams.values() for name in team)}
    for name in sorted(names):
        role = Role.OWNER if name == project.owner else Role.MODERATOR
        session.add(
            Membership(
                workspace_id=workspace.id, agent_id=people[name], organisation_id=workspace.organisation_id, role=role
            )
        )  # fmt: skip
    await session.flush()
    teams = await session.scalars(select(Team).where(Team.workspace_id == workspace.id))
    for team in teams.all():
        session.add_all(
            TeamMember(workspace_id=workspace.id, team_id=team.id, agent_id=people[name])
            for name in project.teams[team.purpose or ""]
        )
    await session.flush()


async def _promise(session: AsyncSession, workspace_id: int, project: Project) -> None:
    await _write_hours(session, workspace_id, project.hours, is_default=True)
    if project.support_hours is not None:
        calendar_id = await _write_hours(session, workspace_id, project.support_hours, is_default=False)
        await session.execute(
            update(Team)
            .where(Team.workspace_id == workspace_id, Team.purpose == "support")
            .values(calendar_id=calendar_id)
        )
    first, following = (timedelta(minutes=one) for one in project.goals.by_priority["normal"])
    promised = project.goals.resolution
    resolution = None if promised is None else timedelta(minutes=promised)
    policy = SlaPolicy(
        workspace_id=workspace_id, name="Обещание", is_default=True, first_response=first, next_response=following,
        resolution=resolution, after_closed=timedelta(hours=2), warn_before=timedelta(minutes=5),
    )  # fmt: skip
    session.add(policy)
    await session.flush()
    session.add_all(
        SlaGoal(
            workspace_id=workspace_id, policy_id=policy.id, priority=Priority(priority), resolution=resolution,
            first_response=timedelta(minutes=minutes[0]), next_response=timedelta(minutes=minutes[1]),
        )
        for priority, minutes in project.goals.by_priority.items()
    )  # fmt: skip
    kinds = [(AutoReplyKind.AFTER_HOURS, project.after_hours), (AutoReplyKind.GREETING, project.greeting)]
    session.add_all(
        AutoReply(workspace_id=workspace_id, name=kind, kind=kind, text=words, is_public=project.is_public)
        for kind, words in kinds
        if words is not None
    )
    quiet_from, quiet_to = project.quiet or (None, None)
    session.add(
        AlertSettings(
            workspace_id=workspace_id, kinds=[kind.value for kind in BY_DEFAULT if kind is not AlertKind.SPIKE],
            quiet_from=quiet_from, quiet_to=quiet_to,
        )
    )  # fmt: skip
    await session.flush()


async def _write_hours(session: AsyncSession, workspace_id: int, hours: Hours, *, is_default: bool) -> int:
    calendar = Calendar(
        workspace_id=workspace_id, name="Часы" if is_default else "Часы поддержки", time_zone=hours.zone,
        holidays="RU" if hours.russian_holidays else None, is_default=is_default,
    )  # fmt: skip
    session.add(calendar)
    await session.flush()
    session.add_all(
        CalendarInterval(
            workspace_id=workspace_id,
            calendar_id=calendar.id,
            weekday=weekday,
            opens_minute=opens,
            closes_minute=closes,
        )
        for weekday, spans in hours.week.items()
        for opens, closes in spans
    )
    session.add_all(
        CalendarDays(
            workspace_id=workspace_id, calendar_id=calendar.id, first_on=day, last_on=day, name="Свой день",
            minutes=[minute for span in spans for minute in span],
        )
        for day, spans in hours.own.items()
    )  # fmt: skip
    await session.flush()
    return calendar.id
