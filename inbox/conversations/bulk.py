"""A deed on one or many conversations, and its undoing: what each was before is remembered here, not in a browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.access import claimable, visible
from inbox.conversations.changes import UNSET, Change
from inbox.conversations.changing import Changed, change_all
from inbox.conversations.deciding import DECISIONS, remember
from inbox.conversations.models import BulkChange, BulkStep, Conversation, Priority
from inbox.conversations.recompute import load_parts
from inbox.core.bulk import among
from inbox.core.database import OVER_ALL, Json
from inbox.core.errors import ConflictError, ForbiddenError, NotFoundError, RefusedError
from inbox.core.i18n import N_

MOST = 200
"""Conversations of one deed."""
KEPT = timedelta(days=1)
"""How long a deed can be undone."""
CHANGED_SINCE = N_("somebody has changed it since")
_PLAIN = ("assignee_id", "team_id", "priority")


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of the conversations. `id` is for undoing, None when there is nothing to undo.

    `not_found`: not there, or not for the caller's eyes; `refused`: conversation → why it stayed as it was.
    `beyond`: how many an undoing left as they are, in projects that the caller is in no more.
    """

    id: int | None
    changed: Sequence[int]
    unchanged: Sequence[int]
    refused: Mapping[int, RefusedError]
    not_found: Sequence[int]
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """Locked conversations that the caller may answer; the rest as in Bulk."""

    allowed: Sequence[Conversation]
    refused: Mapping[int, RefusedError]
    not_found: Sequence[int]


async def hold_many(session: AsyncSession, caller: Caller, conversation_ids: Sequence[int]) -> Held:
    """At most MOST conversations, as they are now, until the transaction ends."""
    found = await _lock(session, conversation_ids, visible(caller))
    allowed, refused = _allowed(caller, found)
    return Held(allowed, refused, _missing(conversation_ids, found))


async def change_held(
    session: AsyncSession, caller: Caller, held: Held, wanted: Mapping[int, Change], now: datetime
) -> Bulk:
    """Apply to each that `wanted` names what it says, and remember what that changed."""
    standing = [one for one in held.allowed if one.id in wanted]
    remembered = {one.id: remember(one) for one in standing}
    changes = await change_all(session, caller, [(one, wanted[one.id]) for one in standing], now)
    done = [one for one in changes.changed if one.is_changed]
    return Bulk(
        id=await _keep(session, caller, done, remembered, now) if done else None,
        changed=[one.conversation.id for one in done],
        unchanged=[one.conversation.id for one in changes.changed if not one.is_changed],
        refused={**held.refused, **changes.refused},
        not_found=held.not_found,
    )


async def change_many(
    session: AsyncSession,
    caller: Caller,
    conversation_ids: Sequence[int],
    wanted: Callable[[Conversation], Change],
    now: datetime,
) -> Bulk:
    """Apply what `wanted` says of each to at most MOST conversations, in this one transaction."""
    held = await hold_many(session, caller, conversation_ids)
    return await change_held(session, caller, held, {one.id: wanted(one) for one in held.allowed}, now)


async def change_one(
    session: AsyncSession, caller: Caller, conversation: Conversation, wanted: Change, now: datetime
) -> int | None:
    """Apply `wanted` to a conversation that is locked and that the caller may answer; the id is for undoing.

    None when nothing changed.
    """
    done = await change_held(session, caller, Held([conversation], {}, []), {conversation.id: wanted}, now)
    for refusal in done.refused.values():
        raise refusal
    await load_parts(session, conversation)
    return done.id


async def access_steps(session: AsyncSession, caller: Caller, bulk_change_id: int) -> dict[int, BulkStep]:
    """What the caller's own deed, locked, did to each conversation, as far as the session's fence lets one see.

    NotFoundError for a deed of somebody else, and for one that is all behind the fence.
    """
    mine = select(BulkChange.id).where(BulkChange.id == bulk_change_id, BulkChange.agent_id == caller.agent_id)
    if await session.scalar(mine.with_for_update()) is None:
        raise NotFoundError("There is no such deed.")
    rows = await session.scalars(select(BulkStep).where(BulkStep.bulk_change_id == bulk_change_id))
    steps = {step.conversation_id: step for step in rows}
    if not steps:
        raise NotFoundError("There is no such deed.")
    return steps


async def count_steps(session: AsyncSession, bulk_change_id: int) -> int:
    """How many conversations the deed changed, also behind the session's fence."""
    count = select(func.count(BulkStep.conversation_id)).where(BulkStep.bulk_change_id == bulk_change_id)
    found: int = await session.scalar(count, execution_options={OVER_ALL: True}) or 0
    return found


async def undo_many(session: AsyncSession, caller: Caller, bulk_change_id: int, now: datetime) -> Bulk:
    """Put back what the caller's own deed changed and nobody has changed since, also where it left the caller's sight.

    NotFoundError for a deed of somebody else; ConflictError for one that was undone already.
    """
    steps = await access_steps(session, caller, bulk_change_id)
    bulk = await session.get_one(BulkChange, bulk_change_id, populate_existing=True)
    if bulk.undone_at is not None:
        raise ConflictError("This was undone already.")
    bulk.undone_at = now
    found = await _lock(session, list(steps), or_(visible(caller), claimable(caller)))
    allowed, refused = _allowed(caller, found)
    wanted = {one.id: _way_back(one, steps[one.id]) for one in allowed}
    standing = [(one, change) for one in allowed if (change := wanted[one.id]) is not None]
    changes = await change_all(session, caller, standing, now)
    kept = {one.id: ConflictError(CHANGED_SINCE) for one in allowed if wanted[one.id] is None}
    return Bulk(
        id=None,
        changed=[one.conversation.id for one in changes.changed if one.is_changed],
        unchanged=[one.conversation.id for one in changes.changed if not one.is_changed],
        refused={**refused, **kept, **changes.refused},
        not_found=_missing(list(steps), found),
        beyond=await count_steps(session, bulk_change_id) - len(steps),
    )


async def forget_bulks(session: AsyncSession, now: datetime) -> None:
    """What can no longer be undone."""
    await session.execute(delete(BulkChange).where(BulkChange.changed_at < now - KEPT))


async def _lock(
    session: AsyncSession, conversation_ids: Sequence[int], within_reach: ColumnElement[bool]
) -> list[Conversation]:
    found = await session.scalars(
        select(Conversation)
        .where(among(Conversation.id, conversation_ids), within_reach)
        .order_by(Conversation.id)
        .with_for_update(of=Conversation)
        .execution_options(populate_existing=True)
    )
    return list(found)


def _allowed(caller: Caller, found: Sequence[Conversation]) -> tuple[list[Conversation], dict[int, RefusedError]]:
    """Those that the caller may answer, and why not the others."""
    allowed: list[Conversation] = []
    refused: dict[int, RefusedError] = {}
    for one in found:
        try:
            caller.require(one.workspace_id, Permission.ANSWER)
            allowed.append(one)
        except ForbiddenError as refusal:
            refused[one.id] = refusal
    return allowed, refused


def _missing(conversation_ids: Sequence[int], found: Sequence[Conversation]) -> list[int]:
    there = {one.id for one in found}
    return [conversation_id for conversation_id in dict.fromkeys(conversation_ids) if conversation_id not in there]


async def _keep(
    session: AsyncSession, caller: Caller, done: Sequence[Changed], remembered: Mapping[int, Json], now: datetime
) -> int:
    bulk = BulkChange(agent_id=caller.agent_id, changed_at=now)
    session.add(bulk)
    await session.flush()
    for one in done:
        before, after = _difference(one, remembered[one.conversation.id])
        session.add(
            BulkStep(
                workspace_id=one.conversation.workspace_id, bulk_change_id=bulk.id,
                conversation_id=one.conversation.id, before=before, after=after,
            )
        )  # fmt: skip
    await session.flush()
    return bulk.id


def _difference(done: Changed, remembered: Json) -> tuple[Json, Json]:
    """What the deed changed of a conversation, before and after."""
    names = [name for name in _PLAIN if done.before[name] != done.after[name]]
    before: Json = {name: done.before[name] for name in names}
    after: Json = {name: done.after[name] for name in names}
    if done.before["labels"] != done.after["labels"]:
        before["labels"], after["labels"] = done.before["labels"], done.after["labels"]
    decided = remember(done.conversation)
    if _decisions(decided) != _decisions(remembered):
        before["decisions"], after["decisions"] = remembered, decided
    return before, after


def _decisions(remembered: Json) -> Json:
    return {name: remembered[name] for name in DECISIONS}


def _way_back(conversation: Conversation, step: BulkStep) -> Change | None:
    """The change that undoes the step, of what stands as the step left it; None when nothing does."""
    before, after = _Kept.model_validate(step.before), _Kept.model_validate(step.after)
    given = before.model_fields_set
    decided = _decisions(remember(conversation))
    stands = {
        "assignee_id": conversation.assignee_id == after.assignee_id,
        "team_id": conversation.team_id == after.team_id,
        "priority": conversation.priority is after.priority,
        "labels": True,
        "decisions": after.decisions is not None and decided == _decisions(after.decisions),
    }
    undone = {name for name in given if stands[name]}
    if not undone:
        return None
    return Change(
        assignee_id=before.assignee_id if "assignee_id" in undone else UNSET,
        team_id=before.team_id if "team_id" in undone else UNSET,
        priority=before.priority if "priority" in undone and before.priority else UNSET,
        added_labels=tuple(name for name in before.labels if name not in after.labels),
        removed_labels=tuple(name for name in after.labels if name not in before.labels),
        restored=before.decisions if "decisions" in undone and before.decisions else UNSET,
    )


class _Kept(BaseModel):
    """What a step keeps of a conversation; only what is set was changed."""

    assignee_id: int | None = None
    team_id: int | None = None
    priority: Priority | None = None
    labels: tuple[str, ...] = ()
    decisions: Json | None = None
