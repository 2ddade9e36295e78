"""Entities of a text: what Telegram finds by itself, and what HTML markup says."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from typing_extensions import override

from bots.simulator.telegram.refusals import Json, bad_request

_FOUND = (
    ("url", re.compile(r"(?:https?://|t\.me/|www\.)[^\s<>\"«»]+[^\s<>\"«».,!?)]")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")),
    ("mention", re.compile(r"(?<![\w@.])@[A-Za-z][A-Za-z0-9_]{3,31}\b")),
    ("hashtag", re.compile(r"(?<![\w#])#\w+")),
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?\b")),
)
_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "tg-spoiler": "spoiler", "a": "text_link",
}  # fmt: skip


def length_of(text: str) -> int:
    """A text's length as Telegram counts it: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def entities_of(text: str) -> list[Json]:
    """Links, mentions, hashtags and commands of a plain text, in order and without overlaps."""
    found = sorted(
        ((match.start(), -match.end(), kind) for kind, pattern in _FOUND for match in pattern.finditer(text)),
    )
    entities: list[Json] = []
    end_before = 0
    for start, minus_end, kind in found:
        if start >= end_before:
            end_before = -minus_end
            entities.append(
                {"type": kind, "offset": length_of(text[:start]), "length": length_of(text[start:end_before])}
            )
    return entities


@dataclass(slots=True)
class _Open:
    tag: str
    start: int
    extra: Json = field(default_factory=dict)


class _Reader(HTMLParser):
    """Collects the plain text and the entities of Telegram's HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[Json] = []
        self._open: list[_Open] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}"')
        link = dict(attrs).get("href")
        self._open.append(_Open(tag, length_of(self.text), {"url": link} if tag == "a" and link else {}))

    @override
    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            raise bad_request(f'can\'t parse entities: Unmatched end tag "{tag}"')
        opened = self._open.pop()
        length = length_of(self.text) - opened.start
        if length and (tag != "a" or opened.extra):
            self.entities.append({"type": _TAGS[tag], "offset": opened.start, "length": length, **opened.extra})

    @override
    def handle_data(self, data: str) -> None:
        self.text += data

    def finish(self) -> None:
        self.close()
        if self._open:
            raise bad_request(
                f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1].tag}\""
            )


def read_html(markup: str) -> tuple[str, list[Json]]:
    """Telegram's HTML as plain text and entities."""
    reader = _Reader()
    reader.feed(markup)
    reader.finish()
    return reader.text, sorted(reader.entities, key=_offset)


def _offset(entity: Json) -> int:
    offset = entity["offset"]
    return offset if isinstance(offset, int) else 0
