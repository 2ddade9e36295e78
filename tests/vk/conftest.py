"""A VK stand-in and an adapter that speaks to it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bots.vk.adapter import VkAdapter
from bots.vk.wire import Wires
from inbox.channels.adapter import Account
from inbox.channels.events import Platform
from tests.vk.wire_server import OWN_TOKEN, USER_TOKEN, WireServer, running_server

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


AT_ONCE = (0.0, 0.0)
"""Repeats come at once."""


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with running_server() as vk:
        yield vk


@pytest.fixture
async def adapter() -> AsyncIterator[VkAdapter]:
    vk = VkAdapter(clock=lambda: NOW, wires=Wires(AT_ONCE, allow_private=True))
    yield vk
    await vk.close()


@pytest.fixture
def account(server: WireServer) -> Account:
    """With the community key alone."""
    return Account(1, Platform.VK, "1234", OWN_TOKEN, api_url=server.url)


@pytest.fixture
def full_account(server: WireServer) -> Account:
    """With an administrator's key besides."""
    return Account(2, Platform.VK, "1234", OWN_TOKEN, user_token=USER_TOKEN, api_url=server.url)
