"""Webhooks: the secret, trying again, what is pending, answers that are calls."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.simulator.conftest import ANNA, Line
from tests.simulator.hook import Hook, running_hook


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with running_hook() as ready:
        yield ready


async def _pending(line: Line) -> object:
    return (await line.call("getWebhookInfo")).message["pending_update_count"]


async def test_updates_come_with_the_secret(line: Line, hook: Hook) -> None:
    await line.call("setWebhook", url=hook.url, secret_token="s-3_cret")
    await line.say("раз")
    await line.say("два")
    await hook.took(2)
    assert hook.secrets == ["s-3_cret", "s-3_cret"]
    messages = [message for update in hook.updates if isinstance(message := update["message"], dict)]
    assert {message["text"] for message in messages} == {"раз", "два"}
    await asyncio.sleep(0.1)
    assert await _pending(line) == 0


async def test_what_waited_is_delivered_once_a_webhook_is_set(line: Line, hook: Hook) -> None:
    await line.say("раньше")
    await line.call("setWebhook", url=hook.url)
    await hook.took(1)
    assert hook.secrets == [None]


async def test_an_update_is_tried_again_until_2xx(line: Line, hook: Hook) -> None:
    hook.answers.extend([(500, {}), (404, {}), (204, {})])
    await line.call("setWebhook", url=hook.url)
    await line.say("настойчиво")
    await hook.took(1)
    info = (await line.call("getWebhookInfo")).message
    assert (info["pending_update_count"], info["url"]) == (1, hook.url)
    await hook.took(3)
    await asyncio.sleep(0.1)
    info = (await line.call("getWebhookInfo")).message
    assert info["pending_update_count"] == 0
    assert info["last_error_message"] == "Wrong response from the webhook: 404 Not Found"
    assert len({update["update_id"] for update in hook.updates}) == 1


async def test_nobody_there_is_told_and_nothing_is_lost(line: Line) -> None:
    await line.call("setWebhook", url="http://127.0.0.1:9/hook")
    await line.say("ау")
    await asyncio.sleep(0.2)
    info = (await line.call("getWebhookInfo")).message
    assert (info["last_error_message"], info["pending_update_count"]) == ("Connection refused", 1)
    await line.call("deleteWebhook")
    assert len(await line.updates()) == 1


async def test_what_is_pending_may_be_dropped(line: Line, hook: Hook) -> None:
    await line.say("забыть")
    await line.call("setWebhook", url=hook.url, drop_pending_updates=True)
    await line.say("оставить")
    await hook.took(1)
    message = hook.updates[0]["message"]
    assert isinstance(message, dict)
    assert message["text"] == "оставить"


async def test_updates_beyond_max_connections_wait(line: Line, hook: Hook) -> None:
    hook.answers.extend([(500, {})] * 3)
    await line.call("setWebhook", url=hook.url, max_connections=1)
    for number in range(3):
        await line.say(f"{number}")
    await hook.took(3)
    assert len({update["update_id"] for update in hook.updates}) == 1
    assert (await line.call("getWebhookInfo")).message["max_connections"] == 1
    assert await _pending(line) == 3


async def test_a_webhooks_answer_may_be_a_call(line: Line, hook: Hook) -> None:
    hook.answers.append((200, {"method": "sendMessage", "chat_id": ANNA, "text": "сразу"}))
    await line.call("setWebhook", url=hook.url)
    await line.say("привет")
    await hook.took(1)
    await asyncio.sleep(0.1)
    assert [item["text"] for item in await line.heard()] == ["сразу"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "ftp://example.org"}, "Bad Request: bad webhook: invalid webhook URL specified"),
        (
            {"url": "http://127.0.0.1/x", "secret_token": "не то"},
            "Bad Request: secret token contains unallowed characters",
        ),
    ],
)
async def test_settings_that_make_no_sense_are_refused(line: Line, params: dict[str, str], words: str) -> None:
    assert (await line.call("setWebhook", **params)).refusal == (400, words)


async def test_an_empty_address_goes_back_to_polling(line: Line, hook: Hook) -> None:
    await line.call("setWebhook", url=hook.url)
    answer = await line.call("setWebhook", url="")
    assert answer.body == {"ok": True, "result": True, "description": "Webhook was deleted"}
    await line.say("в очередь")
    assert len(await line.updates()) == 1
