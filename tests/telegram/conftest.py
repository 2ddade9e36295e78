"""A Telegram stand-in and an adapter that speaks to it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bots.telegram.adapter import TelegramAdapter
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account
from inbox.channels.events import Platform
from tests.serving import serving
from tests.telegram.wire_server import WireServer

TOKEN = "700:AAsecretSECRETsecretSECRETsecret"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    telegram = WireServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/bot{token}/{method}", telegram.answer)
    app.router.add_get("/file/bot{token}/{path:.+}", telegram.give_file)
    async with serving(app) as address:
        telegram.url = address
        yield telegram
        telegram.is_over.set()


@pytest.fixture
async def adapter() -> AsyncIterator[TelegramAdapter]:
    telegram = TelegramAdapter(clock=lambda: NOW, wires=Wires(allow_private=True))
    yield telegram
    await telegram.close()


@pytest.fixture
def account(server: WireServer) -> Account:
    return Account(1, Platform.TELEGRAM, "700", TOKEN, api_url=server.url)
