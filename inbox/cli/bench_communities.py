"""`otklik bench communities`: from VK's event to the stream, with few and with many communities in one bots process.

The simulated VK, which writes by itself, and the bots process are processes of their own. Few, many, and many beside a
silent and a failing community take turns, so that a noisy machine disturbs all alike. What is compared is the waiting
that a community has because of the others; how late the messages were written tells what the machine could not offer.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import httpx
from pydantic import TypeAdapter
from rich.console import Console
from sqlalchemy import select, update

from inbox.channels.events import Platform
from inbox.channels.models import Channel, ReceiveMode
from inbox.cli.bench_demo import free_port
from inbox.cli.bench_home import throw_away_context
from inbox.cli.company import seed
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.embedded.processes import processor_seconds
from inbox.core.errors import SetupError
from inbox.core.secrets import make_secret
from inbox.core.settings import Settings
from inbox.core.stream import STREAM
from inbox.organisations.models import Workspace

FIRST_GROUP_ID = 300_000_000
SILENT_ID, FAILING_ID = 400_000_001, 400_000_002
GOAL = 1.5
ROUNDS = 2
LONGEST = 140.0
"""Seconds after which the run ends with what it has."""
STARTS_WITHIN = 60.0
CALM = 0.2
"""Of a processor: what bots need of it when nobody writes and nothing is being begun."""
CALMS_WITHIN = 10.0
TRY_EVERY = 2.0
PATIENCE = 20.0
"""Seconds that messages may take after the last was written."""
ALL_CALLS = 1_000_000
_ENTRIES = TypeAdapter(list[tuple[str, list[tuple[str, dict[str, str]]]]])


class Setting(StrEnum):
    """What is measured: few communities, many, many beside one that is silent and one that fails."""

    FEW = "few"
    MANY = "many"
    TROUBLED = "many, one silent, one failing"


@dataclass(slots=True)
class Found:
    """How long messages took to the stream, how late the latest was written, what bots worked for them (seconds)."""

    took: list[float] = field(default_factory=list)
    late: float = 0.0
    worked: float = 0.0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Bench:
    """Both sides of a run."""

    context: Context
    phone: httpx.AsyncClient
    bots: int
    few: int
    many: int
    seconds: float

    def groups(self, setting: Setting) -> list[int]:
        """The communities to which people write."""
        return [FIRST_GROUP_ID + number for number in range(self.few if setting is Setting.FEW else self.many)]


async def communities(settings: Settings, few: int, many: int, seconds: float) -> None:
    """Measure turn by turn and print p50, p95 and the ratios of the p95; within three minutes."""
    console = Console()
    found: dict[Setting, Found] = {setting: Found() for setting in Setting}
    began = time.monotonic()
    async with throw_away_context(settings) as context:
        port = free_port()
        sim_url = f"http://127.0.0.1:{port}"
        simulator = ("-m", "uvicorn", "--factory", "bots.simulator.app:create_simulator", "--port", str(port),
                     "--log-level", "error")  # fmt: skip
        tokens = await _connect(context, sim_url, many)
        async with (
            _running(context, simulator),
            _running(context, ("-m", "inbox", "bots")) as bots,
            httpx.AsyncClient(base_url=sim_url, timeout=150) as phone,
        ):
            bench = Bench(context, phone, bots, few, many, seconds)
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + LONGEST - (time.monotonic() - began)):
                    await _prepare(bench, tokens)
                    for number in range(ROUNDS):
                        for setting in Setting:
                            one = await _measure_setting(bench, setting, f"{number}-{setting.name}")
                            _add(found[setting], one)
                            console.print(f"round {number + 1}, {setting}: {_in_words(one)}")
            except TimeoutError:
                console.print(f"stopped after {LONGEST:.0f} s with what was measured until then")
    _print(console, found, few, many)


def _add(sum_: Found, one: Found) -> None:
    sum_.took += one.took
    sum_.late = max(sum_.late, one.late)
    sum_.worked += one.worked
    sum_.missing += one.missing


def _print(console: Console, found: Mapping[Setting, Found], few: int, many: int) -> None:
    if not all(one.took for one in found.values()):
        raise SetupError("the machine was too busy: not every setting was measured; run it again on a quieter one")
    console.print(f"\nVK's event to the stream, {few} and {many} communities, 1 message/s each, in one bots process:")
    for setting, one in found.items():
        console.print(f"  {setting}: {_in_words(one)}")
    cuts = {setting: _p95(one.took) for setting, one in found.items()}
    for setting in (Setting.MANY, Setting.TROUBLED):
        ratio = cuts[setting] / cuts[Setting.FEW]
        console.print(f"  ratio of the p95, {setting}, to few: {ratio:.2f} (goal: at most {GOAL})")


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[18]


def _in_words(found: Found) -> str:
    cuts = statistics.quantiles(found.took, n=20)
    words = f"p50 {cuts[9] * 1000:,.0f} ms, p95 {cuts[18] * 1000:,.0f} ms ({len(found.took):,} messages"
    missing = f", {found.missing:,} did not come" if found.missing else ""
    work = found.worked / len(found.took) * 1000
    return f"{words}{missing}; {work:.1f} ms of processor each; written at most {found.late * 1000:,.0f} ms late)"


async def _connect(context: Context, sim_url: str, many: int) -> list[str]:
    """Channels that nobody polls yet; returns their keys."""
    await seed(context, sim_url, closed=False)
    tokens: list[str] = []
    async with context.transaction(EVERY_WORKSPACE) as session:
        workspace_id = await session.scalar(select(Workspace.id).order_by(Workspace.id).limit(1))
        # The demo's own channels are no part of this.
        await session.execute(update(Channel).values(removed_at=context.clock()))
        for group_id in [*(FIRST_GROUP_ID + number for number in range(many)), SILENT_ID, FAILING_ID]:
            tokens.append(f"vk1.a.club{group_id}.benchBENCH")
            keys = {"token": tokens[-1], "webhook_secret": make_secret()}
            session.add(
                Channel(
                    workspace_id=workspace_id, platform=Platform.VK, external_id=str(group_id), name=f"Club {group_id}",
                    credentials_encrypted=context.cipher.encrypt_fields(keys), key_fingerprint="ENCH", api_url=sim_url,
                    mode=ReceiveMode.WEBHOOK,
                )
            )  # fmt: skip
    return tokens


@asynccontextmanager
async def _running(context: Context, arguments: Sequence[str]) -> AsyncIterator[int]:
    """A process of the program's own, on the bench's home; its id."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("OTKLIK_")}
    environment = {
        **others, "OTKLIK_HOME": str(context.settings.home), "OTKLIK_LOG_LEVEL": "ERROR",
        "OTKLIK_CHANNELS_PRIVATE": "true",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)
    try:
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _prepare(bench: Bench, tokens: Sequence[str]) -> None:
    """The simulator makes a community at the first call of its key; two of them are out of order."""
    async with asyncio.timeout(STARTS_WITHIN):
        while not await _answers(bench.phone):  # noqa: ASYNC110  # it is a process of its own
            await asyncio.sleep(0.2)
    for token in tokens:
        asked = {"access_token": token, "v": "5.199"}
        (await bench.phone.post("/method/groups.getById", data=asked)).raise_for_status()
    for group_id, error in ((SILENT_ID, "timeout"), (FAILING_ID, 502)):
        fault = {"platform": Platform.VK, "method": "*", "bot": group_id, "error": error, "times": ALL_CALLS}
        (await bench.phone.post("/sim/fault", json=fault)).raise_for_status()


async def _answers(phone: httpx.AsyncClient) -> bool:
    try:
        return (await phone.get("/sim/calls", params={"limit": 1})).is_success
    except httpx.HTTPError:
        return False


async def _measure_setting(bench: Bench, setting: Setting, name: str) -> Found:
    """Have exactly these communities polled, wait until each is heard, and measure."""
    groups = bench.groups(setting)
    polled = {*groups, SILENT_ID, FAILING_ID} if setting is Setting.TROUBLED else set(groups)
    is_polled = Channel.external_id.in_([str(group_id) for group_id in polled])
    async with bench.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).where(~is_polled).values(mode=ReceiveMode.WEBHOOK))
        await session.execute(update(Channel).where(is_polled).values(mode=ReceiveMode.POLL))
    unheard = set(groups)
    number = 0
    while unheard:
        number += 1
        heard = await _say(bench, sorted(unheard), 1, f"{name}-try-{number}", patience=TRY_EVERY)
        unheard -= heard.keys()
    rounds = max(1, round(bench.seconds))
    await _until_calm(bench)
    found = Found()
    before = processor_seconds(bench.bots)
    heard = await _say(bench, groups, rounds, name, patience=PATIENCE, into=found)
    found.worked = processor_seconds(bench.bots) - before
    found.took = [seconds for times in heard.values() for seconds in times]
    found.missing = rounds * len(groups) - len(found.took)
    return found


async def _until_calm(bench: Bench) -> None:
    """What a receiver does at its start (a lease, an epoch, a status) is no part of what is measured."""
    for _ in range(int(CALMS_WITHIN)):
        before = processor_seconds(bench.bots)
        await asyncio.sleep(1)
        if processor_seconds(bench.bots) - before < CALM:
            return


async def _say(
    bench: Bench, groups: list[int], rounds: int, name: str, *, patience: float, into: Found | None = None
) -> dict[int, list[float]]:
    """One message a second to each of the communities, each at its own moment of the second; by community, how long
    they took. What comes later than `patience` seconds after the last is not waited for."""
    await bench.context.redis.delete(STREAM)
    heard: dict[int, list[float]] = {}
    reading = asyncio.create_task(_read(bench.context, heard, name, rounds * len(groups)))
    try:
        body = {"platform": Platform.VK, "bots": groups, "rounds": rounds, "prefix": name}
        answer = (await bench.phone.post("/sim/chatter", json=body)).raise_for_status().json()
        if into is not None:
            into.late = answer["late"]
        await asyncio.wait([reading], timeout=patience)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return heard


async def _read(context: Context, heard: dict[int, list[float]], name: str, wanted: int) -> None:
    """Take the entries as they come, without a group."""
    last, count = "0", 0
    while count < wanted:
        answer = _ENTRIES.validate_python(await context.redis.xread({STREAM: last}, count=500, block=1000) or [])
        arrived_at = time.time_ns()
        for _, entries in answer:
            last = entries[-1][0]
            for _, fields in entries:
                said, _, at = _between(fields["raw"], '"text":"', '"').rpartition(" ")
                if said == name:
                    group_id = int(_between(fields["raw"], '"group_id":', ","))
                    heard.setdefault(group_id, []).append((arrived_at - int(at)) / 1e9)
                    count += 1


def _between(raw: str, start: str, end: str) -> str:
    """A value of a message event; the bench's words need no unescaping."""
    return raw.partition(start)[2].partition(end)[0]
