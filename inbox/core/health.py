"""Health for machines: /healthz (the process lives), /readyz (its servers do), /metrics (numbers for Prometheus)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.jobs import STALLED_AFTER
from inbox.core.schema import newest_revision
from inbox.core.stream import IntakeStream
from inbox.core.web.dependencies import ContextDep
from inbox.core.web.metrics import Numbers, Requests

PATIENCE = timedelta(seconds=2)
COUNT_EVERY = timedelta(seconds=10)
"""However often /metrics is asked, the tables are counted no more often."""
COUNTING_LIMIT_MILLISECONDS = 2000

health = APIRouter(tags=["health"])
log = structlog.get_logger()

_JOBS = text(
    "select count(*) filter (where status = 'todo'), count(*) filter (where status = 'doing'), "
    "count(*) filter (where status = 'doing' and not exists (select from procrastinate_workers worker "
    "where worker.id = job.worker_id and worker.last_heartbeat > now() - make_interval(secs => :stalled))) "
    "from procrastinate_jobs job where status in ('todo', 'doing')"
)
_DEAD = text("select count(*) from dead_events where replayed_at is null")
_DELIVERIES = text(
    "select delivery, count(*) from messages where direction = 'outbound' and delivery is not null group by 1"
)


class Health(BaseModel):
    """`ok`, or what is wrong with each part."""

    status: str
    checks: dict[str, str]


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


@health.get("/healthz")
async def read_health() -> Alive:
    """Whether the process lives; it asks no server."""
    return Alive()


@health.get("/readyz", responses={200: {"model": Health}, 503: {"model": Health}})
async def read_readiness(context: ContextDep) -> JSONResponse:
    """Whether PostgreSQL and Redis answer and the schema is current; 503 when one does not."""
    checks = await check_ready(context)
    is_ready = all(result == "ok" for result in checks.values())
    answer = Health(status="ready" if is_ready else "not ready", checks=checks)
    return JSONResponse(answer.model_dump(), status_code=200 if is_ready else 503)


async def check_ready(context: Context) -> dict[str, str]:
    """Each part with `ok` or what is wrong; servers have PATIENCE; no address and no key is among the words."""
    wanted = await asyncio.to_thread(newest_revision)  # read from our own files once: no server's fault if that is slow
    database, redis, migrations = await asyncio.gather(
        _checked(lambda: _ask_database(context)),
        _checked(lambda: _ask_redis(context)),
        _checked(lambda: _compare_schema(context, wanted)),
    )
    return {"database": database, "redis": redis, "migrations": migrations}


async def _checked(ask: Callable[[], Awaitable[str]]) -> str:
    try:
        return await asyncio.wait_for(ask(), PATIENCE.total_seconds())
    except (SQLAlchemyError, RedisError, OSError, TimeoutError) as error:
        return f"away: {type(error).__name__}"


async def _ask_database(context: Context) -> str:
    async with context.database.session(EVERY_WORKSPACE) as session:
        await session.execute(text("select 1"))
    return "ok"


async def _ask_redis(context: Context) -> str:
    await context.redis.ping()
    return "ok"


async def _compare_schema(context: Context, wanted: str | None) -> str:
    async with context.database.session(EVERY_WORKSPACE) as session:
        found = await session.scalar(text("select version_num from alembic_version"))
    return "ok" if found == wanted else "the schema is not current: run otklik migrate"


class Counting:
    """The numbers of /metrics, counted at most every COUNT_EVERY and by one request at a time."""

    def __init__(self, context: Context, numbers: Numbers) -> None:
        self._context = context
        self._numbers = numbers
        self._turn = asyncio.Lock()
        self._counted_at: float | None = None

    async def refresh(self) -> None:
        """Count again if it is time; a server that is away leaves its numbers out."""
        async with self._turn:
            if self._counted_at is not None and time.monotonic() - self._counted_at < COUNT_EVERY.total_seconds():
                return
            self._numbers.forget()
            await asyncio.gather(self._count_stream(), self._count_tables())
            self._counted_at = time.monotonic()

    async def _count_stream(self) -> None:
        try:
            length = await asyncio.wait_for(IntakeStream(self._context.redis).length(), PATIENCE.total_seconds())
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("stream_not_counted", error=type(error).__name__)
            return
        self._numbers.intake.set(length)

    async def _count_tables(self) -> None:
        try:
            await asyncio.wait_for(self._ask_tables(), 2 * PATIENCE.total_seconds())
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("tables_not_counted", error=type(error).__name__)

    async def _ask_tables(self) -> None:
        async with self._context.database.session(EVERY_WORKSPACE) as session:
            await session.execute(text(f"set local statement_timeout = {COUNTING_LIMIT_MILLISECONDS}"))
            self._numbers.dead.set(await session.scalar(_DEAD) or 0)
            counted = (await session.execute(_JOBS, {"stalled": STALLED_AFTER.total_seconds()})).one()
            for state, count in zip(("todo", "doing", "stalled"), counted, strict=True):
                self._numbers.jobs.labels(state).set(count)
            for delivery, count in await session.execute(_DELIVERIES):
                self._numbers.deliveries.labels(delivery).set(count)


def get_counting(request: Request) -> Counting:
    """The process's one."""
    counting: Counting = request.app.state.counting
    return counting


@health.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text", "content": {"text/plain": {}}}},
)
async def read_metrics(request: Request, counting: Annotated[Counting, Depends(get_counting)]) -> Response:
    """Numbers for Prometheus: intake, dead events, jobs, deliveries, times of requests. No names, no texts."""
    await counting.refresh()
    requests: Requests = request.app.state.requests
    return Response(generate_latest(requests.registry), media_type=CONTENT_TYPE_LATEST)
