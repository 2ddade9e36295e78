"""Sending: what is asked of Telegram, what becomes of its answers."""

import asyncio
import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from bots.telegram import reasons, wire
from bots.telegram.adapter import TelegramAdapter
from inbox.channels.adapter import Account, Outgoing, Sent, Upload
from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.core.errors import (
    ChatMigratedError,
    KeyRefusedError,
    PermanentRefusalError,
    PlatformError,
    TemporaryRefusalError,
    UnknownOutcomeError,
    UnreachableContactError,
)
from tests.telegram.updates import SENT, SENT_AT, Raw
from tests.telegram.wire_server import Reply, WireServer, ok, refused

MADE: Raw = {"message_id": 11, "date": SENT, "chat": {"id": 42, "type": "private"}}
HELLO = Outgoing(ConversationKind.DIRECT, "42", "Здравствуйте", random_id=1)


def upload(kind: AttachmentKind, content: bytes = b"bytes") -> Upload:
    """A file to send."""
    return Upload(kind, "вид.bin", "application/octet-stream", content)


async def test_a_sent_message_has_the_platforms_id_and_time(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("sendMessage", ok(MADE))
    assert await adapter.send(account, HELLO) == Sent(":42:11", SENT_AT)
    assert server.called("sendMessage") == [{"chat_id": 42, "text": "Здравствуйте"}]
    assert server.tokens == {account.token}


async def test_an_answer_to_what_is_gone_is_sent_without_its_quote(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("sendMessage", refused(400, "Bad Request: message to be replied not found"), ok(MADE))
    assert (await adapter.send(account, replace(HELLO, parent_external_id=":42:9"))).external_id == ":42:11"
    first, second = server.called("sendMessage")
    assert "reply_parameters" in first
    assert "reply_parameters" not in second


async def test_an_answer_that_aiogram_could_not_read_is_still_a_sent_message(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("sendMessage", ok({**MADE, "chat": {"id": 42, "type": {"unheard": "of"}}, "entities": 5}))
    assert (await adapter.send(account, HELLO)).external_id == ":42:11"


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"parent_external_id": ":42:9"}, {"reply_parameters": {"message_id": 9, "allow_sending_without_reply": True}}),
        ({"parent_external_id": ":-5:9"}, {}),
        ({"topic_external_id": "42:7"}, {"message_thread_id": 7}),
        ({"topic_external_id": "42:direct:7"}, {"direct_messages_topic_id": 7}),
        ({"chat_external_id": "bc1:42"}, {"business_connection_id": "bc1"}),
        (
            {"kind": ConversationKind.COMMENT, "thread_external_id": "42:500"},
            {"reply_parameters": {"message_id": 500, "allow_sending_without_reply": True}},
        ),
        (
            {"kind": ConversationKind.COMMENT, "thread_external_id": "42:500", "parent_external_id": ":42:501"},
            {"reply_parameters": {"message_id": 501, "allow_sending_without_reply": True}},
        ),
    ],
)
async def test_a_message_goes_where_the_conversation_stands(
    server: WireServer, adapter: TelegramAdapter, account: Account, changes: Raw, asked: Raw
) -> None:
    server.will_answer("sendMessage", ok(MADE))
    sent = await adapter.send(account, _changed(changes))
    assert server.called("sendMessage") == [{"chat_id": 42, "text": "Здравствуйте", **asked}]
    assert sent.external_id == f"{asked.get('business_connection_id', '')}:42:11"


def _changed(changes: Raw) -> Outgoing:
    fields: Raw = {
        "kind": HELLO.kind,
        "chat_external_id": HELLO.chat_external_id,
        "parent_external_id": None,
        "thread_external_id": None,
        "topic_external_id": None,
        **changes,
    }
    kind = fields["kind"]
    assert isinstance(kind, ConversationKind)
    texts = {name: value for name, value in fields.items() if isinstance(value, str) and name != "kind"}
    return Outgoing(
        kind,
        texts["chat_external_id"],
        HELLO.text,
        HELLO.random_id,
        thread_external_id=texts.get("thread_external_id"),
        topic_external_id=texts.get("topic_external_id"),
        parent_external_id=texts.get("parent_external_id"),
    )


@pytest.mark.parametrize(
    ("kind", "method", "field"),
    [
        (AttachmentKind.PHOTO, "sendPhoto", "photo"),
        (AttachmentKind.VIDEO, "sendVideo", "video"),
        (AttachmentKind.VOICE, "sendVoice", "voice"),
        (AttachmentKind.AUDIO, "sendAudio", "audio"),
        (AttachmentKind.ANIMATION, "sendAnimation", "animation"),
        (AttachmentKind.DOCUMENT, "sendDocument", "document"),
        (AttachmentKind.OTHER, "sendDocument", "document"),
        (AttachmentKind.VIDEO_NOTE, "sendVideo", "video"),
    ],
)
async def test_a_file_goes_with_its_text_as_one_message(
    server: WireServer, adapter: TelegramAdapter, account: Account, kind: AttachmentKind, method: str, field: str
) -> None:
    server.will_answer(method, ok(MADE))
    await adapter.send(account, replace(HELLO, uploads=(upload(kind),)))
    (asked,) = server.called(method)
    reference = asked[field]
    assert isinstance(reference, str)
    assert server.uploads[reference.removeprefix("attach://")] == b"bytes"
    assert asked["caption"] == "Здравствуйте"


async def test_a_round_video_without_a_text_stays_round(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("sendVideoNote", ok(MADE))
    await adapter.send(account, replace(HELLO, text="", uploads=(upload(AttachmentKind.VIDEO_NOTE),)))
    assert len(server.called("sendVideoNote")) == 1


@pytest.mark.parametrize(
    ("kinds", "types"),
    [
        ((AttachmentKind.PHOTO, AttachmentKind.VIDEO), ["photo", "video"]),
        ((AttachmentKind.AUDIO, AttachmentKind.AUDIO), ["audio", "audio"]),
        ((AttachmentKind.PHOTO, AttachmentKind.DOCUMENT), ["document", "document"]),
    ],
)
async def test_several_files_go_as_one_album_with_the_text_on_the_first(
    server: WireServer, adapter: TelegramAdapter, account: Account, kinds: tuple[AttachmentKind, ...], types: list[str]
) -> None:
    server.will_answer("sendMediaGroup", ok([MADE, {**MADE, "message_id": 12}]))
    sent = await adapter.send(account, replace(HELLO, uploads=tuple(map(upload, kinds))))
    assert sent == Sent(":42:11", SENT_AT, (":42:12",))
    (asked,) = server.called("sendMediaGroup")
    media = asked["media"]
    assert isinstance(media, list)
    assert [entry["type"] for entry in media] == types
    assert [entry.get("caption") for entry in media] == ["Здравствуйте", None]
    assert len(server.uploads) == 2


@pytest.mark.parametrize(
    ("outgoing", "reason"),
    [
        (replace(HELLO, text=" "), reasons.EMPTY_TEXT),
        (replace(HELLO, text="я" * 4097), reasons.TEXT_TOO_LONG),
        (replace(HELLO, text="я" * 1025, uploads=(upload(AttachmentKind.PHOTO),)), reasons.CAPTION_TOO_LONG),
        (replace(HELLO, uploads=(upload(AttachmentKind.PHOTO),) * 11), reasons.TOO_MANY_FILES),
        (replace(HELLO, chat_external_id="somewhere"), reasons.UNKNOWN_ADDRESS),
    ],
)
async def test_what_telegram_would_refuse_is_refused_before_it_is_asked(
    server: WireServer, adapter: TelegramAdapter, account: Account, outgoing: Outgoing, reason: str
) -> None:
    with pytest.raises(PermanentRefusalError) as refusal:
        await adapter.send(account, outgoing)
    assert refusal.value.reason == reason
    assert server.calls == []


async def test_a_text_of_4096_characters_is_sent(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("sendMessage", ok(MADE))
    await adapter.send(account, replace(HELLO, text="я" * 4096))
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("reply", "error", "reason"),
    [
        (refused(401, "Unauthorized"), KeyRefusedError, reasons.KEY_REVOKED),
        (refused(404, "Not Found"), KeyRefusedError, reasons.KEY_REVOKED),
        (refused(403, "Forbidden: bot was blocked by the user"), UnreachableContactError, reasons.BLOCKED),
        (refused(403, "Forbidden: user is deactivated"), UnreachableContactError, reasons.DEACTIVATED),
        (
            refused(403, "Forbidden: bot was kicked from the supergroup chat"),
            PermanentRefusalError,
            reasons.NOT_IN_CHAT,
        ),
        (refused(400, "Bad Request: chat not found"), PermanentRefusalError, reasons.CHAT_NOT_FOUND),
        (refused(400, "Bad Request: TOPIC_CLOSED"), PermanentRefusalError, reasons.TOPIC_CLOSED),
        (refused(400, "Bad Request: something new"), PermanentRefusalError, "Bad Request: something new"),
        (Reply(413, "<html>too large</html>"), PermanentRefusalError, reasons.FILE_TOO_BIG),
        (refused(409, "Conflict: terminated"), TemporaryRefusalError, reasons.ANOTHER_POLLER),
        (refused(500, "Internal Server Error"), UnknownOutcomeError, reasons.NO_ANSWER),
        (Reply(502, "<html>bad gateway</html>"), UnknownOutcomeError, reasons.NO_ANSWER),
        (Reply(200, "<html>a captive portal</html>"), UnknownOutcomeError, reasons.NO_ANSWER),
        (ok({"surprise": True}), UnknownOutcomeError, reasons.NO_ANSWER),
        (Reply(fault="drop"), UnknownOutcomeError, reasons.NO_ANSWER),
    ],
)
async def test_a_refusal_is_translated(
    server: WireServer,
    adapter: TelegramAdapter,
    account: Account,
    reply: Reply,
    error: type[PlatformError],
    reason: str,
) -> None:
    server.will_answer("sendMessage", reply)
    with pytest.raises(error) as refusal:
        await adapter.send(account, HELLO)
    assert type(refusal.value) is error
    assert refusal.value.reason == reason
    assert len(server.calls) == 1


async def test_flood_control_pauses_the_whole_key(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    server.will_answer("sendMessage", refused(429, "Too Many Requests: retry after 7", retry_after=7))
    with pytest.raises(TemporaryRefusalError) as refusal:
        await adapter.send(account, HELLO)
    assert (refusal.value.retry_after, refusal.value.whole_key) == (timedelta(seconds=7), True)


async def test_a_migrated_group_tells_its_new_id(
    server: WireServer, adapter: TelegramAdapter, account: Account
) -> None:
    description = "Bad Request: group chat was upgraded to a supergroup chat"
    server.will_answer("sendMessage", refused(400, description, migrate_to_chat_id=-1007))
    with pytest.raises(ChatMigratedError) as refusal:
        await adapter.send(account, HELLO)
    assert refusal.value.new_chat_external_id == "-1007"


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:1"])
async def test_a_refused_connection_means_that_nothing_was_sent(
    adapter: TelegramAdapter, account: Account, proxy: str | None
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    unreachable = replace(account, api_url=f"http://127.0.0.1:{port}", proxy_url=proxy)
    with pytest.raises(TemporaryRefusalError) as refusal:
        await adapter.send(unreachable, HELLO)
    assert refusal.value.reason == reasons.CANNOT_CONNECT


@pytest.mark.parametrize("token", ["", "no colon", "700:../../x", "700:a b"])
async def test_what_is_no_token_never_becomes_a_part_of_an_address(
    server: WireServer, adapter: TelegramAdapter, account: Account, token: str
) -> None:
    with pytest.raises(KeyRefusedError):
        await adapter.send(replace(account, token=token), HELLO)
    assert server.calls == []


async def test_bots_of_one_server_share_their_connections(adapter: TelegramAdapter, account: Account) -> None:
    other = replace(account, channel_id=2, token="701:other")
    assert adapter.wires.wire(account) is adapter.wires.wire(other)
    assert adapter.wires.wire(account) is not adapter.wires.wire(replace(account, proxy_url="http://127.0.0.1:1"))


@pytest.mark.parametrize(("idle_seconds", "connections"), [(60.0, 1), (0.05, 2)])
async def test_a_connection_that_the_server_may_be_closing_is_not_used_again(
    server: WireServer, adapter: TelegramAdapter, account: Account, monkeypatch: pytest.MonkeyPatch,
    idle_seconds: float, connections: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(wire, "IDLE_SECONDS", idle_seconds)
    server.will_answer("sendMessage", ok(MADE))
    await adapter.send(account, HELLO)
    await asyncio.sleep(0.2)
    await adapter.send(account, HELLO)
    assert len(set(server.ports)) == connections
