"""A desk with a bot on the simulator: what people do on their phones goes the whole way, there and back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
from sqlalchemy import text

from bots.simulator.app import create_simulator
from inbox.calendars.models import Calendar, CalendarInterval
from inbox.core.clock import utc_now
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import TemporaryRefusalError
from inbox.core.pacing import Pacing
from inbox.replies.delivery import Deliveries
from inbox.worker import make_job_runner
from tests.company import bot_token, connect, serve
from tests.desk import Desk, open_desk
from tests.servers import TestServers

BOT = "7700001"


class Hands:
    """A clock that a test sets; it stands still."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, length: timedelta) -> None:
        """Let time pass."""
        self.now += length


@dataclass(slots=True)
class Bridge:
    """`desk.channel_ids[0]` is the bot; `phone` speaks to the simulator."""

    desk: Desk
    phone: httpx.AsyncClient
    clock: Hands
    offset: int = 0

    async def simulate(self, path: str, **body: object) -> dict[str, int]:
        """Do something on a phone."""
        answer = await self.phone.post(f"/sim/{path}", json={"platform": "telegram", **body})
        assert answer.is_success, answer.text
        found: dict[str, int] = answer.json() if answer.content else {}
        return found

    async def say(self, words: str, who: int = 501, name: str = "Анна Петрова", **more: object) -> dict[str, int]:
        """A subscriber writes, and a worker takes it."""
        said = await self.simulate("say", text=words, kind="direct", author={"id": who, "name": name}, **more)
        await self.pull()
        return said

    async def pull(self) -> None:
        """What waits at the bot goes through the pipeline."""
        answer = await self.phone.post(
            f"/bot{bot_token(BOT)}/getUpdates",
            json={"offset": self.offset, "timeout": 0, "allowed_updates": ALLOWED},
        )
        updates = answer.json()["result"]
        if updates:
            self.offset = updates[-1]["update_id"] + 1
            await self.take(*updates)

    async def take(self, *raws: dict[str, object]) -> None:
        """Put payloads on the stream and have them stored."""
        await self.desk.put(*raws)
        pipeline, stream = self.desk.pipeline()
        while await stream.length():
            await pipeline.take(await stream.read())
        over = asyncio.Event()
        over.set()
        await pipeline.run(over)

    async def work(self, name: str | None = None) -> None:
        """Run the jobs that are due, in their order, until none is left; one that is to be repeated stays."""
        context = self.desk.context
        pacing = Pacing(context.redis)
        deliveries = Deliveries(context, pacing)
        runner = make_job_runner(context, pacing, deliveries)
        tried: set[int] = set()
        while job := await self._next_job(name, tried):
            tried.add(job[0])
            with contextlib.suppress(TemporaryRefusalError):
                await runner.run_here(job[1], job[2])
                async with context.transaction(EVERY_WORKSPACE) as session:
                    await session.execute(text("delete from procrastinate_jobs where id = :id"), {"id": job[0]})
        await deliveries.finish(timedelta(seconds=5))

    async def _next_job(self, name: str | None, tried: set[int]) -> tuple[int, str, dict[str, object]] | None:
        async with self.desk.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(
                text(
                    "select id, task_name, args from procrastinate_jobs "
                    "where scheduled_at is null or scheduled_at <= now() order by id"
                )
            )
            due = [(found, task, args) for found, task, args in rows if found not in tried and name in {None, task}]
        return due[0] if due else None

    async def heard(self, who: int = 501) -> list[str]:
        """What the bot said to somebody."""
        answer = await self.phone.get("/sim/heard", params={"platform": "telegram", "author_id": who})
        return [item["text"] for item in answer.json()["items"]]

    async def calls(self, method: str) -> list[dict[str, object]]:
        """The parameters of the bot's calls of a method, oldest first."""
        answer = await self.phone.get("/sim/calls", params={"platform": "telegram", "method": method})
        return [item["params"] for item in answer.json()["items"]]

    async def open_hours(self, *intervals: tuple[int, int, int], zone: str = "Europe/Moscow") -> None:
        """The project's hours: (weekday, opens, closes) in minutes after midnight."""
        async with self.desk.context.transaction(EVERY_WORKSPACE) as session:
            calendar = Calendar(workspace_id=self.desk.workspace_id, name="Часы", time_zone=zone, is_default=True)
            session.add(calendar)
            await session.flush()
            session.add_all(
                CalendarInterval(
                    workspace_id=self.desk.workspace_id, calendar_id=calendar.id, weekday=weekday, opens_minute=opens,
                    closes_minute=closes,
                )
                for weekday, opens, closes in intervals
            )  # fmt: skip


ALLOWED = ["message", "edited_message", "channel_post", "edited_channel_post", "my_chat_member", "callback_query"]
Starting = Callable[[], datetime]


@asynccontextmanager
async def open_bridge(servers: TestServers, now: datetime | None = None) -> AsyncIterator[Bridge]:
    """A desk whose clock stands at `now`, else at this moment."""
    clock = Hands((now or utc_now()).replace(microsecond=0))
    async with (
        serve(create_simulator(clock=clock)) as url,
        open_desk(servers) as desk,
        httpx.AsyncClient(base_url=url) as phone,
    ):
        desk.context = replace(desk.context, clock=clock)
        async with desk.context.transaction(EVERY_WORKSPACE) as session:
            channel = await connect(session, desk.context, desk.workspace_id, BOT, url)
            desk.channel_ids.insert(0, channel.id)
        await phone.post(f"/bot{bot_token(BOT)}/getMe")
        yield Bridge(desk, phone, clock)
