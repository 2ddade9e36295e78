"""Our own Telegram adapter works against the simulator, and each of its calls is one of the Bot API's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bots.telegram import reasons
from bots.telegram.adapter import TelegramAdapter
from bots.telegram.receive import ReceiverKind, ReceiverStatus, poll
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account, Outgoing, RawEvent, Upload
from inbox.channels.events import (
    AttachmentKind,
    ConversationKind,
    Me,
    MessageReceived,
    Platform,
    PostSeen,
    ReachabilityChanged,
)
from inbox.core.errors import (
    ChatMigratedError,
    KeyRefusedError,
    PermanentRefusalError,
    TemporaryRefusalError,
    UnknownOutcomeError,
    UnreachableContactError,
)
from tests.simulator.conftest import ANNA, TOKEN, Line, until
from tests.simulator.schema import check_call

ME = Me(external_id="7700000001", username="sim7700000001_bot")
DIRECT = Outgoing(ConversationKind.DIRECT, str(ANNA), "Здравствуйте!", random_id=1)


@pytest.fixture
async def adapter() -> AsyncIterator[TelegramAdapter]:
    telegram = TelegramAdapter(wires=Wires(allow_private=True))
    yield telegram
    await telegram.close()


@pytest.fixture
def account(line: Line) -> Account:
    return Account(1, Platform.TELEGRAM, "7700000001", TOKEN, api_url=line.url)


@pytest.fixture(autouse=True)
async def every_call_is_valid(line: Line) -> AsyncIterator[None]:
    yield
    for call in await line.calls():
        params = call["params"]
        assert isinstance(params, dict)
        check_call(str(call["method"]), params)


async def _received(adapter: TelegramAdapter, line: Line) -> list[MessageReceived]:
    events = [event for update in await line.updates() for event in adapter.parse(update, ME)]
    return [event for event in events if isinstance(event, MessageReceived)]


async def test_a_text_arrives_once(adapter: TelegramAdapter, account: Account, line: Line) -> None:
    message_id = await line.say("привет")
    answer = Outgoing(
        ConversationKind.DIRECT, str(ANNA), "Здравствуйте!", random_id=1, parent_external_id=f":{ANNA}:{message_id}"
    )
    sent = await adapter.send(account, answer)
    (item,) = await line.heard()
    assert (item["text"], item["reply_to"]) == ("Здравствуйте!", message_id)
    assert sent.external_id == f":{ANNA}:{item['message_id']}"


async def test_an_answer_to_a_comment_lands_in_its_thread(
    adapter: TelegramAdapter, account: Account, line: Line
) -> None:
    posted = await line.sim("post", text="Пост")
    await line.say("цена?", "comment")
    (asked,) = await _received(adapter, line)
    answer = Outgoing(
        ConversationKind.COMMENT, asked.chat_external_id, "148 000 ₽", random_id=2,
        thread_external_id=asked.thread_external_id, parent_external_id=asked.external_id,
    )  # fmt: skip
    await adapter.send(account, answer)
    (item,) = await line.heard()
    assert item["chat"] == {
        "id": int(asked.chat_external_id), "kind": "comment", "title": "Обсуждение", "post_id": posted["post_id"]
    }  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in AttachmentKind if kind not in {
    AttachmentKind.LOCATION, AttachmentKind.CONTACT, AttachmentKind.POLL, AttachmentKind.LINK, AttachmentKind.OTHER,
}])  # fmt: skip
async def test_each_kind_of_file_is_sent(
    adapter: TelegramAdapter, account: Account, line: Line, kind: AttachmentKind
) -> None:
    await line.say("привет")
    upload = Upload(kind, "a.bin", "application/octet-stream", b"12345")
    await adapter.send(account, Outgoing(ConversationKind.DIRECT, str(ANNA), "", random_id=3, uploads=(upload,)))
    (item,) = await line.heard()
    media = item["media"]
    assert isinstance(media, list)
    assert media[0]["size"] == 5
    assert media[0]["kind"] == ("document" if kind is AttachmentKind.STICKER else kind.value)


async def test_an_album_is_sent_with_one_caption(adapter: TelegramAdapter, account: Account, line: Line) -> None:
    await line.say("привет")
    uploads = tuple(Upload(AttachmentKind.PHOTO, f"{n}.jpg", "image/jpeg", b"123") for n in range(3))
    sent = await adapter.send(
        account, Outgoing(ConversationKind.DIRECT, str(ANNA), "три", random_id=4, uploads=uploads)
    )
    assert len(sent.further_external_ids) == 2
    assert [item["text"] for item in await line.heard()] == ["три", "", ""]


async def test_our_messages_are_edited_and_deleted(adapter: TelegramAdapter, account: Account, line: Line) -> None:
    await line.say("привет")
    sent = await adapter.send(account, DIRECT)
    upload = Upload(AttachmentKind.PHOTO, "a.jpg", "image/jpeg", b"123")
    photo = await adapter.send(
        account, Outgoing(ConversationKind.DIRECT, str(ANNA), "фото", random_id=5, uploads=(upload,))
    )
    for text in ("иначе", "иначе"):
        await adapter.edit(account, str(ANNA), sent.external_id, text)
        await adapter.edit(account, str(ANNA), photo.external_id, text)
    assert [item["text"] for item in await line.heard()] == ["иначе", "иначе"]
    for _ in range(2):
        await adapter.delete(account, sent.external_id)
    assert [item["deleted"] for item in await line.heard()] == [True, False]


async def test_people_are_banned_restricted_and_let_back(
    adapter: TelegramAdapter, account: Account, line: Line
) -> None:
    discussion = await line.chat("discussion")
    await line.say("спам", "comment")

    async def status() -> object:
        return (await line.call("getChatMember", chat_id=discussion, user_id=ANNA)).message["status"]

    chat, author = str(discussion), str(ANNA)
    await adapter.restrict(account, chat, author, timedelta(hours=1))
    assert await status() == "restricted"
    await adapter.restrict(account, chat, author, None)
    assert await status() == "member"
    await adapter.ban(account, chat, author, datetime.now(UTC) + timedelta(days=1))
    assert await status() == "kicked"
    await adapter.unban(account, chat, author)
    assert await status() == "left"
    await adapter.ban(account, chat, "-1009", None)
    await adapter.unban(account, chat, "-1009")


async def test_a_check_finds_places_people_and_rights(adapter: TelegramAdapter, account: Account, line: Line) -> None:
    chats = [str(await line.chat(name)) for name in ("discussion", "group")]
    found = await adapter.check(account, chats)
    assert (found.external_id, found.username) == ("7700000001", "sim7700000001_bot")
    assert {one.name for one in found.capabilities if not one.allowed} == set()
    assert [(chat.external_id, len(chat.our_people), chat.can_act) for chat in found.chats] == [
        (chat, 1, ("delete", "ban", "restrict")) for chat in chats
    ]
    await line.sim("bot", administrator=False)
    weaker = await adapter.check(account, chats)
    assert {one.name for one in weaker.capabilities if not one.allowed} == {
        "read_groups", "delete_messages", "ban", "restrict"
    }  # fmt: skip


async def test_an_attachment_is_fetched(adapter: TelegramAdapter, account: Account, line: Line) -> None:
    await line.say(media="voice")
    (voice,) = await _received(adapter, line)
    external_id = voice.attachments[0].external_id
    assert external_id is not None
    file = await adapter.fetch(account, external_id)
    content = b"".join([chunk async for chunk in file.chunks])
    assert (content[:4], len(content), file.mime_type) == (b"OggS", file.size, "audio/ogg")


async def test_a_webhook_is_set_and_taken_back(adapter: TelegramAdapter, account: Account, line: Line) -> None:
    await adapter.set_webhook(account, "http://127.0.0.1:9/hook", "s3cret")
    assert (await line.call("getWebhookInfo")).message["url"] == "http://127.0.0.1:9/hook"
    await adapter.set_webhook(account, None, "")
    assert (await line.call("getWebhookInfo")).message["url"] == ""


@pytest.mark.parametrize(
    ("fault", "error", "heard"),
    [
        ({"error": 429, "retry_after": 3}, TemporaryRefusalError, 0),
        ({"error": 500, "when": "after"}, UnknownOutcomeError, 1),
        ({"error": "drop", "when": "after"}, UnknownOutcomeError, 1),
        ({"error": "drop", "when": "before"}, UnknownOutcomeError, 0),
        ({"error": 401}, KeyRefusedError, 0),
        ({"error": 403}, UnreachableContactError, 0),
        ({"error": 400}, PermanentRefusalError, 0),
    ],
)
async def test_faults_mean_what_the_adapter_says(
    adapter: TelegramAdapter, account: Account, line: Line, fault: dict[str, object], error: type[Exception], heard: int
) -> None:
    await line.say("привет")
    await line.sim("fault", method="sendMessage", **fault)
    with pytest.raises(error):
        await adapter.send(account, DIRECT)
    assert len(await line.heard()) == heard


async def test_a_migrated_group_is_followed(adapter: TelegramAdapter, account: Account, line: Line) -> None:
    ids = await line.sim("migrate")
    with pytest.raises(ChatMigratedError) as refusal:
        await adapter.send(account, Outgoing(ConversationKind.GROUP, str(ids["old_chat_id"]), "x", random_id=6))
    assert refusal.value.new_chat_external_id == str(ids["new_chat_id"])


async def test_the_receiver_stores_everything_and_knows_of_conflicts(
    adapter: TelegramAdapter, account: Account, line: Line
) -> None:
    stop = asyncio.Event()
    raw: list[RawEvent] = []
    statuses: list[ReceiverStatus] = []

    async def put(update: RawEvent) -> None:
        raw.append(update)

    async def on_status(status: ReceiverStatus) -> None:
        statuses.append(status)

    receiving = asyncio.create_task(poll(account, put, on_status=on_status, stop=stop, wires=adapter.wires))
    await line.sim("post", text="Пост")
    await line.say("комментарий", "comment")
    await line.say("привет")
    await line.sim("block", author_id=ANNA)

    async def is_all_here() -> bool:
        return len(raw) == 5

    await until(is_all_here)
    events = [event for update in raw for event in TelegramAdapter().parse(update, ME)]
    assert [type(event) for event in events] == [
        PostSeen, PostSeen, MessageReceived, MessageReceived, ReachabilityChanged
    ]  # fmt: skip

    async def is_in_conflict() -> bool:
        await line.call("getUpdates")
        return [status.kind for status in statuses] == [ReceiverKind.OK, ReceiverKind.CONFLICT]

    await until(is_in_conflict)
    assert statuses[-1].reason == reasons.ANOTHER_POLLER
    stop.set()
    await receiving
