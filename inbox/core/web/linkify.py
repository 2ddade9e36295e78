"""User text for a page: escaped, with its web addresses made links that give nothing away."""

import re

from markupsafe import Markup, escape

_ADDRESS = re.compile(r"https?://[^\s<>\"'«»`]+", re.IGNORECASE)
_POINT = re.compile(r"(-?\d{1,2}(?:\.\d+)?), (-?\d{1,3}(?:\.\d+)?)\)?$")
_TRAILING = ".,;:!?…)]}"
_LINK = Markup('<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>')


def linkify(text: str) -> Markup:
    """Only http and https become links; closing punctuation stays outside, but for a bracket opened inside."""
    parts: list[Markup] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        address = _without_trailing(match.group())
        parts += [escape(text[end : match.start()]), _LINK.format(address=address)]
        end = match.start() + len(address)
    return Markup("").join([*parts, escape(text[end:])])


def page_of(title: str | None) -> tuple[str, str | None]:
    """What an attachment is called, and the page that shows it: the address that its title ends with."""
    words = (title or "").rstrip()
    start, _, last = words.rpartition(" ")
    return (start, last) if _ADDRESS.fullmatch(last) else (words, None)


def map_of(title: str | None) -> tuple[str, str | None]:
    """A place's words, coordinates cut to a metre, and where a map shows it; its title ends with "55.8, 37.6"."""
    words = (title or "").rstrip()
    found = _POINT.search(words)
    if found is None:
        return words, None
    latitude, longitude = (round(float(number), 5) for number in found.groups())
    shown = words[: found.start()].rstrip(" (") or f"{latitude}, {longitude}"
    return shown, f"https://yandex.ru/maps/?pt={longitude},{latitude}&z=16&l=map"


def _without_trailing(address: str) -> str:
    unopened = address.count(")") - address.count("(")
    end = len(address)
    while (last := address[end - 1]) in _TRAILING and not (last == ")" and unopened <= 0):
        unopened -= last == ")"
        end -= 1
    return address[:end]
