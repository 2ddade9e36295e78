"""When a project's model is trained, which one is live, and the way back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.audit.service import record
from inbox.conversations.models import Correction
from inbox.core.errors import ConflictError, NotFoundError
from inbox.core.events import TrainModel
from inbox.core.jobs import defer
from inbox.learning.models import LearnedModel, ModelState

GATHERED = 50
"""New corrections after which a model is made by itself."""
LONGEST = timedelta(hours=1)
"""A training older than this is dead, whatever its row says."""
SHOWN = 20


async def note_correction(session: AsyncSession, workspace_id: int, now: datetime) -> None:
    """After a correction: when enough are new, ask for a training in the same transaction."""
    since = await session.scalar(
        select(func.max(LearnedModel.started_at)).where(LearnedModel.workspace_id == workspace_id)
    )
    if await count_corrections(session, workspace_id, since) >= GATHERED:
        await _begin(session, workspace_id, None, now)


async def count_corrections(session: AsyncSession, workspace_id: int, since: datetime | None) -> int:
    """Messages that people corrected since then (None: ever)."""
    wanted: list[ColumnElement[bool]] = [Correction.workspace_id == workspace_id]
    if since is not None:
        wanted.append(Correction.corrected_at > since)
    return await session.scalar(select(func.count(Correction.message_id.distinct())).where(*wanted)) or 0


async def begin_training(
    session: AsyncSession, workspace_id: int, agent_id: int | None, now: datetime, *, defer_job: bool = True
) -> LearnedModel:
    """A person asks for it; ConflictError while one is under way. `defer_job` False: the caller trains it itself."""
    model = await _begin(session, workspace_id, agent_id, now, defer_job=defer_job)
    if model is None:
        raise ConflictError("A training is under way already.")
    return model


async def _begin(
    session: AsyncSession, workspace_id: int, agent_id: int | None, now: datetime, *, defer_job: bool = True
) -> LearnedModel | None:
    await session.execute(
        update(LearnedModel)
        .where(
            LearnedModel.workspace_id == workspace_id, LearnedModel.state == ModelState.TRAINING,
            LearnedModel.started_at < now - LONGEST,
        )
        .values(state=ModelState.FAILED, finished_at=now)
    )  # fmt: skip
    values = {
        "workspace_id": workspace_id, "state": ModelState.TRAINING, "is_live": False, "version": "",
        "base_version": "", "examples": 0, "figures": {}, "progress": 0.0, "asked_by_id": agent_id, "started_at": now,
    }  # fmt: skip
    model_id = await session.scalar(
        insert(LearnedModel)
        .values(values)
        .on_conflict_do_nothing(index_elements=["workspace_id"], index_where=text("state = 'training'"))
        .returning(LearnedModel.id)
    )
    if model_id is None:
        return None
    if defer_job:
        await defer(session, [TrainModel(workspace_id=workspace_id, model_id=model_id)])
    return await session.get_one(LearnedModel, model_id)


async def go_live(
    session: AsyncSession, workspace_id: int, model: LearnedModel | None, agent_id: int | None, now: datetime
) -> None:
    """From the next batch on this model tags (None: the shipped classifier alone); the one before is kept."""
    before = await find_live(session, workspace_id)
    if before is not None and model is not None and before.id == model.id:
        return
    await session.execute(
        update(LearnedModel)
        .where(LearnedModel.workspace_id == workspace_id, LearnedModel.is_live)
        .values(is_live=False)
    )
    if model is not None:
        model.is_live = True
    await session.flush()
    record(
        session, workspace_id, agent_id, "model.live", model.id if model else 0, now,
        before={"version": before.version if before else "shipped"},
        after={"version": model.version if model else "shipped"},
    )  # fmt: skip


async def put_back(
    session: AsyncSession, workspace_id: int, model_id: int | None, agent_id: int, now: datetime
) -> None:
    """Make an earlier model live again, or (None) the shipped classifier; NotFoundError for none of the project's."""
    model = None
    if model_id is not None:
        model = await session.scalar(
            select(LearnedModel)
            .where(LearnedModel.id == model_id, LearnedModel.workspace_id == workspace_id)
            .with_for_update()
        )
        if model is None:
            raise NotFoundError("There is no such model.")
        if model.state is not ModelState.READY:
            raise ConflictError("This model was not better than the one before; it cannot go live.")
    await go_live(session, workspace_id, model, agent_id, now)


async def find_live(session: AsyncSession, workspace_id: int) -> LearnedModel | None:
    """The project's live model, None: the shipped classifier speaks alone."""
    found: LearnedModel | None = await session.scalar(
        select(LearnedModel).where(LearnedModel.workspace_id == workspace_id, LearnedModel.is_live)
    )
    return found


async def list_trainings(session: AsyncSession, workspace_id: int) -> Sequence[LearnedModel]:
    """The newest trainings, newest first."""
    rows = await session.scalars(
        select(LearnedModel)
        .where(LearnedModel.workspace_id == workspace_id)
        .order_by(LearnedModel.started_at.desc(), LearnedModel.id.desc())
        .limit(SHOWN)
    )
    return rows.all()


async def retrain_outdated(session: AsyncSession, base_version: str, now: datetime) -> None:
    """A new version of the shipped classifier came: models made over another one are made again."""
    rows = await session.execute(
        select(LearnedModel.workspace_id)
        .where(LearnedModel.is_live, LearnedModel.base_version != base_version)
        .order_by(LearnedModel.workspace_id)
    )
    for (workspace_id,) in rows.all():
        newest = await session.scalar(
            select(LearnedModel.base_version)
            .where(LearnedModel.workspace_id == workspace_id, LearnedModel.state != ModelState.TRAINING)
            .order_by(LearnedModel.started_at.desc())
            .limit(1)
        )
        if newest != base_version:
            await _begin(session, workspace_id, None, now)
