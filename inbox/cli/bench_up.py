"""`otklik up` of a throw-away home in another process; its team's bot is on a simulator that this process serves."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from bots.simulator.app import create_simulator
from inbox.channels.events import Platform
from inbox.cli.bench_demo import READY_WITHIN, Running, free_port, sign_in
from inbox.cli.bench_home import open_throw_away, throw_away_home
from inbox.cli.company import seed
from inbox.cli.listening import bind
from inbox.cli.running import serve
from inbox.core.errors import SetupError
from inbox.core.settings import Settings

LOCAL = "127.0.0.1"


@asynccontextmanager
async def running_up(settings: Settings) -> AsyncIterator[Running]:
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
            env={
                "OTKLIK_HOME": str(home.path), "OTKLIK_LOG_LEVEL": settings.log_level,
                "OTKLIK_CHANNELS_PRIVATE": "true",
            },
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await _wait_until_ready(url, process)
            await _wait_for_bot(sim_url)
            owner = next(one for one in accounts if one.role == "owner")
            yield Running(url, sim_url, process.pid, await sign_in(url, owner.email, owner.password))
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()
            stop.set()
            await simulating


async def _wait_until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client, asyncio.timeout(READY_WITHIN):
        while process.returncode is None:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get("/readyz")).is_success:
                    return
            await asyncio.sleep(0.1)
    raise SetupError("`otklik up` ended before it was ready")


async def _wait_for_bot(sim_url: str) -> None:
    """The simulator knows a bot by its first call."""
    async with httpx.AsyncClient(base_url=sim_url, timeout=30) as phone, asyncio.timeout(READY_WITHIN):
        bots: list[object] = []
        while not bots:
            await asyncio.sleep(0.1)
            bots = (await phone.get("/sim/world", params={"platform": Platform.TELEGRAM})).json()["bots"]
