"""Direct messages: text, quotes and forwards, whose they are."""

import pytest

from bots.vk.parse import parse
from inbox.channels.events import AttachmentKind, ConversationKind, Ignored, Me, Quoted
from inbox.core.errors import UnparsableEventError
from tests.vk.events import ANNA, GROUP, ME, PETER, SENT, SENT_AT, Raw, event, message, only, received


def test_a_message_tells_who_wrote_what_and_when() -> None:
    found = received(message())
    assert (found.external_id, found.chat_external_id) == ("message:42:7", "42")
    assert (found.author.external_id, found.author.name, found.author.is_ours) == ("42", "id42", False)
    assert (found.text, found.sent_at, found.edited_at) == ("Здравствуйте", SENT_AT, None)


def test_the_shape_of_old_versions_is_read_too() -> None:
    (found,) = parse(event("message_new", message()), ME)
    assert found == received(message())


@pytest.mark.parametrize(
    ("text", "plain", "addresses_us"),
    [
        ("[id42|Анна], спасибо", "Анна, спасибо", False),
        ("[club1234|Магазин], сколько стоит?", "Магазин, сколько стоит?", True),
        ("[club1234:bp-1_2|Магазин], да", "Магазин, да", True),
        ("[club12345|Другой], да", "Другой, да", False),
        ("смотрите [https://vk.com/x|тут]", "смотрите тут (https://vk.com/x)", False),
        ("[не разметка] a|b", "[не разметка] a|b", False),
    ],
)
def test_markup_reads_as_a_person_sees_it(text: str, plain: str, addresses_us: bool) -> None:
    found = received(message(text=text))
    assert (found.text, found.addresses_us) == (plain, addresses_us)


def test_an_answer_quotes_what_it_answers() -> None:
    quoted: Raw = {"date": SENT, "from_id": -GROUP, "text": "Чем помочь?", "conversation_message_id": 6, "id": 984}
    found = received(message(reply_message=quoted))
    assert found.parent is not None
    assert found.parent.author is not None
    assert (found.parent.external_id, found.parent.text) == ("message:42:6", "Чем помочь?")
    assert (found.parent.author.external_id, found.addresses_us) == ("-1234", True)


def test_a_quoted_photo_is_named() -> None:
    quoted: Raw = {"date": SENT, "from_id": ANNA, "text": "", "attachments": [{"type": "photo", "photo": {}}]}
    assert received(message(reply_message=quoted)).parent == Quoted("", received(message()).author, "photo")


def test_ten_forwarded_messages_are_one_message() -> None:
    photo: Raw = {"type": "doc", "doc": {"title": "чек.pdf", "ext": "pdf", "url": "https://vk.com/doc1"}}
    inner: Raw = {"date": SENT, "from_id": 7, "text": "внутри"}
    forwards = [{"date": SENT, "from_id": PETER, "text": f"строка {number}"} for number in range(9)]
    forwards.append({"date": SENT, "from_id": 7, "text": "", "attachments": [photo], "fwd_messages": [inner]})
    found = received(message(text="", fwd_messages=forwards))
    assert found.parent is not None
    assert found.parent.author is not None
    assert found.parent.external_id == "", "it stands in another conversation"
    assert found.parent.author.external_id == str(PETER)
    assert found.parent.text.splitlines()[0] == "строка 0"
    assert found.parent.text.splitlines()[-1] == "внутри"
    assert [file.file_name for file in found.attachments] == ["чек.pdf"]


def test_a_forward_without_own_words_still_says_something() -> None:
    found = received(message(text="", fwd_messages=[{"date": SENT, "from_id": PETER, "text": "Где мой заказ?"}]))
    assert [(file.kind, file.title) for file in found.attachments] == [(AttachmentKind.OTHER, "Где мой заказ?")]


def test_an_empty_message_is_still_a_message() -> None:
    assert [file.kind for file in received(message(text="")).attachments] == [AttachmentKind.OTHER]


def test_an_edit_is_the_newest_state() -> None:
    found = received(message(text="исправлено", update_time=SENT + 60), kind="message_edit")
    assert found.edited_at is not None
    assert (found.text, found.sent_at) == ("исправлено", SENT_AT)
    assert (found.edited_at - found.sent_at).seconds == 60
    assert not found.is_outbound


@pytest.mark.parametrize(
    ("fields", "author", "random_id"),
    [
        ({"from_id": -GROUP, "random_id": 77}, "-1234", "77"),
        ({"from_id": -GROUP, "admin_author_id": 5}, "5", None),
        ({"from_id": -GROUP, "admin_author_id": ANNA}, "-1234", None),
    ],
)
def test_our_own_side_is_told_apart(fields: Raw, author: str, random_id: str | None) -> None:
    found = received(message(out=1, **fields), kind="message_reply")
    assert (found.is_outbound, found.author.external_id, found.author.is_ours) == (True, author, True)
    assert found.random_id == random_id
    assert found.addressee is not None
    assert found.addressee.external_id == "42"


def test_a_chat_of_several_is_a_group() -> None:
    found = received(message(peer_id=2_000_000_001))
    assert (found.kind, found.chat_external_id) == (ConversationKind.GROUP, "2000000001")
    assert found.external_id == "message:2000000001:7"


def test_our_people_are_known_by_their_number() -> None:
    assert received(message(), me=Me(str(GROUP), our_external_ids=frozenset({"42"}))).author.is_ours


def test_service_messages_are_of_no_use() -> None:
    action: Raw = {"type": "chat_invite_user", "member_id": 1}
    assert only("message_new", {"message": message(action=action)}) == Ignored("service message: chat_invite_user")


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"type": 5},
        {"unreadable": None},
        {"type": "message_new"},
        {"type": "message_new", "object": []},
        event("message_new", {"message": {**message(), "date": "yesterday"}}),
        event("message_new", {"message": {**message(), "peer_id": None}}),
        event("message_new", {"message": {**message(), "text": 5}}),
        event("wall_reply_new", {"id": 1, "from_id": 1, "date": 1}),
        event("wall_reply_delete", {"post_id": 1}),
        event("user_block", {}),
        {**event("message_new", {"message": message()}), "group_id": 5},
    ],
)
def test_what_is_malformed_is_said_to_be(raw: Raw) -> None:
    with pytest.raises(UnparsableEventError):
        parse(raw, ME)
