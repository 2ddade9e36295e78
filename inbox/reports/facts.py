"""A fact for each wait that was answered or is late, written in the transaction that computes the clocks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Conversation, Direction, Message, MessageKind
from inbox.conversations.state import Wait
from inbox.core.bulk import among, insert_rows, table_of
from inbox.organisations.models import Workspace
from inbox.reports.models import DirtyDay, ResponseTime
from inbox.sla.clocks import due_at, rests_of, working_time
from inbox.sla.promises import Promise

Key = tuple[int, datetime]
"""Conversation, since when it waited."""


@dataclass(frozen=True, slots=True)
class Waited:
    """A conversation whose clocks were set just now, with all waits that are known."""

    conversation: Conversation
    waits: Sequence[Wait]
    promise: Promise


@dataclass(frozen=True, slots=True)
class _Answer:
    agent_id: int | None
    is_outside: bool


async def record_responses(session: AsyncSession, waited: Sequence[Waited]) -> None:
    """Bring the facts of these conversations to what their waits say; what is told already stays as it was."""
    telling = [one for one in waited if _tells(one)]
    if not telling:
        return
    ids = [one.conversation.id for one in telling]
    known = {
        (row.conversation_id, row.since_at): row
        for row in await session.scalars(
            select(ResponseTime)
            .where(among(ResponseTime.conversation_id, ids))
            .execution_options(populate_existing=True)
        )
    }
    wanted = {key: fact for one in telling for key, fact in _facts(one).items()}
    fresh = {key: fact for key, fact in wanted.items() if key not in known or known[key].answered_at != fact[1]}
    begins = {one.conversation.id: one.waits[0].since_at for one in telling}
    gone = [key for key in known if key not in wanted and key[1] >= begins[key[0]]]
    if not fresh and not gone:
        return
    days = {(known[key].workspace_id, known[key].day) for key in (*gone, *(key for key in fresh if key in known))}
    replaced = [*gone, *(key for key in fresh if key in known)]
    if replaced:
        pair = tuple_(ResponseTime.conversation_id, ResponseTime.since_at)
        await session.execute(delete(ResponseTime).where(pair.in_(replaced)))
    rows = await _rows(session, telling, fresh)
    await insert_rows(session, ResponseTime, rows)
    await mark_dirty(session, days | {(int(str(row["workspace_id"])), row["day"]) for row in rows})


async def mark_dirty(session: AsyncSession, days: Collection[tuple[int, object]]) -> None:
    """Have these days rolled up anew."""
    if days:
        values = [{"workspace_id": workspace_id, "day": day} for workspace_id, day in sorted(days, key=str)]
        connection = await session.connection()
        await connection.execute(insert(table_of(DirtyDay)).on_conflict_do_nothing(), values)


def _tells(one: Waited) -> bool:
    late = one.conversation.first_response_breached_at or one.conversation.next_response_breached_at
    return bool(one.waits) and (late is not None or any(wait.answered_at is not None for wait in one.waits))


def _facts(one: Waited) -> dict[Key, tuple[bool, datetime | None]]:
    """Wait → (first of its life, answered at), for what is answered or late."""
    conversation = one.conversation
    first_at = conversation.first_response_since_at or one.waits[0].since_at
    late_since = {
        conversation.first_response_since_at if conversation.first_response_breached_at else None,
        conversation.next_response_since_at if conversation.next_response_breached_at else None,
    }
    return {
        (conversation.id, wait.since_at): (wait.since_at == first_at, wait.answered_at)
        for wait in one.waits
        if wait.answered_at is not None or (wait.since_at in late_since and conversation.needs_answer)
    }


async def _rows(
    session: AsyncSession, telling: Sequence[Waited], fresh: Mapping[Key, tuple[bool, datetime | None]]
) -> list[dict[str, object]]:
    zones = dict(
        (
            await session.execute(
                select(Workspace.id, Workspace.time_zone).where(
                    Workspace.id.in_({one.conversation.workspace_id for one in telling})
                )
            )
        ).all()
    )  # fmt: skip
    answers = await _load_answers(session, {key[0] for key in fresh}, {at for _, at in fresh.values() if at})
    by_id = {one.conversation.id: one for one in telling}
    rows: list[dict[str, object]] = []
    for (conversation_id, since_at), (is_first, answered_at) in sorted(fresh.items(), key=str):
        one = by_id[conversation_id]
        answer = answers.get((conversation_id, answered_at)) if answered_at else None
        rows.append(_row(one, since_at, answered_at, answer, zones[one.conversation.workspace_id], is_first=is_first))
    return rows


def _row(
    one: Waited, since_at: datetime, answered_at: datetime | None, answer: _Answer | None, zone: str, *, is_first: bool
) -> dict[str, object]:
    conversation, promise = one.conversation, one.promise
    goal = promise.first_response if is_first else promise.next_response
    rests = rests_of(conversation, answered_at, promise.rests)
    due = due_at(since_at, goal, promise, rests)
    local = since_at.astimezone(ZoneInfo(zone))
    worked = working_time(since_at, answered_at, promise, rests) if answered_at else None
    return {
        "workspace_id": conversation.workspace_id,
        "conversation_id": conversation.id,
        "since_at": since_at,
        "is_first": is_first,
        "answered_at": answered_at,
        "due_at": due,
        "is_late": answered_at is None or (due is not None and answered_at > due),
        "came_closed": not promise.hours.is_open(since_at),
        "is_outside": answer.is_outside if answer else False,
        "channel_id": conversation.channel_id,
        "team_id": conversation.team_id,
        "agent_id": answer.agent_id if answer else (None if answered_at else conversation.assignee_id),
        "working_seconds": int(worked.total_seconds()) if worked is not None else None,
        "wall_seconds": int((answered_at - since_at).total_seconds()) if answered_at else None,
        "day": local.date().isoformat(),
        "hour": local.hour,
    }


async def _load_answers(
    session: AsyncSession, conversation_ids: Collection[int], sent_at: Collection[datetime]
) -> dict[Key, _Answer]:
    """Who gave the answers of these moments."""
    if not sent_at:
        return {}
    rows = await session.execute(
        select(Message.conversation_id, Message.sent_at, Message.author_agent_id, Message.outside)
        .where(
            among(Message.conversation_id, conversation_ids),
            Message.sent_at.in_(sent_at),
            Message.direction == Direction.OUTBOUND,
            Message.kind == MessageKind.MESSAGE,
        )
        .order_by(Message.id.desc())
    )
    return {(found, at): _Answer(agent_id, outside) for found, at, agent_id, outside in rows}
