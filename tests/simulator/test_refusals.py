"""Telegram's refusals: codes and words, each where Telegram gives it."""

import asyncio

import pytest

from tests.simulator.conftest import ANNA, OTHER_TOKEN, TOKEN, Json, Line

STRANGER = 999_999


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        ("no-token", (404, "Not Found")),
        ("700:short", (401, "Unauthorized")),
        ("7700000001:AAHanotherANOTHERanotherANOTHERanot", (401, "Unauthorized")),
    ],
)
async def test_a_token_that_is_none(line: Line, token: str, refusal: tuple[int, str]) -> None:
    assert (await line.call("getMe", token)).refusal == refusal


async def test_a_method_that_is_none(line: Line) -> None:
    assert (await line.call("sendTelepathy")).refusal == (404, "Not Found: method not found")


async def test_a_revoked_token_is_unauthorized_until_a_new_one_comes(line: Line) -> None:
    poll = asyncio.create_task(line.call("getUpdates", timeout=20))
    await asyncio.sleep(0.2)
    await line.sim("bot", revoked=True)
    assert (await poll).refusal == (401, "Unauthorized")
    assert (await line.call("getMe")).refusal == (401, "Unauthorized")
    new = "7700000001:AAHnewNEWnewNEWnewNEWnewNEWnewNEWnew"
    assert (await line.call("getMe", new)).message["id"] == 7700000001
    assert (await line.call("getMe", TOKEN)).refusal == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("method", "params", "refusal"),
    [
        ("sendMessage", {"text": "x"}, (400, "Bad Request: chat_id is empty")),
        ("sendMessage", {"chat_id": STRANGER, "text": "x"}, (400, "Bad Request: chat not found")),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, (400, "Bad Request: chat not found")),
        ("sendMessage", {"chat_id": ANNA}, (400, "Bad Request: message text is empty")),
        ("sendMessage", {"chat_id": ANNA, "text": " \n "}, (400, "Bad Request: message text is empty")),
        ("sendMessage", {"chat_id": ANNA, "text": "ы" * 4097}, (400, "Bad Request: message is too long")),
        (
            "sendMessage",
            {"chat_id": ANNA, "text": "x", "reply_parameters": {"message_id": 5}},
            (400, "Bad Request: message to be replied not found"),
        ),
        ("editMessageText", {"chat_id": ANNA, "text": "x"}, (400, "Bad Request: message identifier is not specified")),
        (
            "editMessageText",
            {"chat_id": ANNA, "message_id": 5, "text": "x"},
            (400, "Bad Request: message to edit not found"),
        ),
        ("deleteMessage", {"chat_id": ANNA, "message_id": 5}, (400, "Bad Request: message to delete not found")),
        ("getFile", {"file_id": "x"}, (400, "Bad Request: wrong file_id or the file is temporarily unavailable")),
        ("sendPhoto", {"chat_id": ANNA}, (400, "Bad Request: there is no photo in the request")),
        (
            "sendPhoto",
            {"chat_id": ANNA, "photo": "unknown"},
            (400, "Bad Request: wrong file identifier/HTTP URL specified"),
        ),
        ("getChat", {"chat_id": STRANGER}, (400, "Bad Request: chat not found")),
        (
            "banChatMember",
            {"chat_id": ANNA, "user_id": ANNA},
            (400, "Bad Request: chat member status can't be changed in private chats"),
        ),
        (
            "getChatAdministrators",
            {"chat_id": ANNA},
            (400, "Bad Request: there are no administrators in the private chat"),
        ),
        (
            "sendMessage",
            {"chat_id": ANNA, "text": "<q>x</q>", "parse_mode": "HTML"},
            (400, 'Bad Request: can\'t parse entities: Unsupported start tag "q"'),
        ),
        (
            "deleteBusinessMessages",
            {"business_connection_id": "x", "message_ids": [1]},
            (400, "Bad Request: business connection not found"),
        ),
    ],
)
async def test_a_call_that_makes_no_sense(line: Line, method: str, params: Json, refusal: tuple[int, str]) -> None:
    await line.say("привет")
    assert (await line.call(method, **params)).refusal == refusal


async def test_the_limit_counts_utf16_and_text_without_markup(line: Line) -> None:
    await line.say("привет")
    sent = await line.call("sendMessage", chat_id=ANNA, text=f"<b>{'ы' * 4096}</b>", parse_mode="HTML")
    assert sent.message["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]
    too_long = await line.call("sendMessage", chat_id=ANNA, text="😀" * 2049)
    assert too_long.refusal == (400, "Bad Request: message is too long")


async def test_who_never_wrote_cannot_be_written_to(line: Line) -> None:
    await line.say("в группе", "group")
    refusal = (403, "Forbidden: bot can't initiate conversation with a user")
    assert (await line.call("sendMessage", chat_id=ANNA, text="x")).refusal == refusal


async def test_who_blocked_the_bot_cannot_be_written_to(line: Line) -> None:
    await line.say("привет")
    await line.sim("block", author_id=ANNA)
    blocked = await line.call("sendMessage", chat_id=ANNA, text="x")
    assert blocked.refusal == (403, "Forbidden: bot was blocked by the user")
    await line.sim("unblock", author_id=ANNA)
    assert (await line.call("sendMessage", chat_id=ANNA, text="x")).status == 200


async def test_an_edit_that_changes_nothing_and_of_what_is_not_ours(line: Line) -> None:
    theirs = await line.say("привет")
    ours = (await line.call("sendMessage", chat_id=ANNA, text="ответ")).message["message_id"]
    same = await line.call("editMessageText", chat_id=ANNA, message_id=ours, text="ответ")
    assert same.refusal[0] == 400
    assert str(same.refusal[1]).startswith("Bad Request: message is not modified: specified new message content")
    foreign = await line.call("editMessageText", chat_id=ANNA, message_id=theirs, text="x")
    assert foreign.refusal == (400, "Bad Request: message can't be edited")
    caption = await line.call("editMessageCaption", chat_id=ANNA, message_id=ours, caption="x")
    assert caption.refusal == (400, "Bad Request: there is no caption in the message to edit")


async def test_a_bot_without_rights_moderates_nobody(line: Line) -> None:
    discussion = await line.chat("discussion")
    message_id = await line.say("спам", "comment")
    await line.sim("bot", administrator=False)
    refusal = (400, "Bad Request: not enough rights to restrict/unrestrict chat member")
    assert (await line.call("banChatMember", chat_id=discussion, user_id=ANNA)).refusal == refusal
    deletion = await line.call("deleteMessage", chat_id=discussion, message_id=message_id)
    assert deletion.refusal == (400, "Bad Request: message can't be deleted")


async def test_owners_administrators_and_strangers_cannot_be_banned(line: Line) -> None:
    discussion = await line.chat("discussion")
    people = (await line.call("getChatAdministrators", chat_id=discussion)).items
    owner = next(user["id"] for one in people if one["status"] == "creator" and isinstance(user := one["user"], dict))
    assert (await line.call("banChatMember", chat_id=discussion, user_id=owner)).refusal == (
        400, "Bad Request: can't remove chat owner"
    )  # fmt: skip
    assert (await line.call("banChatMember", chat_id=discussion, user_id=STRANGER)).refusal == (
        400, "Bad Request: PARTICIPANT_ID_INVALID"
    )  # fmt: skip


async def test_a_bot_that_was_removed_is_told_so(line: Line) -> None:
    discussion = await line.chat("discussion")
    await line.sim("bot", member=False)
    refusal = (403, "Forbidden: bot was kicked from the supergroup chat")
    assert (await line.call("sendMessage", chat_id=discussion, text="x")).refusal == refusal
    await line.sim("bot", member=True)
    assert (await line.call("getChat", chat_id=discussion)).status == 200


async def test_a_migrated_group_names_its_new_id(line: Line) -> None:
    ids = await line.sim("migrate")
    answer = await line.call("sendMessage", chat_id=ids["old_chat_id"], text="x")
    assert answer.refusal == (400, "Bad Request: group chat was upgraded to a supergroup chat")
    assert answer.body["parameters"] == {"migrate_to_chat_id": ids["new_chat_id"]}
    assert (await line.call("sendMessage", chat_id=ids["new_chat_id"], text="x")).status == 200


async def test_a_plain_group_knows_no_restrictions(line: Line) -> None:
    await line.say("привет", "group")
    answer = await line.call("restrictChatMember", chat_id=await line.chat("group"), user_id=ANNA, permissions={})
    assert answer.refusal == (400, "Bad Request: method is available only for supergroups")


async def test_a_big_file_is_not_fetched(line: Line) -> None:
    await line.say(media={"kind": "document", "size": 21 * 1024 * 1024, "file_name": "big.zip"})
    message = (await line.updates())[0]["message"]
    assert isinstance(message, dict)
    answer = await line.call("getFile", file_id=message["document"]["file_id"])
    assert answer.refusal == (400, "Bad Request: file is too big")


async def test_worlds_of_two_bots_are_apart(line: Line) -> None:
    await line.say("первому")
    await line.call("getMe", OTHER_TOKEN)
    answer = await line.call("sendMessage", OTHER_TOKEN, chat_id=ANNA, text="x")
    assert answer.refusal == (400, "Bad Request: chat not found")
