"""The product in the plan's world: three projects with a bot and a community each, on the simulator, clock in hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bots.simulator.app import create_simulator
from bots.telegram.adapter import TelegramAdapter
from bots.telegram.wire import Wires as TelegramWires
from bots.vk.adapter import VkAdapter
from bots.vk.wire import Wires as VkWires
from inbox.agents.caller import Caller
from inbox.agents.models import Agent, ShiftState
from inbox.agents.service import MyChange, change_me
from inbox.agents.tokens import load_caller
from inbox.channels.adapter import Adapter
from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.conversations.access import access_conversation
from inbox.conversations.changes import Change
from inbox.conversations.models import Conversation, Status
from inbox.conversations.pipeline import Pipeline
from inbox.conversations.service import change
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import NotFoundError
from inbox.core.events import DeliverMessage
from inbox.core.jobs import JobRunner
from inbox.core.pacing import PREFIX, Pacing
from inbox.core.stream import IntakeStream
from inbox.replies.delivery import Deliveries
from inbox.replies.service import Draft
from inbox.replies.writing import write
from inbox.sla.sweep import sweep
from inbox.worker import make_job_runner
from routing.alerts.sweeping import sweep_alerts
from routing.arriving import route
from routing.leads.sweeping import hand_on_missed, sweep_leads
from tests.company import bot_token, community_key, open_context, serve
from tests.desk import WordTagger
from tests.routing.bridge import ALLOWED, Hands
from tests.servers import TestServers
from tests.week.plan import BEGINS, POSTS, PROJECTS, Key, Said, name_of
from tests.week.reference import Deed
from tests.week.settled import BOTS, GROUPS, settle

PATIENT = timedelta(seconds=20)


@dataclass(slots=True)
class WeekDesk:
    """`channels`: (project, platform) → id; `posts`: (project, platform, number) → the platform's number."""

    context: Context
    phone: httpx.AsyncClient
    clock: Hands
    pipeline: Pipeline
    stream: IntakeStream
    deliveries: Deliveries
    runner: JobRunner
    workspaces: Mapping[str, int]
    channels: Mapping[tuple[str, str], int]
    people: Mapping[str, int]
    posts: dict[tuple[str, str, int], int] = field(default_factory=dict)
    polls: dict[str, dict[str, str]] = field(default_factory=dict)
    polled: list[tuple[int, int, dict[str, object]]] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    known: dict[Key, int] = field(default_factory=dict)
    astray: list[Deed] = field(default_factory=list)
    """Deeds whose conversation their person may not even see."""

    async def simulate(self, path: str, platform: str, project: str, **body: object) -> dict[str, int]:
        """Do something on a phone."""
        bot = int(BOTS[project]) if platform == "telegram" else GROUPS[project]
        answer = await self.phone.post(f"/sim/{path}", json={"platform": platform, "bot": bot, **body})
        assert answer.is_success, answer.text
        found: dict[str, int] = answer.json() if answer.content else {}
        return found

    async def say(self, said: Said) -> None:
        """A subscriber writes at their own moment."""
        self.clock.now = said.at
        place = {"post_id": self.posts[said.project, said.platform, said.post]} if said.post else {}
        author = {"id": said.who, "name": name_of(said.who)}
        await self.simulate(
            "say", said.platform, said.project, text=said.words, kind=said.kind, author=author, **place
        )  # fmt: skip

    async def hear(self) -> None:
        """What waits at the platforms goes through the pipeline as one batch, in the order of platform time."""
        await self.poll()
        for _, channel_id, raw in sorted(self.polled, key=lambda one: one[0]):
            await self.stream.add(channel_id, self.clock.now, "test", raw)
        self.polled.clear()
        while await self.stream.length():
            await self.pipeline.take(await self.stream.read())

    async def poll(self) -> None:
        """What waits at the platforms, kept for the next batch: communities forget after an hour."""
        for project in PROJECTS:
            for platform, found in (
                ("telegram", await self._poll_bot(project.name)),
                ("vk", await self._poll_community(project.name)),
            ):
                self.polled += [(_date_of(raw), self.channels[project.name, platform], raw) for raw in found]

    async def _poll_bot(self, project: str) -> list[dict[str, object]]:
        asked = {"offset": self.offsets.get(project, 0), "timeout": 0, "allowed_updates": ALLOWED}
        answer = await self.phone.post(f"/bot{bot_token(BOTS[project])}/getUpdates", json=asked)
        updates: list[dict[str, object]] = answer.json()["result"]
        if updates:
            self.offsets[project] = int(str(updates[-1]["update_id"])) + 1
        return updates

    async def _poll_community(self, project: str) -> list[dict[str, object]]:
        poll = self.polls[project]
        asked = {"act": "a_check", "ts": poll["ts"], "wait": "0"}
        body = (await self.phone.get(poll["server"], params={**asked, "key": poll["key"]})).json()
        if "failed" in body:  # the key had its day
            poll["key"] = (await self._ask_for_server(project))["key"]
            body = (await self.phone.get(poll["server"], params={**asked, "key": poll["key"]})).json()
        poll["ts"] = body["ts"]
        updates: list[dict[str, object]] = body["updates"]
        return updates

    async def meet(self, project: str) -> None:
        """The community's key calls for the first time; from now on its events are kept."""
        self.polls[project] = await self._ask_for_server(project)

    async def _ask_for_server(self, project: str) -> dict[str, str]:
        group_id = GROUPS[project]
        asked = {"access_token": community_key(group_id), "v": "5.199", "group_id": str(group_id)}
        server = (await self.phone.post("/method/groups.getLongPollServer", data=asked)).json()["response"]
        return {part: str(server[part]) for part in ("server", "key", "ts")}

    async def work(self) -> None:
        """Run all jobs in their order. The buckets go by the server's clock, which stands still beside ours."""
        while jobs := await self._jobs():
            done = [job_id for job_id, _, _ in jobs]
            for is_delivery, some in groupby(jobs, lambda job: job[1] == DeliverMessage.name):
                if keys := [key async for key in self.context.redis.scan_iter(f"{PREFIX}*")]:
                    await self.context.redis.delete(*keys)
                if is_delivery:
                    await asyncio.gather(*(self.runner.run_here(name, args) for _, name, args in some))
                else:
                    for _, name, args in some:
                        await self.runner.run_here(name, args)
            async with self.context.transaction(EVERY_WORKSPACE) as session:
                await session.execute(text("delete from procrastinate_jobs where id = any(:ids)"), {"ids": done})
        await self.deliveries.finish(PATIENT)

    async def _jobs(self) -> Sequence[tuple[int, str, dict[str, object]]]:
        async with self.context.database.session(EVERY_WORKSPACE) as session:
            rows = await session.execute(text("select id, task_name, args from procrastinate_jobs order by id"))
            return [(job_id, name, args) for job_id, name, args in rows]

    async def change_shift(self, name: str, *, comes: bool) -> None:
        """The button in the panel's corner."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            caller = await load_caller(session, await session.get_one(Agent, self.people[name]), 0)
            state = ShiftState.ON if comes else ShiftState.OFF
            await change_me(session, caller, MyChange(shift_state=state), self.clock.now)
        await self.work()

    async def do(self, deeds: Sequence[Deed]) -> None:
        """People answer or put aside, then close what has been answered."""
        for is_closing in (False, True):
            for deed in deeds:
                if (deed.what == "close") is is_closing:
                    await self._do(deed)
            await self.work()

    async def _do(self, deed: Deed) -> None:
        context, now = self.context, self.clock.now
        async with context.transaction(EVERY_WORKSPACE) as session:
            conversation, caller = await self._access(session, deed)
            if deed.what == "answer":
                await write(session, context.adapters, caller, conversation.id, Draft(f"Ответ {deed.at:%H:%M}"), now)
            elif deed.what == "close":
                await change(session, caller, conversation, Change(status=Status.CLOSED), now)
            else:
                wanted = Change(snoozed_until=deed.until)
                await change(session, caller, conversation, wanted, now)

    async def _access(self, session: AsyncSession, deed: Deed) -> tuple[Conversation, Caller]:
        """As the person, or as the owner where that fails, so that the week goes on."""
        owner = next(project.owner for project in PROJECTS if project.name == deed.key[0])
        for name in (deed.who, owner):
            caller = await load_caller(session, await session.get_one(Agent, self.people[name]), 0)
            try:
                return await access_conversation(session, caller, self.known[deed.key], lock=True), caller
            except NotFoundError:
                self.astray.append(deed)
        raise AssertionError(deed)

    async def pass_time(self) -> None:
        """The sweeps of the inbox and of routing, with what they queue."""
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            await sweep(session, self.clock.now)
        await self.work()
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            await sweep_alerts(session, self.clock.now)
        await self.work()
        async with self.context.transaction(EVERY_WORKSPACE) as session:
            await sweep_leads(session, self.clock.now)
            await hand_on_missed(session, self.clock.now)
        await self.work()
        await self.poll()


def _date_of(raw: Mapping[str, object]) -> int:
    """Platform time of an event of either platform."""
    found: object = raw
    for name in ("message", "object"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    if isinstance(found, dict) and isinstance(found.get("message"), dict):
        found = found["message"]
    return int(str(found["date"])) if isinstance(found, dict) and "date" in found else 0


@asynccontextmanager
async def open_week(servers: TestServers) -> AsyncIterator[WeekDesk]:
    """All is set up before the plan begins."""
    clock = Hands(BEGINS)
    async with (
        serve(create_simulator(clock=clock)) as url,
        open_context(servers) as plain,
        httpx.AsyncClient(base_url=url) as phone,
    ):
        adapters: dict[Platform, Adapter] = {
            Platform.TELEGRAM: TelegramAdapter(clock, TelegramWires(allow_private=True)),
            Platform.VK: VkAdapter(clock, VkWires(allow_private=True)),
        }
        context = replace(plain, clock=clock, adapters=adapters, tagger=WordTagger())
        async with context.transaction(EVERY_WORKSPACE) as session:
            workspaces, channels, people = await settle(session, context, url)
        stream = IntakeStream(context.redis, "one", "test:week")
        await stream.ensure_group()
        pacing = Pacing(context.redis)
        deliveries = Deliveries(context, pacing)
        desk = WeekDesk(
            context, phone, clock, Pipeline(context, stream, route), stream, deliveries,
            make_job_runner(context, pacing, deliveries), workspaces, channels, people,
        )  # fmt: skip
        try:
            await _furnish(desk)
            yield desk
        finally:
            for adapter in adapters.values():
                with contextlib.suppress(RuntimeError):
                    await adapter.close()


async def _furnish(desk: WeekDesk) -> None:
    """Bots and communities call for the first time, posts are published, alert chats are named."""
    for project in PROJECTS:
        name = project.name
        await desk.phone.post(f"/bot{bot_token(BOTS[name])}/getMe")
        await desk.meet(name)
        await desk.simulate("bot", "telegram", name, administrator=True)
        for platform in ("telegram", "vk"):
            for number in range(1, POSTS + 1):
                posted = await desk.simulate("post", platform, name, text=f"Пост {number}")
                desk.posts[name, platform, number] = posted["post_id"]
        if project.rings:
            said = await desk.simulate(
                "say", "telegram", name, text="тут будут тревоги", kind="group", author={"id": 1, "name": "Свой"}
            )  # fmt: skip
            async with desk.context.transaction(EVERY_WORKSPACE) as session:
                channel = await session.get_one(Channel, desk.channels[name, "telegram"])
                channel.alert_chat_external_id = str(said["chat_id"])
    await desk.hear()
    await desk.work()
