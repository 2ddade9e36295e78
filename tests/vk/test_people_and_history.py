"""Names that events do not carry, what came while nobody received, and files."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bots.vk import reasons
from bots.vk.adapter import VkAdapter
from bots.vk.addresses import url_of
from inbox.channels.adapter import Account
from inbox.channels.events import Author, MessageReceived
from inbox.core.errors import PermanentRefusalError, TemporaryRefusalError
from tests.vk.conftest import NOW
from tests.vk.events import ANNA, GROUP, ME, PETER, Raw, comment, message
from tests.vk.wire_server import Reply, WireServer, ok, refused

NOW_SECONDS = int(NOW.timestamp())
ANNA_THERE: Raw = {"id": ANNA, "first_name": "Анна", "last_name": "Смирнова", "screen_name": "anna"}


async def test_people_and_communities_are_named_in_one_call_each_and_kept(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("users.get", ok([ANNA_THERE]))
    server.will_answer("groups.getById", ok({"groups": [{"id": 99, "name": "Соседи"}], "profiles": []}))
    named = await adapter.name_people(account, ["42", "43", "-99", "odd"])
    assert named == {"42": Author("42", "Анна Смирнова", "anna"), "-99": Author("-99", "Соседи")}
    assert server.called("users.get") == [{"user_ids": "42,43", "fields": "screen_name"}]
    assert await adapter.name_people(account, ["42"]) == {"42": Author("42", "Анна Смирнова", "anna")}
    assert len(server.called("users.get")) == 1


async def test_many_people_are_asked_about_in_batches(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("users.get", ok([]))
    await adapter.name_people(account, [str(number) for number in range(1, 1202)])
    assert [len(asked["user_ids"].split(",")) for asked in server.called("users.get")] == [500, 500, 201]


async def test_nobody_to_name_asks_nothing(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    assert await adapter.name_people(account, []) == {}
    assert server.calls == []


def _talk(peer_id: int, seconds_ago: int) -> Raw:
    return {
        "conversation": {"peer": {"id": peer_id}},
        "last_message": message(peer_id=peer_id, date=NOW_SECONDS - seconds_ago),
    }


def _history(*messages: Raw) -> Reply:
    return ok({"count": len(messages), "items": list(messages)})


async def test_unanswered_messages_come_back_as_events_oldest_first(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("messages.getConversations", ok({"count": 2, "items": [_talk(ANNA, 60), _talk(PETER, 9000)]}))
    server.will_answer(
        "messages.getHistory",
        _history(
            message(conversation_message_id=9, text="Ау", date=NOW_SECONDS - 60),
            message(conversation_message_id=8, text="Сколько стоит?", date=NOW_SECONDS - 120),
            message(conversation_message_id=7, text="Да", out=1, from_id=-GROUP, date=NOW_SECONDS - 180),
            message(conversation_message_id=6, text="Есть?", date=NOW_SECONDS - 240),
        ),
    )
    events = [event async for event in adapter.backfill(account, NOW - timedelta(hours=1))]
    found = [parsed for event in events for parsed in adapter.parse(event, ME)]
    assert [one.text for one in found if isinstance(one, MessageReceived)] == ["Сколько стоит?", "Ау"]
    assert [one.external_id for one in found if isinstance(one, MessageReceived)] == ["message:42:8", "message:42:9"]
    assert server.called("messages.getConversations") == [{"filter": "unanswered", "count": "100", "offset": "0"}]
    assert server.called("messages.getHistory") == [{"peer_id": "42", "count": "100"}]


async def test_comments_come_back_only_with_an_administrators_key(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    answer = comment(id=10, text="И мне", date=NOW_SECONDS - 60)
    root = comment(id=9, date=NOW_SECONDS - 90, thread={"count": 1, "items": [answer]})
    old, gone = comment(id=1, date=NOW_SECONDS - 9000), {**comment(id=2, date=NOW_SECONDS), "deleted": True}
    server.will_answer("messages.getConversations", ok({"count": 0, "items": []}))
    server.will_answer("wall.get", ok({"count": 1, "items": [{"id": 6, "owner_id": -GROUP}]}))
    server.will_answer("wall.getComments", ok({"count": 3, "items": [gone, root, old]}))
    since = NOW - timedelta(hours=1)
    events = [event async for event in adapter.backfill(full_account, since)]
    found = [parsed for event in events for parsed in adapter.parse(event, ME)]
    assert [one.external_id for one in found if isinstance(one, MessageReceived)] == [
        "wall:-1234:6:9",
        "wall:-1234:6:10",
    ]
    assert server.keys_of("wall.getComments") == {"user"}
    assert [event async for event in adapter.backfill(replace(full_account, user_token=None), since)] == []


async def test_a_backfill_that_is_refused_says_so(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("messages.getConversations", refused(29, "Rate limit reached"))
    with pytest.raises(TemporaryRefusalError):
        await anext(aiter(adapter.backfill(account, NOW)))


async def test_a_file_is_read_through_us(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.files["a.jpg"] = bytes(range(256)) * 1024
    file = await adapter.fetch(account, f"{server.url}/files/a.jpg")
    assert (file.mime_type, file.size) == ("image/jpeg", 256 * 1024)
    assert b"".join([chunk async for chunk in file.chunks]) == server.files["a.jpg"]


async def test_a_file_that_is_gone_says_so(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    with pytest.raises(PermanentRefusalError, match=reasons.FILE_GONE):
        await adapter.fetch(account, f"{server.url}/files/none.jpg")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "http://sun1.userapi.com/x",
        "https://userapi.com.example.org/x",
        "https://notvk.com/x",
        "https://user@example.org/vk.com",
        "file:///etc/passwd",
        "",
        "http://[bad",
    ],
)
async def test_a_file_that_lies_elsewhere_is_not_fetched(adapter: VkAdapter, account: Account, url: str) -> None:
    with pytest.raises(PermanentRefusalError, match=reasons.FOREIGN_FILE):
        await adapter.fetch(account, url)


@pytest.mark.parametrize(
    ("external_id", "url"),
    [
        ("message:42:7", "https://vk.com/gim1234?sel=42"),
        ("message:2000000003:7", "https://vk.com/gim1234?sel=c3"),
        ("wall:-1234:6:9", "https://vk.com/wall-1234_6?reply=9"),
        ("photo:-1234:5:9", "https://vk.com/photo-1234_5?reply=9"),
        ("video:-1234:5:9", "https://vk.com/video-1234_5?reply=9"),
        ("market:-1234:5:9", "https://vk.com/market-1234?w=product-1234_5&reply=9"),
        ("board:-1234:5:9", "https://vk.com/topic-1234_5?post=9"),
        ("post:42:3", "https://vk.com/wall42_3"),
        ("topic:-1234:5", "https://vk.com/topic-1234_5"),
    ],
)
def test_open_in_vk_lands_on_that_very_place(external_id: str, url: str) -> None:
    assert url_of(external_id, GROUP) == url
