"""The interface's words in Russian and English: gettext by babel, lengths and times as people say them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.support import NullTranslations, Translations

from inbox.core.errors import RefusedError

LOCALES = ("ru", "en")
DOMAIN = "otklik"
FOLDER = Path(__file__).parents[1] / "translations"
MINUTE = timedelta(minutes=1)
DAY_MINUTES = 24 * 60
MOST_SHOWN = 999
"""What grows for ever is counted up to here and one more, which is shown as «999+»."""


def N_(text: str) -> str:  # noqa: N802  # gettext's own name
    """Marks a text for translation where it is written; `_` translates where it is shown."""
    return text


@lru_cache(maxsize=8192)
def _exact(instant: datetime, zone: str, locale: str) -> str:
    """Kept, because a list shows the same moments again and again."""
    return format_datetime(instant.astimezone(ZoneInfo(zone)), "d MMMM y, HH:mm:ss z", locale=locale)


@lru_cache(maxsize=1024)
def _short(day: date, locale: str) -> str:
    return format_date(day, "d MMM", locale=locale).rstrip(".")


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that depends on the reader's language."""

    locale: str
    catalog: NullTranslations

    def gettext(self, text: str, /, **values: object) -> str:
        """The text in this language, with `%(name)s` filled in."""
        found = self.catalog.gettext(text) if text else ""
        return found % values if values else found

    def refusal(self, error: RefusedError) -> str:
        """Why something was refused, in this language."""
        return self.gettext(error.said, **error.values)

    def ngettext(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The form of the text that goes with `n`, which `%(n)s` shows."""
        return self.catalog.ngettext(one, many, n) % {"n": self.number(n), **values}

    def choices(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Value → what people read."""
        return {value: self.gettext(text) for value, text in texts.items()}

    def number(self, n: int) -> str:
        """Thousands apart."""
        return f"{n:,}".replace(",", "\N{NO-BREAK SPACE}" if self.locale == "ru" else ",")

    def counted(self, n: int) -> str:
        """A number that was counted up to `MOST_SHOWN` and one more."""
        return f"{MOST_SHOWN}+" if n > MOST_SHOWN else self.number(n)

    def percent(self, share: float) -> str:
        """«94,2 %»: of 0 to 1."""
        shown = f"{share * 100:.1f}".removesuffix(".0")
        return f"{shown.replace('.', ',')}\N{NO-BREAK SPACE}%" if self.locale == "ru" else f"{shown}%"

    def minutes(self, minutes: int) -> str:
        """«12 мин», «1 ч 12 мин», «2 д 3 ч»: never what could be taken for a time of day."""
        days, rest = divmod(minutes, DAY_MINUTES)
        hours, left = divmod(rest, 60)
        parts = [(days, N_("%(n)s d")), (hours, N_("%(n)s h")), (0 if days else left, N_("%(n)s min"))]
        said = [self.gettext(unit, n=n) for n, unit in parts if n]
        return " ".join(said) or self.gettext(N_("%(n)s min"), n=0)

    def length(self, length: timedelta) -> str:
        """A length of time, whole minutes begun."""
        return self.minutes(max(1, ceil(length / MINUTE)))

    def until(self, due: datetime, now: datetime) -> str:
        """How long is left, or how late we are: «12 мин», «опоздали на 4 мин»."""
        if due > now:
            return self.length(due - now)
        return self.gettext("late by %(length)s", length=self.minutes(max(1, int((now - due) / MINUTE))))

    def ago(self, instant: datetime, now: datetime) -> str:
        """How long ago, in one unit; a date when it is more than six days."""
        minutes = max(0, int((now - instant) / MINUTE))
        if minutes == 0:
            return self.gettext("now")
        if minutes < 60:
            return self.gettext(N_("%(n)s min"), n=minutes)
        if minutes < DAY_MINUTES:
            return self.gettext(N_("%(n)s h"), n=minutes // 60)
        if minutes < 7 * DAY_MINUTES:
            return self.gettext(N_("%(n)s d"), n=minutes // DAY_MINUTES)
        return _short(instant.date(), self.locale)

    def exact(self, instant: datetime, zone: str) -> str:
        """Date and time in the workspace's time zone."""
        return _exact(instant, zone, self.locale)

    def time(self, instant: datetime, zone: str) -> str:
        """The time of day."""
        return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")

    def wall(self, instant: datetime, zone: str) -> str:
        """As a field for date and time takes it: «2026-11-26T18:00»."""
        return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")

    def day(self, instant: datetime, zone: str, now: datetime) -> str:
        """«сегодня», «вчера», «12 августа», with the year when it is another one."""
        tz = ZoneInfo(zone)
        day, today = instant.astimezone(tz).date(), now.astimezone(tz).date()
        near = {0: N_("today"), -1: N_("yesterday"), 1: N_("tomorrow")}.get((day - today).days)
        return self.gettext(near) if near else self._date(day, today)

    def moment(self, instant: datetime, zone: str, now: datetime) -> str:
        """Day and time of day: «завтра, 10:00»."""
        return f"{self.day(instant, zone, now)}, {self.time(instant, zone)}"

    def zone_name(self, zone: str) -> str:
        """«Москва (UTC+3)»: a time zone as people know it."""
        offset = datetime.now(ZoneInfo(zone)).utcoffset() or timedelta()
        sign, minutes = "-" if offset < timedelta() else "+", abs(int(offset / MINUTE))
        shown = f"{minutes // 60}:{minutes % 60:02}" if minutes % 60 else str(minutes // 60)
        city: str = get_timezone_location(zone, locale=self.locale, return_city=True)
        return f"UTC{sign}{shown}" if zone == "UTC" else f"{city} (UTC{sign}{shown})"

    def country_name(self, code: str) -> str:
        """«Россия»."""
        name: str = Locale(self.locale).territories.get(code, code)
        return name

    def for_scripts(self) -> dict[str, str]:
        """The words that the page's own clocks and notices speak with."""
        return {
            "d": self.gettext("%(n)s d"),
            "h": self.gettext("%(n)s h"),
            "min": self.gettext("%(n)s min"),
            "now": self.gettext("now"),
            "late": self.gettext("late by %(length)s"),
            "sending": self.gettext("sending"),
            "taken": self.gettext("%(name)s already has this conversation."),
            "lost": self.gettext("Not done: there is no connection. Try again once it is back."),
            "sent": self.gettext("The connection is back: what you wrote is sent."),
        }

    def _date(self, day: date, today: date) -> str:
        return format_date(day, "d MMMM" if day.year == today.year else "d MMMM y", locale=self.locale)


@lru_cache(maxsize=len(LOCALES))
def words_in(locale: str) -> Words:
    """Words in one of LOCALES; another one falls back to English, the language of the source."""
    chosen = locale if locale in LOCALES else "en"
    return Words(chosen, Translations.load(FOLDER, [chosen], DOMAIN))


def choose_locale(accepted: str | None) -> str:
    """The first of LOCALES that a browser's Accept-Language names; Russian when it names none."""
    for part in (accepted or "").split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LOCALES:
            return language
    return "ru"
