"""The bots process: a receiver a channel, each under a lease, each harmless to the others.

With the database away it goes on with the channels it knows.
"""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from bots.leased import LeasedReceiver
from bots.places import Places
from bots.receiving import Reports
from bots.telegram.adapter import TelegramAdapter
from bots.telegram.receive import poll as poll_telegram
from bots.vk.adapter import VkAdapter
from bots.vk.receive import poll as poll_vk
from inbox.channels.account import account_of
from inbox.channels.adapter import Account
from inbox.channels.models import Channel, ChannelStatus, ReceiveMode
from inbox.channels.receivers import MENDS_BY_ITSELF
from inbox.core.bulk import among
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import SetupError
from inbox.core.stream import IntakeStream
from inbox.organisations.archived import at_work

LOOK_EVERY = timedelta(seconds=2)
_KEYS = (
    Channel.platform,
    Channel.external_id,
    Channel.credentials_encrypted,
    Channel.api_url,
    Channel.proxy_encrypted,
)
"""What an account is made of."""

log = structlog.get_logger()


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
        self._holder = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._known: Mapping[int, Account] = {}
        self._running: dict[int, Running] = {}
        self._cursors: Mapping[int, str | None] = {}
        self._keys: Mapping[int, tuple[object, ...]] = {}
        self._accounts: dict[int, Account | None] = {}
        self._places = Places(context)
        self._stream = IntakeStream(context.redis)

    async def run(self, stop: asyncio.Event) -> None:
        """Receive until `stop`, then give the leases back."""
        writing = asyncio.create_task(self._places.keep_writing())
        try:
            while not stop.is_set():
                await self.look()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), LOOK_EVERY.total_seconds())
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        await self._places.write()
        for running in self._running.values():
            running.stop.set()
        ended = await asyncio.gather(*(one.task for one in self._running.values()), return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                log.error("receiver_failed", error=repr(error))

    async def look(self) -> None:
        """One round: end what is not wanted any more, begin what is; nobody is waited for."""
        try:
            self._known = await self._load_accounts()
        except (SQLAlchemyError, OSError) as error:
            log.warning("bots_go_on_with_known_channels", error=str(error).splitlines()[0])
        for channel_id, running in list(self._running.items()):
            if running.task.done():
                self._forget(channel_id)
            elif self._known.get(channel_id) != running.account:
                running.stop.set()
        for channel_id, account in self._known.items():
            if channel_id not in self._running:
                self._begin(channel_id, account)

    def _begin(self, channel_id: int, account: Account) -> None:
        stop = asyncio.Event()
        cursor = self._cursors.get(channel_id)
        receiver = LeasedReceiver(self._context, account, self._holder, self._poll, self._places, self._stream, cursor)
        task = asyncio.create_task(receiver.run(stop), name=f"channel-{channel_id}")
        self._running[channel_id] = Running(account, task, stop)

    def _forget(self, channel_id: int) -> None:
        task = self._running.pop(channel_id).task
        error = None if task.cancelled() else task.exception()
        if error is not None:  # a receiver's fault is its own: it begins anew at this look
            log.error("receiver_failed", channel_id=channel_id, error=repr(error))

    async def _poll(self, account: Account, to: Reports, stop: asyncio.Event) -> None:
        clock = self._context.clock
        match self._context.adapters[account.platform]:
            case TelegramAdapter() as adapter:
                await poll_telegram(
                    account, to.put, on_status=to.on_status, stop=stop, wires=adapter.wires, clock=clock
                )
            case VkAdapter() as adapter:
                await poll_vk(
                    account, to.put, on_status=to.on_status, stop=stop, cursor=to.cursor, on_cursor=to.on_cursor,
                    on_gap=to.on_gap, wires=adapter.wires, clock=clock,
                )  # fmt: skip
            case _:
                raise SetupError(f"nothing here receives from {account.platform}")

    async def _load_accounts(self) -> dict[int, Account]:
        """Channels that are to be polled; one with a dead key waits until a check finds it alive.

        Keys are decrypted when a row's have changed: hundreds at each look would hold up the receivers.
        """
        wanted = (
            Channel.mode == ReceiveMode.POLL,
            Channel.removed_at.is_(None),
            at_work(Channel.workspace_id),
            Channel.platform.in_(list(self._context.adapters)),
            or_(Channel.status != ChannelStatus.ATTENTION, Channel.status_reason.in_(MENDS_BY_ITSELF)),
        )
        async with self._context.database.session(EVERY_WORKSPACE) as session:
            rows = (await session.execute(select(Channel.id, Channel.cursor, *_KEYS).where(*wanted))).all()
            keys = {row[0]: tuple(row[2:]) for row in rows}
            changed = [one for one, key in keys.items() if self._keys.get(one) != key]
            found = await session.scalars(select(Channel).where(among(Channel.id, changed))) if changed else ()
            self._accounts |= {channel.id: self._read_account(channel) for channel in found}
        self._keys = keys
        self._cursors = {row[0]: row[1] for row in rows}
        self._accounts = {one: self._accounts[one] for one in keys if one in self._accounts}
        return {one: account for one, account in self._accounts.items() if account is not None}

    def _read_account(self, channel: Channel) -> Account | None:
        try:
            return account_of(channel, self._context.cipher)
        except SetupError as error:  # one unreadable key must not stop the others
            log.error("channel_key_unreadable", channel_id=channel.id, error=str(error))
            return None
