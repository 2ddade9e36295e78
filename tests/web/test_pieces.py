"""Small parts of pages: what people wrote in their names is text, whatever it looks like."""

from datetime import UTC, datetime, timedelta

from inbox.conversations.panel.pills import Pill
from inbox.core.i18n import words_in
from inbox.core.web.pieces import Pieces

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_a_name_is_escaped_wherever_it_stands() -> None:
    pieces = Pieces(words_in("ru"))
    assert "<b" not in pieces.avatar("<b onclick=x>", 1)
    assert "&lt;&#34;" in pieces.person('<"')
    assert 'title="&lt;&#34;"' in pieces.person('<"')


def test_the_platforms_mark_is_told_in_the_readers_language() -> None:
    assert 'title="ВКонтакте"' in Pieces(words_in("ru")).avatar("Анна", 1, platform="vk")
    assert 'title="VK"' in Pieces(words_in("en")).avatar("Анна", 1, platform="vk")
    assert "title=" not in Pieces(words_in("ru")).avatar("Анна", 1)


def test_a_moment_has_its_exact_time_in_the_projects_zone() -> None:
    shown = Pieces(words_in("ru")).ago(NOW - timedelta(minutes=5), "Europe/Moscow", NOW)
    assert "14:55" in shown
    assert 'datetime="2026-11-27T11:55:00+00:00"' in shown


def test_a_clock_tells_when_it_runs_out_and_a_quiet_one_does_not() -> None:
    pieces = Pieces(words_in("en"))
    running = pieces.clock(Pill("soon", "5 min", NOW + timedelta(minutes=5)), "Europe/Moscow")
    assert 'data-due="2026-11-27T12:05:00+00:00"' in running
    assert "15:05" in running
    assert "clock-soon" in running
    assert "data-due" not in pieces.clock(Pill("quiet", "answered"), "Europe/Moscow")
    assert "<b>" not in pieces.clock(Pill("quiet", "<b>"), "Europe/Moscow")
