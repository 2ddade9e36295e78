"""Sending: what is asked of VK, what becomes of its answers."""

import asyncio
import json
import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from bots.vk import reasons
from bots.vk.adapter import VkAdapter
from bots.vk.wire import Wires
from inbox.channels.adapter import Account, KeyKind, Outgoing, Sent, Upload
from inbox.channels.events import AttachmentKind, ConversationKind, Platform
from inbox.core.errors import (
    CommentsClosedError,
    KeyRefusedError,
    PermanentRefusalError,
    PlatformError,
    TemporaryRefusalError,
    UnreachableContactError,
)
from tests.vk.conftest import AT_ONCE, NOW
from tests.vk.wire_server import OWN_TOKEN, Reply, WireServer, ok, refused, running_server

HELLO = Outgoing(ConversationKind.DIRECT, "42", "Здравствуйте", random_id=77)
COMMENT = Outgoing(ConversationKind.COMMENT, "-1234", "Есть!", random_id=78, thread_external_id="post:-1234:6")
MADE = ok([{"peer_id": 42, "message_id": 985, "conversation_message_id": 8}])
SENT = Sent("message:42:8", NOW)
PHOTO = Upload(AttachmentKind.PHOTO, "вид.jpg", "image/jpeg", b"bytes")


async def test_a_sent_message_has_its_number_in_the_conversation(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("messages.send", MADE)
    assert await adapter.send(account, HELLO) == SENT
    assert server.called("messages.send") == [{"peer_ids": "42", "random_id": "77", "message": "Здравствуйте"}]
    assert server.keys == ["group"]


async def test_a_bare_global_id_is_asked_about(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("messages.send", ok(985))
    server.will_answer("messages.getById", ok({"count": 1, "items": [{"id": 985, "conversation_message_id": 8}]}))
    assert await adapter.send(account, HELLO) == SENT


async def test_an_answer_names_what_it_answers(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("messages.send", MADE)
    await adapter.send(account, replace(HELLO, parent_external_id="message:42:7"))
    await adapter.send(account, replace(HELLO, parent_external_id="message:43:7"))
    await adapter.send(account, replace(HELLO, parent_external_id="wall:-1234:6:9"))
    here, elsewhere, comment = server.called("messages.send")
    assert json.loads(here["forward"]) == {"peer_id": 42, "conversation_message_ids": [7], "is_reply": True}
    assert "forward" not in elsewhere
    assert "forward" not in comment


async def test_a_comment_is_the_communitys_and_answers_a_comment(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("wall.createComment", ok({"comment_id": 10, "parents_stack": [9]}))
    sent = await adapter.send(account, replace(COMMENT, parent_external_id="wall:-1234:6:9"))
    assert sent == Sent("wall:-1234:6:10", NOW)
    assert server.called("wall.createComment") == [
        {
            "owner_id": "-1234",
            "post_id": "6",
            "from_group": "1234",
            "message": "Есть!",
            "guid": "78",
            "reply_to_comment": "9",
        }
    ]


async def test_a_mention_is_answered_under_the_mentioning_post(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("wall.createComment", ok({"comment_id": 1, "parents_stack": []}))
    mention = Outgoing(
        ConversationKind.MENTION, "42", "Спасибо", 79, topic_external_id="post:42:3", parent_external_id="post:42:3"
    )
    assert (await adapter.send(account, mention)).external_id == "wall:42:3:1"
    assert "reply_to_comment" not in server.called("wall.createComment")[0]


async def test_a_photo_goes_up_and_then_with_the_message(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    server.will_answer("photos.getMessagesUploadServer", ok({"upload_url": f"{server.url}/upload"}))
    server.will_answer("upload", Reply(body={"server": 1, "photo": "[{}]", "hash": "h"}))
    server.will_answer("photos.saveMessagesPhoto", ok([{"id": 5, "owner_id": -1234, "access_key": "k"}]))
    server.will_answer("messages.send", MADE)
    assert await adapter.send(account, replace(HELLO, text="", uploads=(PHOTO, PHOTO))) == SENT
    assert server.uploads == [("photo", b"bytes")] * 2
    assert server.called("photos.saveMessagesPhoto")[0] == {"photo": "[{}]", "hash": "h", "server": "1"}
    assert server.called("messages.send")[0]["attachment"] == "photo-1234_5_k,photo-1234_5_k"


@pytest.mark.parametrize(
    ("kind", "asked", "saved"),
    [(AttachmentKind.DOCUMENT, "doc", "doc"), (AttachmentKind.VOICE, "audio_message", "audio_message")],
)
async def test_a_document_goes_up_as_what_it_is(
    server: WireServer, adapter: VkAdapter, account: Account, kind: AttachmentKind, asked: str, saved: str
) -> None:
    server.will_answer("docs.getMessagesUploadServer", ok({"upload_url": f"{server.url}/upload"}))
    server.will_answer("upload", Reply(body={"file": "f"}))
    server.will_answer("docs.save", ok({"type": saved, saved: {"id": 5, "owner_id": -1234}}))
    server.will_answer("messages.send", MADE)
    file = Upload(kind, "чек.pdf", "application/pdf", b"bytes")
    await adapter.send(account, replace(HELLO, uploads=(file,)))
    assert server.called("docs.getMessagesUploadServer") == [{"peer_id": "42", "type": asked}]
    assert server.uploads == [("file", b"bytes")]
    assert server.called("messages.send")[0]["attachment"] == "doc-1234_5"


async def test_a_photo_under_a_post_goes_up_with_the_administrators_key(
    server: WireServer, adapter: VkAdapter, full_account: Account
) -> None:
    server.will_answer("photos.getWallUploadServer", ok({"upload_url": f"{server.url}/upload"}))
    server.will_answer("upload", Reply(body={"server": 1, "photo": "[{}]", "hash": "h"}))
    server.will_answer("photos.saveWallPhoto", ok([{"id": 5, "owner_id": 7}]))
    server.will_answer("wall.createComment", ok({"comment_id": 10}))
    await adapter.send(full_account, replace(COMMENT, uploads=(PHOTO,)))
    assert server.called("wall.createComment")[0]["attachments"] == "photo7_5"
    assert server.keys_of("photos.saveWallPhoto") == {"user"}
    assert server.keys_of("wall.createComment") == {"group"}


@pytest.mark.parametrize("answer", [Reply(body={"error": "ERR_UPLOAD"}), Reply(body={"photo": "[]", "hash": "h"})])
async def test_a_file_that_vk_cannot_read_is_refused(
    server: WireServer, adapter: VkAdapter, account: Account, answer: Reply
) -> None:
    server.will_answer("photos.getMessagesUploadServer", ok({"upload_url": f"{server.url}/upload"}))
    server.will_answer("upload", answer)
    with pytest.raises(PermanentRefusalError, match=reasons.FILE_REFUSED):
        await adapter.send(account, replace(HELLO, uploads=(PHOTO,)))


async def test_a_lost_upload_is_tried_again_later(server: WireServer, adapter: VkAdapter, account: Account) -> None:
    server.will_answer("photos.getMessagesUploadServer", ok({"upload_url": f"{server.url}/upload"}))
    server.will_answer("upload", Reply(502, "<html>"))
    with pytest.raises(TemporaryRefusalError):
        await adapter.send(account, replace(HELLO, uploads=(PHOTO,)))
    assert server.called("messages.send") == []


@pytest.mark.parametrize(
    ("outgoing", "reason"),
    [
        (replace(HELLO, text=" "), reasons.EMPTY_TEXT),
        (replace(HELLO, text="я" * 4097), reasons.TEXT_TOO_LONG),
        (replace(HELLO, uploads=(PHOTO,) * 11), reasons.TOO_MANY_FILES),
        (replace(HELLO, uploads=(replace(PHOTO, kind=AttachmentKind.VIDEO),)), reasons.VIDEO_NOT_POSSIBLE),
        (replace(HELLO, chat_external_id="somewhere"), reasons.UNKNOWN_ADDRESS),
        (replace(COMMENT, thread_external_id="somewhere"), reasons.UNKNOWN_ADDRESS),
        (replace(COMMENT, thread_external_id=None), reasons.UNKNOWN_ADDRESS),
        (replace(COMMENT, thread_external_id="photo:-1234:5"), reasons.ONLY_IN_VK),
        (replace(COMMENT, thread_external_id="topic:-1234:5"), reasons.ONLY_IN_VK),
        (replace(COMMENT, uploads=(PHOTO,)), reasons.ATTACHMENTS_NEED_USER_KEY),
        (
            replace(COMMENT, uploads=(replace(PHOTO, kind=AttachmentKind.DOCUMENT),)),
            reasons.ONLY_PHOTOS_IN_COMMENTS,
        ),
    ],
)
async def test_what_vk_would_refuse_is_refused_before_it_is_asked(
    server: WireServer, adapter: VkAdapter, account: Account, outgoing: Outgoing, reason: str
) -> None:
    with pytest.raises(PermanentRefusalError) as refusal:
        await adapter.send(account, outgoing)
    assert refusal.value.reason == reason
    assert server.calls == []


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        (5, KeyRefusedError, reasons.KEY_REVOKED),
        (1117, KeyRefusedError, reasons.KEY_REVOKED),
        (15, KeyRefusedError, reasons.KEY_LACKS_RIGHT),
        (27, KeyRefusedError, reasons.WRONG_KEY_KIND),
        (1051, KeyRefusedError, reasons.WRONG_KEY_KIND),
        (14, KeyRefusedError, reasons.CAPTCHA),
        (17, KeyRefusedError, reasons.VALIDATION),
        (900, UnreachableContactError, reasons.BLACKLISTED),
        (901, UnreachableContactError, reasons.NOT_ALLOWED_TO_WRITE),
        (902, UnreachableContactError, reasons.PRIVACY),
        (950, UnreachableContactError, reasons.REPLY_TIMED_OUT),
        (914, PermanentRefusalError, reasons.TEXT_TOO_LONG),
        (917, PermanentRefusalError, reasons.NO_CHAT_ACCESS),
        (936, PermanentRefusalError, reasons.CONTACT_NOT_FOUND),
        (945, PermanentRefusalError, reasons.NO_CHAT_ACCESS),
        (983, PermanentRefusalError, reasons.NO_CHAT_ACCESS),
        (7, PermanentRefusalError, reasons.ACCESS_DENIED),
        (4242, PermanentRefusalError, "VK's own words"),
    ],
)
async def test_a_refusal_is_said_once_and_translated(
    server: WireServer, adapter: VkAdapter, account: Account, code: int, error: type[PlatformError], reason: str
) -> None:
    server.will_answer("messages.send", refused(code, "VK's own words", captcha_sid="1", captcha_img="u"))
    with pytest.raises(error) as refusal:
        await adapter.send(account, HELLO)
    assert type(refusal.value) is error
    assert refusal.value.reason == reason
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        (213, CommentsClosedError, reasons.COMMENTS_CLOSED),
        (222, PermanentRefusalError, reasons.LINKS_FORBIDDEN),
        (223, PermanentRefusalError, reasons.TOO_MANY_REPLIES),
        (212, PermanentRefusalError, reasons.NO_ACCESS_TO_COMMENTS),
        (15, PermanentRefusalError, reasons.ACCESS_DENIED),
    ],
)
async def test_a_comment_is_refused_for_its_place(
    server: WireServer, adapter: VkAdapter, account: Account, code: int, error: type[PlatformError], reason: str
) -> None:
    server.will_answer("wall.createComment", refused(code, "Access denied"))
    with pytest.raises(error) as refusal:
        await adapter.send(account, COMMENT)
    assert type(refusal.value) is error
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "reply",
    [
        refused(15, "Access denied: no access to call this method. It cannot be called with current scopes."),
        refused(15, "Access denied", error_subcode=1133),
    ],
)
async def test_a_key_without_the_right_for_comments_is_the_keys_fault(
    server: WireServer, adapter: VkAdapter, account: Account, reply: Reply
) -> None:
    server.will_answer("wall.createComment", reply)
    with pytest.raises(KeyRefusedError, match=reasons.KEY_LACKS_RIGHT):
        await adapter.send(account, COMMENT)


async def test_a_refusal_inside_a_success_is_a_refusal(
    server: WireServer, adapter: VkAdapter, account: Account
) -> None:
    error = {"code": 901, "description": "Can't send messages for users without permission"}
    server.will_answer("messages.send", ok([{"peer_id": 42, "message_id": 0, "error": error}]))
    with pytest.raises(UnreachableContactError, match=reasons.NOT_ALLOWED_TO_WRITE):
        await adapter.send(account, HELLO)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(fault="drop"),
        Reply(502, "<html>bad gateway</html>"),
        Reply(200, "<html>a captive portal</html>"),
        Reply(200, [1]),
        Reply(200, {"error": "odd"}),
        Reply(302, ""),
        refused(6, "Too many requests per second"),
        refused(10, "Internal server error"),
    ],
)
async def test_what_passes_by_itself_is_asked_again_with_the_same_random_id(
    server: WireServer, adapter: VkAdapter, account: Account, trouble: Reply
) -> None:
    server.will_answer("messages.send", trouble, trouble, MADE)
    assert await adapter.send(account, HELLO) == SENT
    assert [params["random_id"] for params in server.called("messages.send")] == ["77"] * 3


@pytest.mark.parametrize("trouble", [Reply(fault="drop"), Reply(500, ""), ok({"surprise": True})])
async def test_an_answer_that_never_comes_is_waited_for_by_the_job(
    server: WireServer, adapter: VkAdapter, account: Account, trouble: Reply
) -> None:
    server.will_answer("messages.send", trouble)
    with pytest.raises(TemporaryRefusalError, match=reasons.NO_ANSWER):
        await adapter.send(account, HELLO)


@pytest.mark.parametrize(
    ("code", "seconds", "whole_key"), [(6, 1, True), (9, 60, False), (10, 5, False), (29, 600, True)]
)
async def test_vks_limits_say_how_long_and_for_whom(
    server: WireServer, adapter: VkAdapter, account: Account, code: int, seconds: int, whole_key: bool
) -> None:
    server.will_answer("messages.send", refused(code, "Too many"))
    with pytest.raises(TemporaryRefusalError) as refusal:
        await adapter.send(account, HELLO)
    assert (refusal.value.retry_after, refusal.value.whole_key) == (timedelta(seconds=seconds), whole_key)


async def test_a_server_that_is_not_there_was_asked_nothing(adapter: VkAdapter, account: Account) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TemporaryRefusalError, match=reasons.CANNOT_CONNECT):
        await adapter.send(replace(account, api_url=f"http://127.0.0.1:{port}"), HELLO)


async def test_a_slow_community_does_not_hold_up_another(server: WireServer, adapter: VkAdapter) -> None:
    async with running_server() as slow:
        slow.will_answer("messages.send", Reply(fault="hang"))
        server.will_answer("messages.send", MADE)
        one = Account(3, Platform.VK, "1234", OWN_TOKEN, api_url=slow.url)
        other = Account(4, Platform.VK, "1234", OWN_TOKEN, api_url=server.url)
        waiting = asyncio.create_task(adapter.send(one, HELLO))
        async with asyncio.timeout(5):
            assert await adapter.send(other, HELLO) == SENT
        assert not waiting.done()
        waiting.cancel()


async def test_a_line_that_nobody_uses_is_closed_and_opened_anew(server: WireServer, account: Account) -> None:
    server.will_answer("messages.send", MADE)
    wires = Wires(AT_ONCE, idle_seconds=0, allow_private=True)
    adapter = VkAdapter(clock=lambda: NOW, wires=wires)
    await adapter.send(account, HELLO)
    line = wires.wire(account, KeyKind.OWN, account.token)
    await adapter.send(replace(account, channel_id=9, token="vk1.a.another"), HELLO)
    assert wires.wire(account, KeyKind.OWN, account.token) is not line
    assert await adapter.send(account, HELLO) == SENT
    await adapter.close()
