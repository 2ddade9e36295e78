"""What an auto-reply says: variables filled in, the next opening in words of its language; pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from inbox.core.errors import InvalidInputError
from inbox.core.i18n import LOCALES, N_, Words

VARIABLES = ("name", "opening")
TEXT_LIMIT = 2000
_VARIABLE = re.compile(r"\{([^{}\s]*)\}")
_NAME_FIRST = re.compile(r"^\{name\}[,\s]*(\w?)")
_NAME_WITH_COMMA = re.compile(r"(?<![,\s])[,\s]*\{name\}")
_NEAR = {0: N_("today at %(time)s"), 1: N_("tomorrow at %(time)s")}
_WEEKDAYS = (
    N_("on Monday at %(time)s"),
    N_("on Tuesday at %(time)s"),
    N_("on Wednesday at %(time)s"),
    N_("on Thursday at %(time)s"),
    N_("on Friday at %(time)s"),
    N_("on Saturday at %(time)s"),
    N_("on Sunday at %(time)s"),
)


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands for the variables. `opening` None: it is not known, or the project is open."""

    name: str
    opening: str | None


def check_text(text: str) -> str:
    """The text without blanks around it; InvalidInputError for what could not be sent as it is meant."""
    stripped = text.strip()
    if not stripped:
        raise InvalidInputError("Write what subscribers are to be told.", field="text")
    if len(stripped) > TEXT_LIMIT:
        raise InvalidInputError("The text is longer than 2000 characters.", field="text")
    if "\x00" in stripped:
        raise InvalidInputError("The text holds a character that cannot be stored.", field="text")
    if any(name not in VARIABLES for name in _VARIABLE.findall(stripped)):
        raise InvalidInputError("There are two variables: {name} and {opening}.", field="text")
    return stripped


def needs_opening(text: str) -> bool:
    """Whether the text promises when somebody will be here."""
    return "{opening}" in text


def fill(text: str, filling: Filling) -> str:
    """The text as it is sent: without a name «Здравствуйте, {name}!» becomes «Здравствуйте!», «{name}, ждём» «Ждём»."""
    named = text if filling.name else _NAME_WITH_COMMA.sub("", _NAME_FIRST.sub(lambda it: it[1].upper(), text))
    return named.replace("{name}", filling.name).replace("{opening}", filling.opening or "").strip()


def first_name(name: str) -> str:
    """How a contact is addressed: the first word of the name, if it is one."""
    first = name.split()[0] if name.split() else ""
    return first if any(letter.isalpha() for letter in first) else ""


def locale_for(language: str | None, locale: str) -> str:
    """In whose words the opening is said: the reader's, where we speak their language, else the text's own."""
    known = (language or "").split("-")[0].lower()
    return known if known in LOCALES else locale


def say_opening(opens_at: datetime, zone: str, now: datetime, words: Words) -> str:
    """«сегодня в 10:00», «завтра в 10:00», «в понедельник в 9:00», «12 января в 9:00», by the project's own days."""
    local = opens_at.astimezone(ZoneInfo(zone))
    days = (local.date() - now.astimezone(ZoneInfo(zone)).date()).days
    time = format_time(local, "H:mm", locale=words.locale)
    if days in _NEAR:
        return words.gettext(_NEAR[days], time=time)
    if days < 7:
        return words.gettext(_WEEKDAYS[local.weekday()], time=time)
    day = format_date(local.date(), "d MMMM", locale=words.locale)
    return words.gettext(N_("on %(day)s at %(time)s"), day=day, time=time)
