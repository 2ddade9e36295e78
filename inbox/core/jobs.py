"""Background jobs on procrastinate: written in our transactions, run by workers, freed when their worker died."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import procrastinate
import psycopg
import structlog
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as StoredJob
from sqlalchemy import BigInteger, DateTime, Text, case, cast, column, func, select, table, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from inbox.core.clock import utc_now
from inbox.core.database import libpq_url
from inbox.core.errors import TemporaryRefusalError
from inbox.core.events import Job
from inbox.core.transient import is_transient

HEARTBEAT = timedelta(seconds=5)
STALLED_AFTER = timedelta(seconds=20)
RECOVERY_EVERY = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=2)
OWN_PAUSE = timedelta(seconds=10)
"""Longest pause while a server of ours is away: no platform is to be spared."""
FINISH = timedelta(seconds=8)
"""How long jobs in hand may take once the worker is asked to stop."""

log = structlog.get_logger()
Payload = TypeVar("Payload", bound=Job)
_writer = procrastinate.App(connector=procrastinate.PsycopgConnector())


class PauseAndRetry(BaseRetryStrategy):
    """Again after what the platform asked for, else with doubling pauses of up to two minutes; never gives up."""

    @override
    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> RetryDecision:
        """When to run the job again."""
        return RetryDecision(retry_at=utc_now() + pause_after(exception, job.attempts))


def pause_after(error: BaseException, attempts: int) -> timedelta:
    """How long to wait after a failed attempt; `attempts` counts those before it."""
    if isinstance(error, TemporaryRefusalError) and error.retry_after is not None:
        return error.retry_after
    is_own = is_transient(error) or isinstance(error, asyncio.CancelledError)
    longest = OWN_PAUSE if is_own else LONGEST_PAUSE
    return min(timedelta(seconds=2 ** min(attempts, 7)), longest)


_stored = table("procrastinate_jobs", column("task_name"), column("lock"), column("status"), column("args", JSONB))
"""procrastinate's own table, of which a session of some workspaces may read what is named here"""


async def defer(session: AsyncSession, jobs: Iterable[Job]) -> None:
    """Write jobs in the session's own transaction: a rollback takes them back."""
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    for job in jobs:
        task = _writer.configure_task(job.name, lock=job.lock, connection=connection)
        try:
            await task.defer_async(**job.model_dump(mode="json"))
        except ConnectorException as error:
            # To its transaction this is an error of the database like any other.
            if isinstance(error.__cause__, psycopg.Error):
                raise DBAPIError("defer", None, error.__cause__) from error
            raise


async def widen_waiting(session: AsyncSession, job: Job, since: datetime) -> bool:
    """Let a job of this name and lock that still waits begin at `since`, if that is earlier; False when none waits.

    One that begins at this moment is waited for, and is then no longer a waiting one.
    """
    begins = _stored.c.args["since"].astext.cast(DateTime(timezone=True))
    earlier = _stored.c.args.concat(func.jsonb_build_object("since", since.isoformat()))
    found = await session.execute(
        update(_stored)
        .where(_stored.c.task_name == job.name, _stored.c.lock == job.lock, cast(_stored.c.status, Text) == "todo")
        .values(args=case((begins > since, earlier), else_=_stored.c.args))
        .returning(_stored.c.task_name)
    )
    return found.first() is not None


async def is_queued(session: AsyncSession, job: Job) -> bool:
    """Whether this very job, one with a lock, waits or runs; the session serves all workspaces."""
    found = text(
        "select exists (select from procrastinate_jobs"
        " where task_name = :name and lock = :lock and args = cast(:args as jsonb) and status in ('todo', 'doing'))"
    )
    return bool(await session.scalar(found, {"name": job.name, "lock": job.lock, "args": job.model_dump_json()}))


async def find_messages_queued(session: AsyncSession, kind: type[Job], message_ids: Collection[int]) -> set[int]:
    """Those of the messages that a job of this kind, which waits or runs, is about."""
    message_id = _stored.c.args["message_id"].astext.cast(BigInteger)
    found = await session.scalars(
        select(message_id).where(
            _stored.c.task_name == kind.name, cast(_stored.c.status, Text).in_(["todo", "doing"]),
            message_id.in_(message_ids),
        )
    )  # fmt: skip
    return set(found)


class JobRunner:
    """Runs the jobs of this process; `register` a function for each kind, then `run` until stopped."""

    def __init__(self, database_url: str, *, concurrency: int = 16) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=libpq_url(database_url), min_size=1, max_size=4, timeout=10.0, kwargs={"connect_timeout": 5}
        )
        self._url = libpq_url(database_url)
        self._app = procrastinate.App(connector=connector)
        self._concurrency = concurrency
        self._runs: dict[str, Callable[[dict[str, object]], Awaitable[None]]] = {}

    @property
    def registered(self) -> frozenset[str]:
        """The names of the jobs that somebody takes."""
        return frozenset(self._runs)

    async def run_here(self, name: str, payload: dict[str, object]) -> None:
        """Run one job now, without queue and repetition."""
        await self._runs[name](payload)

    def register(self, kind: type[Payload], run: Callable[[Payload], Awaitable[None]]) -> None:
        """Have `run` take the jobs of this kind; it must bear running twice at the same moment."""

        async def task(context: JobContext, /, **payload: object) -> None:
            try:
                await run(kind.model_validate(payload))
            except TemporaryRefusalError as error:
                log.info("job_waits", job=kind.name, job_id=context.job.id, reason=error.reason)
                raise
            except Exception as error:
                if is_transient(error):
                    log.warning("job_waits", job=kind.name, job_id=context.job.id, error=_first_line(error))
                else:
                    log.exception("job_failed", job=kind.name, job_id=context.job.id, attempts=context.job.attempts)
                raise

        self._app.task(name=kind.name, retry=PauseAndRetry(), pass_context=True)(task)
        self._runs[kind.name] = lambda payload: run(kind.model_validate(payload))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; a lost database is waited for, jobs in hand are finished."""
        while not stop.is_set():
            try:
                await self._run_once(stop)
            except Exception as error:  # the edge: whatever broke the loop, jobs wait in the database
                log.warning("jobs_paused", error=_first_line(error))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1.0)

    async def _run_once(self, stop: asyncio.Event) -> None:
        # The pool would wait long for a database that is away, beyond the wish to stop.
        await (await psycopg.AsyncConnection.connect(self._url, connect_timeout=5)).close()
        async with self._app.open_async():
            worker = asyncio.create_task(
                self._app.run_worker_async(
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT.total_seconds(),
                    stalled_worker_timeout=STALLED_AFTER.total_seconds(),
                    shutdown_graceful_timeout=FINISH.total_seconds(),
                )
            )
            recovery = asyncio.create_task(self._recover_stalled())
            stopped = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait([worker, recovery, stopped], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (worker, recovery, stopped):
                    task.cancel()
                results = await asyncio.gather(worker, recovery, stopped, return_exceptions=True)
            _raise_first(results)

    async def _recover_stalled(self) -> None:
        """Free the jobs of dead workers; not itself a job, which could wait behind the very lock it must free."""
        while True:
            for job in await self.stalled():
                if job.id is not None:
                    await self._free(job.id, job.task_name)
            await asyncio.sleep(RECOVERY_EVERY.total_seconds())

    async def _free(self, job_id: int, name: str) -> None:
        try:
            await self._app.job_manager.retry_job_by_id_async(job_id, retry_at=utc_now())
        except ConnectorException as error:
            # Another worker was quicker, or the job ended after all. A lost database shows at the next question.
            log.debug("stalled_job_not_freed", job_id=job_id, error=_first_line(error))
        else:
            log.warning("stalled_job_freed", job_id=job_id, job=name)

    async def stalled(self) -> Sequence[StoredJob]:
        """Jobs whose worker stopped beating."""
        seconds = STALLED_AFTER.total_seconds()
        return list(await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [repr(error)])[0]


def _raise_first(results: Sequence[object]) -> None:
    for result in results:
        if isinstance(result, Exception):
            raise result
