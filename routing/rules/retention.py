"""That a rule acted is kept for a time: figures and guards look back a month at most."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from routing.rules.models import RuleRun

PAGE = 5000


async def forget_runs(session: AsyncSession, now: datetime, keep: timedelta) -> None:
    """Drop old runs, the oldest few thousand at a time: their ids rise with time, so nothing else is looked at."""
    oldest = select(RuleRun.id).order_by(RuleRun.id).limit(PAGE)
    await session.execute(
        delete(RuleRun).where(RuleRun.id.in_(oldest.scalar_subquery()), RuleRun.acted_at < now - keep)
    )
