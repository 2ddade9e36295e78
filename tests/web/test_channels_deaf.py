"""No channel goes deaf: the platform is told how we receive only once it is stored, and told again by a check."""

import asyncio

import httpx
import pytest
from sqlalchemy import text, update

from inbox.channels.models import Channel, ChannelStatus, ReceiveMode
from inbox.channels.service import run_check
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import CheckChannel
from tests.company import Company
from tests.web.test_channels import TOKEN, create, jobs, read, simulate, wanted

pytestmark = pytest.mark.outside


async def hook(simulator: str) -> str:
    """The webhook that the platform knows."""
    async with httpx.AsyncClient(base_url=simulator) as platform:
        return str((await platform.get(f"/bot{TOKEN}/getWebhookInfo")).json()["result"]["url"])


async def set_hook(simulator: str, url: str) -> None:
    """As another program does, or nobody's fault."""
    async with httpx.AsyncClient(base_url=simulator) as platform:
        assert (await platform.get(f"/bot{TOKEN}/setWebhook", params={"url": url})).json()["ok"]


async def test_connecting_an_account_again_leaves_its_webhook(company: Company, simulator: str) -> None:
    created = await create(company, simulator, mode="webhook")
    url = await hook(simulator)
    assert url.endswith(f"/webhooks/telegram/{created.id}")
    for name, workspace_id in (("owner", company.workspace_id), ("outsider", company.foreign_id)):
        client = await company.client_of(name)
        again = await client.post("/api/v1/channels", json=wanted(company, simulator) | {"workspace_id": workspace_id})
        assert again.status_code == 409
    assert await hook(simulator) == url


async def test_a_change_that_comes_too_late_leaves_the_webhook(company: Company, simulator: str) -> None:
    created = await create(company, simulator, mode="webhook")
    url = await hook(simulator)
    await simulate(simulator, "fault", method="getMe", when="before", times=1, delay_ms=600)
    owner = await company.client_of("owner")
    patch = {"settings": {"mode": "poll"}, "credentials": {"token": TOKEN}}
    late = asyncio.create_task(owner.patch(f"/api/v1/channels/{created.id}", json=patch))
    await asyncio.sleep(0.3)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        channel = await session.get_one(Channel, created.id)
        fields = company.context.cipher.decrypt_fields(channel.credentials_encrypted)
        channel.credentials_encrypted = company.context.cipher.encrypt_fields(fields)
    assert (await late).status_code == 409
    assert await hook(simulator) == url


async def test_a_poller_takes_down_the_webhook_of_an_earlier_program(company: Company, simulator: str) -> None:
    await set_hook(simulator, "https://earlier.test/hook")
    await create(company, simulator)
    assert await hook(simulator) == ""


async def test_a_check_sets_a_webhook_that_was_lost(company: Company, simulator: str) -> None:
    created = await create(company, simulator, mode="webhook")
    url = await hook(simulator)
    await set_hook(simulator, "")
    await run_check(company.context, CheckChannel(channel_id=created.id))
    assert await hook(simulator) == url
    assert (await read(company, created.id)).status is ChannelStatus.ACTIVE


@pytest.mark.parametrize(("mode", "ends"), [("webhook", "/webhooks/telegram/{}"), ("poll", "")])
async def test_who_dies_before_the_platform_is_told_leaves_a_check_that_tells_it(
    company: Company, simulator: str, mode: str, ends: str
) -> None:
    before = "poll" if mode == "webhook" else "webhook"
    created = await create(company, simulator, mode=before)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("delete from procrastinate_jobs"))
    owner = await company.client_of("owner")
    patch = {"settings": {"mode": mode}}
    assert (await owner.patch(f"/api/v1/channels/{created.id}", json=patch)).is_success
    # As if the process had been killed after the commit: the platform knows what it knew.
    await set_hook(simulator, "" if mode == "webhook" else f"https://otklik.test/webhooks/telegram/{created.id}")
    assert await jobs(company, "inbox.channels.check") == [{"channel_id": created.id}]
    await run_check(company.context, CheckChannel(channel_id=created.id))
    assert (await hook(simulator)).endswith(ends.format(created.id))
    assert bool(await hook(simulator)) is (mode == "webhook")


async def test_a_poller_that_has_received_is_not_robbed_by_a_check(company: Company, simulator: str) -> None:
    created = await create(company, simulator)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Channel).where(Channel.id == created.id).values(status=ChannelStatus.ACTIVE))
    await set_hook(simulator, "https://another.test/hook")
    await run_check(company.context, CheckChannel(channel_id=created.id))
    assert await hook(simulator) == "https://another.test/hook"


async def test_a_check_that_a_change_of_mode_overtook_is_made_again(company: Company, simulator: str) -> None:
    created = await create(company, simulator, mode="webhook")
    await simulate(simulator, "fault", method="getMe", when="before", times=1, delay_ms=600)
    checking = asyncio.create_task(run_check(company.context, CheckChannel(channel_id=created.id)))
    await asyncio.sleep(0.3)
    owner = await company.client_of("owner")
    assert (await owner.patch(f"/api/v1/channels/{created.id}", json={"settings": {"mode": "poll"}})).is_success
    await checking
    assert len(await jobs(company, "inbox.channels.check")) == 3  # connected, changed, overtaken
    await run_check(company.context, CheckChannel(channel_id=created.id))
    assert await hook(simulator) == ""
    stored = await read(company, created.id)
    assert (stored.mode, stored.status) == (ReceiveMode.POLL, ChannelStatus.NEW)
