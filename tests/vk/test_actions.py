"""Acting on messages, comments and people: by which key, and what counts as done."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bots.vk import reasons
from bots.vk.adapter import VkAdapter
from inbox.channels.adapter import Account, BanNote, Offence
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, SecondKeyWaitsError
from tests.vk.conftest import NOW
from tests.vk.wire_server import WireServer, ok, refused

Act = Callable[[VkAdapter, Account], Awaitable[None]]

BY_THE_ADMINISTRATORS_KEY: dict[str, Act] = {
    "wall.deleteComment": lambda vk, account: vk.delete(account, "wall:-1234:6:9"),
    "wall.restoreComment": lambda vk, account: vk.restore(account, "wall:-1234:6:9"),
    "wall.editComment": lambda vk, account: vk.edit(account, "-1234", "wall:-1234:6:9", "исправлено"),
    "groups.ban": lambda vk, account: vk.ban(account, "-1234", "42", None),
    "groups.unban": lambda vk, account: vk.unban(account, "-1234", "42"),
}
BY_THE_COMMUNITY_KEY: dict[str, Act] = {
    "wall.openComments": lambda vk, account: vk.set_comments_open(account, "post:-1234:6", is_open=True),
    "wall.closeComments": lambda vk, account: vk.set_comments_open(account, "post:-1234:6", is_open=False),
    "board.deleteComment": lambda vk, account: vk.delete(account, "board:-1234:6:3"),
    "board.restoreComment": lambda vk, account: vk.restore(account, "board:-1234:6:3"),
}


@pytest.mark.parametrize("method", BY_THE_ADMINISTRATORS_KEY)
async def test_what_only_an_administrator_may_goes_by_that_key(
    server: WireServer, adapter: VkAdapter, full_account: Account, method: str
) -> None:
    await BY_THE_ADMINISTRATORS_KEY[method](adapter, full_account)
    assert [name for name, _ in server.calls] == [method]
    assert server.keys == ["user"]


@pytest.mark.parametrize("method", BY_THE_ADMINISTRATORS_KEY)
async def test_without_that_key_it_is_refused_with_the_reason(
    server: WireServer, adapter: VkAdapter, account: Account, method: str
) -> None:
    with pytest.raises(PermanentRefusalError, match=reasons.NEEDS_USER_KEY):
        await BY_THE_ADMINISTRATORS_KEY[method](adapter, account)
    assert server.calls == []


@pytest.mark.parametrize("method", BY_THE_COMMUNITY_KEY)
async def test_what_the_community_may_goes_by_its_own_key(
    server: WireServer, adapter: VkAdapter, full_account: Account, method: str
) -> None:
    await BY_THE_COMMUNITY_KEY[method](adapter, full_account)
    assert [name for name, _ in server.calls] == [method]
    assert server.keys == ["group"]


async def test_a_topics_comment_is_named_by_its_community(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    await adapter.delete(account, "board:-1234:6:3")
    assert server.called("board.deleteComment") == [{"group_id": "1234", "topic_id": "6", "comment_id": "3"}]


@pytest.mark.parametrize("external_id", ["photo:-1234:5:3", "video:-1234:5:3", "market:-1234:5:3"])
async def test_elsewhere_a_person_acts_in_vk_itself(
    server: WireServer, adapter: VkAdapter, full_account: Account, external_id: str
) -> None:
    for act in (adapter.delete(full_account, external_id), adapter.restore(full_account, external_id)):
        with pytest.raises(PermanentRefusalError, match=reasons.ONLY_IN_VK):
            await act
    assert server.calls == []


@pytest.mark.parametrize("code", [211, 104])
async def test_a_comment_that_vks_filter_took_first_is_deleted(
    server: WireServer, adapter: VkAdapter, full_account: Account, code: int
) -> None:
    server.will_answer("wall.deleteComment", refused(code, "Access to wall's comment denied"))
    await adapter.delete(full_account, "wall:-1234:6:9")


async def test_a_comment_that_is_not_deleted_is_restored(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    server.will_answer("wall.restoreComment", refused(243, "Comment has not been deleted"))
    await adapter.restore(full_account, "wall:-1234:6:9")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (5, reasons.USER_KEY_REVOKED),
        (15, reasons.USER_KEY_LACKS_RIGHT),
        (7, reasons.USER_KEY_LACKS_RIGHT),
        (14, reasons.USER_KEY_CAPTCHA),
    ],
)
async def test_trouble_with_the_administrators_key_does_not_stop_the_channel(
    server: WireServer, adapter: VkAdapter, full_account: Account, code: int, reason: str
) -> None:
    server.will_answer("wall.deleteComment", refused(code, "?", captcha_sid="1", captcha_img="u"))
    with pytest.raises(PermanentRefusalError) as refusal:
        await adapter.delete(full_account, "wall:-1234:6:9")
    assert refusal.value.reason == reason
    assert isinstance(refusal.value, SecondKeyWaitsError) is (code == 14), "a captcha is waited for"


async def test_a_ban_says_why_and_until_when(server: WireServer, adapter: VkAdapter, full_account: Account) -> None:
    until = NOW + timedelta(days=1)
    await adapter.ban(full_account, "-1234", "42", until, BanNote(Offence.SPAM, "реклама"))
    assert server.called("groups.ban") == [
        {
            "group_id": "1234",
            "owner_id": "42",
            "end_date": str(int(until.timestamp())),
            "reason": "1",
            "comment": "реклама",
        }
    ]


async def test_a_restriction_is_a_ban_with_an_end(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    await adapter.restrict(full_account, "-1234", "42", timedelta(hours=1))
    await adapter.restrict(full_account, "-1234", "42", None)
    (ban,) = server.called("groups.ban")
    assert ban["end_date"] == str(int(NOW.timestamp()) + 3600)
    assert len(server.called("groups.unban")) == 1


async def test_somebody_who_is_not_banned_is_unbanned(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    server.will_answer("groups.unban", refused(104, "Not found"))
    await adapter.unban(full_account, "-1234", "42")


async def test_an_edited_message_keeps_its_files(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    files = [
        {"type": "photo", "photo": {"id": 5, "owner_id": -1234, "access_key": "k"}},
        {"type": "sticker", "sticker": {"sticker_id": 1}},
    ]
    server.will_answer("messages.getByConversationMessageId", ok({"count": 1, "items": [{"attachments": files}]}))
    await adapter.edit(account, "42", "message:42:8", "исправлено")
    assert server.called("messages.edit") == [
        {
            "peer_id": "42",
            "cmid": "8",
            "message": "исправлено",
            "keep_forward_messages": "1",
            "keep_snippets": "1",
            "attachment": "photo-1234_5_k",
        }
    ]


@pytest.mark.parametrize(("text", "reason"), [(" ", reasons.EMPTY_TEXT), ("я" * 4097, reasons.TEXT_TOO_LONG)])
async def test_an_edit_that_vk_would_refuse_is_not_asked(
    server: WireServer, adapter: VkAdapter, account: Account, text: str, reason: str
) -> None:
    with pytest.raises(PermanentRefusalError) as refusal:
        await adapter.edit(account, "42", "message:42:8", text)
    assert refusal.value.reason == reason
    assert server.calls == []


async def test_an_edit_that_comes_too_late_says_so(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("messages.getByConversationMessageId", ok({"count": 0, "items": []}))
    server.will_answer("messages.edit", refused(909, "Can't edit this message, because it's too old"))
    with pytest.raises(PermanentRefusalError, match=reasons.CANNOT_EDIT):
        await adapter.edit(account, "42", "message:42:8", "поздно")


async def test_a_direct_message_is_deleted_for_everybody(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("messages.delete", ok([{"peer_id": 42, "conversation_message_id": 8, "response": 1}]))
    await adapter.delete(account, "message:42:8")
    assert server.called("messages.delete") == [{"peer_id": "42", "cmids": "8", "delete_for_all": "1"}]


async def test_a_message_that_cannot_be_deleted_for_everybody_says_so(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    error = {"code": 924, "description": "Can't delete this message for everybody"}
    server.will_answer("messages.delete", ok([{"peer_id": 42, "conversation_message_id": 8, "error": error}]))
    with pytest.raises(PermanentRefusalError, match=reasons.CANNOT_DELETE):
        await adapter.delete(account, "message:42:8")


async def test_a_dead_community_key_is_the_channels_trouble(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("wall.closeComments", refused(5, "User authorization failed"))
    with pytest.raises(KeyRefusedError, match=reasons.KEY_REVOKED):
        await adapter.set_comments_open(account, "post:-1234:6", is_open=False)


@pytest.mark.parametrize("external_id", ["", "message:42", "message:x:1", "wall:1:2", "sky:1:2:3", "wall:1:2:3:4"])
async def test_what_is_no_address_of_vks_is_refused(
    adapter: VkAdapter, full_account: Account, external_id: str
) -> None:
    with pytest.raises(PermanentRefusalError, match=reasons.UNKNOWN_ADDRESS):
        await adapter.delete(full_account, external_id)
