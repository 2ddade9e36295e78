"""Methods: which keys may call them, what they do, what they refuse."""

import pytest

from tests.simulator.conftest import ANNA, Json
from tests.simulator.vk.conftest import GROUP, OWN_TOKEN, USER_TOKEN, VkLine
from tests.vk.schema import methods, require_shared


async def test_a_key_says_whose_it_is(vk: VkLine) -> None:
    assert await vk.error("groups.getById", "") == 5
    assert await vk.error("groups.getById", "vk1.a.something") == 5
    own = await vk.result("groups.getById")
    assert isinstance(own, dict)
    assert own["groups"][0]["id"] == GROUP
    assert await vk.error("groups.getById", USER_TOKEN) == 100
    other = await vk.result("groups.getById", "vk1.a.club9.fourormore")
    assert isinstance(other, dict)
    assert other["groups"][0]["id"] == 9


async def test_key_types_are_those_of_the_schema(vk: VkLine) -> None:
    require_shared()
    post = await vk.vk("post", text="Завоз")
    params: Json = {"group_id": GROUP, "owner_id": -GROUP, "post_id": post["post_id"], "comment_id": 1}
    for name, key in (
        ("wall.deleteComment", "user"),
        ("wall.restoreComment", "user"),
        ("wall.editComment", "user"),
        ("wall.getComments", "user"),
        ("wall.get", "user"),
        ("groups.ban", "user"),
        ("groups.unban", "user"),
        ("photos.getWallUploadServer", "user"),
        ("wall.closeComments", "group"),
        ("wall.openComments", "group"),
        ("groups.getLongPollServer", "group"),
        ("messages.getConversations", "group"),
        ("users.get", "group"),
    ):
        allowed = methods()[name]["access_token_type"]
        assert isinstance(allowed, list)
        assert (key in allowed, "group" in allowed) == (True, key == "group")
        answer = await vk.method(name, OWN_TOKEN, **params)
        error = answer.get("error", {})
        assert isinstance(error, dict)
        assert (error.get("error_code") == 27) == (key == "user"), name


@pytest.mark.parametrize("name", ["board.createComment", "photos.createComment", "newsfeed.getMentions", "no.such"])
async def test_what_is_not_simulated_is_an_unknown_method(vk: VkLine, name: str) -> None:
    assert await vk.error(name) == 3


async def test_an_error_repeats_what_was_asked_but_for_the_key(vk: VkLine) -> None:
    answer = await vk.method("messages.send", peer_id=5, random_id=1, message="x")
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["error_msg"] == "Can't send messages for users without permission"
    assert {"key": "peer_id", "value": "5"} in error["request_params"]
    assert "secretTEST" not in str(answer)


async def test_one_random_id_makes_one_message(vk: VkLine) -> None:
    await vk.says("раз")
    first = await vk.result("messages.send", peer_ids=ANNA, random_id=7, message="да")
    assert await vk.result("messages.send", peer_ids=ANNA, random_id=7, message="да") == first
    assert len(await vk.hears()) == 1
    for _ in range(2):
        await vk.result("messages.send", peer_id=ANNA, random_id=0, message="да")
    assert len(await vk.hears()) == 3, "0 protects nothing"


async def test_one_guid_makes_one_comment(vk: VkLine) -> None:
    number = await vk.says("Сколько?", "comment")
    post_id = (await vk.vk("post", text="Другой"))["post_id"]
    for guid in ("a", "a", "b"):
        await vk.result("wall.createComment", owner_id=-GROUP, post_id=post_id, message="500 ₽", guid=guid)
    assert await vk.hears() == [], "under another post"
    view = await vk.client.get("/sim/view", params={"platform": "vk", "author_id": ANNA, "kind": "comment"})
    assert [one["text"] for one in view.json()["items"]] == ["Другой", "500 ₽", "500 ₽"]
    assert number > 0


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"peer_id": ANNA, "message": "x"}, 100),
        ({"random_id": 1, "message": "x"}, 100),
        ({"peer_id": ANNA, "random_id": 1}, 100),
        ({"peer_id": ANNA, "random_id": "one", "message": "x"}, 100),
        ({"peer_id": ANNA, "random_id": 1, "message": "я" * 4097}, 914),
        ({"peer_id": 2_000_000_001, "random_id": 1, "message": "x"}, 917),
        ({"peer_id": 43, "random_id": 1, "message": "x"}, 901),
        ({"peer_id": ANNA, "random_id": 1, "attachment": "photo1_1"}, 100),
    ],
)
async def test_messages_send_refuses_as_vk_does(vk: VkLine, params: Json, code: int) -> None:
    await vk.says("раз")
    assert await vk.error("messages.send", **params) == code


async def test_a_subscriber_may_forbid_and_allow_messages(vk: VkLine, server: Json) -> None:
    await vk.says("раз")
    await vk.vk("block", author_id=ANNA)
    assert await vk.error("messages.send", peer_id=ANNA, random_id=1, message="x") == 901
    await vk.vk("unblock", author_id=ANNA)
    assert await vk.result("messages.send", peer_id=ANNA, random_id=1, message="x")
    updates = (await vk.events(server))["updates"]
    assert isinstance(updates, list)
    assert [event["type"] for event in updates] == ["message_new", "message_deny", "message_allow", "message_reply"]


async def test_comments_are_closed_and_opened(vk: VkLine) -> None:
    post_id = (await vk.vk("post", text="Завоз"))["post_id"]
    place: Json = {"owner_id": -GROUP, "post_id": post_id}
    await vk.result("wall.closeComments", **place)
    assert await vk.error("wall.createComment", **place, message="x", guid="1") == 213
    await vk.result("wall.openComments", **place)
    assert await vk.result("wall.createComment", **place, message="x", guid="1")


async def test_who_is_no_administrator_may_nothing(vk: VkLine) -> None:
    await vk.says("раз", "comment")
    await vk.vk("bot", administrator=False)
    assert await vk.error("wall.deleteComment", USER_TOKEN, owner_id=-GROUP, comment_id=1) == 15
    shown = await vk.result("groups.getById", USER_TOKEN, group_ids=GROUP)
    assert isinstance(shown, dict)
    assert shown["groups"][0]["is_admin"] == 0


async def test_a_revoked_key_is_dead_and_a_new_one_is_not(vk: VkLine) -> None:
    await vk.vk("bot", revoked=True)
    assert await vk.error("groups.getById") == 5
    assert await vk.result("groups.getById", f"vk1.a.club{GROUP}.anotherone")
    await vk.vk("bot", revoked=False)
    assert await vk.result("groups.getById")


async def test_limits_are_vks(vk: VkLine) -> None:
    await vk.result("users.get", USER_TOKEN)
    await vk.vk("flood", enabled=True)
    own = [await vk.method("users.get", user_ids=1) for _ in range(30)]
    users = [await vk.method("users.get", USER_TOKEN) for _ in range(6)]
    assert any("error" in answer for answer in own)
    assert sum("error" in answer for answer in users) >= 1
    assert sum("response" in answer for answer in own) >= 20
