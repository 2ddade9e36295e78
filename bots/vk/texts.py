"""VK's markup in a text: mentions and links as a person reads them, and whether they name us."""

import re

_MENTION = re.compile(r"\[(?P<target>(?:id|club|public|event)\d+)(?::[^\]|]*)?\|(?P<name>[^\]]*)\]")
_LINK = re.compile(r"\[(?P<url>https?://[^\]|\s]+)\|(?P<name>[^\]]*)\]")
_TARGET = re.compile(r"(?:club|public|event)(\d+)")


def plain_text(text: str) -> str:
    """`[id1|Анна], спасибо` → `Анна, спасибо`; a link keeps its address in brackets."""
    without_mentions = _MENTION.sub(lambda found: found["name"], text)
    return _LINK.sub(lambda found: f"{found['name']} ({found['url']})", without_mentions)


def names_community(text: str, group_id: int) -> bool:
    """Whether the text mentions the community."""
    targets = (_TARGET.fullmatch(found["target"]) for found in _MENTION.finditer(text))
    return any(target is not None and int(target[1]) == group_id for target in targets)
