"""What the keys can do: tried, not believed; each refusal explains itself."""

import pytest

from bots.vk import reasons
from bots.vk.adapter import VkAdapter
from inbox.channels.adapter import Account, Checked, KeyKind, KnownChat
from inbox.core.errors import KeyRefusedError, TemporaryRefusalError
from tests.vk.wire_server import USER_TOKEN, Reply, WireServer, ok, refused

US: dict[str, object] = {"id": 1234, "name": "Магазин", "screen_name": "shop", "is_admin": 1}
COMMUNITY = ok({"groups": [US], "profiles": []})
NOTHING_THERE = refused(100, "One of the parameters specified was missing or invalid: post_id is invalid")


def allowed(checked: Checked) -> dict[str, str | None]:
    """Reasons by name; None for what the key can do."""
    assert all(one.allowed == (one.reason is None) for one in checked.capabilities)
    return {one.name: one.reason for one in checked.capabilities}


def answers(server: WireServer) -> None:
    """A community as VK would answer about it."""
    server.will_answer("groups.getById", COMMUNITY)
    server.will_answer("messages.getConversations", ok({"count": 0, "items": []}))
    server.will_answer("groups.getLongPollServer", ok({"key": "k", "server": "https://lp.vk.com/x", "ts": "1"}))
    server.will_answer("wall.createComment", NOTHING_THERE)
    server.will_answer("wall.openComments", refused(210, "Access to wall's post denied"))
    server.will_answer("wall.deleteComment", refused(211, "Access to wall's comment denied"))
    server.will_answer("wall.restoreComment", refused(211, "Access to wall's comment denied"))
    server.will_answer("wall.editComment", NOTHING_THERE)
    server.will_answer("groups.ban", NOTHING_THERE)
    server.will_answer("wall.get", ok({"count": 0, "items": []}))
    server.will_answer("groups.getMembers", ok({"count": 1, "items": [{"id": 5, "role": "creator"}]}))


OWN = ("direct_messages", "reply", "edit_own", "send_media", "receive", "comments", "open_comments")
USERS = ("delete_messages", "restore_messages", "edit_comments", "ban", "restrict", "read_comments")


async def test_the_community_key_alone_answers_and_cannot_moderate(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    answers(server)
    checked = await adapter.check(account)
    assert (checked.external_id, checked.name, checked.username) == ("1234", "Магазин", "shop")
    assert allowed(checked) == {
        **dict.fromkeys(OWN),
        **dict.fromkeys(USERS, reasons.NEEDS_USER_KEY),
        "comment_media": reasons.ATTACHMENTS_NEED_USER_KEY,
    }
    assert checked.chats == (KnownChat("-1234", "community", "Магазин", our_people=("5",)),)
    assert "user" not in server.keys


async def test_with_both_keys_everything_is_possible(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    answers(server)
    checked = await adapter.check(full_account)
    assert allowed(checked) == dict.fromkeys((*OWN, *USERS, "comment_media"))
    assert {one.name: one.key for one in checked.capabilities}["ban"] is KeyKind.USER
    assert {one.name: one.key for one in checked.capabilities}["reply"] is KeyKind.OWN
    assert checked.chats[0].can_act == ("delete", "ban", "restrict")


async def test_acting_methods_are_tried_on_what_does_not_exist(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    answers(server)
    await adapter.check(full_account)
    (comment,), (deletion,), (ban,) = (
        server.called(name) for name in ("wall.createComment", "wall.deleteComment", "groups.ban")
    )
    assert (comment["message"], comment["post_id"]) == ("", "2147483647")
    assert deletion["comment_id"] == "2147483647"
    assert ban["owner_id"] == "0"


@pytest.mark.parametrize(
    ("method", "reply", "names", "reason"),
    [
        ("messages.getConversations", refused(15, "Access denied"), OWN[:4], reasons.KEY_LACKS_RIGHT),
        ("groups.getLongPollServer", refused(15, "Access denied"), ("receive",), reasons.KEY_LACKS_RIGHT),
        ("wall.createComment", refused(27, "Group authorization failed"), ("comments",), reasons.WRONG_KEY_KIND),
        ("wall.openComments", refused(1051, "Method is unavailable"), ("open_comments",), reasons.WRONG_KEY_KIND),
        ("wall.deleteComment", refused(15, "Access denied"), ("delete_messages",), reasons.USER_KEY_LACKS_RIGHT),
        ("groups.ban", refused(7, "Permission denied"), ("ban", "restrict"), reasons.USER_KEY_LACKS_RIGHT),
    ],
)
async def test_a_class_of_methods_that_is_refused_is_off_with_its_reason(
    server: WireServer,
    adapter: VkAdapter,
    full_account: Account,
    method: str,
    reply: Reply,
    names: tuple[str, ...],
    reason: str,
) -> None:
    server.will_answer(method, reply)
    answers(server)
    found = allowed(await adapter.check(full_account))
    assert {name for name, why in found.items() if why is not None} == set(names)
    assert {found[name] for name in names} == {reason}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (ok({"groups": [{**US, "is_admin": 0}], "profiles": []}), reasons.USER_KEY_LACKS_RIGHT),
        (refused(5, "User authorization failed"), reasons.USER_KEY_REVOKED),
    ],
)
async def test_an_administrators_key_that_is_nobodys_here_explains_every_act(
    server: WireServer, adapter: VkAdapter, full_account: Account, reply: Reply, reason: str
) -> None:
    server.will_answer("groups.getById", COMMUNITY, reply)
    answers(server)
    found = allowed(await adapter.check(full_account))
    assert {found[name] for name in (*USERS, "comment_media")} == {reason}
    assert found["reply"] is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (refused(5, "User authorization failed"), reasons.KEY_REVOKED),
        (refused(100, "group_ids is undefined"), reasons.NOT_A_COMMUNITY_KEY),
        (ok({"groups": [], "profiles": []}), reasons.NOT_A_COMMUNITY_KEY),
        (ok({"groups": [{**US, "id": 5}], "profiles": []}), reasons.OTHER_COMMUNITY),
    ],
)
async def test_a_key_that_is_not_this_communitys_is_refused(
    server: WireServer, adapter: VkAdapter, account: Account, reply: Reply, reason: str
) -> None:
    server.will_answer("groups.getById", reply)
    with pytest.raises(KeyRefusedError) as refusal:
        await adapter.check(account)
    assert refusal.value.reason == reason


async def test_half_a_table_is_no_table(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("wall.createComment", refused(9, "Flood control"))
    answers(server)
    with pytest.raises(TemporaryRefusalError):
        await adapter.check(account)


async def test_the_administrators_key_is_used_for_its_own_questions_only(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    answers(server)
    await adapter.check(full_account)
    by_user = {name for (name, _), key in zip(server.calls, server.keys, strict=True) if key == "user"}
    assert full_account.user_token == USER_TOKEN
    assert by_user == {
        "groups.getById",
        "wall.deleteComment",
        "wall.restoreComment",
        "wall.editComment",
        "groups.ban",
        "wall.get",
    }
