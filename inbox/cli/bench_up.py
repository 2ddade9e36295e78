"""`otklik up` of a throw-away home in another process; its team's bot is on a simulator that this process serves."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from bots.simulator.app import create_simulator
from inbox.channels.events import Platform
from inbox.cli.bench_demo import READY_WITHIN, free_port
from inbox.cli.bench_home import open_throw_away, throw_away_home
from inbox.cli.company import DemoAccount, seed
from inbox.cli.listening import bind
from inbox.cli.running import serve
from inbox.core.errors import SetupError
from inbox.core.settings import Settings

LOCAL = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RunningUp:
    """Addresses, the process of `up`, and a bearer token of its owner."""

    url: str
    sim_url: str
    pid: int
    token: str


@asynccontextmanager
async def running_up(settings: Settings) -> AsyncIterator[RunningUp]:
    """Seeded, started and ready; ended in order afterwards."""
    port = free_port()
    url, sim_url = f"http://{LOCAL}:{port}", f"http://{LOCAL}:{port + 1}"
    stop = asyncio.Event()
    with throw_away_home() as home, bind(LOCAL, port + 1) as phone:
        async with open_throw_away(settings, home) as context:
            accounts, _ = await seed(context, sim_url, closed=False)
        simulating = asyncio.create_task(serve(create_simulator(), phone, stop))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "inbox", "up", "--host", LOCAL, "--port", str(port),
            env={"OTKLIK_HOME": str(home.path)}, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            token = await _sign_in(url, process, accounts)
            await _wait_for_bot(sim_url)
            yield RunningUp(url, sim_url, process.pid, token)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()
            stop.set()
            await simulating


async def _sign_in(url: str, process: asyncio.subprocess.Process, accounts: list[DemoAccount]) -> str:
    """The owner's token, once everything is ready."""
    owner = next(one for one in accounts if one.role == "owner")
    async with httpx.AsyncClient(base_url=url, timeout=30) as client, asyncio.timeout(READY_WITHIN):
        while process.returncode is None:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get("/readyz")).is_success:
                    break
            await asyncio.sleep(0.1)
        else:
            raise SetupError("`otklik up` ended before it was ready")
        answer = await client.post("/api/v1/auth/token", json={"email": owner.email, "password": owner.password})
        return str(answer.raise_for_status().json()["token"])


async def _wait_for_bot(sim_url: str) -> None:
    """The simulator knows a bot by its first call."""
    async with httpx.AsyncClient(base_url=sim_url, timeout=30) as phone, asyncio.timeout(READY_WITHIN):
        bots: list[object] = []
        while not bots:
            await asyncio.sleep(0.1)
            bots = (await phone.get("/sim/world", params={"platform": Platform.TELEGRAM})).json()["bots"]
