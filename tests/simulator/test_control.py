"""The control plane: subscribers write, edit, delete, block; what they hear; bodies that make no sense."""

import pytest

from tests.simulator.conftest import ANNA, OTHER_TOKEN, TOKEN, Json, Line

BORIS = 600_002


def _payload(update: Json) -> Json:
    payload = next(value for name, value in update.items() if name != "update_id")
    assert isinstance(payload, dict)
    return payload


def _number(message: Json) -> object:
    return message["message_id"]


@pytest.mark.parametrize("action", ["say", "post", "edit", "delete", "block", "migrate", "bot"])
async def test_nobody_is_there_before_a_bot_calls(quiet: Line, action: str) -> None:
    bodies: dict[str, Json] = {
        "say": {"author": {"id": ANNA}, "text": "x"},
        "post": {"text": "x"},
        "edit": {"message_id": 1, "text": "x"},
        "delete": {"message_id": 1},
        "block": {"author_id": ANNA},
    }
    status, _ = await quiet.refused(action, **bodies.get(action, {}))
    assert status == 409


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("say", {"text": "x"}, "author"),
        ("say", {"author": {"id": "nobody"}, "text": "x"}, "author.id"),
        ("say", {"author": {"id": 0}, "text": "x"}, "author.id"),
        ("say", {"author": {"id": ANNA}, "text": "x", "kind": "telepathy"}, "kind"),
        ("say", {"author": {"id": ANNA}, "text": "ы" * 4097}, "text"),
        ("say", {"author": {"id": ANNA}, "text": " "}, "text"),
        ("say", {"author": {"id": ANNA}, "media": ["smell"]}, "media.0.kind"),
        ("say", {"author": {"id": ANNA}, "text": "x", "colour": "red"}, "colour"),
        ("say", {"author": {"id": ANNA}, "text": "x", "platform": "icq"}, "platform"),
        ("say", {"author": {"id": ANNA}, "text": "x", "media": ["sticker"]}, "text"),
        ("say", {"author": {"id": ANNA}, "media": ["photo", "voice"]}, "media"),
        ("post", {"text": 5}, "text"),
        ("edit", {"message_id": 1, "text": ""}, "text"),
        ("delete", {}, "message_id"),
        ("fault", {"method": "getMe", "error": 200}, "error"),
        ("fault", {"method": "getMe"}, "error"),
        ("fault", {"method": "getMe", "error": 500, "when": "never"}, "when"),
        ("fault", {"method": "getMe", "error": 500, "times": 0}, "times"),
        ("disorder", {"duplicate": 2}, "duplicate"),
        ("block", {}, "author_id"),
    ],
)
async def test_a_body_that_makes_no_sense_names_the_field(line: Line, action: str, body: Json, field: str) -> None:
    status, fields = await line.refused(action, **body)
    assert status == 422
    assert any(name.startswith(field) for name in fields), fields


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("say", {"author": {"id": ANNA}, "text": "x", "kind": "comment", "post_id": 99}),
        ("say", {"author": {"id": ANNA}, "text": "x", "reply_to": 99}),
        ("say", {"author": {"id": ANNA}, "text": "x", "bot": 5}),
        ("edit", {"message_id": 99, "text": "x"}),
        ("block", {"author_id": 99}),
    ],
)
async def test_what_is_not_there_is_not_found(line: Line, action: str, body: Json) -> None:
    assert (await line.refused(action, **body))[0] == 404


async def test_a_post_comes_to_the_channel_and_then_to_the_discussion(line: Line) -> None:
    posted = await line.sim("post", text="Новый завоз", media="photo")
    post, forward = map(_payload, await line.updates())
    assert (_number(post), _number(forward)) == (posted["post_id"], posted["thread_id"])
    channel = post["chat"]
    assert forward["is_automatic_forward"] is True
    assert forward["sender_chat"] == channel
    assert forward["forward_origin"] == {
        "type": "channel", "chat": channel, "message_id": posted["post_id"], "date": post["date"]
    }  # fmt: skip
    assert forward["caption"] == "Новый завоз"


async def test_a_comment_without_a_post_goes_under_the_newest_or_makes_one(line: Line) -> None:
    first = await line.sim("say", kind="comment", author={"id": ANNA, "name": "Анна"}, text="первый")
    assert first["post_id"] is not None
    posted = await line.sim("post", text="Второй пост")
    second = await line.sim("say", kind="comment", author={"id": ANNA}, text="второй")
    assert second["post_id"] == posted["post_id"] != first["post_id"]
    old = await line.sim("say", kind="comment", author={"id": ANNA}, text="третий", post_id=first["post_id"])
    assert old["post_id"] == first["post_id"]


async def test_a_comment_names_its_thread_and_what_it_answers(line: Line) -> None:
    posted = await line.sim("post", text="Пост")
    first = await line.say("вопрос", "comment")
    await line.say("и мне", "comment", BORIS, reply_to=first)
    comment, answer = map(_payload, (await line.updates())[-2:])
    assert comment["message_thread_id"] == answer["message_thread_id"] == posted["thread_id"]
    for message, answered in ((comment, posted["thread_id"]), (answer, first)):
        quoted = message["reply_to_message"]
        assert isinstance(quoted, dict)
        assert quoted["message_id"] == answered


async def test_a_comment_cannot_answer_under_another_post(line: Line) -> None:
    first = await line.say("вопрос", "comment")
    posted = await line.sim("post", text="Другой")
    body: Json = {"kind": "comment", "author": {"id": ANNA}, "text": "x", "reply_to": first}
    assert await line.refused("say", post_id=posted["post_id"], **body) == (422, ["reply_to"])


async def test_who_asked_under_a_post_hears_the_answer_there(line: Line) -> None:
    discussion = await line.chat("discussion")
    posted = await line.sim("post", text="Пост")
    asked = await line.say("цена?", "comment")
    await line.say("+", "comment", BORIS)
    sent = await line.call("sendMessage", chat_id=discussion, text="148 000 ₽", reply_parameters={"message_id": asked})
    assert sent.message["message_thread_id"] == posted["thread_id"]
    (item,) = await line.heard()
    chat = item["chat"]
    assert isinstance(chat, dict)
    assert (item["text"], item["reply_to"], chat["kind"], chat["post_id"]) == (
        "148 000 ₽", asked, "comment", posted["post_id"]
    )  # fmt: skip
    assert await line.heard(BORIS) == []
    await line.call(
        "sendMessage", chat_id=discussion, text="Всем", reply_parameters={"message_id": posted["thread_id"]}
    )
    assert [item["text"] for item in await line.heard(BORIS)] == ["Всем"]


async def test_heard_shows_edits_and_deletions_of_ours(line: Line) -> None:
    await line.say("привет")
    first = (await line.call("sendMessage", chat_id=ANNA, text="раз")).message["message_id"]
    second = (await line.call("sendMessage", chat_id=ANNA, text="два")).message["message_id"]
    await line.call("editMessageText", chat_id=ANNA, message_id=first, text="раз!")
    await line.call("deleteMessage", chat_id=ANNA, message_id=second)
    items = await line.heard()
    assert [(item["message_id"], item["text"], item["deleted"]) for item in items] == [
        (first, "раз!", False), (second, "два", True)
    ]  # fmt: skip
    assert items[0]["edited_at"] is not None
    assert str(items[0]["at"]).endswith("Z")


async def test_a_subscriber_edits_and_deletes(line: Line) -> None:
    message_id = await line.say("превет")
    await line.sim("edit", message_id=message_id, text="привет")
    assert _payload((await line.updates())[-1])["text"] == "привет"
    assert "edited_message" in (await line.updates())[-1]
    await line.sim("delete", message_id=message_id)
    assert len(await line.updates()) == 2
    answer = await line.call("sendMessage", chat_id=ANNA, text="x", reply_parameters={"message_id": message_id})
    assert answer.refusal == (400, "Bad Request: message to be replied not found")


async def test_an_edited_post_is_edited_in_the_discussion_too(line: Line) -> None:
    posted = await line.sim("post", text="Цена 100")
    await line.sim("edit", message_id=posted["post_id"], chat=posted["chat_id"], text="Цена 200")
    assert [next(name for name in update if name != "update_id") for update in await line.updates()] == [
        "channel_post", "message", "edited_channel_post", "edited_message"
    ]  # fmt: skip


async def test_blocking_is_told_and_silences(line: Line) -> None:
    await line.say("привет")
    await line.sim("block", author_id=ANNA)
    change = _payload((await line.updates())[-1])
    member = change["new_chat_member"]
    assert isinstance(member, dict)
    assert member["status"] == "kicked"
    assert (await line.refused("say", author={"id": ANNA}, text="x"))[0] == 409
    await line.sim("unblock", author_id=ANNA)
    await line.say("снова")


async def test_a_banned_or_muted_subscriber_cannot_write(line: Line) -> None:
    discussion = await line.chat("discussion")
    await line.say("раз", "comment")
    await line.call("restrictChatMember", chat_id=discussion, user_id=ANNA, permissions={"can_send_messages": False})
    body: Json = {"kind": "comment", "author": {"id": ANNA}, "text": "x"}
    assert (await line.refused("say", **body))[0] == 409
    await line.call("banChatMember", chat_id=discussion, user_id=ANNA)
    assert (await line.call("getChatMember", chat_id=discussion, user_id=ANNA)).message["status"] == "kicked"
    await line.call("unbanChatMember", chat_id=discussion, user_id=ANNA, only_if_banned=True)
    await line.sim("say", **body)


async def test_in_privacy_mode_an_ordinary_member_sees_little(line: Line) -> None:
    await line.sim("bot", administrator=False)
    await line.say("просто так", "group")
    await line.say("/help", "group")
    assert [_payload(update).get("text") for update in await line.updates()][-1] == "/help"
    assert (await line.call("getMe")).message["can_read_all_group_messages"] is False
    await line.sim("bot", privacy=False)
    await line.say("теперь вижу", "group")
    assert _payload((await line.updates())[-1])["text"] == "теперь вижу"
    assert (await line.call("getMe")).message["can_read_all_group_messages"] is True


async def test_a_migration_is_told_in_both_chats(line: Line) -> None:
    ids = await line.sim("migrate")
    old, new = map(_payload, await line.updates())
    assert (old["migrate_to_chat_id"], new["migrate_from_chat_id"]) == (ids["new_chat_id"], ids["old_chat_id"])
    assert (await line.refused("migrate"))[0] == 409
    assert await line.say("после", "group") > 0


async def test_an_album_is_several_messages_with_one_caption(line: Line) -> None:
    said = await line.sim("say", author={"id": ANNA, "name": "Анна"}, text="смотрите", media=["photo", "video"])
    first, second = map(_payload, await line.updates())
    assert said["message_ids"] == [_number(first), _number(second)]
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], "caption" in second) == ("смотрите", False)


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [
        ("photo", b"\xff\xd8\xff"),
        ("voice", b"OggS"),
        ("video", b"ftyp"),
        ("animation", b"ftyp"),
        ("video_note", b"ftyp"),
        ("audio", b"ID3"),
        ("sticker", b"RIFF"),
        ("document", b"%PDF"),
    ],
)
async def test_attached_files_are_real(line: Line, kind: str, beginning: bytes) -> None:
    await line.say(media=kind)
    media = _payload((await line.updates())[0])[kind]
    file = media[-1] if isinstance(media, list) else media
    assert isinstance(file, dict)
    found = (await line.call("getFile", file_id=file["file_id"])).message
    content = (await line.client.get(f"/file/bot{TOKEN}/{found['file_path']}")).content
    assert beginning in content[:12]
    assert len(content) == found["file_size"] == file["file_size"]


async def test_calls_are_recorded_without_the_bytes(line: Line) -> None:
    await line.say("привет")
    files = {"photo": ("a.png", b"\x89PNG" + b"0" * 5000, "image/png")}
    await line.client.post(f"/bot{TOKEN}/sendPhoto", data={"chat_id": str(ANNA)}, files=files)
    (call,) = await line.calls(method="sendPhoto")
    assert (call["bot"], call["code"], call["platform"]) == (7700000001, 200, "telegram")
    assert call["params"] == {
        "chat_id": ANNA, "photo": {"file_name": "a.png", "mime_type": "image/png", "size": 5004}
    }  # fmt: skip
    assert len(await line.calls()) == 2
    assert len(await line.calls(limit="1")) == 1
    assert await line.calls(bot="5") == []
    assert await line.calls(since="2999-01-01T00:00:00Z") == []


async def test_a_photo_of_ours_is_heard_and_shown(line: Line) -> None:
    await line.say("привет")
    files = {"photo": ("a.png", b"\x89PNG" + b"0" * 50, "image/png")}
    await line.client.post(f"/bot{TOKEN}/sendPhoto", data={"chat_id": str(ANNA), "caption": "вот"}, files=files)
    (item,) = await line.heard()
    media = item["media"]
    assert isinstance(media, list)
    assert (item["text"], media[0]["kind"], media[0]["file_name"]) == ("вот", "photo", "a.png")
    shown = await line.client.get(media[0]["url"])
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", b"\x89PNG")


async def test_say_reaches_the_first_bot_unless_another_is_named(line: Line) -> None:
    await line.call("getMe", OTHER_TOKEN)
    await line.say("первому")
    await line.say("второму", bot=7700000002)
    assert len((await line.call("getUpdates")).items) == len((await line.call("getUpdates", OTHER_TOKEN)).items) == 1
    await line.call("sendMessage", chat_id=ANNA, text="от первого")
    await line.call("sendMessage", OTHER_TOKEN, chat_id=ANNA, text="от второго")
    assert [item["text"] for item in await line.heard()] == ["от первого", "от второго"]
    assert [item["text"] for item in await line.heard(bot=7700000002)] == ["от второго"]


async def test_after_a_reset_all_is_new_and_no_number_comes_twice(line: Line) -> None:
    before = await line.say("до")
    (update,) = await line.updates()
    await line.sim("fault", method="getMe", error=500)
    await line.sim("reset")
    assert (await line.call("getMe")).status == 200
    assert await line.updates() == []
    assert await line.heard() == []
    after = await line.say("после")
    (newer,) = await line.updates()
    assert after > before
    assert isinstance(newer["update_id"], int) and isinstance(update["update_id"], int)  # noqa: PT018
    assert newer["update_id"] > update["update_id"]


async def test_reset_and_disorder_need_no_body_of_a_platform(line: Line) -> None:
    assert (await line.client.post("/sim/reset")).status_code == 204
    assert (await line.client.post("/sim/disorder", json={"duplicate": 0.1, "reorder": 0.1})).status_code == 204
