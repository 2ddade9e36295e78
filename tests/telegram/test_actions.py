"""Editing, deleting, banning, restricting, webhooks; all of it may be asked twice."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bots.telegram import reasons
from bots.telegram.adapter import TelegramAdapter
from bots.telegram.parse import USED_UPDATES
from inbox.channels.adapter import Account
from inbox.core.errors import PermanentRefusalError, TemporaryRefusalError
from tests.telegram.conftest import NOW
from tests.telegram.wire_server import Reply, WireServer, ok, refused

GROUP = "-1001"
MESSAGE = ":-1001:9"


async def test_our_own_text_is_edited(server: WireServer, adapter: TelegramAdapter, account: Account) -> None:
    await adapter.edit(account, GROUP, MESSAGE, "Исправлено")
    assert server.calls == [("editMessageText", {"chat_id": -1001, "message_id": 9, "text": "Исправлено"})]


async def test_an_answer_of_a_business_account_is_edited_there(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    await adapter.edit(account, "bc1:42", "bc1:42:9", "Исправлено")
    assert server.called("editMessageText")[0]["business_connection_id"] == "bc1"


async def test_the_same_text_again_is_a_success(server: WireServer, adapter: TelegramAdapter, account: Account) -> None:
    server.will_answer("editMessageText", refused(400, "Bad Request: message is not modified: specified new message"))
    await adapter.edit(account, GROUP, MESSAGE, "то же")


async def test_the_text_of_a_message_with_a_file_is_its_caption(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("editMessageText", refused(400, "Bad Request: there is no text in the message to edit"))
    await adapter.edit(account, GROUP, MESSAGE, "Исправлено")
    assert server.calls[-1] == ("editMessageCaption", {"chat_id": -1001, "message_id": 9, "caption": "Исправлено"})
    with pytest.raises(PermanentRefusalError, match=reasons.CAPTION_TOO_LONG):
        await adapter.edit(account, GROUP, MESSAGE, "я" * 1025)


@pytest.mark.parametrize(("text", "reason"), [("", reasons.EMPTY_TEXT), ("я" * 4097, reasons.TEXT_TOO_LONG)])
async def test_a_text_that_cannot_be_edited_in_is_refused_at_once(
    server: WireServer, adapter: TelegramAdapter, account: Account, text: str, reason: str
) -> None:
    with pytest.raises(PermanentRefusalError, match=reason):
        await adapter.edit(account, GROUP, MESSAGE, text)
    assert server.calls == []


async def test_a_message_is_deleted(server: WireServer, adapter: TelegramAdapter, account: Account) -> None:
    await adapter.delete(account, MESSAGE)
    assert server.calls == [("deleteMessage", {"chat_id": -1001, "message_id": 9})]


async def test_a_message_that_is_gone_already_counts_as_deleted(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("deleteMessage", refused(400, "Bad Request: message to delete not found"))
    await adapter.delete(account, MESSAGE)


async def test_a_message_that_is_too_old_says_so(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("deleteMessage", refused(400, "Bad Request: message can't be deleted for everyone"))
    with pytest.raises(PermanentRefusalError, match=reasons.CANNOT_DELETE):
        await adapter.delete(account, MESSAGE)


async def test_a_message_of_a_business_account_is_deleted_there(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    await adapter.delete(account, "bc1:42:9")
    assert server.calls == [("deleteBusinessMessages", {"business_connection_id": "bc1", "message_ids": [9]})]


@pytest.mark.parametrize(
    ("length", "asked"),
    [
        (None, {}),
        (timedelta(days=1), {"until_date": int(NOW.timestamp()) + 86400}),
        (timedelta(seconds=5), {"until_date": int(NOW.timestamp()) + 35}),
    ],
)
async def test_a_ban_ends_when_asked_and_never_becomes_one_for_ever(
    server: WireServer,
    adapter: TelegramAdapter,
    account: Account,
    length: timedelta | None,
    asked: dict[str, int],
) -> None:
    await adapter.ban(account, GROUP, "42", NOW + length if length else None)
    assert server.calls == [("banChatMember", {"chat_id": -1001, "user_id": 42, **asked})]


async def test_who_writes_as_a_channel_is_banned_as_a_channel(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    await adapter.ban(account, GROUP, "-1003", NOW)
    await adapter.unban(account, GROUP, "-1003")
    params = {"chat_id": -1001, "sender_chat_id": -1003}
    assert server.calls == [("banChatSenderChat", params), ("unbanChatSenderChat", params)]


async def test_lifting_a_ban_removes_nobody(server: WireServer, adapter: TelegramAdapter, account: Account) -> None:
    await adapter.unban(account, GROUP, "42")
    assert server.calls == [("unbanChatMember", {"chat_id": -1001, "user_id": 42, "only_if_banned": True})]


async def test_a_restricted_person_may_not_write_for_the_length(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    await adapter.restrict(account, GROUP, "42", timedelta(hours=1))
    (asked,) = server.called("restrictChatMember")
    assert asked["until_date"] == int(NOW.timestamp()) + 3600
    permissions = asked["permissions"]
    assert isinstance(permissions, dict)
    assert not any(permissions.values())


async def test_lifting_a_restriction_allows_everything_again(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    await adapter.restrict(account, GROUP, "42", None)
    (asked,) = server.called("restrictChatMember")
    permissions = asked["permissions"]
    assert isinstance(permissions, dict)
    assert permissions["can_send_messages"]
    assert all(permissions.values())
    assert "until_date" not in asked


async def test_a_channel_cannot_be_restricted(server: WireServer, adapter: TelegramAdapter, account: Account) -> None:
    with pytest.raises(PermanentRefusalError, match=reasons.CANNOT_RESTRICT_CHANNEL):
        await adapter.restrict(account, GROUP, "-1003", timedelta(hours=1))
    assert server.calls == []


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("Bad Request: not enough rights to restrict/unrestrict chat member", reasons.NO_RIGHT),
        ("Bad Request: user is an administrator of the chat", reasons.PERSON_IS_ADMINISTRATOR),
        ("Bad Request: can't remove chat owner", reasons.PERSON_IS_ADMINISTRATOR),
        ("Bad Request: user not found", reasons.PERSON_NOT_FOUND),
    ],
)
async def test_a_refused_ban_says_why(
    server: WireServer, adapter: TelegramAdapter, account: Account, description: str, reason: str
) -> None:
    server.will_answer("banChatMember", refused(400, description))
    with pytest.raises(PermanentRefusalError) as refusal:
        await adapter.ban(account, GROUP, "42", None)
    assert refusal.value.reason == reason


REPEATABLE: dict[str, tuple[str, Callable[[TelegramAdapter, Account], Awaitable[object]]]] = {
    "check": ("getMe", lambda adapter, account: adapter.check(account)),
    "edit": ("editMessageText", lambda adapter, account: adapter.edit(account, GROUP, MESSAGE, "x")),
    "delete": ("deleteMessage", lambda adapter, account: adapter.delete(account, MESSAGE)),
    "ban": ("banChatMember", lambda adapter, account: adapter.ban(account, GROUP, "42", None)),
    "unban": ("unbanChatMember", lambda adapter, account: adapter.unban(account, GROUP, "42")),
    "restrict": ("restrictChatMember", lambda adapter, account: adapter.restrict(account, GROUP, "42", None)),
    "fetch": ("getFile", lambda adapter, account: adapter.fetch(account, "f")),
    "webhook": ("deleteWebhook", lambda adapter, account: adapter.set_webhook(account, None, "")),
}


@pytest.mark.parametrize("name", REPEATABLE)
@pytest.mark.parametrize("reply", [Reply(fault="drop"), refused(502, "Bad Gateway"), Reply(200, "<html>")])
async def test_a_lost_answer_to_what_may_be_repeated_is_a_reason_to_repeat(
    server: WireServer, adapter: TelegramAdapter, account: Account, name: str, reply: Reply
) -> None:
    method, act = REPEATABLE[name]
    server.will_answer(method, reply)
    with pytest.raises(TemporaryRefusalError):
        await act(adapter, account)


async def test_a_webhook_carries_its_secret_and_drops_nothing(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    await adapter.set_webhook(account, "https://example.org/webhooks/telegram/1", "s3cret")
    expected = {
        "url": "https://example.org/webhooks/telegram/1",
        "secret_token": "s3cret",
        "allowed_updates": list(USED_UPDATES),
    }
    assert server.calls == [("setWebhook", expected)]


async def test_going_back_to_polling_keeps_what_is_pending(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("deleteWebhook", ok(True))
    await adapter.set_webhook(account, None, "")
    assert server.calls == [("deleteWebhook", {})]
