"""A Callback call: whose it is, its secret, what to do with it; and the server that makes VK call."""

import json
from dataclasses import replace

import pytest

from bots.vk.adapter import VkAdapter
from bots.vk.callback import Confirming, Delivered, Flaw, Rejected, read_call
from inbox.channels.adapter import Account
from inbox.core.errors import KeyRefusedError, PermanentRefusalError
from tests.vk.events import ME, Raw, event, message
from tests.vk.wire_server import WireServer, ok, refused

SECRET = "hushhushhush"
URL = "https://example.org/webhooks/vk/1"
NEW: Raw = event("message_new", {"message": message()})


def call(**fields: object) -> bytes:
    """A call's body."""
    return json.dumps({**NEW, **fields}).encode()


def test_an_event_is_delivered_without_its_secret() -> None:
    assert read_call(call(secret=SECRET), "1234", SECRET) == Delivered(NEW)


def test_a_delivered_event_is_the_same_as_one_of_long_poll() -> None:
    delivered = read_call(call(secret=SECRET), "1234", SECRET)
    assert isinstance(delivered, Delivered)
    vk = VkAdapter()
    assert vk.parse(delivered.raw, ME) == vk.parse(NEW, ME)


@pytest.mark.parametrize("more", [{}, {"secret": SECRET}])
def test_a_confirmation_is_told_apart(more: Raw) -> None:
    body = json.dumps({"type": "confirmation", "group_id": 1234, **more}).encode()
    assert read_call(body, "1234", SECRET) == Confirming()


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (call(), Flaw.SECRET),
        (call(secret="wrong"), Flaw.SECRET),
        (call(secret=5), Flaw.SECRET),
        (call(secret="тайна"), Flaw.SECRET),
        (call(secret=SECRET, group_id=5), Flaw.STRANGER),
        (call(secret=SECRET, group_id=None), Flaw.STRANGER),
        (json.dumps({"type": "confirmation", "group_id": 5}).encode(), Flaw.STRANGER),
        (json.dumps({"type": "confirmation", "group_id": 1234, "secret": "wrong"}).encode(), Flaw.SECRET),
        (b"", Flaw.MALFORMED),
        (b"\xff", Flaw.MALFORMED),
        (b"[]", Flaw.MALFORMED),
        (b"[" * 100_000, Flaw.MALFORMED),
        (b'{"type": 5, "group_id": 1234}', Flaw.MALFORMED),
    ],
)
def test_what_is_not_vks_call_to_us_is_rejected(body: bytes, flaw: Flaw) -> None:
    assert read_call(body, "1234", SECRET) == Rejected(flaw)


async def test_a_server_of_ours_is_made_and_told_what_to_bring(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("groups.getCallbackServers", ok({"count": 1, "items": [{"id": 1, "title": "CRM"}]}))
    server.will_answer("groups.addCallbackServer", ok({"server_id": 7}))
    await adapter.set_webhook(account, URL, SECRET)
    assert server.called("groups.addCallbackServer") == [
        {"group_id": "1234", "url": URL, "title": "Otklik", "secret_key": SECRET}
    ]
    (settings,) = server.called("groups.setCallbackSettings")
    assert (settings["server_id"], settings["api_version"], settings["message_new"]) == ("7", "5.199", "1")


async def test_a_server_of_ours_that_is_there_is_changed(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("groups.getCallbackServers", ok({"count": 1, "items": [{"id": 7, "title": "Otklik"}]}))
    await adapter.set_webhook(account, URL, SECRET)
    assert server.called("groups.editCallbackServer")[0]["server_id"] == "7"
    assert server.called("groups.addCallbackServer") == []


async def test_back_to_long_poll_removes_our_server_only(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    servers = [{"id": 1, "title": "CRM"}, {"id": 7, "title": "Otklik"}]
    server.will_answer("groups.getCallbackServers", ok({"count": 2, "items": servers}))
    await adapter.set_webhook(account, None, SECRET)
    assert server.called("groups.deleteCallbackServer") == [{"group_id": "1234", "server_id": "7"}]


async def test_a_key_that_may_not_look_at_servers_has_none_to_remove(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("groups.getCallbackServers", refused(15, "Access denied"))
    await adapter.set_webhook(account, None, SECRET)
    assert server.called("groups.deleteCallbackServer") == []


async def test_a_dead_key_is_not_taken_for_one_without_servers(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("groups.getCallbackServers", refused(5, "User authorization failed"))
    with pytest.raises(KeyRefusedError):
        await adapter.set_webhook(account, None, SECRET)


async def test_a_channel_that_is_being_connected_is_the_keys_own_community(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("groups.getById", ok({"groups": [{"id": 1234, "name": "Магазин"}], "profiles": []}))
    server.will_answer("groups.getCallbackServers", ok({"count": 0, "items": []}))
    await adapter.set_webhook(replace(account, channel_id=0, external_id=""), None, SECRET)
    assert server.called("groups.getCallbackServers") == [{"group_id": "1234"}]


async def test_the_confirmation_string_is_asked_for_each_time(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("groups.getCallbackConfirmationCode", ok({"code": "a1"}), ok({"code": "b2"}))
    assert [await adapter.confirmation_code(account) for _ in range(2)] == ["a1", "b2"]


async def test_a_community_with_ten_servers_says_so(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("groups.getCallbackServers", ok({"count": 0, "items": []}))
    server.will_answer("groups.addCallbackServer", refused(2000, "Servers number limit is reached"))
    with pytest.raises(PermanentRefusalError, match="ten Callback servers"):
        await adapter.set_webhook(account, URL, SECRET)
