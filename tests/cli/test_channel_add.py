"""`channel add` connects an account as the panel does."""

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from inbox.cli.accounts import NewAgent, NewChannel, add_agent, add_channel
from inbox.core.errors import InvalidInputError
from inbox.core.settings import Settings
from tests.company import administrator_key, bot_token, community_key
from tests.servers import TestServers

pytestmark = pytest.mark.outside
TOKEN = bot_token("810001")


async def test_a_community_is_connected_by_both_keys_and_by_no_key_of_another(
    servers: TestServers, simulator: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = servers.clone()
    settings = Settings(
        _env_file=None, database_url=url, redis_url=servers.redis_url,
        secret_key=SecretStr(Fernet.generate_key().decode()), channels_private=True,
    )  # fmt: skip
    keys = {"token": community_key(770001), "user_token": administrator_key(770001)}
    try:
        await add_agent(settings, NewAgent("o@lad.test", "owner", "Оля", "Лад", "a long enough password"))
        with pytest.raises(InvalidInputError, match="of community 770001, not of 770002"):
            await add_channel(
                settings, NewChannel("vk", api_url=simulator, name=None, workspace="Лад", group_id=770002, **keys)
            )
        await add_channel(
            settings, NewChannel("vk", api_url=simulator, name=None, workspace="Лад", group_id=770001, **keys)
        )
    finally:
        servers.drop(url)
    said = capsys.readouterr().out
    assert "is connected to «Лад»" in said
    assert "yes delete_messages" in said
    assert not [line for line in said.splitlines() if line.startswith("  no ")]


async def test_a_webhook_of_an_earlier_program_is_taken_down(servers: TestServers, simulator: str) -> None:
    url = servers.clone()
    settings = Settings(
        _env_file=None, database_url=url, redis_url=servers.redis_url,
        secret_key=SecretStr(Fernet.generate_key().decode()), channels_private=True,
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
