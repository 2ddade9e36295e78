"""Rollups: the facts of each dirty day counted anew, by channel, team, person and hour; so many rows a day, no more."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from inbox.reports.histogram import BOUNDS

PAGE = 64
GAPS_EVERY = timedelta(minutes=20)

_TAKE = """
delete from sla_dirty_days where (workspace_id, day) in (
  select workspace_id, day from sla_dirty_days order by workspace_id, day limit :page for update skip locked)
returning workspace_id, day
"""
_FORGET = "delete from {table} where workspace_id = :workspace_id and day = :day"
_FACTS = """
with facts as (
  select r.*, exists (select 1 from gaps g where g.workspace_id = r.workspace_id and g.channel_id = r.channel_id
    and g.started_at <= coalesce(r.answered_at, r.due_at, r.since_at)
    and coalesce(g.ended_at, 'infinity') >= r.since_at) as is_left_out
  from response_times r where r.workspace_id = :workspace_id and r.day = :day),
spread as (
  select f.*, d.dimension, d.key from facts f cross join lateral (values
    ('channel', f.channel_id), ('team', coalesce(f.team_id, 0)), ('agent', coalesce(f.agent_id, 0)),
    ('hour', f.hour::bigint)) as d(dimension, key))
"""
_COUNTS = f"""
{_FACTS}
insert into sla_rollups (workspace_id, day, dimension, key, is_first, answered, met, late, outside, came_closed,
  closed_met, left_out)
select workspace_id, day, dimension, key, is_first,
  count(*) filter (where answered_at is not null and not is_left_out),
  count(*) filter (where not is_late and not is_left_out),
  count(*) filter (where is_late and not is_left_out),
  count(*) filter (where is_outside and not is_left_out),
  count(*) filter (where came_closed and not is_left_out),
  count(*) filter (where came_closed and not is_late and not is_left_out),
  count(*) filter (where is_left_out)
from spread group by 1, 2, 3, 4, 5
"""  # noqa: S608  # of constants
_BUCKETS = f"""
{_FACTS},
lengths as (
  select s.*, l.bucket, l.working, l.wall from spread s cross join lateral (values
    (width_bucket(s.working_seconds, cast(:bounds as bigint[])), 1, 0),
    (width_bucket(s.wall_seconds, cast(:bounds as bigint[])), 0, 1)) as l(bucket, working, wall)
  where s.answered_at is not null and not s.is_left_out)
insert into sla_rollup_buckets (workspace_id, day, dimension, key, is_first, bucket, working, wall)
select workspace_id, day, dimension, key, is_first, bucket, sum(working), sum(wall)
from lengths group by 1, 2, 3, 4, 5, 6
"""  # noqa: S608  # of constants
_GAPS = """
insert into sla_dirty_days (workspace_id, day)
select distinct r.workspace_id, r.day from gaps g join response_times r on r.channel_id = g.channel_id
  and r.workspace_id = g.workspace_id and r.since_at <= coalesce(g.ended_at, :now)
  and coalesce(r.answered_at, r.due_at, r.since_at) >= g.started_at
where coalesce(g.ended_at, :now) > :since
on conflict do nothing
"""
_ALL = """
insert into sla_dirty_days (workspace_id, day)
select distinct workspace_id, day from response_times
union select distinct workspace_id, day from sla_rollups
on conflict do nothing
"""


async def roll_up(session: AsyncSession) -> int:
    """Make the rollups of at most PAGE dirty days anew; returns how many there were. For sessions of all workspaces."""
    connection = await session.connection()
    days = (await connection.execute(text(_TAKE), {"page": PAGE})).all()
    for workspace_id, day in sorted(days):
        await _roll_up_day(connection, {"workspace_id": workspace_id, "day": day})
    return len(days)


async def _roll_up_day(connection: AsyncConnection, place: dict[str, object]) -> None:
    for table in ("sla_rollups", "sla_rollup_buckets"):
        await connection.execute(text(_FORGET.format(table=table)), place)
    await connection.execute(text(_COUNTS), place)
    await connection.execute(text(_BUCKETS), {**place, "bounds": list(BOUNDS)})


async def mark_gaps(session: AsyncSession, now: datetime) -> None:
    """Days whose waits fell into a connection that was lost lately are counted anew, without them."""
    connection = await session.connection()
    await connection.execute(text(_GAPS), {"now": now, "since": now - GAPS_EVERY})


async def mark_everything(session: AsyncSession) -> None:
    """Every day is rolled up anew."""
    await (await session.connection()).execute(text(_ALL))
