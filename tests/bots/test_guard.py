"""What people typed leads into no private network, whichever library connects, unless whoever runs Otklik allows it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import requests
from aiogram.methods import GetMe
from aiohttp import ClientConnectorError

from bots.guard import was_private
from bots.receiving import ReceiverGap, ReceiverKind, ReceiverStatus
from bots.telegram.calls import call as call_telegram
from bots.telegram.reasons import CANNOT_CONNECT
from bots.telegram.wire import Wires as TelegramWires
from bots.vk.calls import call as call_vk
from bots.vk.calls import upload
from bots.vk.fetch import fetch
from bots.vk.line import Line
from bots.vk.receive import poll
from bots.vk.wire import File
from bots.vk.wire import Wires as VkWires
from inbox.channels.adapter import Account, RawEvent
from inbox.channels.events import Platform
from inbox.core.addresses import PRIVATE_SERVER, PrivateAddressError, leads_inside
from inbox.core.errors import TemporaryRefusalError
from tests.vk.wire_server import LONG_POLL_KEY, WireServer, ok, running_server

BOT = Account(1, Platform.TELEGRAM, "700", "700:AAsecretSECRETsecretSECRETsecret")
COMMUNITY = Account(2, Platform.VK, "1234", "vk1.a.ownSECRETownSECRETown")
NOWHERE = "https://api.nowhere.test"
FILE = File("photo", "a.png", "image/png", b"png")
AT_ONCE = (0.0, 0.0)


class CalledError(Exception):
    """Somebody connected."""


@asynccontextmanager
async def untouched() -> AsyncIterator[int]:
    """A port of the loopback that nobody may connect to."""
    called = asyncio.Event()

    async def hear(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
        await asyncio.sleep(0.02)
        if called.is_set():
            raise CalledError
    finally:
        server.close()
        await server.wait_closed()


async def ask(wires: TelegramWires | VkWires, account: Account) -> None:
    match wires:
        case TelegramWires():
            await call_telegram(wires, account, GetMe())
        case VkWires():
            await call_vk(wires, account, "groups.getById", {})


async def test_a_proxy_whose_name_is_not_known_has_carried_nothing_away() -> None:
    wires = TelegramWires()
    with pytest.raises(TemporaryRefusalError) as refusal:
        await ask(wires, replace(BOT, proxy_url="socks5://nobody.invalid:1080"))
    await wires.close()
    assert refusal.value.reason == CANNOT_CONNECT


@pytest.mark.parametrize("account", [BOT, COMMUNITY])
@pytest.mark.parametrize(
    ("api_url", "proxy_url"),
    [
        ("http://127.0.0.1:{port}", None),
        ("http://localhost:{port}", None),
        ("https://localhost:{port}", None),
        ("http://[::ffff:127.0.0.1]:{port}", None),
        (None, "http://u:p@localhost:{port}"),
        (NOWHERE, "http://127.0.0.1:{port}"),
    ],
)
async def test_no_server_and_no_proxy_of_a_private_network_is_called(
    account: Account, api_url: str | None, proxy_url: str | None
) -> None:
    wires = TelegramWires() if account is BOT else VkWires(AT_ONCE)
    async with untouched() as port:
        ways = [one and one.format(port=port) for one in (api_url, proxy_url)]
        with pytest.raises(TemporaryRefusalError) as refusal:
            await ask(wires, replace(account, api_url=ways[0], proxy_url=ways[1]))
    await wires.close()
    assert refusal.value.reason == PRIVATE_SERVER


async def test_no_socks_proxy_of_a_private_network_is_called() -> None:
    wires = TelegramWires()
    async with untouched() as port:
        with pytest.raises(TemporaryRefusalError, match="OTKLIK_CHANNELS_PRIVATE"):
            await ask(wires, replace(BOT, proxy_url=f"socks5://localhost:{port}"))
        # Without PySocks requests knows no such proxy; with it, this is what would be called.
        request = requests.Request("GET", "http://api.nowhere.test").prepare()
        proxies = {"http": f"socks5://u:p@localhost:{port}"}
        with pytest.raises(PrivateAddressError):
            Line(None, is_guarded=True).send(request, proxies=proxies)
    await wires.close()


async def test_what_a_server_names_is_not_called_in_a_private_network() -> None:
    """Its upload addresses, its long poll and its files: each by the connections of an account with such a server."""
    wires, account = VkWires(AT_ONCE), replace(COMMUNITY, api_url=NOWHERE)
    async with untouched() as port:
        url = f"http://127.0.0.1:{port}/x"
        with pytest.raises(TemporaryRefusalError, match="OTKLIK_CHANNELS_PRIVATE"):
            await upload(wires, account, url, FILE)
        with pytest.raises(ClientConnectorError) as refusal:
            await wires.http(account).get(url)
        assert was_private(refusal.value)
        with pytest.raises(TemporaryRefusalError, match="OTKLIK_CHANNELS_PRIVATE"):
            await fetch(wires, replace(account, api_url=f"http://127.0.0.1:{port}"), url)
    await wires.close()


async def test_the_receiver_says_what_is_to_be_done_about_a_private_server() -> None:
    stop, told = asyncio.Event(), list[ReceiverStatus]()

    async def put(_: RawEvent) -> None: ...
    async def on_cursor(_: str) -> None: ...
    async def on_gap(_: ReceiverGap) -> None: ...

    async def on_status(status: ReceiverStatus) -> None:
        told.append(status)
        stop.set()

    wires = VkWires(AT_ONCE)
    async with untouched() as port:
        account = replace(COMMUNITY, api_url=f"http://127.0.0.1:{port}")
        await poll(account, put, on_status=on_status, stop=stop, on_cursor=on_cursor, on_gap=on_gap, wires=wires)
    await wires.close()
    assert [(one.kind, one.reason) for one in told] == [(ReceiverKind.DOWN, PRIVATE_SERVER)]


async def test_who_runs_otklik_may_allow_it_and_the_platforms_own_servers_are_not_looked_at() -> None:
    async with running_server() as server:
        await _is_reached(VkWires(AT_ONCE, allow_private=True), replace(COMMUNITY, api_url=server.url), server)
        # As a hosts file may say it of the platform's own name.
        wires = VkWires(AT_ONCE)
        async with wires.http(COMMUNITY).get(f"{server.url}/files/x") as response:
            assert response.status == 404
        await wires.close()


async def _is_reached(wires: VkWires, account: Account, server: WireServer) -> None:
    server.will_answer("groups.getLongPollServer", ok({"key": LONG_POLL_KEY, "server": server.url, "ts": "1"}))
    assert await call_vk(wires, account, "groups.getLongPollServer", {"group_id": 1234})
    await wires.close()


@pytest.mark.parametrize(
    ("url", "is_inside"),
    [
        ("http://127.0.0.1:9", True), ("socks5://u:p@localhost", True), ("https://[::1]", True),
        ("http://169.254.169.254", True), ("https://8.8.8.8", False), ("https://nobody.invalid", False),
    ],
)  # fmt: skip
async def test_where_an_address_leads_is_known_before_a_key_goes_there(url: str, is_inside: bool) -> None:
    assert await leads_inside(url) is is_inside
