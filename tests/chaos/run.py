"""One run: begin everything, write and answer while things are killed, wait for quiet, judge."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import psycopg
from sqlalchemy import update

from inbox.agents.models import Agent
from inbox.channels.events import Platform
from inbox.channels.service import run_check
from inbox.cli.build import Addresses, open_context
from inbox.cli.company import DemoAccount, seed
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.embedded.program import ServerName
from inbox.core.events import CheckChannel
from inbox.core.secrets import Cipher
from inbox.core.settings import Settings
from tests.chaos.community import CommunityUnderTest, find_community
from tests.chaos.parts import Stage, running_stage, wait_for
from tests.chaos.plan import Kill, Plan, plan_kills
from tests.chaos.verdict import Ground, Line, judge, unrest
from tests.chaos.writers import Answering, Truth, spoil, write_as_subscribers

CAPACITY = 100_000
ASK_EVERY_SECONDS = 2.0
STORM_SLACK_SECONDS = 60.0
"""Writing and answering may take so much longer than planned on a busy machine."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict, and the ends of the logs for a run that failed."""

    lines: list[Line]
    seconds: float
    logs: str

    @property
    def is_kept(self) -> bool:
        """Whether every promise was kept."""
        return all(line.is_kept for line in self.lines)


async def run_chaos(plan: Plan, say: Say) -> Result:
    """The whole run; everything that was started is stopped when it returns."""
    began = time.monotonic()
    async with running_stage(plan.first_port) as stage:
        account, community = await _found(stage)
        for part in stage.parts.values():
            part.start()
        await wait_for(f"{stage.web_url}/readyz")
        say(f"ready after {time.monotonic() - began:.0f} s")
        truth = Truth()
        try:
            await _storm(stage, plan, account, community, truth, say)
        except TimeoutError:
            found = f"{len(truth.said)} messages, {len(truth.answers)} replies"
            line = Line("writing and answering come to an end", found, is_kept=False)
            return Result([line], time.monotonic() - began, stage.log_tails())
        ground = Ground(stage.servers.database_dsn, stage.servers.redis_url, stage.sim_url)
        rest = await _await_quiet(ground, truth, plan, say)
        lines = await asyncio.to_thread(judge, ground, truth)
        if rest:
            lines.append(Line("all is quiet in time", rest, is_kept=False))
        return Result(lines, time.monotonic() - began, stage.log_tails())


async def _found(stage: Stage) -> tuple[DemoAccount, CommunityUnderTest]:
    """The demo's company, with room for any number of conversations; bot and community are known to the simulator."""
    settings = Settings(
        _env_file=None, database_url=stage.servers.database_url, redis_url=stage.servers.redis_url, base_url=None,
        channels_private=True,
    )  # fmt: skip
    addresses = Addresses(stage.servers.database_url, stage.servers.redis_url)
    async with open_context(settings, addresses, Cipher(stage.secret_key)) as context:
        accounts, channel_ids = await seed(context, stage.sim_url, closed=False)
        async with context.transaction(EVERY_WORKSPACE) as session:
            await session.execute(update(Agent).values(capacity=CAPACITY))
        for channel_id in channel_ids.values():
            await run_check(context, CheckChannel(channel_id=channel_id))
        community = await find_community(context, channel_ids[Platform.VK])
    return accounts[0], community


async def _storm(
    stage: Stage, plan: Plan, account: DemoAccount, community: CommunityUnderTest, truth: Truth, say: Say
) -> None:
    person = Answering(stage.web_url, account.email, account.password)
    async with httpx.AsyncClient(base_url=stage.sim_url, timeout=30) as sim:
        await community.call_back(sim, stage.web_url)
        await spoil(sim)
        async with asyncio.timeout(plan.seconds * 2 + STORM_SLACK_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(write_as_subscribers(sim, plan, truth))
            group.create_task(person.write(plan, truth))
            group.create_task(community.trouble(sim, plan, person))
            group.create_task(_kill_all(stage, plan, say))
        for platform in Platform:
            await sim.post("/sim/heal", json={"platform": platform})
            await sim.post("/sim/disorder", json={"platform": platform})
        # A captcha that was met late still waits for a person.
        await person.check(community.account.channel_id)
    say(f"{len(truth.said)} messages with {truth.edits} edits, {len(truth.answers)} replies; waiting for quiet")


async def _kill_all(stage: Stage, plan: Plan, say: Say) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    turn = 0
    for kill in plan_kills(plan):
        await asyncio.sleep(max(0.0, began + kill.at - loop.time()))
        turn += kill.victim == "worker"
        say(f"{loop.time() - began:5.0f} s  kill -9 {kill.victim}")
        await _kill(stage, kill, f"worker-{1 + turn % 2}")


async def _kill(stage: Stage, kill: Kill, worker: str) -> None:
    """Kill, wait, begin again."""
    if kill.victim in set(ServerName):
        stage.kill_server(ServerName(kill.victim))
        await asyncio.sleep(kill.away)
        await asyncio.to_thread(stage.servers.ensure_running)
        return
    part = stage.parts[worker if kill.victim == "worker" else kill.victim]
    await asyncio.to_thread(part.kill)
    await asyncio.sleep(kill.away)
    part.start()


async def _await_quiet(ground: Ground, truth: Truth, plan: Plan, say: Say) -> str:
    """Until nothing is under way twice in a row, or the time is up; then what is left, in words."""
    deadline = time.monotonic() + plan.quiet.total_seconds()
    was_quiet, rest, said_at = False, "", 0.0
    while time.monotonic() < deadline:
        try:
            rest = await asyncio.to_thread(unrest, ground, truth)
        except (psycopg.Error, httpx.HTTPError) as error:
            rest = str(error)
        if not rest and was_quiet:
            return ""
        was_quiet = not rest
        if rest and time.monotonic() - said_at > 15:
            said_at = time.monotonic()
            say(f"         {rest}")
        await asyncio.sleep(ASK_EVERY_SECONDS)
    return rest
