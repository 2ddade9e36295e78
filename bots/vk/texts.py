"""VK's markup in a text: mentions and links as a person reads them, and whether they name us; in time linear in it."""

import re
from collections.abc import Callable

_MENTION = re.compile(r"\[(?P<target>(?:id|club|public|event)\d{1,20})(?::[^\[\]|]*)?\|(?P<name>[^\]]*)\]")
_LINK = re.compile(r"\[(?P<url>https?://[^\[\]|\s]+)\|(?P<name>[^\]]*)\]")
_TARGET = re.compile(r"(?:club|public|event)(\d+)")


def plain_text(text: str) -> str:
    """`[id1|Анна], спасибо` → `Анна, спасибо`; a link keeps its address in brackets."""
    without_mentions = _show(_MENTION, lambda found: found["name"], text)
    return _show(_LINK, lambda found: f"{found['name']} ({found['url']})", without_mentions)


def names_community(text: str, group_id: int) -> bool:
    """Whether the text mentions the community."""
    mentions = _MENTION.finditer(text, 0, _end_of_markup(text))
    targets = (_TARGET.fullmatch(found["target"]) for found in mentions)
    return any(target is not None and int(target[1]) == group_id for target in targets)


def _show(markup: re.Pattern[str], shown: Callable[[re.Match[str]], str], text: str) -> str:
    end = _end_of_markup(text)
    return markup.sub(shown, text[:end]) + text[end:]


def _end_of_markup(text: str) -> int:
    """Behind the last closing bracket each opening one would be searched to the end for its own, in vain."""
    return text.rfind("]") + 1
