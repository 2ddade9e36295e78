"""Jobs: written with their cause, retried with sane pauses, freed when their worker died, in order of their lock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import TemporaryRefusalError
from inbox.core.events import JOBS, DeliverMessage, DrainQueue
from inbox.core.jobs import LONGEST_PAUSE, OWN_PAUSE, JobRunner, defer, pause_after
from inbox.core.pacing import Pacing
from inbox.replies.delivery import Deliveries
from inbox.worker import make_job_runner
from tests.company import open_context
from tests.servers import TestServers


@pytest.fixture
async def context(servers: TestServers) -> AsyncIterator[Context]:
    async with open_context(servers) as opened:
        yield opened


@asynccontextmanager
async def running(runner: JobRunner) -> AsyncIterator[None]:
    """A runner at work."""
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


async def defer_all(context: Context, *jobs: DeliverMessage | DrainQueue) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        await defer(session, jobs)


async def count_jobs(context: Context) -> int:
    async with context.database.session(EVERY_WORKSPACE) as session:
        return int(await session.scalar(text("select count(*) from procrastinate_jobs")) or 0)


async def until_no_jobs(context: Context) -> None:
    for _ in range(600):
        if await count_jobs(context) == 0:
            return
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("error", "attempts", "pause"),
    [
        (TemporaryRefusalError("429", retry_after=timedelta(seconds=33)), 9, timedelta(seconds=33)),
        (TemporaryRefusalError("down"), 0, timedelta(seconds=1)),
        (TemporaryRefusalError("down"), 3, timedelta(seconds=8)),
        (TemporaryRefusalError("down"), 500, LONGEST_PAUSE),
        (ConnectionError(), 500, OWN_PAUSE),
        (psycopg.OperationalError(), 500, OWN_PAUSE),
        (asyncio.CancelledError(), 500, OWN_PAUSE),
        (ValueError(), 500, LONGEST_PAUSE),
    ],
)
def test_pauses_double_up_to_a_limit(error: BaseException, attempts: int, pause: timedelta) -> None:
    assert pause_after(error, attempts) == pause


async def test_a_rollback_takes_the_job_back(context: Context) -> None:
    async def fail() -> None:
        async with context.transaction(EVERY_WORKSPACE) as session:
            await defer(session, [DrainQueue(workspace_id=1)])
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
    assert await count_jobs(context) == 0


async def test_a_finished_job_is_deleted_and_a_refused_one_comes_again(context: Context) -> None:
    runner, runs = JobRunner(context.database.url), list[int]()

    async def run(job: DrainQueue) -> None:
        runs.append(job.workspace_id)
        if len(runs) < 3:
            raise TemporaryRefusalError("busy", retry_after=timedelta(milliseconds=10))

    runner.register(DrainQueue, run)
    await defer_all(context, DrainQueue(workspace_id=7))
    async with running(runner):
        await until_no_jobs(context)
    assert runs == [7, 7, 7]


async def test_jobs_of_one_conversation_run_one_by_one_in_order(context: Context) -> None:
    runner, done = JobRunner(context.database.url), list[int]()
    at_work = 0

    async def run(job: DeliverMessage) -> None:
        nonlocal at_work
        at_work += 1
        assert at_work == 1
        await asyncio.sleep(0.02)
        done.append(job.message_id)
        at_work -= 1

    runner.register(DeliverMessage, run)
    await defer_all(context, *(DeliverMessage(conversation_id=1, message_id=number) for number in range(6)))
    async with running(runner):
        await until_no_jobs(context)
    assert done == list(range(6))


async def test_the_job_of_a_dead_worker_is_freed_with_its_lock(context: Context) -> None:
    runner, done = JobRunner(context.database.url), list[int]()

    async def run(job: DeliverMessage) -> None:
        done.append(job.message_id)

    runner.register(DeliverMessage, run)
    await defer_all(context, *(DeliverMessage(conversation_id=1, message_id=number) for number in range(2)))
    async with context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(
            text("insert into procrastinate_workers (last_heartbeat) values (now() - interval '21 seconds')")
        )
        await session.execute(
            text(
                "update procrastinate_jobs set status = 'doing',"
                " worker_id = (select max(id) from procrastinate_workers)"
                " where id = (select min(id) from procrastinate_jobs)"
            )
        )
    async with running(runner):
        await until_no_jobs(context)
    assert done == [0, 1]


async def test_the_job_of_a_worker_that_still_beats_is_left_alone(context: Context) -> None:
    runner = JobRunner(context.database.url)
    await defer_all(context, DrainQueue(workspace_id=1))
    async with context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("insert into procrastinate_workers (last_heartbeat) values (now())"))
        await session.execute(
            text(
                "update procrastinate_jobs set status = 'doing',"
                " worker_id = (select max(id) from procrastinate_workers)"
            )
        )
    async with running(runner):
        await asyncio.sleep(1)
        assert await count_jobs(context) == 1


async def test_a_database_that_is_away_is_waited_for_and_does_not_delay_the_end() -> None:
    runner = JobRunner("postgresql://nobody@127.0.0.1:9/nothing")
    async with running(runner):
        await asyncio.sleep(0.3)


async def test_every_kind_of_job_is_registered_in_the_worker(context: Context) -> None:
    pacing = Pacing(context.redis)
    runner = make_job_runner(context, pacing, Deliveries(context, pacing))
    assert runner.registered == {job.name for job in JOBS}
