"""Reads the SLA report from rollups: the number of queries and of rows does not grow with conversations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from inbox.agents.models import Agent
from inbox.channels.models import Channel
from inbox.organisations.models import Team, Workspace
from inbox.reports.figures import NAMES, Pair
from inbox.reports.histogram import Measure, added, select_lengths
from inbox.reports.models import SlaRollup, SlaRollupBucket

MEASURES: tuple[Measure, ...] = tuple((share, wall) for wall in (False, True) for share in (0.5, 0.9, 0.95))
_COUNTED = tuple(added(getattr(SlaRollup, name)) for name in NAMES)
Group = tuple[int, str, int]
"""Workspace, dimension, key."""
Week = Mapping[tuple[int, int], timedelta]
"""By weekday (0 Monday) and hour."""
DIMENSIONS = frozenset({"agent", "team", "channel", "hour"})
MONDAY = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both counted, of the workspaces' own time zones."""

    first: date
    last: date

    @override
    def __str__(self) -> str:
        """As files are called by it."""
        return f"{self.first}-{self.last}"


@dataclass(slots=True)
class Report:
    """`groups`: by workspace, dimension and key; `days`: by day."""

    total: Pair = field(default_factory=Pair)
    groups: dict[Group, Pair] = field(default_factory=dict)
    workspaces: dict[int, Pair] = field(default_factory=dict)
    days: dict[date, Pair] = field(default_factory=dict)
    names: Mapping[Group, str] = field(default_factory=dict)

    def group(self, dimension: str) -> list[tuple[Group, Pair]]:
        """The rows of a dimension, most waits first."""
        rows = [(group, pair) for group, pair in self.groups.items() if group[1] == dimension]
        return sorted(rows, key=lambda row: (-row[1].first.total - row[1].next.total, row[0]))


async def load_report(
    session: AsyncSession, workspace_ids: Collection[int], period: Period, dimensions: Collection[str] = DIMENSIONS
) -> Report:
    """Figures of everything, of each day, project, and group of these dimensions, in eight queries.

    A roll-up may commit between two of them: what one found first the next may not know.
    """
    report = Report()
    # Every wait has one channel: what is summed over channels counts each wait once.
    await _count_groups(session, report, workspace_ids, period, {*dimensions, "channel"})
    await _count_days(session, report, workspace_ids, period)
    await _measure_groups(session, report, workspace_ids, period, dimensions)
    await _measure_days(session, report, workspace_ids, period)
    report.names = await _load_names(session, report, workspace_ids)
    return report


async def load_week(session: AsyncSession, workspace_ids: Collection[int], period: Period) -> Week:
    """Within which time nine of ten first answers came, by hour of the week."""
    one = SlaRollupBucket
    weekday = (one.day - MONDAY) % 7
    where = (*_where(one, workspace_ids, period), one.dimension == "hour", one.is_first)
    statement = select_lengths((weekday, one.key), where, [(0.9, False)])
    return {(day, hour): timedelta(seconds=seconds) for day, hour, seconds in await session.execute(statement)}


async def _count_groups(
    session: AsyncSession,
    report: Report,
    workspace_ids: Collection[int],
    period: Period,
    dimensions: Collection[str],
) -> None:
    one = SlaRollup
    key = (one.workspace_id, one.dimension, one.key, one.is_first)
    where = (*_where(one, workspace_ids, period), one.dimension.in_(dimensions))
    statement = select(*key, *_COUNTED).where(*where).group_by(*key)
    for workspace_id, dimension, number, is_first, *counted in await session.execute(statement):
        counts = dict(zip(NAMES, counted, strict=True))
        pairs = [report.groups.setdefault((workspace_id, dimension, number), Pair())]
        if dimension == "channel":
            pairs += [report.total, report.workspaces.setdefault(workspace_id, Pair())]
        for pair in pairs:
            pair.of(is_first=is_first).add_counts(counts)


async def _count_days(session: AsyncSession, report: Report, workspace_ids: Collection[int], period: Period) -> None:
    one = SlaRollup
    where = (*_where(one, workspace_ids, period), one.dimension == "channel")
    statement = select(one.day, one.is_first, *_COUNTED).where(*where).group_by(one.day, one.is_first)
    for day, is_first, *counted in await session.execute(statement):
        report.days.setdefault(day, Pair()).of(is_first=is_first).add_counts(dict(zip(NAMES, counted, strict=True)))


async def _measure_groups(
    session: AsyncSession,
    report: Report,
    workspace_ids: Collection[int],
    period: Period,
    dimensions: Collection[str],
) -> None:
    one = SlaRollupBucket
    key = (one.workspace_id, one.dimension, one.key, one.is_first)
    where = (*_where(one, workspace_ids, period), one.dimension.in_(dimensions))
    for workspace_id, dimension, number, is_first, *seconds in await session.execute(
        select_lengths(key, where, MEASURES)
    ):
        pair = report.groups.setdefault((workspace_id, dimension, number), Pair())
        pair.of(is_first=is_first).lengths = _lengths(seconds)


async def _measure_days(session: AsyncSession, report: Report, workspace_ids: Collection[int], period: Period) -> None:
    """Of each day, of each project, and of all together."""
    one = SlaRollupBucket
    key = (one.day, one.workspace_id, one.is_first)
    sets = func.grouping_sets(
        *(tuple_(*outer, one.is_first, one.bucket) for outer in ((one.day,), (one.workspace_id,), ()))
    )
    where = (*_where(one, workspace_ids, period), one.dimension == "channel")
    for day, workspace_id, is_first, *seconds in await session.execute(select_lengths(key, where, MEASURES, [sets])):
        if day is not None:
            pair = report.days.setdefault(day, Pair())
        elif workspace_id is not None:
            pair = report.workspaces.setdefault(workspace_id, Pair())
        else:
            pair = report.total
        pair.of(is_first=is_first).lengths = _lengths(seconds)


def _lengths(seconds: Sequence[int | None]) -> dict[Measure, timedelta]:
    return {measure: timedelta(seconds=one) for measure, one in zip(MEASURES, seconds, strict=True) if one is not None}


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
