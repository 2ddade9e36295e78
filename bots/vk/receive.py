"""Receiving by Bots Long Poll: every event is put on the stream, and only then the place in VK's history moves.

vk_api's own loop starts at VK's newest event, moves before events are handled, dies of a 502 and spins on what it does
not know; so this one asks by itself. Where it stands is `ts`, given by the caller and told to `on_cursor`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiohttp import ClientError, ClientTimeout
from typing_extensions import override

from bots.fields import as_object, find_text, get_text
from bots.guard import was_private
from bots.receiving import OnStatus, Put, Receiver, ReceiverGap, ReceiverKind
from bots.vk import reasons
from bots.vk.calls import call, group_id_of, reading_answers
from bots.vk.servers import switch_on_long_poll
from bots.vk.wire import Wires
from inbox.channels.adapter import Account, RawEvent
from inbox.core.addresses import PRIVATE_SERVER
from inbox.core.clock import Clock, utc_now
from inbox.core.errors import KeyRefusedError, PlatformError, TemporaryRefusalError

LONG_POLL_SECONDS = 25

_LIMITS = ClientTimeout(total=LONG_POLL_SECONDS + 20, connect=10, sock_connect=10, sock_read=LONG_POLL_SECONDS + 10)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Server:
    """Where to ask; the key opens the community's events to anybody who has it."""

    url: str
    key: str = field(repr=False)
    ts: str


async def poll(
    account: Account,
    put: Put,
    *,
    on_status: OnStatus,
    stop: asyncio.Event,
    cursor: str | None = None,
    on_cursor: Callable[[str], Awaitable[None]],
    on_gap: Callable[[ReceiverGap], Awaitable[None]],
    wires: Wires | None = None,
    clock: Clock = utc_now,
) -> None:
    """Receive until `stop` is set (then returns within a second) or the key is dead.

    `put` stores one event; when it raises, the same event is tried again and the place does not move. `cursor` is what
    `on_cursor` was told last; None begins at VK's newest event. `on_gap` is told before the place moves over what was
    lost. `on_cursor` and `on_gap` may raise while the database is away: they are told again.
    """
    own_wires = wires or Wires()
    try:
        await _Polling(account, put, on_status, stop, clock, own_wires, cursor, on_cursor, on_gap).run()
    finally:
        if wires is None:
            await own_wires.close()


class _Polling(Receiver):
    """One community's polling: its server, its place, and what the database has still to be told."""

    def __init__(
        self,
        account: Account,
        put: Put,
        on_status: OnStatus,
        stop: asyncio.Event,
        clock: Clock,
        wires: Wires,
        cursor: str | None,
        on_cursor: Callable[[str], Awaitable[None]],
        on_gap: Callable[[ReceiverGap], Awaitable[None]],
    ) -> None:
        super().__init__(account, put, on_status, stop, clock)
        self._wires = wires
        self._server: _Server | None = None
        self._ts = cursor
        self._written = cursor
        self._on_cursor = on_cursor
        self._on_gap = on_gap
        self._untold: list[ReceiverGap] = []
        self._answered_at: datetime | None = None
        self._is_switched_on = False

    @override
    async def receive(self) -> None:
        while not self.stop.is_set():
            try:
                reply = await self.unless_stopped(self._ask())
            except KeyRefusedError as refusal:
                await self.tell(ReceiverKind.DEAD, refusal.reason)
                return
            except PlatformError as failure:
                await self.wait_out(ReceiverKind.DOWN, failure.reason, self.backoff)
                continue
            if reply is not None:
                await self._take(reply)

    async def _ask(self) -> Mapping[str, object]:
        """One long poll; a trouble of the line is `{}`. TemporaryRefusalError for a server in a private network."""
        server = self._server or await self._find_server()
        self._server = server
        if self._ts is None:
            self._ts = server.ts
            await self._write()
        question = {"act": "a_check", "key": server.key, "ts": self._ts, "wait": str(LONG_POLL_SECONDS)}
        proxy = self.account.proxy_url if (self.account.proxy_url or "").startswith("http") else None
        try:
            async with self._wires.http(self.account).get(
                server.url, params=question, timeout=_LIMITS, proxy=proxy, allow_redirects=False
            ) as response:
                body = await response.read() if response.status == 200 else b""
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            if not was_private(error):
                return {}
        else:
            return _read(body)
        raise TemporaryRefusalError(PRIVATE_SERVER)

    async def _find_server(self) -> _Server:
        if not self._is_switched_on:
            await self._switch_on()
        place = {"group_id": group_id_of(self.account)}
        with reading_answers():
            found = as_object(await call(self._wires, self.account, "groups.getLongPollServer", place), "response")
            url, ts = get_text(found, "server"), found.get("ts")
            return _Server(
                url=url if "://" in url else f"https://{url}",
                key=get_text(found, "key"),
                ts=str(ts) if isinstance(ts, int) else find_text(found, "ts") or "0",
            )

    async def _switch_on(self) -> None:
        """Once a start. A key that may receive but not change settings goes on with what is switched on."""
        try:
            await switch_on_long_poll(self._wires, self.account)
        except PlatformError as refusal:
            _log.warning("long poll not switched on", channel_id=self.account.channel_id, reason=refusal.reason)
            if isinstance(refusal, KeyRefusedError) and refusal.reason in {reasons.KEY_REVOKED, reasons.CAPTCHA}:
                raise
        self._is_switched_on = True

    async def _take(self, reply: Mapping[str, object]) -> None:
        failed, ts, updates = reply.get("failed"), _ts_of(reply), reply.get("updates")
        if failed == 1 and ts is not None:
            await self._skip_to(ts, reasons.EVENTS_EXPIRED)
        elif failed == 2:
            await self._renew()
        elif failed == 3:
            await self._renew()
            await self._skip_to(None, reasons.KEY_CHANGED)
        elif failed is None and ts is not None and isinstance(updates, list):
            await self._store([_event_of(update) for update in updates], ts)
        else:
            # An outage, or a word that we do not know: never in a spin, and the next time at a new address.
            self._server = None
            await self.wait_out(ReceiverKind.DOWN, reasons.NO_ANSWER, self.backoff)

    async def _store(self, events: Sequence[RawEvent], ts: str) -> None:
        """The place moves when every event is on the stream."""
        if not await self.store(events):
            return
        self.backoff.reset()
        self._ts = ts
        self._answered_at = self.clock()
        await self.tell(ReceiverKind.OK, None)
        await self._write()

    async def _renew(self) -> None:
        """A new key for the same place; after a moment, since a server that only refuses keys must not be stormed."""
        self._server = None
        await self.rest(self.backoff.next_pause())

    async def _skip_to(self, ts: str | None, reason: str) -> None:
        """A part is lost: it is written down before the place moves. None is VK's newest event."""
        self._untold.append(ReceiverGap(self._answered_at, self.clock(), reason))
        self._ts = ts
        if ts is not None:
            await self._write()

    async def _write(self) -> None:
        """Gaps first, then the place; what the database does not take is told at the next occasion."""
        try:
            while self._untold:
                await self._on_gap(self._untold[0])
                self._untold.pop(0)
            if self._ts is not None and self._ts != self._written:
                await self._on_cursor(self._ts)
                self._written = self._ts
        except Exception as error:
            # The loop's edge: receiving goes on with PostgreSQL down.
            _log.warning("place not stored", channel_id=self.account.channel_id, error=type(error).__name__)


def _read(body: bytes) -> Mapping[str, object]:
    try:
        reply: object = json.loads(body)
    except ValueError:
        return {}
    return reply if isinstance(reply, dict) else {}


def _ts_of(reply: Mapping[str, object]) -> str | None:
    ts = reply.get("ts")
    return str(ts) if isinstance(ts, int | str) and not isinstance(ts, bool) and ts != "" else None


def _event_of(update: object) -> RawEvent:
    """What is no object is kept too: it becomes a dead event that somebody sees."""
    return update if isinstance(update, dict) else {"unreadable": update}
