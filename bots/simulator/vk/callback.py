"""Callback servers: confirmed by a string, then given every event in order, again and again until they say `ok`."""

import asyncio
from dataclasses import dataclass, field
from random import Random

import httpx

from bots.simulator.vk.events import EventLog
from bots.simulator.vk.refusals import Json, VkApiError

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
ANSWER_LIMIT = 10.0
MOST_SERVERS = 10
MAX_TITLE, MAX_SECRET = 14, 50


@dataclass(slots=True)
class CallbackServer:
    """One address; `place` is how far it has been told."""

    server_id: int
    url: str
    title: str
    secret: str = field(repr=False)
    place: int
    status: str = "wait"
    work: asyncio.Task[None] | None = None


class CallbackServers:
    """Those of one community."""

    def __init__(self, group_id: int, log: EventLog, chance: Random) -> None:
        self.code = f"{chance.getrandbits(32):08x}"
        self._group_id = group_id
        self._log = log
        self._servers: dict[int, CallbackServer] = {}
        self._last = 0

    @property
    def is_any(self) -> bool:
        """Whether a server is told of events."""
        return bool(self._servers)

    @property
    def pending(self) -> int:
        """How many events the slowest server has still to hear."""
        return max((self._log.last - server.place for server in self._servers.values()), default=0)

    def add(self, url: str, title: str, secret: str) -> int:
        """A new server, confirmed at once; it hears what comes from now on."""
        if len(self._servers) >= MOST_SERVERS:
            raise VkApiError(2000)
        self._check(url, title, secret)
        self._last += 1
        server = CallbackServer(self._last, url, title, secret, self._log.last)
        self._servers[server.server_id] = server
        self._start(server)
        return server.server_id

    def edit(self, server_id: int, url: str, title: str, secret: str) -> None:
        """Another address or secret, confirmed again."""
        server = self._get(server_id)
        self._check(url, title, secret)
        self._stop(server)
        server.url, server.title, server.secret, server.status = url, title, secret, "wait"
        self._start(server)

    def delete(self, server_id: int) -> None:
        """Tell it nothing more."""
        self._stop(self._get(server_id))
        del self._servers[server_id]

    def shown(self) -> list[Json]:
        """As groups.getCallbackServers lists them."""
        return [
            {
                "id": server.server_id,
                "title": server.title,
                "creator_id": 0,
                "url": server.url,
                "secret_key": server.secret,
                "status": server.status,
            }
            for server in self._servers.values()
        ]

    async def close(self) -> None:
        """Stop for good."""
        works = [server.work for server in self._servers.values() if server.work is not None]
        for server in self._servers.values():
            self._stop(server)
        await asyncio.gather(*works, return_exceptions=True)

    def _get(self, server_id: int) -> CallbackServer:
        server = self._servers.get(server_id)
        if server is None:
            raise VkApiError(104)
        return server

    def _check(self, url: str, title: str, secret: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise VkApiError(100, "url is invalid")
        if len(title) > MAX_TITLE or len(secret) > MAX_SECRET:
            raise VkApiError(100, "title is invalid" if len(title) > MAX_TITLE else "secret_key is invalid")

    def _start(self, server: CallbackServer) -> None:
        server.work = asyncio.get_running_loop().create_task(self._serve(server))

    def _stop(self, server: CallbackServer) -> None:
        if server.work is not None:
            server.work.cancel()
            server.work = None

    async def _serve(self, server: CallbackServer) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_LIMIT) as line:
            frame: Json = {"secret": server.secret} if server.secret else {}
            confirmation: Json = {"type": "confirmation", "group_id": self._group_id, **frame}
            await self._insist(line, server, confirmation, self.code)
            server.status = "ok"
            while True:
                event = await self._log.next_after(server.place)
                await self._insist(line, server, {**event.payload, **frame}, "ok")
                server.place = event.place

    async def _insist(self, line: httpx.AsyncClient, server: CallbackServer, body: Json, wanted: str) -> None:
        """Until the right answer comes; meanwhile the server counts as failed."""
        pause = FIRST_PAUSE
        while not await _is_answered(line, server.url, body, wanted):
            server.status = "failed"
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def _is_answered(line: httpx.AsyncClient, url: str, body: Json, wanted: str) -> bool:
    try:
        answer = await line.post(url, json=body)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.text.strip() == wanted
