"""Our own replies as the platform shows them: an event that carries a row's random id is that row, sent.

It may come before the send has settled, or instead of a lost answer. What carries no such id is known by its external
id: by the unique key when it comes after settling, merged while settling when it came before.
"""

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.models import Channel
from inbox.conversations.arrivals import MessageKey, Placed
from inbox.conversations.models import Delivery, Direction, Message
from inbox.core.events import DeleteDelivered
from inbox.core.jobs import defer
from inbox.replies.random_ids import message_ids_of


async def recognise_echoes(session: AsyncSession, placed: Sequence[Placed]) -> set[int]:
    """Give our rows the external ids and times of their echoes; returns the conversations touched."""
    expected = await _find_expected(session, placed)
    if not expected:
        return set()
    taken = await _find_taken(session, [one.message_key for one in expected.values()])
    rows = await session.scalars(
        select(Message)
        .where(Message.id.in_(sorted(expected)), Message.external_id.is_(None), Message.delivery.is_not(None))
        .order_by(Message.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    touched: set[int] = set()
    for message in rows:
        echo = expected[message.id]
        is_its = (message.channel_id, message.conversation_id) == (echo.channel.channel_id, echo.conversation_id)
        if not is_its or message.direction is not Direction.OUTBOUND or echo.message_key in taken:
            continue
        await _mark_sent(session, message, echo)
        touched.add(message.conversation_id)
    await session.flush()
    return touched


async def _find_expected(session: AsyncSession, placed: Sequence[Placed]) -> dict[int, Placed]:
    """Rows that would have been sent with the random ids of these events."""
    echoes = [
        (one, int(one.event.random_id))
        for one in placed
        if one.ours and one.event.random_id is not None and one.event.random_id.lstrip("-").isdecimal()
    ]
    if not echoes:
        return {}
    channel_ids = {one.channel.channel_id for one, _ in echoes}
    rows = await session.execute(select(Channel.id, Channel.created_at).where(Channel.id.in_(channel_ids)))
    connected = dict(rows.all())
    return {
        message_id: one
        for one, random_id in echoes
        if random_id > 0 and (channel_id := one.channel.channel_id) in connected
        for message_id in message_ids_of(random_id, channel_id, connected[channel_id])
    }


async def _find_taken(session: AsyncSession, keys: Sequence[MessageKey]) -> set[MessageKey]:
    """Echoes that are rows of their own already: settling merges them."""
    rows = await session.execute(
        select(Message.channel_id, Message.external_id).where(
            tuple_(Message.channel_id, Message.external_id).in_(list(keys))
        )
    )
    return {(channel_id, external_id or "") for channel_id, external_id in rows}


async def _mark_sent(session: AsyncSession, message: Message, echo: Placed) -> None:
    was_cancelled = message.delivery is Delivery.CANCELLED
    message.external_id, message.sent_at = echo.event.external_id, echo.event.sent_at
    message.delivery, message.failure = Delivery.SENT, None
    if was_cancelled:
        # Cancelled after a try whose answer was lost: it had arrived, so that it is taken back now.
        await session.flush()
        await defer(session, [DeleteDelivered(conversation_id=message.conversation_id, message_id=message.id)])
