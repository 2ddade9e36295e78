"""Composition root of a worker: the intake pipeline, the jobs and the sweep of one process."""

import asyncio
import contextlib
import os
import socket
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from inbox.channels.catching_up import run_catch_up
from inbox.channels.service import run_check
from inbox.channels.status import queue_checks
from inbox.contacts.naming import name_people
from inbox.conversations.jobs import carry_out
from inbox.conversations.pipeline import Pipeline
from inbox.conversations.post_jobs import bring_comments_open
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import (
    AnswerAlert,
    AnswerPress,
    CallWebhook,
    CatchUp,
    CheckChannel,
    DeleteDelivered,
    DeliverMessage,
    DrainQueue,
    EditDelivered,
    EscalateBreach,
    FurnishProject,
    LinkByCode,
    NamePeople,
    OpenComments,
    PressButton,
    RecomputeClocks,
    RetimeLeads,
    ReviewMessage,
    RingAlert,
    RingBreach,
    RingDigest,
    RingLead,
    RingMention,
    ShowPress,
    TellLead,
    TrainModel,
)
from inbox.core.jobs import FINISH, JobRunner
from inbox.core.pacing import Pacing
from inbox.core.stream import IntakeStream
from inbox.learning.service import retrain_outdated
from inbox.replies.delivery import Deliveries
from inbox.sla.escalating import escalate
from inbox.sla.recomputing import recompute_clocks
from inbox.sla.sweep import run_sweep
from routing.alerts.answering import run_answer
from routing.alerts.linking import run_link
from routing.alerts.mentioning import run_mention
from routing.alerts.pressing import run_press
from routing.alerts.ringing import run_digest, run_ring
from routing.alerts.showing import run_answer_press, run_show_press
from routing.alerts.sweeping import run_breach
from routing.arriving import route
from routing.assignment.service import drain
from routing.leads.ringing import LEAD_DEEDS, run_lead_ring
from routing.leads.service import run_tell_lead
from routing.leads.sweeping import retime_leads
from routing.rules.ready import furnish
from routing.sweeping import run_routing_sweep
from routing.webhooks.sending import run_webhook

CHECKS_EVERY = timedelta(seconds=30)

log = structlog.get_logger()


def consumer_name() -> str:
    """This worker among the stream's readers."""
    return f"{socket.gethostname()}-{os.getpid()}"


async def drain_queue(context: Context, job: DrainQueue) -> None:
    """Hand out a workspace's waiting conversations."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        await drain(session, job.workspace_id, context.clock())


async def train(context: Context, job: TrainModel) -> None:
    """Make a project's model. What trains is imported by those who train: it would double a worker's start."""
    from moderation.learning.teaching import train_model

    await train_model(context, job)


def make_job_runner(context: Context, pacing: Pacing, deliveries: Deliveries) -> JobRunner:
    """All kinds of jobs with what runs them."""
    runner = JobRunner(context.database.url)
    runner.register(DeliverMessage, deliveries.deliver)
    runner.register(EditDelivered, deliveries.edit)
    runner.register(DeleteDelivered, deliveries.delete)
    runner.register(ReviewMessage, partial(carry_out, context, pacing))
    runner.register(OpenComments, partial(bring_comments_open, context, pacing))
    runner.register(DrainQueue, partial(drain_queue, context))
    runner.register(CheckChannel, partial(run_check, context))
    runner.register(TrainModel, partial(train, context))
    runner.register(RingAlert, partial(run_ring, context, pacing))
    runner.register(RingDigest, partial(run_digest, context, pacing))
    runner.register(RingBreach, partial(run_breach, context))
    runner.register(PressButton, partial(run_press, context, further=LEAD_DEEDS))
    runner.register(AnswerPress, partial(run_answer_press, context))
    runner.register(ShowPress, partial(run_show_press, context, pacing))
    runner.register(AnswerAlert, partial(run_answer, context, pacing))
    runner.register(LinkByCode, partial(run_link, context, pacing))
    runner.register(RingLead, partial(run_lead_ring, context, pacing))
    runner.register(RingMention, partial(run_mention, context, pacing))
    runner.register(TellLead, partial(run_tell_lead, context))
    runner.register(CallWebhook, partial(run_webhook, context))
    runner.register(CatchUp, partial(run_catch_up, context))
    runner.register(EscalateBreach, partial(escalate, context))
    runner.register(RecomputeClocks, partial(recompute_clocks, context))
    runner.register(RetimeLeads, partial(retime_leads, context))
    runner.register(FurnishProject, partial(furnish, context))
    runner.register(NamePeople, partial(name_people, context))
    return runner


async def run_worker(context: Context, stop: asyncio.Event) -> None:
    """Work until `stop`: what is in hand is finished."""
    stream = IntakeStream(context.redis, consumer_name())
    pacing = Pacing(context.redis)
    deliveries = Deliveries(context, pacing)
    async with asyncio.TaskGroup() as group:
        group.create_task(Pipeline(context, stream, route).run(stop))
        group.create_task(make_job_runner(context, pacing, deliveries).run(stop))
        group.create_task(run_sweep(context, stop))
        group.create_task(run_routing_sweep(context, stop))
        group.create_task(_run_checks(context, stop))
    await deliveries.finish(FINISH)


async def _run_checks(context: Context, stop: asyncio.Event) -> None:
    """Have channels that need attention looked at again now and then: a key may have come back to life."""
    while not stop.is_set():
        try:
            async with context.transaction(EVERY_WORKSPACE) as session:
                await queue_checks(session, context.clock())
                await retrain_outdated(session, context.tagger.model_version, context.clock())
        except (SQLAlchemyError, OSError) as error:
            log.warning("checks_wait", error=str(error).splitlines()[0])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), CHECKS_EVERY.total_seconds())
