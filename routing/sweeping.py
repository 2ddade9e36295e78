"""The sweep of routing: what time brings to alerts, leads and webhooks, beside the inbox's own sweep."""

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from routing.alerts.sweeping import ring_spikes, sweep_alerts
from routing.leads.sweeping import hand_on_missed, sweep_leads
from routing.rules.retention import forget_runs
from routing.webhooks.service import sweep_webhooks

EVERY = timedelta(seconds=5)
SPIKES_EVERY = timedelta(minutes=1)
TIDY_EVERY = timedelta(minutes=10)

log = structlog.get_logger()


async def run_routing_sweep(context: Context, stop: asyncio.Event) -> None:
    """Sweep until `stop`; a lost database is waited for."""
    looked_at: datetime | None = None
    tidied_at: datetime | None = None
    while not stop.is_set():
        now = context.clock()
        try:
            async with context.transaction(EVERY_WORKSPACE) as session:
                await sweep_alerts(session, now)
            async with context.transaction(EVERY_WORKSPACE) as session:
                await sweep_leads(session, now)
            async with context.transaction(EVERY_WORKSPACE) as session:
                await hand_on_missed(session, now)
            async with context.transaction(EVERY_WORKSPACE) as session:
                await sweep_webhooks(session, now)
            if tidied_at is None or now - tidied_at >= TIDY_EVERY:
                tidied_at = now
                async with context.transaction(EVERY_WORKSPACE) as session:
                    await forget_runs(session, now, timedelta(days=context.settings.keep_rule_runs_days))
            if looked_at is None or now - looked_at >= SPIKES_EVERY:
                looked_at = now
                async with context.transaction(EVERY_WORKSPACE) as session:
                    await ring_spikes(session, now)
        except (SQLAlchemyError, OSError) as error:
            log.warning("routing_sweep_waits", error=str(error).splitlines()[0])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY.total_seconds())
