"""Lengths and times are said as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from inbox.core.i18n import choose_locale, words_in
from inbox.core.web.linkify import linkify, map_of, page_of

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ZONE = "Europe/Moscow"


@pytest.mark.parametrize(
    ("length", "ru", "en"),
    [
        (timedelta(seconds=20), "1 мин", "1 min"),
        (timedelta(minutes=12), "12 мин", "12 min"),
        (timedelta(minutes=72), "1 ч 12 мин", "1 h 12 min"),
        (timedelta(hours=2), "2 ч", "2 h"),
        (timedelta(days=2, hours=3, minutes=5), "2 д 3 ч", "2 d 3 h"),
    ],
)
def test_a_length_never_looks_like_a_time_of_day(length: timedelta, ru: str, en: str) -> None:
    assert (words_in("ru").length(length), words_in("en").length(length)) == (ru, en)


def test_what_is_late_says_by_how_much() -> None:
    ru = words_in("ru")
    assert ru.until(NOW - timedelta(minutes=4), NOW) == "опоздали на 4 мин"
    assert ru.until(NOW + timedelta(minutes=11, seconds=5), NOW) == "12 мин"


@pytest.mark.parametrize(
    ("before", "said"),
    [(timedelta(seconds=30), "сейчас"), (timedelta(minutes=31), "31 мин"), (timedelta(hours=5), "5 ч"),
     (timedelta(days=3), "3 д"), (timedelta(days=10), "16 нояб")],
)  # fmt: skip
def test_how_long_ago(before: timedelta, said: str) -> None:
    assert words_in("ru").ago(NOW - before, NOW) == said


def test_days_are_the_projects_own() -> None:
    ru = words_in("ru")
    late_evening_utc = NOW.replace(hour=22)
    assert ru.day(late_evening_utc, ZONE, NOW) == "завтра"
    assert ru.moment(NOW - timedelta(days=1), ZONE, NOW) == "вчера, 15:00"
    assert ru.day(NOW - timedelta(days=400), ZONE, NOW) == "22 октября 2025"
    assert "15:00:00" in ru.exact(NOW, ZONE)


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 обращение"), (3, "3 обращения"), (11, "11 обращений"), (21, "21 обращение")]
)
def test_russian_has_three_plural_forms(n: int, said: str) -> None:
    assert words_in("ru").ngettext("%(n)s conversation", "%(n)s conversations", n) == said


@pytest.mark.parametrize(
    ("accepted", "locale"), [("en-US,en;q=0.9", "en"), ("de,ru;q=0.5", "ru"), (None, "ru"), ("fr", "ru")]
)
def test_the_browsers_language_is_taken(accepted: str | None, locale: str) -> None:
    assert choose_locale(accepted) == locale


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>no</b> & so", "&lt;b&gt;no&lt;/b&gt; &amp; so"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("see https://a.ru/x?y=1&z=2.", 'see <a href="https://a.ru/x?y=1&amp;z=2" @>https://a.ru/x?y=1&amp;z=2</a>.'),
        ("(https://a.ru/b_(c))", '(<a href="https://a.ru/b_(c)" @>https://a.ru/b_(c)</a>)'),
        ('https://a.ru/"onclick="x', '<a href="https://a.ru/" @>https://a.ru/</a>&#34;onclick=&#34;x'),
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(text: str, html: str) -> None:
    assert str(linkify(text)) == html.replace("@", 'target="_blank" rel="noopener noreferrer nofollow"')


@pytest.mark.parametrize(
    ("title", "words", "page"),
    [
        ("Обзор кухни https://vk.com/video1_2", "Обзор кухни", "https://vk.com/video1_2"),
        ("https://vk.com/wall-1_2", "", "https://vk.com/wall-1_2"),
        ("Без страницы", "Без страницы", None),
        ("Плохая javascript:alert(1)", "Плохая javascript:alert(1)", None),
        (None, "", None),
    ],
)
def test_an_attachment_is_called_without_its_address(title: str | None, words: str, page: str | None) -> None:
    assert page_of(title) == (words, page)


@pytest.mark.parametrize(
    ("title", "words", "point"),
    [
        ("55.832612041158505, 37.558064023089514", "55.83261, 37.55806", "37.55806,55.83261"),
        ("Салон «Лад» (55.8, 37.5)", "Салон «Лад»", "37.5,55.8"),
        ("-33.9, 151.2", "-33.9, 151.2", "151.2,-33.9"),
        ("Где-то", "Где-то", None),
        (None, "", None),
    ],
)
def test_a_place_is_shown_on_a_map(title: str | None, words: str, point: str | None) -> None:
    found, address = map_of(title)
    assert found == words
    assert (address is None) if point is None else (address is not None and f"pt={point}&" in address)
