"""Reads the SLA report from rollups: the number of queries and of rows does not grow with conversations."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.channels.models import Channel
from inbox.organisations.models import Team, Workspace
from inbox.reports.figures import NAMES, Pair
from inbox.reports.models import SlaRollup, SlaRollupBucket

_SUMS = (func.sum(SlaRollupBucket.working), func.sum(SlaRollupBucket.wall))
Group = tuple[int, str, int]
"""Workspace, dimension, key."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both counted, of the workspaces' own time zones."""

    first: date
    last: date


@dataclass(slots=True)
class Report:
    """`groups`: by workspace, dimension and key; `days`: by day; `hours`: weekday (0 Monday) and hour, first only."""

    total: Pair = field(default_factory=Pair)
    groups: dict[Group, Pair] = field(default_factory=dict)
    workspaces: dict[int, Pair] = field(default_factory=dict)
    days: dict[date, Pair] = field(default_factory=dict)
    hours: dict[tuple[int, int], Pair] = field(default_factory=dict)
    names: Mapping[Group, str] = field(default_factory=dict)

    def group(self, dimension: str) -> list[tuple[Group, Pair]]:
        """The rows of a dimension, most waits first."""
        rows = [(group, pair) for group, pair in self.groups.items() if group[1] == dimension]
        return sorted(rows, key=lambda row: (-row[1].first.total - row[1].next.total, row[0]))


async def load_report(session: AsyncSession, workspace_ids: Collection[int], period: Period) -> Report:
    """Everything that page, API and exports show, in nine queries."""
    report = Report()
    where = _where(SlaRollup, workspace_ids, period)
    sums = [func.sum(getattr(SlaRollup, name)) for name in NAMES]
    key = (SlaRollup.workspace_id, SlaRollup.dimension, SlaRollup.key)
    for workspace_id, dimension, number, is_first, *counted in await session.execute(
        select(*key, SlaRollup.is_first, *sums).where(*where).group_by(*key, SlaRollup.is_first)
    ):
        counts = dict(zip(NAMES, map(int, counted), strict=True))
        pairs = [report.groups.setdefault((workspace_id, dimension, number), Pair())]
        if dimension == "channel":
            pairs += [report.total, report.workspaces.setdefault(workspace_id, Pair())]
        for pair in pairs:
            pair.of(is_first=is_first).add_counts(counts)
    await _add_buckets(session, report, workspace_ids, period)
    await _add_days(session, report, workspace_ids, period)
    await _add_hours(session, report, workspace_ids, period)
    report.names = await _load_names(session, report, workspace_ids)
    return report


async def _add_buckets(session: AsyncSession, report: Report, workspace_ids: Collection[int], period: Period) -> None:
    one = SlaRollupBucket
    key = (one.workspace_id, one.dimension, one.key, one.is_first, one.bucket)
    statement = select(*key, *_SUMS).where(*_where(one, workspace_ids, period)).group_by(*key)
    for workspace_id, dimension, number, is_first, bucket, working, wall in await session.execute(statement):
        pairs = [report.groups.setdefault((workspace_id, dimension, number), Pair())]
        if dimension == "channel":
            pairs += [report.total, report.workspaces.setdefault(workspace_id, Pair())]
        for pair in pairs:
            pair.of(is_first=is_first).add_bucket(bucket, int(working), int(wall))


async def _add_days(session: AsyncSession, report: Report, workspace_ids: Collection[int], period: Period) -> None:
    where = (*_where(SlaRollup, workspace_ids, period), SlaRollup.dimension == "channel")
    sums = [func.sum(getattr(SlaRollup, name)) for name in NAMES]
    for day, is_first, *counted in await session.execute(
        select(SlaRollup.day, SlaRollup.is_first, *sums).where(*where).group_by(SlaRollup.day, SlaRollup.is_first)
    ):
        counts = dict(zip(NAMES, map(int, counted), strict=True))
        report.days.setdefault(day, Pair()).of(is_first=is_first).add_counts(counts)
    one = SlaRollupBucket
    key = (one.day, one.is_first, one.bucket)
    where = (*_where(one, workspace_ids, period), one.dimension == "channel")
    statement = select(*key, *_SUMS).where(*where).group_by(*key)
    for day, is_first, bucket, working, wall in await session.execute(statement):
        report.days.setdefault(day, Pair()).of(is_first=is_first).add_bucket(bucket, int(working), int(wall))


async def _add_hours(session: AsyncSession, report: Report, workspace_ids: Collection[int], period: Period) -> None:
    one = SlaRollupBucket
    weekday = func.extract("isodow", one.day)
    key = (weekday, one.key, one.bucket)
    where = (*_where(one, workspace_ids, period), one.dimension == "hour", one.is_first)
    statement = select(*key, *_SUMS).where(*where)
    for found, hour, bucket, working, wall in await session.execute(statement.group_by(*key)):
        pair = report.hours.setdefault((int(found) - 1, hour), Pair())
        pair.first.add_bucket(bucket, int(working), int(wall))


def _where(
    model: type[SlaRollup] | type[SlaRollupBucket], workspace_ids: Collection[int], period: Period
) -> tuple[ColumnElement[bool], ...]:
    return model.workspace_id.in_(workspace_ids), model.day.between(period.first, period.last)


async def _load_names(session: AsyncSession, report: Report, workspace_ids: Collection[int]) -> dict[Group, str]:
    names: dict[Group, str] = {}
    agent_ids = {key for _, dimension, key in report.groups if dimension == "agent"}
    statements = {
        "channel": select(Channel.id, Channel.name).where(Channel.workspace_id.in_(workspace_ids)),
        "team": select(Team.id, Team.name).where(Team.workspace_id.in_(workspace_ids)),
        "agent": select(Agent.id, Agent.name).where(Agent.id.in_(agent_ids)),
    }
    for dimension, statement in statements.items():
        by_id = {found: name for found, name in await session.execute(statement)}  # noqa: C416
        names |= {group: by_id.get(group[2], "") for group in report.groups if group[1] == dimension}
    projects = await session.execute(select(Workspace.id, Workspace.name).where(Workspace.id.in_(workspace_ids)))
    return names | {(workspace_id, "workspace", workspace_id): name for workspace_id, name in projects}
