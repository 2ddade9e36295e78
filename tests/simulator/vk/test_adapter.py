"""Our own VK adapter works against the simulator, and each of its calls is one of VK's."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bots.receiving import ReceiverGap, ReceiverKind, ReceiverStatus
from bots.vk import reasons
from bots.vk.adapter import VkAdapter
from bots.vk.receive import poll
from bots.vk.wire import Wires
from inbox.channels.adapter import Account, Outgoing, RawEvent, Upload
from inbox.channels.events import (
    AttachmentKind,
    BanChanged,
    ConversationKind,
    InboundEvent,
    MessageDeleted,
    MessageReceived,
    MessageRestored,
    PostSeen,
    ReachabilityChanged,
)
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, TemporaryRefusalError, UnreachableContactError
from tests.simulator.conftest import ANNA, Json, until
from tests.simulator.vk.conftest import GROUP, ME, PATIENT, VkLine
from tests.vk.schema import flaws

DIRECT = Outgoing(ConversationKind.DIRECT, str(ANNA), "Здравствуйте!", random_id=1)


async def taken(vk: VkLine, adapter: VkAdapter, server: Json) -> list[InboundEvent]:
    """What happened, in our words."""
    reply = await vk.events(server)
    updates = reply["updates"]
    assert isinstance(updates, list)
    server["ts"] = reply["ts"]
    return [event for raw in updates for event in adapter.parse(raw, ME)]


async def judge(vk: VkLine) -> None:
    """Each call so far, by the schema; the record does not tell whose key it was, so either may fit."""
    for call in await vk.calls(platform="vk"):
        name, params = call["method"], call["params"]
        assert isinstance(name, str)
        assert isinstance(params, dict)
        if name != "longpoll":
            by_own, by_user = flaws(name, params, "group"), flaws(name, params, "user")
            assert not by_own or not by_user, (by_own, by_user)


async def test_the_capability_table_is_right_with_one_key_and_with_both(
    vk: VkLine, adapter: VkAdapter, account: Account
) -> None:
    own = {one.name: one.reason for one in (await adapter.check(replace(account, user_token=None))).capabilities}
    both = {one.name: one.reason for one in (await adapter.check(account)).capabilities}
    by_user = {"delete_messages", "restore_messages", "edit_comments", "ban", "restrict", "read_comments"}
    assert {name for name, reason in own.items() if reason} == {*by_user, "comment_media"}
    assert {own[name] for name in by_user} == {reasons.NEEDS_USER_KEY}
    assert set(both.values()) == {None}
    await vk.vk("bot", administrator=False)
    demoted = {one.name: one.reason for one in (await adapter.check(account)).capabilities}
    assert {demoted[name] for name in by_user} == {reasons.USER_KEY_LACKS_RIGHT}
    assert (await vk.events(await _server(vk)))["updates"] == [], "and nothing was done"
    await judge(vk)


async def _server(vk: VkLine) -> Json:
    found = await vk.result("groups.getLongPollServer", group_id=GROUP)
    assert isinstance(found, dict)
    return {**found, "ts": "0"}


async def test_a_talk_is_heard_on_both_sides(vk: VkLine, adapter: VkAdapter, account: Account, server: Json) -> None:
    await vk.says("Сколько стоит?")
    (asked,) = await taken(vk, adapter, server)
    assert isinstance(asked, MessageReceived)
    assert (asked.text, asked.external_id) == ("Сколько стоит?", f"message:{ANNA}:1")
    sent = await adapter.send(account, replace(DIRECT, parent_external_id=asked.external_id))
    again = await adapter.send(account, DIRECT)
    assert (sent.external_id, again.external_id) == (f"message:{ANNA}:2",) * 2
    (echo,) = await taken(vk, adapter, server)
    assert isinstance(echo, MessageReceived)
    assert (echo.external_id, echo.is_outbound, echo.random_id) == (sent.external_id, True, "1")
    (heard,) = await vk.hears()
    assert (heard["text"], heard["reply_to"] is not None) == ("Здравствуйте!", True)
    await adapter.edit(account, str(ANNA), sent.external_id, "Добрый день!")
    await adapter.delete(account, sent.external_id)
    (gone,) = await vk.hears()
    assert (gone["text"], gone["deleted"]) == ("Добрый день!", True)
    with pytest.raises(PermanentRefusalError, match=reasons.CANNOT_DELETE):
        await adapter.delete(account, asked.external_id)
    named = await adapter.name_people(account, [str(ANNA)])
    assert named[str(ANNA)].name == "Анна Соколова"
    await judge(vk)


async def test_comments_are_answered_deleted_restored(
    vk: VkLine, adapter: VkAdapter, account: Account, server: Json
) -> None:
    await vk.vk("post", text="Завоз")
    await vk.says("Есть 42?", "comment")
    seen, asked = await taken(vk, adapter, server)
    assert isinstance(seen, PostSeen)
    assert isinstance(asked, MessageReceived)
    assert asked.thread_external_id == seen.thread_external_id
    answer = Outgoing(
        ConversationKind.COMMENT,
        asked.chat_external_id,
        "Есть!",
        5,
        thread_external_id=asked.thread_external_id,
        parent_external_id=asked.external_id,
    )
    sent = await adapter.send(account, answer)
    assert (await adapter.send(account, answer)).external_id == sent.external_id
    (echo,) = await taken(vk, adapter, server)
    assert isinstance(echo, MessageReceived)
    assert echo.parent is not None
    assert (echo.external_id, echo.is_outbound, echo.parent.external_id) == (sent.external_id, True, asked.external_id)
    assert [one["text"] for one in await vk.hears()] == ["Есть!"]
    for act in (adapter.delete, adapter.delete, adapter.restore, adapter.restore):
        await act(account, asked.external_id)
    deleted, _, restored = await taken(vk, adapter, server)
    assert isinstance(deleted, MessageDeleted)
    assert isinstance(restored, MessageRestored)
    assert deleted.external_ids == restored.external_ids == (asked.external_id,)
    await adapter.edit(account, "", sent.external_id, "Есть, заходите!")
    assert [one["text"] for one in await vk.hears()] == ["Есть, заходите!"]
    assert seen.thread_external_id is not None
    await adapter.set_comments_open(account, seen.thread_external_id, is_open=False)
    with pytest.raises(PermanentRefusalError, match=reasons.COMMENTS_CLOSED):
        await adapter.send(account, replace(answer, random_id=6))
    await judge(vk)


async def test_bans_and_permissions_are_told(vk: VkLine, adapter: VkAdapter, account: Account, server: Json) -> None:
    await vk.says("раз")
    await vk.vk("block", author_id=ANNA)
    with pytest.raises(UnreachableContactError, match=reasons.NOT_ALLOWED_TO_WRITE):
        await adapter.send(account, DIRECT)
    await vk.vk("unblock", author_id=ANNA)
    await adapter.ban(account, "", str(ANNA), datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(UnreachableContactError, match=reasons.BLACKLISTED):
        await adapter.send(account, DIRECT)
    for _ in range(2):
        await adapter.unban(account, "", str(ANNA))
    await adapter.send(account, DIRECT)
    _, denied, allowed, banned, lifted, _ = await taken(vk, adapter, server)
    assert isinstance(denied, ReachabilityChanged)
    assert isinstance(allowed, ReachabilityChanged)
    assert isinstance(banned, BanChanged)
    assert isinstance(lifted, BanChanged)
    assert (denied.reachable, allowed.reachable, banned.is_banned, lifted.is_banned) == (False, True, True, False)
    await judge(vk)


@pytest.mark.parametrize("kind", ["photo", "voice", "document", "sticker", "video", "audio", "animation"])
async def test_what_a_subscriber_attaches_can_be_read(
    vk: VkLine, adapter: VkAdapter, account: Account, server: Json, kind: str
) -> None:
    await vk.says(media=kind)
    (came,) = await taken(vk, adapter, server)
    assert isinstance(came, MessageReceived)
    (file,) = came.attachments
    assert file.kind == kind or (kind, file.kind) == ("animation", AttachmentKind.DOCUMENT)
    if kind != "video":
        assert file.external_id is not None
        read = await adapter.fetch(account, file.external_id)
        assert len(b"".join([chunk async for chunk in read.chunks])) > 100


async def test_files_of_ours_arrive(vk: VkLine, adapter: VkAdapter, account: Account) -> None:
    await vk.says("раз", "comment")
    await vk.says("раз")
    photo = Upload(AttachmentKind.PHOTO, "a.jpg", "image/jpeg", b"jpeg")
    paper = Upload(AttachmentKind.DOCUMENT, "a.pdf", "application/pdf", b"pdf")
    await adapter.send(account, replace(DIRECT, text="", uploads=(photo, paper)))
    (post,) = (await vk.client.get("/sim/world", params={"platform": "vk"})).json()["bots"][0]["posts"]
    comment = Outgoing(
        ConversationKind.COMMENT, "", "вот", 9, thread_external_id=f"post:-{GROUP}:{post['post_id']}", uploads=(photo,)
    )
    await adapter.send(account, comment)
    heard = {str(one["text"]): one["media"] for one in await vk.hears()}
    kinds = {text: [one["kind"] for one in media] for text, media in heard.items() if isinstance(media, list)}
    assert kinds == {"": ["photo", "document"], "вот": ["photo"]}
    await judge(vk)


async def test_lost_answers_and_limits_are_borne_and_every_reply_is_heard_once(
    vk: VkLine, adapter: VkAdapter, account: Account
) -> None:
    await vk.says("раз")
    await vk.vk("fault", method="messages.send", error="drop", when="after")
    await vk.vk("fault", method="messages.send", error=6)
    await adapter.send(account, DIRECT)
    assert len(await vk.hears()) == 1
    await vk.vk("fault", method="messages.send", error=502, when="after", times=3)
    second = replace(DIRECT, random_id=2)
    with pytest.raises(TemporaryRefusalError):
        await adapter.send(account, second)
    await adapter.send(account, second)
    assert len(await vk.hears()) == 2
    await vk.vk("fault", method="messages.send", error=14)
    with pytest.raises(KeyRefusedError, match=reasons.CAPTCHA):
        await adapter.send(account, replace(DIRECT, random_id=3))


async def test_what_came_meanwhile_is_found_again(vk: VkLine, adapter: VkAdapter, account: Account) -> None:
    await vk.says("раз")
    await vk.says("два")
    await vk.says("вопрос", "comment")
    raw = [event async for event in adapter.backfill(account, datetime.now(UTC) - timedelta(hours=1))]
    found = [event for one in raw for event in adapter.parse(one, ME)]
    assert [one.text for one in found if isinstance(one, MessageReceived)] == ["раз", "два", "вопрос"]
    await adapter.send(account, DIRECT)
    again = [event async for event in adapter.backfill(account, datetime.now(UTC) - timedelta(hours=1))]
    assert [event["type"] for event in again] == ["wall_reply_new"]
    await judge(vk)


@dataclass(slots=True)
class Stream:
    """Where events are put and what a receiver tells; the third put fails once."""

    stored: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    gaps: list[ReceiverGap] = field(default_factory=list)
    kinds: list[ReceiverKind] = field(default_factory=list)
    has_failed: bool = False

    async def put(self, raw: RawEvent) -> None:
        if len(self.stored) == 2 and not self.has_failed:
            self.has_failed = True
            raise ConnectionError("Redis is down")
        (event,) = VkAdapter().parse(raw, ME)
        assert isinstance(event, MessageReceived)
        self.stored.append(event.text)

    async def on_status(self, status: ReceiverStatus) -> None:
        self.kinds.append(status.kind)

    async def on_cursor(self, cursor: str) -> None:
        self.cursors.append(cursor)

    async def on_gap(self, gap: ReceiverGap) -> None:
        self.gaps.append(gap)


async def test_every_message_is_received_once_through_every_trouble(vk: VkLine, account: Account) -> None:
    stop, stream, wires = asyncio.Event(), Stream(), Wires(PATIENT, allow_private=True)
    receiving = asyncio.create_task(
        poll(
            account,
            stream.put,
            on_status=stream.on_status,
            stop=stop,
            cursor="0",
            on_cursor=stream.on_cursor,
            on_gap=stream.on_gap,
            wires=wires,
        )
    )
    troubles: list[Json] = [{"error": "drop"}, {"error": 502}, {"error": 2}, {"error": "drop", "when": "after"}]
    for order in troubles:
        await vk.vk("fault", method="longpoll", **order)
    for number in range(5):
        await vk.says(str(number))

    async def are_stored() -> bool:
        return stream.cursors[-1:] == ["5"]

    await until(are_stored)
    stop.set()
    await receiving
    await wires.close()
    assert sorted(stream.stored) == ["0", "1", "2", "3", "4"]
    assert stream.has_failed
    assert stream.gaps == []
