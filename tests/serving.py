"""An aiohttp application on a port of its own, which leaves nothing open behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

ROUNDS_OF_ACCEPTING = 5
"""Turns of the loop within which a connection that was just taken has its handler."""


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Its address. At the end it takes nobody any more, then closes those whom it has, the latest ones too."""
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0][:2]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await site.stop()
        for _ in range(ROUNDS_OF_ACCEPTING):
            await asyncio.sleep(0)
        await runner.cleanup()
