"""The late answers of a period one by one, and by how much each was late: what the sums of the report are made of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.channels.models import Channel, Gap
from inbox.organisations.models import Team, Workspace
from inbox.reports.models import ResponseTime
from inbox.reports.service import Period

MOST = 10_000
"""That are listed."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A wait that was answered late, or is late and waits (`answered_at` None). `agent` None: it is nobody's, or was
    answered outside the panel. `zone`: the project's."""

    project: str
    zone: str
    conversation_id: int
    is_first: bool
    since_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    channel: str
    team: str | None
    agent: str | None

    def late_by(self, now: datetime) -> timedelta | None:
        """From the due time to the answer, or to now, by the wall clock; None: the clock was stopped since."""
        return None if self.due_at is None else (self.answered_at or now) - self.due_at


async def load_breaches(session: AsyncSession, workspace_ids: Collection[int], period: Period) -> Sequence[Breach]:
    """Oldest first, one more than MOST where there are more; those that the report leaves out for a lost connection are
    not among them."""
    one = ResponseTime
    until = func.coalesce(one.answered_at, one.due_at, one.since_at)
    in_gap = exists().where(
        Gap.workspace_id == one.workspace_id, Gap.channel_id == one.channel_id, Gap.started_at <= until,
        func.coalesce(Gap.ended_at, until) >= one.since_at,
    )  # fmt: skip
    rows = await session.execute(
        select(
            Workspace.name, Workspace.time_zone, one.conversation_id, one.is_first, one.since_at, one.due_at,
            one.answered_at, Channel.name, Team.name, Agent.name,
        )
        .join(Workspace, Workspace.id == one.workspace_id)
        .join(Channel, Channel.id == one.channel_id)
        .outerjoin(Team, Team.id == one.team_id)
        .outerjoin(Agent, Agent.id == one.agent_id)
        .where(
            one.workspace_id.in_(workspace_ids), one.day.between(period.first, period.last), one.is_late, ~in_gap,
        )
        .order_by(one.since_at, one.conversation_id)
        .limit(MOST + 1)
    )  # fmt: skip
    return [Breach(*row[:10]) for row in rows]
