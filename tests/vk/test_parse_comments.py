"""Comments, posts and shares beyond what was recorded."""

import pytest

from inbox.channels.events import (
    AttachmentKind,
    ConversationKind,
    Ignored,
    MessageDeleted,
    MessageReceived,
    PostSeen,
    StaffChanged,
)
from inbox.conversations.addressee import find_answered
from tests.vk.events import ANNA, GROUP, PETER, SENT, SENT_AT, Raw, comment, only, received

POST: Raw = {"id": 6, "from_id": -GROUP, "owner_id": -GROUP, "date": SENT, "text": "Завоз"}
SHARE: Raw = {"id": 3, "from_id": ANNA, "owner_id": ANNA, "date": SENT, "copy_history": [POST]}


@pytest.mark.parametrize("owner", [{"owner_id": -GROUP}, {"post_owner_id": -GROUP, "owner_id": 1}, {"owner_id": None}])
def test_the_owner_is_found_under_either_name_or_is_us(owner: Raw) -> None:
    assert received(comment(**owner), kind="wall_reply_new").external_id == "wall:-1234:6:9"


@pytest.mark.parametrize(
    ("fields", "parent"),
    [
        ({"reply_to_comment": 5, "parents_stack": [4]}, "wall:-1234:6:5"),
        ({"parents_stack": [4]}, "wall:-1234:6:4"),
        ({"parents_stack": []}, None),
        ({"parents_stack": ["?"]}, None),
        ({}, None),
    ],
)
def test_an_answer_names_the_comment_it_answers(fields: Raw, parent: str | None) -> None:
    found = received(comment(**fields), kind="wall_reply_new").parent
    assert (found.external_id if found else None) == parent


def test_an_answer_to_our_comment_addresses_us() -> None:
    assert received(comment(reply_to_comment=5, reply_to_user=-GROUP), kind="wall_reply_new").addresses_us
    assert not received(comment(reply_to_comment=5, reply_to_user=PETER), kind="wall_reply_new").addresses_us
    assert received(comment(text="[club1234|Магазин], сколько?"), kind="wall_reply_new").addresses_us


@pytest.mark.parametrize(
    ("fields", "answered"), [({"reply_to_user": PETER}, str(PETER)), ({"reply_to_user": -GROUP}, None), ({}, None)]
)
def test_an_answer_tells_the_subscriber_whom_it_answers(fields: Raw, answered: str | None) -> None:
    assert find_answered(received(comment(reply_to_comment=5, **fields), kind="wall_reply_new")) == answered


def test_our_own_comment_is_an_answer_to_whom_it_answers() -> None:
    found = received(comment(from_id=-GROUP, reply_to_comment=5, reply_to_user=ANNA), kind="wall_reply_new")
    assert found.is_outbound
    assert found.author.is_ours
    assert found.addressee is not None
    assert found.addressee.external_id == str(ANNA)


def test_another_community_is_a_contact_like_any() -> None:
    found = received(comment(from_id=-99), kind="wall_reply_new")
    assert (found.author.external_id, found.author.name, found.is_outbound) == ("-99", "club99", False)


def test_a_comment_without_words_is_shown_by_what_it_carries() -> None:
    sticker: Raw = {"type": "sticker", "sticker": {"sticker_id": 1, "images": []}}
    found = received(comment(text="", attachments=[sticker]), kind="wall_reply_new")
    assert [file.kind for file in found.attachments] == [AttachmentKind.STICKER]


@pytest.mark.parametrize("who", [{"deleter_id": 5}, {"user_id": 5}, {}])
def test_a_deletion_is_read_whoever_is_said_to_have_done_it(who: Raw) -> None:
    found = only("wall_reply_delete", {"owner_id": -GROUP, "id": 9, "post_id": 6, **who})
    assert isinstance(found, MessageDeleted)
    assert found.external_ids == ("wall:-1234:6:9",)


def test_a_post_of_ours_is_a_post_and_nothing_else() -> None:
    found = only("wall_post_new", POST)
    assert isinstance(found, PostSeen)
    assert (found.text, found.published_at, found.external_id) == ("Завоз", SENT_AT, "post:-1234:6")


@pytest.mark.parametrize("kind", ["suggest", "postpone"])
def test_what_is_not_published_is_no_post_yet(kind: str) -> None:
    assert isinstance(only("wall_post_new", {**POST, "post_type": kind}), Ignored)


def test_our_post_shared_with_words_is_a_mention_with_a_conversation_of_its_own() -> None:
    found = only("wall_repost", {**SHARE, "text": "Не советую"})
    assert isinstance(found, MessageReceived)
    assert (found.kind, found.external_id, found.topic_external_id) == (
        ConversationKind.MENTION,
        "post:42:3",
        "post:42:3",
    )
    assert found.parent is not None
    assert found.parent.author is not None
    assert (found.parent.external_id, found.parent.text, found.parent.author.is_ours) == ("post:-1234:6", "Завоз", True)
    assert found.addresses_us


def test_our_post_shared_without_a_word_is_of_no_use() -> None:
    assert isinstance(only("wall_repost", {**SHARE, "text": " "}), Ignored)


def test_who_lost_the_last_level_is_no_longer_one_of_our_people() -> None:
    found = only("group_officers_edit", {"admin_id": 1, "user_id": 5, "level_old": 1, "level_new": 0})
    assert isinstance(found, StaffChanged)
    assert not found.is_ours
