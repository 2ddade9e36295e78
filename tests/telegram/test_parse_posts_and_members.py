"""Posts and their forwards, migrations, deletions, and who may do what."""

import pytest

from bots.telegram.parse import UNDATED
from inbox.channels.events import (
    Author,
    ChatMigrated,
    Ignored,
    MessageDeleted,
    OurStandingChanged,
    PostSeen,
    ReachabilityChanged,
    StaffChanged,
)
from tests.telegram.updates import (
    ANNA,
    BOT,
    CHANNEL,
    CHANNEL_ID,
    EDITED,
    EDITED_AT,
    FOREIGN_CHANNEL,
    FORWARD,
    GROUP,
    GROUP_ID,
    PETER,
    PRIVATE,
    SENT,
    SENT_AT,
    Raw,
    in_group,
    only_event,
    post,
)

RIGHTS: Raw = dict.fromkeys(
    (
        "can_be_edited",
        "is_anonymous",
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
        "can_send_welcome_messages",
    ),
    False,
)


def member(user: Raw, status: str, **rights: object) -> Raw:
    """A ChatMember."""
    if status == "administrator":
        return {"status": status, "user": user, **RIGHTS, **rights}
    if status == "kicked":
        return {"status": status, "user": user, "until_date": 0}
    return {"status": status, "user": user, **rights}


def change(chat: Raw, by: Raw, old: Raw, new: Raw) -> Raw:
    """A ChatMemberUpdated."""
    return {"chat": chat, "from": by, "date": SENT, "old_chat_member": old, "new_chat_member": new}


def test_the_automatic_forward_tells_where_the_posts_comments_stand() -> None:
    seen = post(FORWARD)
    assert seen.external_id == f":{CHANNEL_ID}:31"
    assert seen.thread_external_id == f"{GROUP_ID}:500"
    assert seen.url == "https://t.me/shop/31"
    assert seen.text == "Новый завоз"
    assert seen.chat_title == "Магазин"
    assert seen.published_at.timestamp() == SENT - 5


def test_an_edited_forward_is_the_posts_newest_state() -> None:
    assert post({**FORWARD, "edit_date": EDITED}, "edited_message").edited_at == EDITED_AT


def test_the_forward_of_a_post_that_was_itself_a_forward_stands_for_the_post() -> None:
    origin = {"type": "channel", "date": SENT - 900, "chat": FOREIGN_CHANNEL, "message_id": 8}
    seen = post({**FORWARD, "forward_origin": origin})
    assert seen.external_id == f":{GROUP_ID}:500"
    assert (seen.thread_external_id, seen.url, seen.published_at) == (f"{GROUP_ID}:500", None, SENT_AT)


@pytest.mark.parametrize(("kind", "edited_at"), [("channel_post", None), ("edited_channel_post", EDITED_AT)])
def test_a_channel_post_has_no_thread_yet(kind: str, edited_at: object) -> None:
    raw: Raw = {"message_id": 31, "sender_chat": CHANNEL, "chat": CHANNEL, "date": SENT, "text": "Новый завоз"}
    seen = post({**raw, "edit_date": EDITED} if edited_at else raw, kind)
    assert seen == PostSeen(
        external_id=f":{CHANNEL_ID}:31",
        published_at=SENT_AT,
        text="Новый завоз",
        edited_at=EDITED_AT if edited_at else None,
        chat_title="Магазин",
        url="https://t.me/shop/31",
    )


def test_a_post_of_a_private_channel_has_no_address() -> None:
    raw: Raw = {"message_id": 1, "sender_chat": FOREIGN_CHANNEL, "chat": FOREIGN_CHANNEL, "date": SENT, "text": "x"}
    assert post(raw, "channel_post").url is None


def test_a_pinned_post_is_no_post() -> None:
    raw: Raw = {"message_id": 1, "chat": CHANNEL, "date": SENT, "new_chat_title": "x"}
    assert isinstance(only_event("channel_post", raw), Ignored)


def test_both_sides_of_a_migration_say_the_same() -> None:
    old: Raw = {"id": -5, "type": "group", "title": "Группа"}
    expected = ChatMigrated("-5", str(GROUP_ID), SENT_AT)
    assert only_event("message", {**in_group(migrate_to_chat_id=GROUP_ID), "chat": old}) == expected
    assert only_event("message", in_group(migrate_from_chat_id=-5)) == expected


def test_deleted_business_messages_are_named_with_their_connection() -> None:
    raw: Raw = {"business_connection_id": "bc1", "chat": PRIVATE, "message_ids": [5, 6]}
    assert only_event("deleted_business_messages", raw) == MessageDeleted(("bc1:42:5", "bc1:42:6"), UNDATED)


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
def test_a_contact_who_blocks_the_bot_cannot_be_reached(status: str, reachable: bool) -> None:
    raw = change(PRIVATE, ANNA, member(BOT, "member"), member(BOT, status))
    anna = Author("42", "Анна Смирнова", "anna")
    assert only_event("my_chat_member", raw) == ReachabilityChanged(anna, reachable, SENT_AT)


@pytest.mark.parametrize(
    ("now", "is_member", "is_administrator", "can_act"),
    [
        (member(BOT, "administrator", can_delete_messages=True), True, True, ("delete",)),
        (member(BOT, "administrator", can_restrict_members=True), True, True, ("ban", "restrict")),
        (member(BOT, "member"), True, False, ()),
        (member(BOT, "left"), False, False, ()),
        (member(BOT, "kicked"), False, False, ()),
    ],
)
def test_our_standing_in_a_chat_names_what_we_may_do(
    now: Raw, is_member: bool, is_administrator: bool, can_act: tuple[str, ...]
) -> None:
    event = only_event("my_chat_member", change(GROUP, ANNA, member(BOT, "member"), now))
    assert event == OurStandingChanged(str(GROUP_ID), "Обсуждение", is_member, is_administrator, can_act, SENT_AT)


@pytest.mark.parametrize(
    ("old", "new", "is_ours"), [("member", "administrator", True), ("administrator", "left", False)]
)
def test_who_becomes_or_ceases_to_be_an_administrator_is_our_staff_or_no_longer(
    old: str, new: str, is_ours: bool
) -> None:
    raw = change(GROUP, ANNA, member(PETER, old), member(PETER, new))
    assert only_event("chat_member", raw) == StaffChanged(str(GROUP_ID), Author("43", "Пётр"), is_ours, SENT_AT)


def test_other_changes_of_membership_do_not_concern_us() -> None:
    raw = change(GROUP, ANNA, member(PETER, "left"), member(PETER, "member"))
    assert isinstance(only_event("chat_member", raw), Ignored)
