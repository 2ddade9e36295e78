"""The chaos of one VK community: heard by Long Poll and by Callback at once, a dead key that comes back, a captcha."""

import asyncio
from dataclasses import dataclass, field

import httpx
from sqlalchemy import select

from inbox.channels.account import account_of, webhook_secret_of
from inbox.channels.adapter import Account
from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from tests.chaos.plan import Plan
from tests.chaos.writers import CALLBACK_TITLE, Answering

DEAD_SHARE, CAPTCHA_SHARE = 0.35, 0.65
"""When in the time of writing the key dies, and when VK wants a captcha."""
AWAY_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class CommunityUnderTest:
    """The connected community with its secrets."""

    account: Account
    webhook_secret: str = field(repr=False)

    async def call_back(self, sim: httpx.AsyncClient, web_url: str) -> None:
        """Have VK call us besides: every event comes twice."""
        url = f"{web_url}/webhooks/vk/{self.account.channel_id}"
        body = {
            "group_id": self.account.external_id, "url": url, "title": CALLBACK_TITLE,
            "secret_key": self.webhook_secret, "access_token": self.account.token, "v": "5.199",
        }  # fmt: skip
        answer = (await sim.post("/method/groups.addCallbackServer", data=body)).raise_for_status().json()
        assert "response" in answer, answer

    async def trouble(self, sim: httpx.AsyncClient, plan: Plan, person: Answering) -> None:
        """The key dies and comes back, then one send meets a captcha; each time a person mends it and checks."""
        bot = {"platform": Platform.VK, "bot": int(self.account.external_id)}
        await asyncio.sleep(plan.seconds * DEAD_SHARE)
        (await sim.post("/sim/bot", json={**bot, "revoked": True})).raise_for_status()
        await asyncio.sleep(AWAY_SECONDS)
        (await sim.post("/sim/bot", json={**bot, "revoked": False})).raise_for_status()
        await person.check(self.account.channel_id)
        await asyncio.sleep(plan.seconds * (CAPTCHA_SHARE - DEAD_SHARE))
        captcha = {**bot, "method": "messages.send", "error": 14, "times": 1}
        (await sim.post("/sim/fault", json=captcha)).raise_for_status()
        await asyncio.sleep(AWAY_SECONDS)
        await person.check(self.account.channel_id)


async def find_community(context: Context, channel_id: int) -> CommunityUnderTest:
    """The community of a channel."""
    async with context.database.session(EVERY_WORKSPACE) as session:
        channel = (await session.scalars(select(Channel).where(Channel.id == channel_id))).one()
    return CommunityUnderTest(account_of(channel, context.cipher), webhook_secret_of(channel, context.cipher))
