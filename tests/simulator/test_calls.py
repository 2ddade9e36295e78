"""The record of calls forgets the oldest, and polls do not push out the rest."""

from datetime import UTC, datetime

from bots.simulator.calls import KEPT, KEPT_POLLS, CallFilter, CallLog
from inbox.channels.events import Platform

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_the_record_is_bounded_and_in_order() -> None:
    log = CallLog()
    log.add(Platform.TELEGRAM, 1, "sendMessage", {}, NOW)
    for _ in range(KEPT_POLLS + 50):
        log.add(Platform.TELEGRAM, 1, "getUpdates", {}, NOW)
    listed = log.list_calls(CallFilter(), KEPT + KEPT_POLLS)
    assert (listed[0].method, len(listed)) == ("sendMessage", KEPT_POLLS + 1)
    for _ in range(KEPT):
        log.add(Platform.TELEGRAM, 2, "getMe", {}, NOW)
    listed = log.list_calls(CallFilter(), KEPT + KEPT_POLLS)
    assert len(listed) == KEPT + KEPT_POLLS
    assert [call.number for call in listed] == sorted(call.number for call in listed)
    assert log.list_calls(CallFilter(method="SENDMESSAGE"), 10) == []
    assert len(log.list_calls(CallFilter(bot=2), 10)) == 10


def test_calls_of_one_platform_are_forgotten_alone() -> None:
    log = CallLog()
    log.add(Platform.TELEGRAM, 1, "sendMessage", {}, NOW)
    log.add(Platform.VK, 1, "messages.send", {}, NOW)
    log.clear(Platform.TELEGRAM)
    assert [call.platform for call in log.list_calls(CallFilter(), 10)] == [Platform.VK]
