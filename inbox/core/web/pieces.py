"""What a page shows dozens of times, made in Python and remembered: a macro costs more than what it writes."""

from datetime import datetime
from functools import lru_cache
from typing import Protocol

from markupsafe import Markup

from inbox.core.i18n import N_, Words, words_in
from inbox.core.web.assets import load_assets

TINTS = 8
REMEMBERED = 4096

_ICON = Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>')
_VK = Markup(
    '<span class="absolute -right-1 -bottom-1 grid size-4 place-items-center overflow-hidden rounded-full border-2 '
    'border-base-100 bg-[#0066dd] text-white" title="{}"><b class="text-[6px] leading-none tracking-tighter">VK</b>'
    "</span>"
)
_TELEGRAM = Markup(
    '<span class="absolute -right-1 -bottom-1 grid size-4 place-items-center overflow-hidden rounded-full border-2 '
    'border-base-100 bg-[#2aabee] text-white" title="{}">{}</span>'
)
_AVATAR = Markup(
    '<span class="relative flex {} shrink-0 items-center justify-center rounded-full text-xs font-semibold {} {}" '
    'aria-hidden="true">{}{}</span>'
)
_PERSON = Markup(
    '<span class="grid {} shrink-0 place-items-center rounded-full bg-base-300 text-[9px] font-semibold '
    'text-base-content/80" title="{}">{}</span>'
)
_CLOCK = Markup('<span class="clock clock-{}"{}>{}<span>{}</span></span>')
_DUE = Markup(' data-due="{}" title="{}"')
_AGO = Markup('<time datetime="{}" data-ago title="{}">{}</time>')


def icon(name: str, cls: str = "") -> Markup:
    """An icon of the sprite."""
    return _icon(load_assets().sprite, name, cls)


@lru_cache(maxsize=REMEMBERED)
def _icon(sprite: str, name: str, cls: str) -> Markup:
    return _ICON.format(cls, sprite, name)


def initials(name: str) -> str:
    """At most two letters that stand for a person."""
    parts = [part for part in (word.strip("«»\"'()@._-✨") for word in name.split()) if part]
    letters = [part[0] for part in parts[:2]] or [name[:1] or "?"]
    return "".join(letters).upper()


def tint(number: int) -> str:
    """The class that gives a person or project their colour, always the same one."""
    return f"tint-{number * 5 % (TINTS - 1)}"


class Ticking(Protocol):
    """A clock to show: `kind` colours it; `due`: when it runs out, if it runs."""

    @property
    def kind(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def due(self) -> datetime | None: ...


class Pieces:
    """In one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def avatar(
        self, name: str, number: int, size: str = "size-9", platform: str | None = None, cls: str = ""
    ) -> Markup:
        """A contact: initials in their colour, with the platform's mark."""
        return _avatar(self._words.locale, name, number, size, platform, cls)

    def person(self, name: str, size: str = "size-5") -> Markup:
        """A colleague: small, grey, with the name on hover."""
        return _person(name, size)

    def ago(self, instant: datetime, zone: str, now: datetime) -> Markup:
        """How long ago, with the exact moment on hover; the page's script keeps it true."""
        return _ago(instant, self._words.exact(instant, zone), self._words.ago(instant, now))

    def clock(self, pill: Ticking, zone: str) -> Markup:
        """A conversation's clock, with the exact due time on hover."""
        due = "" if pill.due is None else self._words.exact(pill.due, zone)
        return _clock(self._words.locale, pill.kind, pill.text, pill.due, due)


@lru_cache(maxsize=REMEMBERED)
def _avatar(locale: str, name: str, number: int, size: str, platform: str | None, cls: str) -> Markup:
    words = words_in(locale)
    mark = Markup("")
    if platform == "vk":
        mark = _VK.format(words.gettext(N_("VK")))
    elif platform:
        mark = _TELEGRAM.format(words.gettext(N_("Telegram")), icon("send", "size-2"))
    return _AVATAR.format(size, tint(number), cls, initials(name), mark)


@lru_cache(maxsize=REMEMBERED)
def _ago(instant: datetime, exact: str, said: str) -> Markup:
    return _AGO.format(instant.isoformat(), exact, said)


@lru_cache(maxsize=REMEMBERED)
def _clock(locale: str, kind: str, text: str, due: datetime | None, exact: str) -> Markup:
    shown = Markup("")
    if due is not None:
        shown = _DUE.format(due.isoformat(), words_in(locale).gettext("answer due %(moment)s", moment=exact))
    return _CLOCK.format(kind, shown, icon("timer", "size-3"), text)


@lru_cache(maxsize=REMEMBERED)
def _person(name: str, size: str) -> Markup:
    return _PERSON.format(size, name, initials(name))
