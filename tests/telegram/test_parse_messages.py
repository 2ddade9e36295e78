"""Messages of subscribers: where they stand, who wrote them, whom they answer."""

import pytest

from bots.telegram.parse import parse
from inbox.channels.events import Attachment, AttachmentKind, Author, ConversationKind, Ignored, Me, Quoted
from inbox.core.errors import UnparsableEventError
from tests.telegram.updates import (
    ANNA,
    ANONYMOUS,
    BOT,
    CHANNEL,
    CHANNEL_BOT,
    CHANNEL_ID,
    EDITED,
    EDITED_AT,
    FOREIGN_CHANNEL,
    FORWARD,
    GROUP,
    GROUP_ID,
    ME,
    PETER,
    PRIVATE,
    SENT,
    SENT_AT,
    Raw,
    direct,
    in_group,
    only_event,
    parse_update,
    received,
)


def test_a_direct_message_says_who_wrote_what_and_when() -> None:
    message = received(direct(text="Сколько стоит?"))
    assert message.external_id == ":42:10"
    assert message.kind is ConversationKind.DIRECT
    assert message.chat_external_id == "42"
    assert message.author == Author("42", "Анна Смирнова", "anna")
    assert message.sent_at == SENT_AT
    assert message.text == "Сколько стоит?"
    assert (message.chat_title, message.edited_at, message.parent, message.is_outbound) == (None, None, None, False)


def test_a_start_command_keeps_its_payload() -> None:
    entity = {"type": "bot_command", "offset": 0, "length": 6}
    assert received(direct(text="/start promo42", entities=[entity])).text == "/start promo42"


def test_a_caption_is_the_text() -> None:
    assert received(direct(caption="вот чек", photo=[])).text == "вот чек"


def test_an_edited_message_carries_when_it_was_edited() -> None:
    message = received(direct(text="Сколько?", edit_date=EDITED), "edited_message")
    assert message.edited_at == EDITED_AT
    assert message.sent_at == SENT_AT


def test_a_new_message_that_was_edited_before_it_came_is_no_edit() -> None:
    assert received(direct(text="Сколько?", edit_date=EDITED)).edited_at is None


def test_a_part_of_an_album_names_the_album() -> None:
    assert received(direct(photo=[], media_group_id="g1")).album_external_id == "g1"


def test_a_group_message_stands_in_its_group() -> None:
    message = received(in_group(text="Привет"))
    assert message.kind is ConversationKind.GROUP
    assert message.chat_external_id == str(GROUP_ID)
    assert message.external_id == f":{GROUP_ID}:10"
    assert message.chat_title == "Обсуждение"
    assert message.thread_external_id is None


def test_a_message_of_a_forum_stands_in_its_topic_and_answers_nothing() -> None:
    opening = {**in_group(forum_topic_created={"name": "Доставка", "icon_color": 1}), "message_id": 77}
    message = received(
        in_group(text="Где заказ?", message_thread_id=77, is_topic_message=True, reply_to_message=opening)
    )
    assert message.topic_external_id == f"{GROUP_ID}:77"
    assert (message.thread_external_id, message.parent) == (None, None)


def test_an_answer_in_a_topic_keeps_its_parent() -> None:
    answered = {**in_group(text="ответ"), "message_id": 78}
    message = received(in_group(text="ok", message_thread_id=77, is_topic_message=True, reply_to_message=answered))
    assert message.parent is not None
    assert message.parent.external_id == f":{GROUP_ID}:78"


def test_a_comment_under_a_post_belongs_to_the_posts_thread() -> None:
    message = received(in_group(text="Цена?", message_thread_id=500, reply_to_message=FORWARD))
    assert message.kind is ConversationKind.COMMENT
    assert message.thread_external_id == f"{GROUP_ID}:500"
    assert message.thread_is_post
    assert not message.addresses_us
    assert message.parent == Quoted(
        f":{GROUP_ID}:500", Author(str(CHANNEL_ID), "Магазин", "shop", is_ours=True), "Новый завоз"
    )


def test_a_comment_without_a_thread_number_stands_under_the_post_it_answers() -> None:
    message = received(in_group(text="Цена?", reply_to_message=FORWARD))
    assert message.thread_external_id == f"{GROUP_ID}:500"


def test_an_answer_to_a_comment_stays_in_the_thread_of_which_the_store_knows_the_post() -> None:
    answered: Raw = {"message_id": 501, "from": PETER, "chat": GROUP, "date": SENT, "text": "И мне"}
    message = received(in_group(text="Согласна", message_thread_id=500, reply_to_message=answered))
    assert message.kind is ConversationKind.GROUP
    assert message.thread_external_id == f"{GROUP_ID}:500"
    assert not message.thread_is_post
    assert message.parent == Quoted(f":{GROUP_ID}:501", Author("43", "Пётр"), "И мне")


def test_a_quote_shows_the_quoted_words_only() -> None:
    answered: Raw = {"message_id": 501, "from": PETER, "chat": GROUP, "date": SENT, "text": "Долгий рассказ"}
    message = received(in_group(text="?", reply_to_message=answered, quote={"text": "рассказ", "position": 7}))
    assert message.parent is not None
    assert message.parent.text == "рассказ"


def test_a_parent_in_another_chat_is_known_by_its_origin() -> None:
    elsewhere = {
        "origin": {"type": "channel", "date": SENT, "chat": FOREIGN_CHANNEL, "message_id": 9},
        "chat": FOREIGN_CHANNEL,
        "message_id": 9,
    }
    message = received(direct(text="?", external_reply=elsewhere, quote={"text": "скидка", "position": 0}))
    assert message.parent == Quoted(":-1003:9", Author("-1003", "Чужой"), "скидка")


@pytest.mark.parametrize(
    ("origin", "author"),
    [
        ({"type": "user", "date": SENT, "sender_user": PETER}, Author("43", "Пётр")),
        ({"type": "hidden_user", "date": SENT, "sender_user_name": "Кто-то"}, Author("", "Кто-то")),
        ({"type": "chat", "date": SENT, "sender_chat": GROUP}, Author(str(GROUP_ID), "Обсуждение")),
    ],
)
def test_a_parent_whose_id_is_hidden_still_shows_its_author(origin: Raw, author: Author) -> None:
    message = received(direct(text="?", external_reply={"origin": origin}))
    assert message.parent == Quoted("", author)


def test_an_answer_to_a_story_names_whose_story_it_is() -> None:
    message = received(direct(text="Ого", reply_to_story={"chat": CHANNEL, "id": 4}))
    assert message.parent == Quoted("", Author(str(CHANNEL_ID), "Магазин", "shop"))


def test_an_answer_to_the_bot_addresses_us() -> None:
    ours: Raw = {"message_id": 9, "from": BOT, "chat": GROUP, "date": SENT, "text": "Здравствуйте"}
    message = received(in_group(text="Спасибо", reply_to_message=ours))
    assert message.addresses_us
    assert message.parent is not None
    assert message.parent.author == Author("700", "Shop", "shop_bot", is_bot=True, is_ours=True)


@pytest.mark.parametrize(
    ("text", "entity", "addressed"),
    [
        ("@shop_bot цена?", {"type": "mention", "offset": 0, "length": 9}, True),
        ("😀😀 @Shop_Bot", {"type": "mention", "offset": 5, "length": 9}, True),
        ("@other_bot @shop_bot", {"type": "mention", "offset": 0, "length": 10}, False),
        ("/price@shop_bot", {"type": "bot_command", "offset": 0, "length": 15}, True),
        ("/price", {"type": "bot_command", "offset": 0, "length": 6}, False),
        ("магазин", {"type": "text_mention", "offset": 0, "length": 7, "user": BOT}, True),
        ("пётр", {"type": "text_mention", "offset": 0, "length": 4, "user": PETER}, False),
        ("@shop_bot", {"type": "mention", "offset": 400, "length": 9}, False),
    ],
)
def test_a_mention_addresses_us_by_utf_16_offsets(text: str, entity: Raw, addressed: bool) -> None:
    assert received(in_group(text=text, entities=[entity])).addresses_us is addressed
    assert received(in_group(caption=text, caption_entities=[entity], photo=[])).addresses_us is addressed


def test_an_anonymous_administrator_is_our_side() -> None:
    message = received({**in_group(text="Ответили"), "from": ANONYMOUS, "sender_chat": GROUP})
    assert message.author == Author(str(GROUP_ID), "Обсуждение", is_ours=True)
    assert message.is_outbound


def test_the_channel_under_its_own_post_is_our_side() -> None:
    message = received(
        {
            **in_group(text="Да", message_thread_id=500, reply_to_message=FORWARD),
            "from": CHANNEL_BOT,
            "sender_chat": CHANNEL,
        }
    )
    assert message.author == Author(str(CHANNEL_ID), "Магазин", "shop", is_ours=True)
    assert message.is_outbound


def test_the_linked_channel_known_to_be_ours_is_our_side_anywhere() -> None:
    raw = {**in_group(text="Да"), "from": CHANNEL_BOT, "sender_chat": CHANNEL}
    assert received(raw, me=Me("700", our_external_ids=frozenset({str(CHANNEL_ID)}))).is_outbound


def test_another_channel_is_an_ordinary_author() -> None:
    message = received({**in_group(text="Реклама"), "from": CHANNEL_BOT, "sender_chat": FOREIGN_CHANNEL})
    assert message.author == Author("-1003", "Чужой")
    assert not message.is_outbound


def test_our_people_are_our_side() -> None:
    assert received(in_group(text="Ответ"), me=Me("700", our_external_ids=frozenset({"42"}))).is_outbound


def test_another_bot_is_marked_as_a_bot() -> None:
    bot = {"id": 900, "is_bot": True, "first_name": "Игра"}
    assert received({**in_group(text="ход"), "from": bot}).author == Author("900", "Игра", is_bot=True)


def test_a_person_without_a_name_is_called_by_the_id() -> None:
    assert received({**direct(text="?"), "from": {**PETER, "first_name": ""}}).author.name == "43"


def test_a_business_message_carries_its_connection_in_its_ids() -> None:
    message = received(direct(text="Можно?", business_connection_id="bc1"), "business_message")
    assert message.external_id == "bc1:42:10"
    assert message.chat_external_id == "bc1:42"
    assert message.kind is ConversationKind.DIRECT
    assert not message.is_outbound


def test_the_business_owners_own_answer_is_outbound() -> None:
    raw = {**direct(text="Да", business_connection_id="bc1"), "from": PETER}
    message = received(raw, "business_message")
    assert message.is_outbound
    assert message.author.is_ours
    edited = received({**raw, "edit_date": EDITED}, "edited_business_message")
    assert edited.edited_at == EDITED_AT


def test_a_channels_direct_message_is_a_direct_talk_in_its_topic() -> None:
    chat: Raw = {"id": -1005, "type": "supergroup", "title": "Магазин", "is_direct_messages": True}
    raw: Raw = {**direct(text="Здравствуйте", direct_messages_topic={"topic_id": 6, "user": ANNA}), "chat": chat}
    message = received(raw)
    assert message.kind is ConversationKind.DIRECT
    assert message.topic_external_id == "-1005:direct:6"
    assert not message.is_outbound
    assert received({**raw, "from": PETER}).is_outbound


def test_a_topic_of_a_private_chat_is_kept() -> None:
    message = received(direct(text="?", message_thread_id=5, is_topic_message=True))
    assert message.topic_external_id == "42:5"
    assert message.kind is ConversationKind.DIRECT


def test_a_message_that_telegram_does_not_show_to_bots_is_still_a_message() -> None:
    assert received(direct()).attachments == (Attachment(AttachmentKind.OTHER),)


def test_a_rich_message_is_read_as_plain_text_with_its_files() -> None:
    blocks = [
        {"type": "paragraph", "text": ["Цена ", {"type": "bold", "text": "100"}, " ₽"]},
        {"type": "divider"},
        {
            "type": "photo",
            "photo": [{"file_id": "p", "file_unique_id": "u", "width": 9, "height": 9}],
            "caption": {"text": "вид"},
        },
    ]
    message = received(direct(rich_message={"blocks": blocks}))
    assert message.text == "Цена 100 ₽\nвид"
    assert [attachment.external_id for attachment in message.attachments] == ["p"]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("message", in_group(new_chat_members=[PETER])),
        ("message", in_group(pinned_message=in_group(text="x"))),
        ("message", in_group(new_chat_title="Новое")),
        ("message", in_group(left_chat_member=PETER)),
        ("message", direct(text="тайна", ephemeral_message_id=3)),
        ("guest_message", in_group(text="@shop_bot", guest_query_id="q")),
        ("callback_query", {"id": "1", "from": ANNA, "chat_instance": "i"}),
        ("inline_query", {"id": "1", "from": ANNA, "query": "q", "offset": ""}),
        ("business_connection", {"id": "b", "user": ANNA, "user_chat_id": 42, "date": SENT, "is_enabled": True}),
    ],
)
def test_what_is_of_no_use_is_ignored_with_a_reason(kind: str, payload: Raw) -> None:
    event = only_event(kind, payload)
    assert isinstance(event, Ignored)
    assert event.why


@pytest.mark.parametrize(
    "broken",
    [
        {"from": ANNA, "chat": PRIVATE, "date": SENT},
        {"message_id": 1, "chat": PRIVATE, "date": SENT},
        {"message_id": 1, "from": ANNA, "date": SENT},
        {"message_id": 1, "from": ANNA, "chat": PRIVATE},
        {"message_id": "1", "from": ANNA, "chat": PRIVATE, "date": SENT},
        {"message_id": 1, "from": ANNA, "chat": PRIVATE, "date": 10**30},
        {"message_id": 1, "from": ANNA, "chat": PRIVATE, "date": SENT, "text": 5},
        {"message_id": 1, "from": "anna", "chat": PRIVATE, "date": SENT},
    ],
)
def test_what_lacks_what_we_need_cannot_be_parsed(broken: Raw) -> None:
    with pytest.raises(UnparsableEventError):
        parse({"update_id": 1, "message": broken}, ME)


def test_unknown_fields_and_kinds_are_passed_over() -> None:
    (event,) = parse({"update_id": 1, "hologram": {}}, ME)
    assert isinstance(event, Ignored)
    events = parse({"update_id": 1, "message": direct(text="?", hologram={"x": 1})}, ME)
    assert events == parse_update("message", direct(text="?"))
