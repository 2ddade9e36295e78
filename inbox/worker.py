"""Composition root of a worker: the intake pipeline, the jobs and the sweep of one process."""

import asyncio
import os
import socket
from functools import partial

from inbox.channels.service import run_check
from inbox.conversations.jobs import carry_out
from inbox.conversations.pipeline import Pipeline
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import CheckChannel, DeleteDelivered, DeliverMessage, DrainQueue, EditDelivered, ReviewMessage
from inbox.core.jobs import JobRunner
from inbox.core.pacing import Pacing
from inbox.core.stream import IntakeStream
from inbox.replies.delivery import bring_deletion, bring_edit, deliver
from inbox.sla.sweep import run_sweep
from routing.assignment.service import drain
from routing.rules.service import apply_rules


def consumer_name() -> str:
    """This worker among the stream's readers."""
    return f"{socket.gethostname()}-{os.getpid()}"


async def drain_queue(context: Context, job: DrainQueue) -> None:
    """Hand out a workspace's waiting conversations."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        await drain(session, job.workspace_id, context.clock())


def make_job_runner(context: Context) -> JobRunner:
    """All kinds of jobs with what runs them."""
    runner = JobRunner(context.database.url)
    pacing = Pacing(context.redis)
    runner.register(DeliverMessage, partial(deliver, context, pacing))
    runner.register(EditDelivered, partial(bring_edit, context, pacing))
    runner.register(DeleteDelivered, partial(bring_deletion, context, pacing))
    runner.register(ReviewMessage, partial(carry_out, context, pacing))
    runner.register(DrainQueue, partial(drain_queue, context))
    runner.register(CheckChannel, partial(run_check, context))
    return runner


async def run_worker(context: Context, stop: asyncio.Event) -> None:
    """Work until `stop`: what is in hand is finished."""
    stream = IntakeStream(context.redis, consumer_name())
    async with asyncio.TaskGroup() as group:
        group.create_task(Pipeline(context, stream, apply_rules).run(stop))
        group.create_task(make_job_runner(context).run(stop))
        group.create_task(run_sweep(context, stop))
