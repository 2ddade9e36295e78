"""What a key can do, and reading files through us."""

import pytest

from bots.telegram import reasons
from bots.telegram.adapter import TelegramAdapter
from inbox.channels.adapter import Account, Capability, Checked, KnownChat
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, TemporaryRefusalError
from tests.telegram.test_parse_posts_and_members import member
from tests.telegram.updates import ANNA, BOT, GROUP, GROUP_ID, PRIVATE, Raw
from tests.telegram.wire_server import Reply, WireServer, ok, refused

FULL_GROUP: Raw = {**GROUP, "accent_color_id": 1, "max_reaction_count": 1, "linked_chat_id": -1002}


def capability(checked: Checked, name: str) -> Capability:
    """One capability by its name."""
    (found,) = (capability for capability in checked.capabilities if capability.name == name)
    return found


async def test_a_new_bot_can_talk_and_says_what_it_lacks(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("getMe", ok({**BOT, "can_read_all_group_messages": False}))
    checked = await adapter.check(account)
    assert (checked.external_id, checked.name, checked.username) == ("700", "Shop", "shop_bot")
    assert {capability.name: capability.reason for capability in checked.capabilities} == {
        "direct_messages": None,
        "read_groups": reasons.PRIVACY_MODE,
        "comments": reasons.NO_DISCUSSION_GROUP,
        "reply": None,
        "send_media": None,
        "edit_own": None,
        "delete_messages": reasons.NO_CHAT,
        "ban": reasons.NO_CHAT,
        "restrict": reasons.NO_CHAT,
    }


async def test_a_known_group_shows_its_channel_our_people_and_rights(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    us = member(BOT, "administrator", can_delete_messages=True)
    server.will_answer("getMe", ok(BOT))
    server.will_answer("getChat", ok(FULL_GROUP))
    server.will_answer("getChatMember", ok(us))
    server.will_answer("getChatAdministrators", ok([us, member(ANNA, "creator", is_anonymous=False)]))
    checked = await adapter.check(account, [str(GROUP_ID)])
    assert checked.chats == (KnownChat(str(GROUP_ID), "supergroup", "Обсуждение", "-1002", ("42",), ("delete",)),)
    assert capability(checked, "read_groups").allowed
    assert capability(checked, "comments").allowed
    assert capability(checked, "delete_messages").allowed
    assert capability(checked, "ban") == Capability("ban", False, reasons.NO_RIGHT)
    assert server.called("getChatMember") == [{"chat_id": GROUP_ID, "user_id": 700}]


async def test_privacy_mode_off_reads_groups_without_rights(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("getMe", ok({**BOT, "can_read_all_group_messages": True}))
    assert capability(await adapter.check(account), "read_groups").allowed


@pytest.mark.parametrize(
    ("chat", "membership"),
    [
        (refused(400, "Bad Request: chat not found"), ok({})),
        (refused(403, "Forbidden: bot was kicked from the supergroup chat"), ok({})),
        (ok(FULL_GROUP), ok(member(BOT, "left"))),
        (ok({**PRIVATE, "accent_color_id": 1, "max_reaction_count": 1}), ok({})),
    ],
)
async def test_a_chat_that_no_longer_knows_the_bot_is_left_out(
    server: WireServer, adapter: TelegramAdapter, account: Account, chat: Reply, membership: Reply
) -> None:
    server.will_answer("getMe", ok(BOT))
    server.will_answer("getChat", chat)
    server.will_answer("getChatMember", membership)
    assert (await adapter.check(account, [str(GROUP_ID)])).chats == ()


async def test_a_migrated_group_is_checked_under_its_new_id(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("getMe", ok(BOT))
    gone = refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=GROUP_ID)
    server.will_answer("getChat", gone, ok(FULL_GROUP))
    server.will_answer("getChatMember", ok(member(BOT, "member")))
    server.will_answer("getChatAdministrators", ok([]))
    (chat,) = (await adapter.check(account, ["-5"])).chats
    assert chat.external_id == str(GROUP_ID)


async def test_a_dead_key_is_told_apart(server: WireServer, adapter: TelegramAdapter, account: Account) -> None:
    server.will_answer("getMe", refused(401, "Unauthorized"))
    with pytest.raises(KeyRefusedError):
        await adapter.check(account)


async def test_an_answer_that_lacks_what_it_should_have_is_no_answer(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("getMe", ok({"first_name": "Shop"}))
    with pytest.raises(TemporaryRefusalError):
        await adapter.check(account)


async def test_a_file_is_read_through_us(server: WireServer, adapter: TelegramAdapter, account: Account) -> None:
    content = bytes(range(256)) * 1024
    server.files["photos/file_1.jpg"] = content
    server.will_answer(
        "getFile",
        ok({"file_id": "f", "file_unique_id": "u", "file_size": len(content), "file_path": "photos/file_1.jpg"}),
    )
    file = await adapter.fetch(account, "f")
    assert (file.mime_type, file.size) == ("image/jpeg", len(content))
    assert b"".join([chunk async for chunk in file.chunks]) == content
    assert server.called("getFile") == [{"file_id": "f"}]


@pytest.mark.parametrize(
    ("path", "mime_type"),
    [("voice/file_1.oga", "audio/ogg"), ("stickers/file_2.tgs", "application/x-tgsticker"), ("x/y", None)],
)
async def test_a_files_type_is_told_by_its_name(
    server: WireServer, adapter: TelegramAdapter, account: Account, path: str, mime_type: str | None
) -> None:
    server.will_answer("getFile", ok({"file_id": "f", "file_unique_id": "u", "file_path": path}))
    assert (await adapter.fetch(account, "f")).mime_type == (mime_type or "application/octet-stream")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (refused(400, "Bad Request: file is too big"), reasons.TOO_BIG_TO_FETCH),
        (ok({"file_id": "f", "file_unique_id": "u", "file_size": 2**30, "file_path": "x"}), reasons.TOO_BIG_TO_FETCH),
        (refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), reasons.FILE_GONE),
        (ok({"file_id": "f", "file_unique_id": "u"}), reasons.FILE_GONE),
    ],
)
async def test_a_file_that_telegram_does_not_give_is_refused_with_a_reason(
    server: WireServer, adapter: TelegramAdapter, account: Account, reply: Reply, reason: str
) -> None:
    server.will_answer("getFile", reply)
    with pytest.raises(PermanentRefusalError) as refusal:
        await adapter.fetch(account, "f")
    assert refusal.value.reason == reason


async def test_a_file_that_expired_meanwhile_is_gone(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("getFile", ok({"file_id": "f", "file_unique_id": "u", "file_path": "photos/old.jpg"}))
    file = await adapter.fetch(account, "f")
    with pytest.raises(PermanentRefusalError, match=reasons.FILE_GONE):
        await anext(file.chunks)


async def test_a_file_that_is_elsewhere_is_not_followed_there(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.files["secret"] = b"of an internal service"
    server.moved["photos/x.jpg"] = f"{server.url}/file/bot700/secret"
    server.will_answer("getFile", ok({"file_id": "f", "file_unique_id": "u", "file_path": "photos/x.jpg"}))
    file = await adapter.fetch(account, "f")
    with pytest.raises(TemporaryRefusalError, match=reasons.NO_ANSWER):
        await anext(file.chunks)
