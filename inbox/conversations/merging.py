"""Two conversations turn out to be one: all that hangs on the one goes over to its heir, and nothing falls with it."""

from typing import Protocol, runtime_checkable

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from inbox.conversations.deciding import remember, restore
from inbox.conversations.models import Conversation, Message, Priority
from inbox.core.bulk import table_of
from inbox.core.database import Base
from inbox.core.events import Job
from inbox.core.jobs import defer

REFERENCE = "conversation_id"


@runtime_checkable
class GivesWay(Protocol):
    """A model of whose rows a conversation has but one of some kind: it says itself what becomes of a second."""

    @classmethod
    def give_way(cls, conversation_id: int, heir_id: int) -> ReturningUpdate[int]:
        """What is to be written before the rows of the first are the heir's; returns the ids of those that change."""

    @classmethod
    def tell_of(cls, row_id: int) -> Job:
        """The job by which others hear that a row gave way."""


def models_of_conversations() -> list[type[Base]]:
    """All whose rows would fall with their conversation, in the order in which they are locked."""
    conversations = table_of(Conversation)
    found: list[type[Base]] = [
        mapper.class_
        for mapper in Base.registry.mappers
        if any(key.referred_table is conversations for key in table_of(mapper.class_).foreign_key_constraints)
    ]
    return sorted(found, key=lambda model: (model is not Message, table_of(model).name))


async def move_to(session: AsyncSession, conversation_id: int, heir_id: int) -> None:
    """Everything of a conversation becomes its heir's, and its row goes. The heir is to be refreshed.

    The session serves all workspaces. Locks are taken as everywhere: messages, conversations, then the rest.
    """
    first, *others = models_of_conversations()
    await _move_rows(session, first, conversation_id, heir_id)
    both = await session.scalars(
        select(Conversation)
        .where(Conversation.id.in_([conversation_id, heir_id]))
        .order_by(Conversation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows = {one.id: one for one in both}
    for model in others:
        await _move_rows(session, model, conversation_id, heir_id)
    _inherit(rows[heir_id], rows[conversation_id])
    await session.execute(delete(Conversation).where(Conversation.id == conversation_id))


async def _move_rows(session: AsyncSession, model: type[Base], conversation_id: int, heir_id: int) -> None:
    """Where both have what there may be but once, the heir's stays."""
    table = table_of(model)
    if issubclass(model, GivesWay):
        gave_way = await session.scalars(model.give_way(conversation_id, heir_id))
        await defer(session, [model.tell_of(row_id) for row_id in gave_way.all()])
    for names in _unique_names(table):
        twin = table.alias()
        same = (twin.c[name] == table.c[name] for name in names if name != REFERENCE)
        is_there = exists().where(and_(twin.c[REFERENCE] == heir_id, *same))
        await session.execute(delete(table).where(table.c[REFERENCE] == conversation_id, is_there))
    await session.execute(
        update(table).where(table.c[REFERENCE] == conversation_id).values({table.c[REFERENCE]: heir_id})
    )


def _unique_names(table: Table) -> list[list[str]]:
    """The columns of each key of which the conversation is a part; what is unique among some rows gives way."""
    keys: list[PrimaryKeyConstraint | UniqueConstraint | Index] = [
        *(one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)),
        *(one for one in table.indexes if one.unique and one.dialect_options["postgresql"]["where"] is None),
    ]
    named = [[column.name for column in key.columns] for key in keys]
    return [names for names in named if REFERENCE in names]


def _inherit(heir: Conversation, left: Conversation) -> None:
    """Whose it was, its promise, and what people decided, where the heir has none of its own."""
    if heir.assignee_id is None:
        heir.assignee_id, heir.routed_at = left.assignee_id, left.routed_at
        heir.team_id = left.team_id if left.team_id is not None else heir.team_id
    heir.sla_policy_id = heir.sla_policy_id if heir.sla_policy_id is not None else left.sla_policy_id
    heir.priority = left.priority if heir.priority is Priority.NORMAL else heir.priority
    speaks = _is_decided(heir) and not _hides(heir, left)
    if not speaks and not _hides(left, heir):
        restore(heir, remember(left))


def _is_decided(one: Conversation) -> bool:
    return one.status_at is not None or one.judged_at is not None


def _hides(decided: Conversation, other: Conversation) -> bool:
    """A word on the one would settle a question in the other that nobody had seen when it was said."""
    seen = (decided.status_seen_at, decided.judged_seen_at, decided.settled_seen_at)
    newest = max((at for at in seen if at is not None), default=None)
    return newest is not None and other.waiting_since_at is not None and other.waiting_since_at <= newest
