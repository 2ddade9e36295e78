"""`moderation.learning.train` and `otklik model train`: a project's corrections to a model of its own, in its table."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Correction, Message
from inbox.conversations.tags import Tagger
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError, SetupError
from inbox.core.events import TrainModel
from inbox.core.i18n import N_
from inbox.learning.models import LearnedModel, ModelState
from inbox.learning.service import begin_training, go_live
from inbox.organisations.models import Workspace
from moderation.learning.judging import FEWEST, MOST, Lesson, Verdict, learn
from moderation.triage import load_tagger
from moderation.triage.classify import LinearTagger
from moderation.triage.emoji import is_wordless
from moderation.triage.own import seal_own

TOO_FEW = N_("There are too few corrected messages yet: at least 30 are needed.")
BROKEN = N_("The training broke off. It can be started again; the administrator finds the reason in the log.")

log = structlog.get_logger()


async def train_model(context: Context, job: TrainModel) -> None:
    """Learn outside any transaction, then store what came of it; a repeated job finds the training finished."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        model = await session.get(LearnedModel, job.model_id)
        if model is None or model.state is not ModelState.TRAINING:
            return
        lessons = await load_lessons(session, job.workspace_id)
    if len(lessons) < FEWEST:
        await _end(context, job, ModelState.REFUSED, failure=TOO_FEW)
        return
    try:
        verdict = await _learn(context, job, lessons)
    except (ValueError, SetupError) as error:
        log.exception("training_failed", workspace_id=job.workspace_id, error=str(error))
        await _end(context, job, ModelState.FAILED, failure=BROKEN)
        return
    await _store(context, job, verdict, len(lessons))


async def load_lessons(session: AsyncSession, workspace_id: int) -> list[Lesson]:
    """The newest word of people on each message that has words, oldest first."""
    newest = (
        select(Correction.message_id, func.max(Correction.id).label("id"))
        .where(Correction.workspace_id == workspace_id)
        .group_by(Correction.message_id)
        .subquery()
    )
    rows = await session.execute(
        select(Message.text, Correction.after)
        .join(newest, newest.c.id == Correction.id)
        .join(Message, Message.id == Correction.message_id)
        .order_by(Correction.id.desc())
        .limit(MOST)
    )
    found = [
        Lesson(
            text,
            {
                "sentiment": str(after["sentiment"]),
                "intent": str(after["intent"]),
                "toxic": str(int(bool(after["toxic"]))),
            },
        )
        for text, after in rows
        if not is_wordless(text)
    ]
    return found[::-1]


async def _learn(context: Context, job: TrainModel, lessons: Sequence[Lesson]) -> Verdict:
    """In a thread; meanwhile its progress is written down now and then."""
    reached = 0.0

    def note(progress: float) -> None:
        nonlocal reached
        reached = progress

    tagger = shipped(context.tagger)
    working = asyncio.create_task(asyncio.to_thread(learn, tagger, lessons, note))
    written = 0.0
    while not working.done():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(working), 0.5)
        if not working.done() and reached > written:
            written = reached
            await _write_progress(context, job, written)
    return await working


def shipped(tagger: Tagger) -> LinearTagger:
    """The process's classifier, or another one read from its file when the process tags by something else."""
    return tagger if isinstance(tagger, LinearTagger) else load_tagger(cache=False)


async def _write_progress(context: Context, job: TrainModel, progress: float) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(LearnedModel).where(LearnedModel.id == job.model_id).values(progress=progress))


async def _store(context: Context, job: TrainModel, verdict: Verdict, examples: int) -> None:
    """Better: it goes live, and the one before is kept. Not better: kept with its figures, never live."""
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        model = await _lock(session, job.model_id)
        if model is None:
            return
        model.figures, model.examples = verdict.figures, examples
        model.base_version = shipped(context.tagger).model_version
        _finish(model, ModelState.READY if verdict.head else ModelState.REFUSED, now)
        if verdict.head is not None:
            own = seal_own(verdict.head)
            model.version, model.content = own.version, own.content
            await go_live(session, job.workspace_id, model, None, now)


async def _end(context: Context, job: TrainModel, state: ModelState, *, failure: str) -> None:
    async with context.transaction(EVERY_WORKSPACE) as session:
        model = await _lock(session, job.model_id)
        if model is not None:
            model.failure = failure
            _finish(model, state, context.clock())


async def _lock(session: AsyncSession, model_id: int) -> LearnedModel | None:
    """Still under way, and ours to finish."""
    found: LearnedModel | None = await session.scalar(
        select(LearnedModel)
        .where(LearnedModel.id == model_id, LearnedModel.state == ModelState.TRAINING)
        .with_for_update()
    )
    return found


def _finish(model: LearnedModel, state: ModelState, now: datetime) -> None:
    model.state, model.progress, model.finished_at = state, 1.0, now


async def train_now(context: Context, workspace_name: str) -> LearnedModel:
    """The command: train this project's model here and now; SetupError when there is no such project."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        found = (await session.scalars(select(Workspace).where(Workspace.name == workspace_name))).all()
        if len(found) != 1:
            raise SetupError(f"There is no project {workspace_name!r}, or several of that name.")
        try:
            model = await begin_training(session, found[0].id, None, context.clock(), defer_job=False)
        except ConflictError as error:
            raise SetupError(error.detail) from error
    await train_model(context, TrainModel(workspace_id=found[0].id, model_id=model.id))
    async with context.database.session(EVERY_WORKSPACE) as session:
        return await session.get_one(LearnedModel, model.id)
