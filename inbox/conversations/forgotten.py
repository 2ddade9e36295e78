"""Events of those whose data were erased: a platform's history, or a delay, brings them again; they are not taken."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import ConversationKind, MessageReceived
from inbox.contacts.models import Erasure
from inbox.conversations.arrivals import Arrived
from inbox.core.bulk import among

Hide = Callable[[str], str]
"""`Cipher.hide`."""


def hide_person(hide: Hide, channel_id: int, external_id: str) -> str:
    """Who somebody is on a channel, for Erasure."""
    return hide(f"{channel_id}:{external_id}")


async def drop_erased(session: AsyncSession, arrived: Sequence[Arrived], hide: Hide) -> list[Arrived]:
    """Without messages by or to those whose data were erased, of the time until then. The caller holds the channels'
    locks."""
    channel_ids = {one.channel.channel_id for one in arrived if isinstance(one.event, MessageReceived)}
    if not channel_ids:
        return list(arrived)
    rows = await session.execute(
        select(Erasure.channel_id, Erasure.person_hash, Erasure.until_at).where(among(Erasure.channel_id, channel_ids))
    )
    erased: dict[int, dict[str, datetime]] = {}
    for channel_id, person, until_at in rows:
        erased.setdefault(channel_id, {})[person] = until_at
    return [one for one in arrived if not _is_forgotten(one, erased.get(one.channel.channel_id), hide)]


def _is_forgotten(one: Arrived, erased: dict[str, datetime] | None, hide: Hide) -> bool:
    event = one.event
    if not erased or not isinstance(event, MessageReceived):
        return False
    people = (hide_person(hide, one.channel.channel_id, person) for person in _people(event))
    return any((until_at := erased.get(person)) is not None and event.sent_at <= until_at for person in people)


def _people(event: MessageReceived) -> Iterator[str]:
    """Whose talk it is."""
    yield event.author.external_id
    if event.addressee is not None:
        yield event.addressee.external_id
    if event.kind is ConversationKind.DIRECT:
        # In private the chat is the person, in a business account behind its connection.
        yield event.chat_external_id.rpartition(":")[2]
