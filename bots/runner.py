"""The bots process: a receiver a channel, each under a lease, each harmless to the others.

A receiver only puts raw payloads on the stream. With the database away it goes on with the channels it knows; with
Redis away nothing is confirmed to a platform.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from bots.leases import RENEW_EVERY, Lease
from bots.telegram.receive import ReceiverStatus, ReceiverKind
from bots.telegram.receive import poll as poll_telegram
from inbox.channels.account import account_of
from inbox.channels.adapter import Account, RawEvent
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus, ReceiveMode
from inbox.channels.status import set_status
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.stream import IntakeStream
from inbox.replies.service import requeue_parked

LOOK_EVERY = timedelta(seconds=2)

Put = Callable[[RawEvent], Awaitable[None]]
OnStatus = Callable[[ReceiverStatus], Awaitable[None]]
log = structlog.get_logger()

STATUSES: Mapping[ReceiverKind, ChannelStatus] = {
    ReceiverKind.OK: ChannelStatus.ACTIVE,
    ReceiverKind.DOWN: ChannelStatus.DOWN,
    ReceiverKind.DEAD: ChannelStatus.ATTENTION,
    ReceiverKind.CONFLICT: ChannelStatus.ATTENTION,
}


@dataclass(frozen=True, slots=True)
class Running:
    """A receiver at work; a changed `account` means that it must start anew."""

    account: Account
    task: asyncio.Task[None]
    stop: asyncio.Event


class BotsRunner:
    """Keeps one receiver running for each polled channel that no other process receives for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stream = IntakeStream(context.redis)
        self._holder = f"{socket.gethostname()}-{os.getpid()}"
        self._running: dict[int, Running] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Receive until `stop`, then give the leases back."""
        while not stop.is_set():
            try:
                await self._look(await self._accounts())
            except (SQLAlchemyError, RedisError, OSError) as error:
                log.warning("bots_wait", error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY.total_seconds())
        await asyncio.gather(*(self._end(channel_id) for channel_id in list(self._running)))

    async def _accounts(self) -> dict[int, Account]:
        """Channels that are to be polled; one with a dead key waits until a check finds it alive."""
        async with self._context.database.session(EVERY_WORKSPACE) as session:
            channels = await session.scalars(
                select(Channel).where(
                    Channel.mode == ReceiveMode.POLL,
                    Channel.removed_at.is_(None),
                    Channel.platform == Platform.TELEGRAM,
                    (Channel.status != ChannelStatus.ATTENTION) | (Channel.id.in_(list(self._running) or [0])),
                )
            )
            return {channel.id: account_of(channel, self._context.cipher) for channel in channels}

    async def _look(self, accounts: Mapping[int, Account]) -> None:
        for channel_id, running in list(self._running.items()):
            if running.task.done() or accounts.get(channel_id) != running.account:
                await self._end(channel_id)
        for channel_id, account in accounts.items():
            if channel_id in self._running:
                continue
            lease = Lease(self._context.redis, channel_id, self._holder)
            if await lease.acquire():
                stop = asyncio.Event()
                task = asyncio.create_task(self._receive(account, lease, stop), name=f"channel-{channel_id}")
                self._running[channel_id] = Running(account, task, stop)

    async def _end(self, channel_id: int) -> None:
        running = self._running.pop(channel_id)
        running.stop.set()
        try:
            await running.task
        except Exception as error:  # the edge of a receiver: its fault is its own
            log.error("receiver_failed", channel_id=channel_id, error=repr(error))

    async def _receive(self, account: Account, lease: Lease, stop: asyncio.Event) -> None:
        epoch = await self._next_epoch(account.channel_id)
        keeper = asyncio.create_task(_keep(lease, stop))

        async def put(raw: RawEvent) -> None:
            await self._stream.add(account.channel_id, self._context.clock(), "poll", raw)

        async def on_status(status: ReceiverStatus) -> None:
            await self._write_status(account.channel_id, epoch, status)

        try:
            await poll_telegram(account, put, on_status=on_status, stop=stop)
        finally:
            keeper.cancel()
            await lease.release()

    async def _next_epoch(self, channel_id: int) -> int:
        async with self._context.transaction(EVERY_WORKSPACE) as session:
            statement = (
                update(Channel)
                .where(Channel.id == channel_id)
                .values(epoch=Channel.epoch + 1)
                .returning(Channel.epoch)
                .execution_options(synchronize_session=False)
            )
            return await session.scalar(statement) or 0

    async def _write_status(self, channel_id: int, epoch: int, status: ReceiverStatus) -> None:
        """Only the newest holder's word counts."""
        try:
            async with self._context.transaction(EVERY_WORKSPACE) as session:
                channel = await session.scalar(
                    select(Channel).where(Channel.id == channel_id, Channel.epoch == epoch).with_for_update()
                )
                if channel is None:
                    return
                was_parked = channel.status is ChannelStatus.ATTENTION
                reason = status.reason or None
                await set_status(session, channel, STATUSES[status.kind], reason, self._context.clock())
                if was_parked and status.kind is ReceiverKind.OK:
                    await session.flush()
                    await requeue_parked(session, channel_id)
        except (SQLAlchemyError, OSError) as error:
            log.warning("status_not_written", channel_id=channel_id, error=str(error).splitlines()[0])


async def _keep(lease: Lease, stop: asyncio.Event) -> None:
    """Renew until it is lost; then the receiver must stop, since another may begin."""
    while not stop.is_set():
        await asyncio.sleep(RENEW_EVERY.total_seconds())
        if not await lease.renew():
            log.warning("lease_lost")
            stop.set()
