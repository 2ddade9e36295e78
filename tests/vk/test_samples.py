"""Every recorded payload goes through the parser and gives what a person would expect."""

from datetime import UTC, datetime

import pytest

from bots.vk.parse import parse
from inbox.channels.events import (
    UNDATED,
    BanChanged,
    ConversationKind,
    Ignored,
    InboundEvent,
    Me,
    MessageDeleted,
    MessageReceived,
    MessageRestored,
    PostSeen,
    ReachabilityChanged,
    StaffChanged,
)
from tests.vk.schema import Raw, require_shared, samples

EVENTS = [sample for sample in samples() if sample["kind"] == "event"]

COMMENTS = {
    "wall_reply_new": ("wall:-1234:6:9", "post:-1234:6", "test"),
    "wall_reply_edit": ("wall:-1234:6:9", "post:-1234:6", "test1"),
    "wall_reply_restore": ("wall:-1234:6:9", "post:-1234:6", "test1"),
    "photo_comment_new": ("photo:-1234:123456:4", "photo:-1234:123456", "test"),
    "photo_comment_edit": ("photo:-1234:456239020:4", "photo:-1234:456239020", "test1"),
    "photo_comment_restore": ("photo:-1234:456239020:4", "photo:-1234:456239020", "test1"),
    "video_comment_new": ("video:-1234:4444:1", "video:-1234:4444", "test"),
    "video_comment_edit": ("video:-1234:4444:1", "video:-1234:4444", "test1"),
    "video_comment_restore": ("video:-1234:4444:1", "video:-1234:4444", "test1"),
    "market_comment_new": ("market:-1234:1686058:1", "market:-1234:1686058", "test"),
    "market_comment_edit": ("market:-1234:1686058:1", "market:-1234:1686058", "test1"),
    "market_comment_restore": ("market:-1234:1686058:1", "market:-1234:1686058", "test1"),
    "board_post_restore": ("board:-1234:38446232:3", "topic:-1234:38446232", "test"),
}
DELETIONS = {
    "wall_reply_delete": "wall:-1234:6:9",
    "photo_comment_delete": "photo:-1234:123456:4",
    "video_comment_delete": "video:-1234:123456:4",
    "market_comment_delete": "market:-1234:4444:1",
    "board_post_delete": "board:-1234:6:3",
}
OF_NO_USE = (
    "app_payload",
    "donut_",
    "group_change_photo",
    "group_join",
    "group_leave",
    "like_",
    "message_event",
    "message_read",
    "photo_new",
    "poll_vote_new",
    "video_new",
)
SPECIAL = {
    "board_post_edit",
    "board_post_new",
    "group_officers_edit",
    "message_allow",
    "message_deny",
    "message_edit",
    "message_new",
    "message_reply",
    "user_block",
    "user_unblock",
    "wall_post_new",
}


def _name(sample: Raw) -> str:
    source = sample["source"]
    assert isinstance(source, dict)
    return f"{sample['type']}-{str(source['path']).rpartition('_')[2].removesuffix('.json')}"


def _parsed(sample: Raw) -> tuple[InboundEvent, ...]:
    payload = sample["payload"]
    assert isinstance(payload, dict)
    return parse(payload, Me(str(payload["group_id"])))


def _of(kind: str) -> list[tuple[InboundEvent, ...]]:
    require_shared()
    return [_parsed(sample) for sample in EVENTS if sample["type"] == kind]


def test_the_samples_are_there() -> None:
    require_shared()
    assert len(EVENTS) == 60


@pytest.mark.parametrize("sample", EVENTS, ids=_name)
def test_a_recorded_payload_gives_what_a_person_would_expect(sample: Raw) -> None:
    kind = str(sample["type"])
    events = _parsed(sample)
    if kind.startswith(OF_NO_USE):
        assert isinstance(events[0], Ignored)
        assert kind in events[0].why
    elif kind in COMMENTS:
        first = events[0]
        assert isinstance(first, MessageReceived)
        assert (first.external_id, first.thread_external_id, first.text) == COMMENTS[kind]
        assert (first.kind, first.thread_is_post, first.is_outbound) == (ConversationKind.COMMENT, True, False)
        assert (first.author.external_id, first.author.name) == ("123", "id123")
        assert (first.edited_at is not None) == kind.endswith("_edit")
        restored = (MessageRestored((first.external_id,), UNDATED),) if kind.endswith("_restore") else ()
        assert events[1:] == restored
    elif kind in DELETIONS:
        assert events == (MessageDeleted((DELETIONS[kind],), UNDATED),)
    else:
        assert kind in SPECIAL, "a kind that no test below looks at"


def test_messages_in_a_topic_are_the_subscribers_or_ours() -> None:
    (theirs,), (ours,) = _of("board_post_new")
    assert isinstance(theirs, MessageReceived)
    assert isinstance(ours, MessageReceived)
    assert (theirs.external_id, theirs.is_outbound) == ("board:-1234:38446232:3", False)
    assert (ours.external_id, ours.is_outbound, ours.author.is_ours) == ("board:-1234:6:2", True, True)
    ((edited,),) = _of("board_post_edit")
    assert isinstance(edited, MessageReceived)
    assert (edited.text, edited.is_outbound, edited.edited_at) == ("test1", True, UNDATED)


def test_direct_messages_are_the_contacts() -> None:
    carousel, plain, bare = _of("message_new")
    for (found,) in (carousel, plain):
        assert isinstance(found, MessageReceived)
        assert (found.external_id, found.kind) == ("message:123456789:614", ConversationKind.DIRECT)
        assert (found.text, found.attachments, found.is_outbound) == ("f", (), False)
        assert found.sent_at == datetime.fromtimestamp(1572809816, UTC)
        assert found.random_id is None, "0 is no random id"
    (fixture,) = bare
    assert isinstance(fixture, MessageReceived)
    assert (fixture.external_id, fixture.chat_external_id, fixture.text) == ("message:1:id1", "1", "{}")


def test_what_our_side_wrote_in_vk_is_ours_and_never_makes_the_contact_one_of_our_people() -> None:
    for kind, text in (("message_reply", "test"), ("message_edit", "test1")):
        ((found,),) = _of(kind)
        assert isinstance(found, MessageReceived)
        assert (found.text, found.is_outbound) == (text, True)
        assert (found.author.external_id, found.author.is_ours) == ("-1234", True)
        assert found.addressee is not None
        assert (found.addressee.external_id, found.addressee.is_ours) == ("123", False)


def test_permission_to_write_comes_and_goes() -> None:
    ((allowed,),), ((denied,),) = _of("message_allow"), _of("message_deny")
    assert isinstance(allowed, ReachabilityChanged)
    assert isinstance(denied, ReachabilityChanged)
    assert (allowed.author.external_id, allowed.reachable, denied.reachable) == ("123", True, False)


def test_bans_have_an_end_or_none_and_a_reason() -> None:
    (for_a_time,), (for_ever,) = _of("user_block")
    assert isinstance(for_a_time, BanChanged)
    assert isinstance(for_ever, BanChanged)
    assert (for_a_time.author.external_id, for_a_time.is_banned) == ("321", True)
    assert for_a_time.until == datetime.fromtimestamp(1533589200, UTC)
    assert (for_a_time.reason, for_a_time.comment) == ("flood", "test")
    assert (for_ever.until, for_ever.reason) == (None, "other")
    for (lifted,) in _of("user_unblock"):
        assert isinstance(lifted, BanChanged)
        assert (lifted.author.external_id, lifted.is_banned) == ("321", False)


def test_who_has_a_level_is_one_of_our_people() -> None:
    ((officer,),) = _of("group_officers_edit")
    assert isinstance(officer, StaffChanged)
    assert (officer.author.external_id, officer.is_ours, officer.chat_external_id) == ("321", True, "-1234")


def test_a_subscribers_post_on_our_wall_is_a_post_and_a_mention() -> None:
    ((seen, mention),) = _of("wall_post_new")
    assert isinstance(seen, PostSeen)
    assert (seen.external_id, seen.thread_external_id) == ("post:-1234:6", "post:-1234:6")
    assert (seen.text, seen.url) == ("test", "https://vk.com/wall-1234_6")
    assert isinstance(mention, MessageReceived)
    assert (mention.kind, mention.author.external_id) == (ConversationKind.MENTION, "123")
