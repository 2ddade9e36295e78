"""The intake pipeline: batches from the stream to committed rows, with transient trouble told apart from poison.

Transient (a lost server, a deadlock, a full disk): the whole batch waits and tries again, without limit. Anything else:
the batch is taken one by one, and what fails alone is kept whole in `dead_events`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.conversations.arrivals import Arrived, NewMessage, OnChannel
from inbox.conversations.intake import Stored, store, texts_to_tag
from inbox.conversations.models import Conversation, DeadEvent
from inbox.conversations.reading import Reading, parse_entry
from inbox.conversations.refresh import refresh
from inbox.conversations.tags import Tagged
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.live import announce
from inbox.core.stream import Entry, IntakeStream

Route = Callable[[AsyncSession, Sequence[NewMessage], Mapping[int, Conversation], datetime], Awaitable[None]]
"""What routing adds to a batch, in its transaction."""

PAUSE = timedelta(seconds=1)
CLAIM_EVERY = timedelta(seconds=5)
SUSPECT_AFTER = 5
"""Deliveries after which an entry is taken alone; it may be killing the process."""
TRANSIENT_STATES = ("08", "40", "53", "57", "55P03", "25006", "58")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Work:
    """A batch read and tagged, ready for its transaction."""

    entries: Sequence[Entry]
    arrived: Sequence[Arrived]
    tags: Mapping[str, Tagged]
    dead: Sequence[tuple[Entry, int | None, str]]


class Pipeline:
    """One worker's intake. `run` until stopped; any number of workers share the stream."""

    def __init__(self, context: Context, stream: IntakeStream, route: Route) -> None:
        self._context = context
        self._stream = stream
        self._route = route
        self._threads = ThreadPoolExecutor(context.settings.tagger_threads, thread_name_prefix="tagger")
        self._claimed_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Take batches until `stop`; finishes the one in hand."""
        while not stop.is_set():
            try:
                await self._claim_now_and_then()
                entries = await self._stream.read()
                if entries:
                    await self.take(entries, stop)
            except (RedisError, OSError) as error:
                log.warning("stream_away", error=str(error))
                self._stream.reread_pending()
                await asyncio.sleep(PAUSE.total_seconds())
        self._threads.shutdown(wait=True)

    async def _claim_now_and_then(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._claimed_at > CLAIM_EVERY.total_seconds():
            self._claimed_at = now
            if claimed := await self._stream.claim_abandoned():
                log.info("claimed_abandoned", entries=claimed)

    async def take(self, entries: Sequence[Entry], stop: asyncio.Event) -> None:
        """Process a batch, alone those that were handed out too often, and acknowledge it."""
        counts = await self._stream.deliveries(entries)
        suspects = [entry for entry in entries if counts.get(entry.entry_id, 1) >= SUSPECT_AFTER]
        sound = [entry for entry in entries if counts.get(entry.entry_id, 1) < SUSPECT_AFTER]
        if sound:
            await self._take_together(sound, stop)
        for entry in suspects:
            if counts[entry.entry_id] > SUSPECT_AFTER:
                await self._bury(entry, None, "delivered too often: it may have ended the process", stop)
            else:
                await self._take_alone(entry, stop)

    async def _take_together(self, entries: Sequence[Entry], stop: asyncio.Event) -> None:
        try:
            await self._until_done(lambda: self.process(entries), stop)
        except Exception as error:  # poison somewhere in the batch: find it
            log.warning("batch_taken_one_by_one", error=repr(error), entries=len(entries))
            for entry in entries:
                await self._take_alone(entry, stop)
            return
        await self._stream.acknowledge(entries)

    async def _take_alone(self, entry: Entry, stop: asyncio.Event) -> None:
        try:
            await self._until_done(lambda: self.process([entry]), stop)
        except Exception as error:  # the poison itself is kept whole
            log.exception("event_died", entry_id=entry.entry_id, channel_id=entry.channel_id)
            await self._bury(entry, None, repr(error), stop)
            return
        await self._stream.acknowledge([entry])

    async def _until_done(self, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Repeat while the trouble is transient; an orderly stop leaves the batch to the next worker."""
        while True:
            try:
                return await work()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("batch_waits", error=str(error).splitlines()[0])
                if stop.is_set():
                    raise OSError("stopped while waiting for a server") from error
                await asyncio.sleep(PAUSE.total_seconds())

    async def _bury(self, entry: Entry, workspace_id: int | None, why: str, stop: asyncio.Event) -> None:
        async def write() -> None:
            async with self._context.transaction(EVERY_WORKSPACE) as session:
                found = await session.scalar(select(Channel.workspace_id).where(Channel.id == entry.channel_id))
                await write_dead(session, [(entry, workspace_id or found, why)])

        await self._until_done(write, stop)
        await self._stream.acknowledge([entry])

    async def process(self, entries: Sequence[Entry]) -> None:
        """Read, tag, and store in one transaction; commits before it returns."""
        await self.commit(await self.prepare(entries))

    async def prepare(self, entries: Sequence[Entry]) -> Work:
        """Everything that needs no transaction: parsing, then tagging in threads."""
        async with self._context.database.session(EVERY_WORKSPACE) as session:
            channels = await _load_channels(session, {entry.channel_id for entry in entries})
        arrived: list[Arrived] = []
        dead: list[tuple[Entry, int | None, str]] = []
        for entry in entries:
            reading = channels.get(entry.channel_id)
            if reading is None:
                dead.append((entry, None, "the channel is not connected any more"))
                continue
            parsed = parse_entry(entry, reading, self._context.adapters)
            if isinstance(parsed, str):
                dead.append((entry, reading.channel.workspace_id, parsed))
            else:
                arrived.extend(parsed)
        return Work(entries, arrived, await self._tag(texts_to_tag(arrived)), dead)

    async def _tag(self, texts: Sequence[str]) -> dict[str, Tagged]:
        """Tags of the texts, in as many threads as settings allow."""
        if not texts:
            return {}
        loop = asyncio.get_running_loop()
        size = -(-len(texts) // self._context.settings.tagger_threads)
        parts = [texts[start : start + size] for start in range(0, len(texts), size)]
        tagged = await asyncio.gather(
            *(loop.run_in_executor(self._threads, self._context.tagger.tag, part) for part in parts)
        )
        return {
            text: tags
            for part, found in zip(parts, tagged, strict=True)
            for text, tags in zip(part, found, strict=True)
        }

    async def commit(self, work: Work) -> None:
        """The one transaction of a batch."""
        now = self._context.clock()
        async with self._context.transaction(EVERY_WORKSPACE) as session:
            stored = await store(session, work.arrived, work.tags)
            conversations = {one.id: one for one in await refresh(session, stored.touched)}
            await self._route(session, stored.new, conversations, now)
            await write_dead(session, work.dead)
            await _note_life(session, work.entries, now)
            _announce(session, stored, conversations)


def is_transient(error: BaseException) -> bool:
    """Whether waiting can help: the server is away or busy, not the data wrong."""
    if isinstance(error, RedisConnectionError | OSError | PoolTimeoutError | InterfaceError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or str(state).startswith(TRANSIENT_STATES)


async def write_dead(session: AsyncSession, dead: Sequence[tuple[Entry, int | None, str]]) -> None:
    """Keep what no parser understood or no transaction took, whole."""
    for entry, workspace_id, error in dead:
        values = {
            "workspace_id": workspace_id,
            "channel_id": entry.channel_id,
            "entry_id": entry.entry_id,
            "raw": entry.raw.replace("\\u0000", "\\ufffd"),
            "via": entry.via,
            "error": error[:2000],
            "received_at": entry.received_at,
        }
        await session.execute(insert(DeadEvent).values(values).on_conflict_do_nothing())
        if workspace_id is not None:
            announce(session, workspace_id, "dead_event", channel_id=entry.channel_id)


async def _load_channels(session: AsyncSession, channel_ids: set[int]) -> dict[int, Reading]:
    rows = await session.execute(
        select(
            Channel.id, Channel.workspace_id, Channel.external_id, Channel.username, Channel.platform,
            Channel.alert_chat_external_id,
        ).where(Channel.id.in_(channel_ids), Channel.removed_at.is_(None))
    )  # fmt: skip
    return {
        channel_id: Reading(OnChannel(workspace_id, channel_id, external_id), Platform(platform), username, alert_chat)
        for channel_id, workspace_id, external_id, username, platform, alert_chat in rows
    }


async def _note_life(session: AsyncSession, entries: Sequence[Entry], now: datetime) -> None:
    channel_ids = sorted({entry.channel_id for entry in entries})
    stale = now - timedelta(seconds=30)
    await session.execute(
        update(Channel)
        .where(Channel.id.in_(channel_ids), (Channel.last_event_at.is_(None)) | (Channel.last_event_at < stale))
        .values(last_event_at=now)
    )


def _announce(session: AsyncSession, stored: Stored, conversations: Mapping[int, Conversation]) -> None:
    newest = {one.conversation_id: one.message_id for one in stored.new}
    for conversation in conversations.values():
        announce(
            session, conversation.workspace_id, "message" if conversation.id in newest else "conversation",
            conversation_id=conversation.id, message_id=newest.get(conversation.id),
            assignee_id=conversation.assignee_id, team_id=conversation.team_id,
        )  # fmt: skip
