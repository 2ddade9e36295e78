"""User text for a page: escaped, with its web addresses made links that give nothing away."""

import re

from markupsafe import Markup, escape

_ADDRESS = re.compile(r"https?://[^\s<>\"'«»`]+", re.IGNORECASE)
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


def _without_trailing(address: str) -> str:
    while address[-1] in _TRAILING and not (address[-1] == ")" and address.count("(") >= address.count(")")):
        address = address[:-1]
    return address
