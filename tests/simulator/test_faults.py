"""Faults on demand: before and after the effect, lost answers, flood limits."""

import asyncio
import time

import httpx
import pytest

from tests.simulator.conftest import ANNA, OTHER_TOKEN, Json, Line


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        ({"error": 429, "retry_after": 7}, (429, "Too Many Requests: retry after 7")),
        ({"error": 500}, (500, "Internal Server Error")),
        ({"error": 401}, (401, "Unauthorized")),
        ({"error": 403}, (403, "Forbidden: bot was blocked by the user")),
        ({"error": 400, "description": "Bad Request: CHAT_RESTRICTED"}, (400, "Bad Request: CHAT_RESTRICTED")),
    ],
)
async def test_an_ordered_refusal_comes_so_many_times_and_does_nothing(
    line: Line, fault: Json, refusal: tuple[int, str]
) -> None:
    await line.say("привет")
    await line.sim("fault", method="sendMessage", times=2, **fault)
    for _ in range(2):
        answer = await line.call("sendMessage", chat_id=ANNA, text="x")
        assert answer.refusal == refusal
        assert answer.body.get("parameters") == ({"retry_after": 7} if refusal[0] == 429 else None)
    assert await line.heard() == []
    assert (await line.call("sendMessage", chat_id=ANNA, text="x")).status == 200


async def test_after_means_that_the_effect_happened(line: Line) -> None:
    await line.say("привет")
    await line.sim("fault", method="sendMessage", error=500, when="after")
    assert (await line.call("sendMessage", chat_id=ANNA, text="дошло")).refusal == (500, "Internal Server Error")
    assert [item["text"] for item in await line.heard()] == ["дошло"]


async def test_a_gateway_answers_with_a_page(line: Line) -> None:
    await line.sim("fault", method="*", error=502)
    answer = await line.client.post("/bot7700000001:AAHsimulatorTESTsimulatorTESTsimula/getMe")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (502, "text/html")


@pytest.mark.parametrize(("when", "arrived"), [("before", 0), ("after", 1)])
async def test_a_dropped_line_says_nothing(line: Line, when: str, arrived: int) -> None:
    await line.say("привет")
    await line.sim("fault", method="sendMessage", error="drop", when=when)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await line.call("sendMessage", chat_id=ANNA, text="x")
    assert len(await line.heard()) == arrived
    (call,) = await line.calls(method="sendMessage")
    assert (call["code"], call["description"]) == (None, "drop")


@pytest.mark.parametrize(("when", "arrived"), [("before", 0), ("after", 1)])
async def test_a_timeout_is_silence(line: Line, when: str, arrived: int) -> None:
    await line.say("привет")
    await line.sim("fault", method="sendMessage", error="timeout", when=when)
    call = asyncio.create_task(line.call("sendMessage", chat_id=ANNA, text="x"))
    await asyncio.sleep(0.5)
    assert not call.done()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert len(await line.heard()) == arrived


async def test_a_delay_alone_only_slows(line: Line) -> None:
    await line.sim("fault", method="getMe", delay_ms=300)
    started = time.monotonic()
    assert (await line.call("getMe")).status == 200
    assert time.monotonic() - started >= 0.3


async def test_a_fault_is_for_the_bot_and_the_method_that_it_names(line: Line) -> None:
    await line.call("getMe", OTHER_TOKEN)
    await line.sim("fault", method="getMe", error=500, bot=7700000002)
    assert (await line.call("getMe")).status == 200
    assert (await line.call("getUpdates", OTHER_TOKEN)).status == 200
    assert (await line.call("getMe", OTHER_TOKEN)).status == 500


async def test_faults_are_taken_back(line: Line) -> None:
    await line.sim("fault", method="*", error=500, times=1000)
    assert (await line.call("getMe")).status == 500
    await line.sim("heal")
    assert (await line.call("getMe")).status == 200


async def test_a_chance_lets_some_calls_pass(line: Line) -> None:
    await line.sim("fault", method="getMe", error=500, times=1000, chance=0.5)
    codes = [(await line.call("getMe")).status for _ in range(40)]
    assert set(codes) == {200, 500}


async def test_flood_limits_are_off_until_asked_for(line: Line) -> None:
    await line.say("привет")
    answers = [await line.call("sendMessage", chat_id=ANNA, text=f"{number}") for number in range(5)]
    assert {answer.status for answer in answers} == {200}
    await line.sim("flood", enabled=True)
    assert (await line.call("sendMessage", chat_id=ANNA, text="раз")).status == 200
    refused = await line.call("sendMessage", chat_id=ANNA, text="два")
    assert refused.refusal == (429, "Too Many Requests: retry after 1")
    assert refused.body["parameters"] == {"retry_after": 1}


async def test_a_group_bears_twenty_a_minute_and_a_bot_thirty_a_second(line: Line) -> None:
    group = await line.chat("group")
    await line.sim("flood", enabled=True, per_chat_per_second=1000)
    answers = [await line.call("sendMessage", chat_id=group, text=f"{number}") for number in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [429]
    assert answers[-1].body["parameters"] in ({"retry_after": 60}, {"retry_after": 59})
    await line.sim("flood", enabled=True, per_chat_per_second=1000, per_second=3)
    await line.say("привет")
    answers = [await line.call("sendMessage", chat_id=ANNA, text=f"{number}") for number in range(4)]
    assert [answer.status for answer in answers] == [200] * 3 + [429]
