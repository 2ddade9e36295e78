"""getUpdates: order, confirmation, waiting, kinds, conflicts, a day to live."""

import asyncio
import time
from datetime import timedelta

import pytest

from tests.simulator.conftest import ANNA, OTHER_TOKEN, TOKEN, Json, Line, MovedClock


def _ids(updates: list[Json]) -> list[int]:
    return [update_id for update in updates if isinstance(update_id := update["update_id"], int)]


def _texts(updates: list[Json]) -> list[object]:
    return [message.get("text") for update in updates if isinstance(message := update.get("message"), dict)]


async def _five(line: Line) -> list[int]:
    for number in range(5):
        await line.say(f"{number}")
    return _ids(await line.updates())


async def test_updates_come_again_until_a_higher_offset_confirms_them(line: Line) -> None:
    ids = await _five(line)
    assert ids == list(range(ids[0], ids[0] + 5))
    assert _ids(await line.updates()) == ids
    assert _ids(await line.updates(offset=ids[2])) == ids[2:]
    assert _ids(await line.updates()) == ids[2:]


@pytest.mark.parametrize(
    ("offset", "kept"), [(-1, 1), (-3, 3), (-5, 5), (-100, 5)], ids=["last", "last three", "all", "more than all"]
)
async def test_a_negative_offset_keeps_so_many_from_the_end(line: Line, offset: int, kept: int) -> None:
    ids = await _five(line)
    assert _ids(await line.updates(offset=offset)) == ids[-kept:]
    assert _ids(await line.updates()) == ids[-kept:]


@pytest.mark.parametrize(("limit", "got"), [(1, 1), (3, 3), (100, 5), (1000, 5), (0, 5)])
async def test_a_limit_takes_the_oldest(line: Line, limit: int, got: int) -> None:
    ids = await _five(line)
    assert _ids(await line.updates(limit=limit)) == ids[:got]


async def test_a_long_poll_returns_as_soon_as_somebody_writes(line: Line) -> None:
    poll = asyncio.create_task(line.updates(timeout=10))
    await asyncio.sleep(0.2)
    started = time.monotonic()
    await line.say("привет")
    assert _texts(await poll) == ["привет"]
    assert time.monotonic() - started < 2


async def test_a_long_poll_ends_with_nothing_when_nobody_writes(line: Line) -> None:
    started = time.monotonic()
    assert await line.updates(timeout=1) == []
    assert 0.8 < time.monotonic() - started < 5


async def test_a_second_poll_ends_the_first_with_a_conflict(line: Line) -> None:
    first = asyncio.create_task(line.call("getUpdates", timeout=20))
    await asyncio.sleep(0.2)
    second = asyncio.create_task(line.call("getUpdates", timeout=20))
    assert (await first).refusal == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    await line.say("кому?")
    assert _texts((await second).items) == ["кому?"]


async def test_polls_of_two_bots_do_not_meet(line: Line) -> None:
    await line.call("getMe", OTHER_TOKEN)
    first = asyncio.create_task(line.call("getUpdates", timeout=10))
    second = asyncio.create_task(line.call("getUpdates", OTHER_TOKEN, timeout=10))
    await asyncio.sleep(0.2)
    await line.say("первому")
    await line.say("второму", bot=7700000002)
    assert _texts((await first).items) == ["первому"]
    assert _texts((await second).items) == ["второму"]


async def test_no_polling_while_a_webhook_is_set(line: Line) -> None:
    await line.call("setWebhook", url="http://127.0.0.1:9/hook")
    code, words = (await line.call("getUpdates")).refusal
    assert (code, str(words)[:61]) == (409, "Conflict: can't use getUpdates method while webhook is active")


async def test_setting_a_webhook_ends_a_poll(line: Line) -> None:
    poll = asyncio.create_task(line.call("getUpdates", timeout=20))
    await asyncio.sleep(0.2)
    await line.call("setWebhook", url="http://127.0.0.1:9/hook")
    assert (await poll).refusal == (409, "Conflict: terminated by setWebhook request")


async def _kinds_after_a_ban(line: Line) -> list[str]:
    discussion = await line.chat("discussion")
    await line.sim("post", text="Пост")
    await line.say("спам", "comment")
    assert (await line.call("banChatMember", chat_id=discussion, user_id=ANNA)).result is True
    updates = await line.updates()
    await line.updates(offset=_ids(updates)[-1] + 1)
    return [next(name for name in update if name != "update_id") for update in updates]


async def test_membership_of_others_must_be_asked_for(line: Line) -> None:
    assert await _kinds_after_a_ban(line) == ["channel_post", "message", "message"]


async def test_the_wish_for_kinds_is_remembered_until_it_changes(line: Line) -> None:
    await line.updates(allowed_updates=["message", "chat_member"])
    await line.updates()
    assert await _kinds_after_a_ban(line) == ["message", "message", "chat_member"]


async def test_an_empty_wish_is_the_default_again(line: Line) -> None:
    await line.updates(allowed_updates=["chat_member"])
    await line.updates(allowed_updates=[])
    assert await _kinds_after_a_ban(line) == ["channel_post", "message", "message"]


async def test_updates_live_a_day(line: Line, clock: MovedClock) -> None:
    await line.say("вчера")
    clock.ahead = timedelta(hours=24, minutes=1)
    await line.say("сегодня")
    assert _texts(await line.updates()) == ["сегодня"]


async def test_parameters_may_come_in_the_query_and_as_a_form(line: Line) -> None:
    ids = await _five(line)
    by_query = await line.client.get(f"/bot{TOKEN}/getupdates", params={"offset": ids[1], "limit": "1"})
    assert [update["update_id"] for update in by_query.json()["result"]] == ids[1:2]
    by_form = await line.client.post(
        f"/bot{TOKEN}/getUpdates", data={"offset": str(ids[2]), "allowed_updates": '["message"]'}
    )
    assert [update["update_id"] for update in by_form.json()["result"]] == ids[2:]
    by_parts = await line.client.post(f"/bot{TOKEN}/getUpdates", files={"offset": (None, str(ids[3]))})
    assert [update["update_id"] for update in by_parts.json()["result"]] == ids[3:]


async def test_doubled_and_late_updates_lose_none(line: Line) -> None:
    await line.sim("disorder", duplicate=0.3, reorder=0.3)
    said = [await line.say(f"{number}") for number in range(60)]
    await asyncio.sleep(0.4)
    seen: list[Json] = []
    offset = 0
    while updates := await line.updates(offset=offset, limit=7):
        seen += updates
        offset = max(_ids(updates)) + 1
    texts = _texts(seen)
    assert {int(str(text)) for text in texts} == set(range(len(said)))
    assert len(texts) > len(said)
    assert texts != sorted(texts, key=lambda text: int(str(text)))
