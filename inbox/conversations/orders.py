"""The orders of the list, and the cursors that continue them: the sort key of a page's last row, with its id."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, case, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.filters import Order
from inbox.conversations.models import Conversation, Mention, Message
from inbox.conversations.urgency import find_running_due, running_due
from inbox.core.errors import InvalidInputError
from inbox.core.web.paging import decode_cursor, encode_cursor

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_DUE, _WAITING, _REST = 0, 1, 2


def ordered(statement: Select[int], order: Order, cursor: str | None, agent_id: int) -> Select[int]:
    """The statement in this order, as this person sees it, after the row that the cursor names."""
    after = None if cursor is None else _read(order, cursor)
    match order:
        case Order.URGENT:
            return _by_rank(statement, _rank, _instant, after)
        case Order.WAKING:
            return _by_rank(statement, _wake_rank, _wake_instant, after)
        case Order.CALLED:
            calls = _calls(agent_id).subquery("calls")
            statement = statement.outerjoin(calls, calls.c.conversation_id == Conversation.id)
            rank = case((calls.c.newest.is_not(None), _DUE), else_=_REST)
            return _by_rank(statement, rank, -func.coalesce(calls.c.newest, _in_microseconds(_last)), after)
        case Order.NEWEST | Order.OLDEST:
            return _by_last_message(statement, order, after)


async def find_cursor(session: AsyncSession, conversation: Conversation, order: Order, agent_id: int) -> str:
    """The cursor that continues this person's list after this row."""
    rank, instant = _REST, _microseconds(conversation.last_message_at)
    if order is Order.URGENT:
        rank, instant = _urgency(conversation)
    elif order is Order.WAKING:
        rank, instant = _waking(conversation)
    elif order is Order.CALLED:
        call = (await session.execute(_calls(agent_id).where(Message.conversation_id == conversation.id))).first()
        rank, instant = (_REST, -instant) if call is None else (_DUE, -call.newest)
    return encode_cursor([order.value, rank, instant, conversation.id])


def _by_rank(
    statement: Select[int], rank: ColumnElement[int], instant: ColumnElement[int], after: tuple[int, int, int] | None
) -> Select[int]:
    if after is not None:
        statement = statement.where(tuple_(rank, instant, Conversation.id) > tuple_(*after))
    return statement.order_by(rank, instant, Conversation.id)


def _calls(agent_id: int) -> Select[int, int]:
    """The newest call of this person, in each conversation where a note calls them: that of an edit, too."""
    return (
        select(Message.conversation_id, func.max(Mention.id).label("newest"))
        .join(Mention, Mention.message_id == Message.id)
        .where(Mention.agent_id == agent_id, Message.deleted_at.is_(None))
        .group_by(Message.conversation_id)
    )


def _by_last_message(statement: Select[int], order: Order, after: tuple[int, int, int] | None) -> Select[int]:
    key = tuple_(_last, Conversation.id)
    place = None if after is None else tuple_(_EPOCH + after[1] * _MICROSECOND, after[2])
    if order is Order.OLDEST:
        statement = statement if place is None else statement.where(key > place)
        return statement.order_by(_last, Conversation.id)
    statement = statement if place is None else statement.where(key < place)
    return statement.order_by(_last.desc(), Conversation.id.desc())


def _read(order: Order, cursor: str) -> tuple[int, int, int]:
    match decode_cursor(cursor, 4):
        case [order.value, int(rank), int(instant), int(row_id)]:
            return rank, instant, row_id
        case _:
            raise InvalidInputError("This cursor belongs to another list or order; begin without one.", field="cursor")


def _urgency(conversation: Conversation) -> tuple[int, int]:
    """The same as `_rank` and `_instant`, for a loaded row."""
    if (due := find_running_due(conversation)) is not None:
        return _DUE, _microseconds(due)
    if conversation.needs_answer:
        return _WAITING, _microseconds(conversation.waiting_since_at or conversation.last_message_at)
    return _REST, -_microseconds(conversation.last_message_at)


def _waking(conversation: Conversation) -> tuple[int, int]:
    """The same as `_wake_rank` and `_wake_instant`, for a loaded row."""
    if conversation.snoozed_until is not None:
        return _DUE, _microseconds(conversation.snoozed_until)
    return _REST, -_microseconds(conversation.last_message_at)


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _in_microseconds(
    instant: SQLColumnExpression[datetime] | SQLColumnExpression[datetime | None],
) -> ColumnElement[int]:
    return cast(func.extract("epoch", instant) * 1_000_000, BigInteger)


_last = Conversation.last_message_at
_rank: ColumnElement[int] = case((running_due.is_not(None), _DUE), (Conversation.needs_answer, _WAITING), else_=_REST)
_instant: ColumnElement[int] = case(
    (running_due.is_not(None), _in_microseconds(running_due)),
    (
        Conversation.needs_answer,
        _in_microseconds(func.coalesce(Conversation.waiting_since_at, _last)),
    ),
    else_=-_in_microseconds(_last),
)
"""Ascending within a rank: due first, waiting longest first, newest first."""
_wake_rank: ColumnElement[int] = case((Conversation.snoozed_until.is_not(None), _DUE), else_=_REST)
_wake_instant: ColumnElement[int] = case(
    (Conversation.snoozed_until.is_not(None), _in_microseconds(Conversation.snoozed_until)),
    else_=-_in_microseconds(_last),
)
