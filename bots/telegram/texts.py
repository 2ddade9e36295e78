"""The words of a message: text, caption or rich blocks as plain text, and whether they name us."""

from collections.abc import Mapping

from bots.fields import RawObject, find_int, find_object, find_objects, find_text
from inbox.channels.events import Me

_SPOKEN = (
    "summary",
    "label",
    "text",
    "expression",
    "alternative_text",
    "items",
    "cells",
    "blocks",
    "caption",
    "credit",
)
"""The parts of rich blocks that hold words, in reading order."""
_UTF16 = "utf-16-le"


def text_of(message: RawObject) -> str:
    """The plain text of a message: its text, else its caption, else the words of its rich blocks."""
    text = find_text(message, "text") or find_text(message, "caption")
    if text:
        return text
    rich = message.get("rich_message")
    return _words_of_blocks(rich.get("blocks")) if isinstance(rich, Mapping) else ""


def names_us(message: RawObject, me: Me) -> bool:
    """Whether the text mentions us by @username, by a link to us, or by a command addressed to us."""
    return any(
        _entity_names_us(units, entity, me)
        for text_name, list_name in (("text", "entities"), ("caption", "caption_entities"))
        for units in ((find_text(message, text_name) or "").encode(_UTF16, "surrogatepass"),)
        for entity in find_objects(message, list_name)
    )


def _entity_names_us(units: bytes, entity: RawObject, me: Me) -> bool:
    kind = entity.get("type")
    if kind == "text_mention":
        user = find_object(entity, "user") or {}
        return str(find_int(user, "id")) == me.external_id
    if kind not in {"mention", "bot_command"} or not me.username:
        return False
    _, _, name = _stretch(units, entity).partition("@")
    return name.lower() == me.username.lower()


def _stretch(units: bytes, entity: RawObject) -> str:
    """The piece of text an entity covers; Telegram counts offsets in UTF-16 code units."""
    start = max(find_int(entity, "offset") or 0, 0)
    end = start + max(find_int(entity, "length") or 0, 0)
    return units[2 * start : 2 * end].decode(_UTF16, "replace")


def _words_of_blocks(blocks: object) -> str:
    """One line a block; a stack instead of recursion, since nobody bounds the depth."""
    lines: list[str] = []
    for block in blocks if isinstance(blocks, list) else []:
        words: list[str] = []
        waiting: list[object] = [block]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                words.append(part)
            elif isinstance(part, list):
                waiting.extend(reversed(part))
            elif isinstance(part, dict):
                waiting.extend(part[name] for name in reversed(_SPOKEN) if name in part)
        lines.append("".join(words))
    return "\n".join(line for line in lines if line)
