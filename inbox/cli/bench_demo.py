"""A demo of its own in another process, for benchmarks that measure the whole program."""

import asyncio
import json
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from inbox.core.errors import SetupError

READY_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Running:
    """Addresses of a program and its simulator, the program's process, and a bearer token of its owner."""

    url: str
    sim_url: str
    pid: int
    token: str


@asynccontextmanager
async def running_demo() -> AsyncIterator[Running]:
    """`otklik demo` without traffic in a temporary home; ended in order afterwards."""
    with tempfile.TemporaryDirectory(prefix="otklik-bench-") as folder:
        arguments = ("demo", "--json", "--no-traffic", "--home", f"{folder}/home", "--port", str(free_port()))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "inbox", *arguments, stdout=asyncio.subprocess.PIPE
        )
        try:
            yield await _wait_for(process)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()


async def _wait_for(process: asyncio.subprocess.Process) -> Running:
    if process.stdout is None:
        raise SetupError("the demo has no output to read")
    async with asyncio.timeout(READY_WITHIN):
        line = await process.stdout.readline()
    if not line:
        raise SetupError("the demo ended before it was ready: run `otklik demo` to see why")
    ready = json.loads(line)
    owner = next(one for one in ready["accounts"] if one["role"] == "owner")
    token = await sign_in(ready["url"], owner["email"], owner["password"])
    return Running(ready["url"], ready["sim_url"], process.pid, token)


async def sign_in(url: str, email: str, password: str) -> str:
    """A bearer token."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        answer = await client.post("/api/v1/auth/token", json={"email": email, "password": password})
        return str(answer.raise_for_status().json()["token"])


def free_port() -> int:
    """A port that is free, as is the next one: the simulator's."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise SetupError("no two free ports in a row on this machine")
