"""Every update and every answer is as the Bot API's schema says."""

import pytest

from tests.simulator.conftest import ANNA, TOKEN, Json, Line
from tests.simulator.schema import SchemaError, check_call, check_object

USER: Json = {"id": 1, "is_bot": False, "first_name": "x"}
EVERY_KIND = [
    "message", "edited_message", "channel_post", "edited_channel_post", "my_chat_member", "chat_member"
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User", {"id": 1, "is_bot": False}),
        ("User", {"id": "1", "is_bot": False, "first_name": "x"}),
        ("User", {"id": 1, "is_bot": 0, "first_name": "x"}),
        ("User", {"id": 1, "is_bot": False, "first_name": "x", "colour": "red"}),
        ("ChatMember", {"status": "member", "user": USER, "is_anonymous": True}),
        ("Update", {"update_id": 1, "message": {"message_id": 1}}),
    ],
)
def test_the_checker_refuses_what_is_wrong(name: str, value: Json) -> None:
    with pytest.raises(SchemaError):
        check_object(name, value)


@pytest.mark.parametrize(
    "params", [{"chat_id": 1}, {"chat_id": 1, "text": 5}, {"chat_id": 1, "text": "x", "volume": 3}]
)
def test_the_checker_refuses_a_wrong_call(params: Json) -> None:
    with pytest.raises(SchemaError):
        check_call("sendMessage", params)


async def _everything_happens(line: Line) -> None:
    discussion = await line.chat("discussion")
    for kind in ("photo", "voice", "video", "document", "sticker", "animation", "video_note", "audio"):
        await line.say(media=kind)
    for kind in ("location", "contact", "poll"):
        await line.say(media=kind)
    await line.say("смотри https://a.example/x @friend #tag /start", media=["photo", "video"])
    posted = await line.sim("post", text="Пост", media=["photo"])
    comment = await line.say("вопрос", "comment")
    await line.say("ответ", "comment", 600_002, reply_to=comment)
    message_id = await line.say("в группе", "group")
    await line.sim("edit", message_id=message_id, text="иначе")
    await line.sim("edit", message_id=posted["post_id"], chat=posted["chat_id"], text="Пост!")
    await line.sim("block", author_id=ANNA)
    await line.sim("unblock", author_id=ANNA)
    permissions: Json = {"can_send_messages": False}
    await line.call("restrictChatMember", chat_id=discussion, user_id=ANNA, permissions=permissions)
    await line.call("banChatMember", chat_id=discussion, user_id=ANNA)
    await line.call("unbanChatMember", chat_id=discussion, user_id=ANNA)
    await line.sim("bot", administrator=False)
    await line.sim("bot", member=False)
    await line.sim("bot", member=True, administrator=True)
    await line.sim("migrate")


async def test_every_update_is_valid(line: Line) -> None:
    await line.updates(allowed_updates=EVERY_KIND)
    await _everything_happens(line)
    updates = await line.updates()
    for update in updates:
        check_object("Update", update)
    assert {name for update in updates for name in update} == {"update_id", *EVERY_KIND}


@pytest.mark.parametrize(
    ("method", "chat", "params", "shape"),
    [
        ("getMe", None, {}, "User"),
        ("getWebhookInfo", None, {}, "WebhookInfo"),
        ("deleteWebhook", None, {"drop_pending_updates": True}, "True"),
        ("setWebhook", None, {"url": "http://127.0.0.1:9/x", "allowed_updates": ["message"]}, "True"),
        ("getChat", "direct", {}, "ChatFullInfo"),
        ("getChat", "channel", {}, "ChatFullInfo"),
        ("getChat", "discussion", {}, "ChatFullInfo"),
        ("getChat", "group", {}, "ChatFullInfo"),
        ("getChatAdministrators", "discussion", {}, "Array of ChatMember"),
        ("getChatAdministrators", "channel", {}, "Array of ChatMember"),
        ("getChatMember", "discussion", {"user_id": ANNA}, "ChatMember"),
        ("getChatMember", "discussion", {"user_id": 7700000001}, "ChatMember"),
        ("getChatMember", "channel", {"user_id": 7700000001}, "ChatMember"),
        ("getChatMember", "group", {"user_id": ANNA}, "ChatMember"),
        ("getChatMemberCount", "discussion", {}, "Integer"),
        ("sendMessage", "direct", {"text": "x"}, "Message"),
        ("sendMessage", "channel", {"text": "x"}, "Message"),
        ("sendMessage", "group", {"text": "<b>x</b>", "parse_mode": "HTML"}, "Message"),
        ("sendChatAction", "direct", {"action": "typing"}, "True"),
        ("banChatMember", "discussion", {"user_id": ANNA}, "True"),
        ("unbanChatMember", "discussion", {"user_id": ANNA, "only_if_banned": True}, "True"),
        ("restrictChatMember", "discussion", {"user_id": ANNA, "permissions": {"can_send_polls": True}}, "True"),
        ("banChatSenderChat", "discussion", {"sender_chat_id": -1005}, "True"),
        ("unbanChatSenderChat", "discussion", {"sender_chat_id": -1005}, "True"),
        ("leaveChat", "group", {}, "True"),
    ],
)
async def test_an_answer_is_valid(line: Line, method: str, chat: str | None, params: Json, shape: str) -> None:
    await line.say("привет")
    await line.say("вопрос", "comment")
    where: Json = {} if chat is None else {"chat_id": ANNA if chat == "direct" else await line.chat(chat)}
    check_call(method, {**where, **params})
    check_object(shape, (await line.call(method, **where, **params)).result)


@pytest.mark.parametrize(
    ("method", "field"),
    [
        ("sendPhoto", "photo"),
        ("sendVideo", "video"),
        ("sendDocument", "document"),
        ("sendAudio", "audio"),
        ("sendVoice", "voice"),
        ("sendSticker", "sticker"),
        ("sendAnimation", "animation"),
        ("sendVideoNote", "video_note"),
    ],
)
async def test_a_sent_file_is_valid_and_may_be_sent_again_by_its_id(line: Line, method: str, field: str) -> None:
    await line.say("привет")
    answer = await line.client.post(
        f"/bot{TOKEN}/{method}", data={"chat_id": str(ANNA)}, files={field: ("a.bin", b"12345", "image/png")}
    )
    message: Json = answer.json()["result"]
    check_object("Message", message)
    media = message[field]
    file = media[-1] if isinstance(media, list) else media
    assert isinstance(file, dict)
    again = (await line.call(method, chat_id=ANNA, **{field: file["file_id"]})).message
    check_object("Message", again)
    check_object("File", (await line.call("getFile", file_id=file["file_id"])).result)
    sent_again = again[field]
    assert str(file["file_unique_id"]) in str(sent_again)


async def test_edits_albums_and_deletions_are_valid(line: Line) -> None:
    await line.say("привет")
    files = {"a": ("a.jpg", b"1", "image/jpeg"), "b": ("b.mp4", b"2", "video/mp4")}
    media = '[{"type":"photo","media":"attach://a","caption":"раз"},{"type":"video","media":"attach://b"}]'
    answer = await line.client.post(
        f"/bot{TOKEN}/sendMediaGroup", data={"chat_id": str(ANNA), "media": media}, files=files
    )
    album: list[Json] = answer.json()["result"]
    check_object("Array of Message", album)
    edited = await line.call("editMessageCaption", chat_id=ANNA, message_id=album[0]["message_id"], caption="два")
    check_object("Message", edited.result)
    text = (await line.call("sendMessage", chat_id=ANNA, text="x")).message
    check_object(
        "Message", (await line.call("editMessageText", chat_id=ANNA, message_id=text["message_id"], text="y")).result
    )
    ids = [message["message_id"] for message in album]
    assert (await line.call("deleteMessages", chat_id=ANNA, message_ids=ids)).result is True
    assert (await line.call("deleteMessage", chat_id=ANNA, message_id=text["message_id"])).result is True
    assert [item["deleted"] for item in await line.heard()] == [True, True, True]
