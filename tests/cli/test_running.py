"""How the web part is served."""

import asyncio
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from inbox.cli.listening import bind
from inbox.cli.running import serve

USUAL_SECONDS = 5.0
"""After so long a server closes an idle connection, unless it is told otherwise."""


@pytest.fixture
def app() -> Starlette:
    """Tells the caller's port: equal ones came over one connection."""
    return Starlette(routes=[Route("/", lambda request: PlainTextResponse(str(request.client.port)))])


async def test_a_resting_connection_is_kept_and_does_not_hold_up_the_end(app: Starlette) -> None:
    stop = asyncio.Event()
    with bind("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(serve(app, listener, stop))
        limits = httpx.Limits(keepalive_expiry=None)
        async with httpx.AsyncClient(base_url=_address(listener), limits=limits) as client:
            first = (await client.get("/")).text
            await asyncio.sleep(USUAL_SECONDS + 1)
            assert (await client.get("/")).text == first
            stop.set()
            async with asyncio.timeout(USUAL_SECONDS):
                await serving


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"
