"""Long Poll, Callback servers and faults."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from tests.serving import serving
from tests.simulator.conftest import ANNA, Json, MovedClock, until
from tests.simulator.vk.conftest import GROUP, VkLine


def texts(reply: Json) -> list[object]:
    """The words of a long poll's messages."""
    updates = reply["updates"]
    assert isinstance(updates, list)
    return [event["object"]["message"]["text"] for event in updates if event["type"] == "message_new"]


async def test_a_place_in_the_history_may_be_asked_again(vk: VkLine, server: Json) -> None:
    await vk.says("раз")
    await vk.says("два")
    first = await vk.events(server)
    assert texts(first) == ["раз", "два"]
    assert await vk.events(server) == first
    assert texts(await vk.events({**server, "ts": first["ts"]})) == []


async def test_a_poll_waits_for_news(vk: VkLine, server: Json) -> None:
    polling = asyncio.create_task(vk.events(server, wait=20))
    await asyncio.sleep(0.1)
    await vk.says("раз")
    assert texts(await polling) == ["раз"]


async def test_a_wrong_key_and_a_place_ahead_have_failed(vk: VkLine, server: Json) -> None:
    assert await vk.events({**server, "key": "x"}) == {"failed": 2}
    assert await vk.events({**server, "ts": "99"}) == {"failed": 3}
    assert await vk.events({**server, "ts": "x"}) == {"failed": 3}


async def test_what_is_older_than_an_hour_is_lost(vk: VkLine, server: Json, clock: MovedClock) -> None:
    await vk.says("раз")
    clock.ahead = timedelta(hours=2)
    await vk.says("два")
    assert await vk.events(server) == {"failed": 1, "ts": 2}
    assert texts(await vk.events({**server, "ts": "1"})) == ["два"]


async def test_events_come_twice_on_demand(vk: VkLine, server: Json) -> None:
    await vk.vk("disorder", duplicate=1)
    await vk.says("раз")
    reply = await vk.events(server)
    assert texts(reply) == ["раз", "раз"]
    updates = reply["updates"]
    assert isinstance(updates, list)
    assert updates[0]["event_id"] == updates[1]["event_id"]


@pytest.mark.parametrize(
    ("under", "event", "field"),
    [
        ("photo", "photo_comment_new", "photo_id"),
        ("video", "video_comment_new", "video_id"),
        ("product", "market_comment_new", "item_id"),
        ("topic", "board_post_new", "topic_id"),
    ],
)
async def test_a_comment_under_something_else_than_a_post_is_told_in_its_own_event(
    vk: VkLine, server: Json, under: str, event: str, field: str
) -> None:
    number = await vk.says("Почём?", "comment", under=under)
    updates = (await vk.events(server))["updates"]
    assert isinstance(updates, list)
    (update,) = [one for one in updates if one["type"] == event]
    told = update["object"]
    assert (told["id"], told["text"], told["from_id"]) == (number, "Почём?", ANNA)
    assert field in told
    assert "post_id" not in told
    body = {"platform": "vk", "kind": "direct", "author": {"id": ANNA}, "text": "x", "under": under}
    assert (await vk.client.post("/sim/say", json=body)).status_code == 422


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_a_poll_fails_on_demand(vk: VkLine, server: Json, code: int) -> None:
    await vk.vk("fault", method="longpoll", error=code)
    assert (await vk.events(server))["failed"] == code
    assert "failed" not in await vk.events(server)


async def test_captcha_comes_on_demand(vk: VkLine) -> None:
    await vk.says("раз")
    await vk.vk("fault", method="messages.send", error=14)
    answer = await vk.method("messages.send", peer_id=ANNA, random_id=1, message="x")
    error = answer["error"]
    assert isinstance(error, dict)
    assert (error["error_code"], error["error_msg"]) == (14, "Captcha needed")
    assert {"captcha_sid", "captcha_img"} <= error.keys()


async def test_an_answer_is_lost_after_the_effect(vk: VkLine) -> None:
    await vk.says("раз")
    await vk.vk("fault", method="messages.send", error=502, when="after")
    asked = {"peer_id": str(ANNA), "random_id": "1", "message": "x"}
    token = f"vk1.a.club{GROUP}.secretTESTsecret"
    answer = await vk.client.post("/method/messages.send", data={**asked, "access_token": token, "v": "5.199"})
    assert answer.status_code == 502
    assert [one["text"] for one in await vk.hears()] == ["x"]


class Hook:
    """A Callback address of ours: answers first in, first out, then what is right."""

    def __init__(self) -> None:
        self.code = ""
        self.answers: deque[str] = deque()
        self.events: list[Json] = []

    async def take(self, request: web.Request) -> web.Response:
        event: Json = await request.json()
        self.events.append(event)
        right = self.code if event["type"] == "confirmation" else "ok"
        return web.Response(text=self.answers.popleft() if self.answers else right)


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Hook, str]]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    async with serving(app) as address:
        yield made, f"{address}/hook"


async def test_a_callback_server_is_confirmed_and_told_in_order_until_it_says_ok(
    vk: VkLine, hook: tuple[Hook, str]
) -> None:
    ours, url = hook
    code = await vk.result("groups.getCallbackConfirmationCode", group_id=GROUP)
    assert isinstance(code, dict)
    ours.code = code["code"]
    made = await vk.result("groups.addCallbackServer", group_id=GROUP, url=url, title="Otklik", secret_key="hush")
    assert isinstance(made, dict)

    async def is_confirmed() -> bool:
        servers = await vk.result("groups.getCallbackServers", group_id=GROUP)
        assert isinstance(servers, dict)
        return bool(servers["items"][0]["status"] == "ok")

    await until(is_confirmed)
    assert ours.events == [{"type": "confirmation", "group_id": GROUP, "secret": "hush"}]
    ours.events.clear()
    ours.answers.extend(["not ok", "OK?"])
    await vk.says("раз")
    await vk.says("два")

    async def are_told() -> bool:
        return len(ours.events) == 4

    await until(are_told)
    assert {event["secret"] for event in ours.events} == {"hush"}
    assert len({event["event_id"] for event in ours.events}) == 2, "repeats are the same event"
    assert [event["object"]["message"]["text"] for event in ours.events if isinstance(event["object"], dict)] == [
        "раз",
        "раз",
        "раз",
        "два",
    ]
    await vk.result("groups.deleteCallbackServer", group_id=GROUP, server_id=made["server_id"])
    await vk.says("три")
    assert len(ours.events) == 4


async def test_subscribers_chatter_evenly_and_say_when(vk: VkLine, server: Json) -> None:
    body = {"platform": "vk", "bots": [GROUP], "rounds": 3, "every": 0.05, "prefix": "болтовня"}
    answer = await vk.client.post("/sim/chatter", json=body)
    assert answer.json()["said"] == 3
    words = [str(one).split(" ") for one in texts(await vk.events(server))]
    assert [prefix for prefix, _ in words] == ["болтовня"] * 3
    times = [int(at) for _, at in words]
    assert times == sorted(times)
    assert times[2] - times[0] >= 80_000_000
    stranger = await vk.client.post("/sim/chatter", json={**body, "bots": [GROUP + 1]})
    assert stranger.status_code == 404
