"""`channel add` connects an account as the panel does."""

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from inbox.cli.accounts import NewAgent, NewChannel, add_agent, add_channel
from inbox.core.settings import Settings
from tests.company import bot_token
from tests.servers import TestServers

pytestmark = pytest.mark.outside
TOKEN = bot_token("810001")


async def test_a_webhook_of_an_earlier_program_is_taken_down(servers: TestServers, simulator: str) -> None:
    url = servers.clone()
    settings = Settings(
        _env_file=None, database_url=url, redis_url=servers.redis_url,
        secret_key=SecretStr(Fernet.generate_key().decode()),
    )  # fmt: skip
    try:
        await add_agent(settings, NewAgent("o@lad.test", "owner", "Оля", "Лад", "a long enough password"))
        async with httpx.AsyncClient(base_url=simulator) as platform:
            await platform.get(f"/bot{TOKEN}/setWebhook", params={"url": "https://earlier.test/hook"})
            await add_channel(settings, NewChannel("telegram", TOKEN, simulator, None, "Лад"))
            shown = (await platform.get(f"/bot{TOKEN}/getWebhookInfo")).json()["result"]
        assert shown["url"] == ""
    finally:
        servers.drop(url)
