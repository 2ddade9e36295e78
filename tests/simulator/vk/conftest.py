"""A community and its administrator that call the simulator, and a phone that plays subscribers."""

from collections.abc import AsyncIterator

import pytest

from bots.vk.adapter import VkAdapter
from bots.vk.wire import Wires
from inbox.channels.adapter import Account
from inbox.channels.events import Me, Platform
from tests.simulator.conftest import ANNA, Json, Line

GROUP = 770001
OWN_TOKEN = f"vk1.a.club{GROUP}.secretTESTsecret"
USER_TOKEN = f"vk1.a.user500001.club{GROUP}.secretTESTsecret"
ME = Me(str(GROUP))
PATIENT = (0.01, 0.01)
"""Repeats come soon."""


class VkLine(Line):
    """Both sides of the simulated VK."""

    async def method(self, name: str, token: str = OWN_TOKEN, /, **params: object) -> Json:
        """One call's whole answer."""
        asked = {key: str(value) for key, value in params.items()}
        answer = await self.client.post(f"/method/{name}", data={**asked, "access_token": token, "v": "5.199"})
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def result(self, name: str, token: str = OWN_TOKEN, /, **params: object) -> object:
        """One call's result."""
        return (await self.method(name, token, **params))["response"]

    async def error(self, name: str, token: str = OWN_TOKEN, /, **params: object) -> object:
        """One call's error code."""
        error = (await self.method(name, token, **params))["error"]
        assert isinstance(error, dict)
        return error["error_code"]

    async def vk(self, action: str, **body: object) -> Json:
        """One request to the control plane about VK."""
        answer = await self.client.post(f"/sim/{action}", json={"platform": "vk", **body})
        assert answer.is_success, answer.text
        parsed: Json = answer.json() if answer.content else {}
        return parsed

    async def says(self, text: str = "", kind: str = "direct", author: int = ANNA, **body: object) -> int:
        """A subscriber writes; the number of the message."""
        said = await self.vk("say", kind=kind, author={"id": author, "name": "Анна Соколова"}, text=text, **body)
        message_id = said["message_id"]
        assert isinstance(message_id, int)
        return message_id

    async def hears(self, author: int = ANNA) -> list[Json]:
        """What a subscriber sees from the community."""
        answer = await self.client.get("/sim/heard", params={"platform": "vk", "author_id": author})
        items: list[Json] = answer.json()["items"]
        return items

    async def events(self, server: Json, wait: int = 0) -> Json:
        """One long poll."""
        asked = {"act": "a_check", "key": str(server["key"]), "ts": str(server["ts"]), "wait": str(wait)}
        answer = await self.client.get(str(server["server"]), params=asked)
        body: Json = answer.json()
        return body


@pytest.fixture
async def vk(quiet: Line) -> VkLine:
    """A simulator that a community has called."""
    line = VkLine(quiet.client)
    await line.result("groups.getById")
    return line


@pytest.fixture
async def server(vk: VkLine) -> Json:
    """Where the community polls."""
    found = await vk.result("groups.getLongPollServer", group_id=GROUP)
    assert isinstance(found, dict)
    return found


@pytest.fixture
async def adapter() -> AsyncIterator[VkAdapter]:
    own = VkAdapter(wires=Wires(PATIENT, allow_private=True))
    yield own
    await own.close()


@pytest.fixture
def account(vk: VkLine) -> Account:
    """With both keys."""
    return Account(1, Platform.VK, str(GROUP), OWN_TOKEN, user_token=USER_TOKEN, api_url=vk.url)
