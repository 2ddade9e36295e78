"""What a search shows of each conversation that it found: the name and the message, with the words marked."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import AttachmentKind
from inbox.contacts.models import Contact
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.search import WORDS_CONFIG, holds, read_words, stems
from inbox.core.bulk import among

OPENS, CLOSES = "\ue000", "\ue001"
"""What PostgreSQL puts around a word: for private use, and taken out of texts before."""
_OPTIONS = f"HighlightAll=true, StartSel={OPENS}, StopSel={CLOSES}"
BEFORE, LONGEST = 40, 240
"""Characters of a message before its first mark, and in all."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Plain text, to be escaped where it is shown; `is_found`: it is to be marked."""

    text: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class Found:
    """`message_id` None and `said` empty: no message holds any of the words. `attachment`: what comes with `said`.
    `is_unseen`: it calls the reader, who has not looked."""

    name: tuple[Piece, ...]
    message_id: int | None
    is_ours: bool
    said: tuple[Piece, ...]
    attachment: AttachmentKind | None = None
    is_unseen: bool = False


async def load_found(session: AsyncSession, conversation_ids: Collection[int], q: str) -> dict[int, Found]:
    """Conversation → what was found: the newest message with all words, else with any of them; one query."""
    if not conversation_ids or not q:
        return {}
    words = read_words(q)
    held = [holds(Message.text, word) for word in words]
    best = (
        select(Message.id, Message.direction, Message.text)
        .where(Message.conversation_id == Conversation.id, or_(*held))
        .order_by(case((and_(*held), 0), else_=1), Message.sent_at.desc(), Message.id.desc())
        .limit(1)
        .lateral("best")
    )
    rows = await session.execute(
        select(Conversation.id, _marked(Contact.name, words), best.c.id, best.c.direction, _marked(best.c.text, words))
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(best, true())
        .where(among(Conversation.id, list(conversation_ids)))
    )
    return {
        conversation_id: Found(
            mark(name, words), message_id, direction is Direction.OUTBOUND, shorten(mark(text or "", words))
        )
        for conversation_id, name, message_id, direction, text in rows
    }


def mark(text: str, words: Sequence[str]) -> tuple[Piece, ...]:
    """Pieces of a text in which PostgreSQL marked forms of the words; as they were typed they are found here."""
    pieces = [Piece(part, place % 2 == 1) for place, part in enumerate(re.split(f"[{OPENS}{CLOSES}]", text))]
    typed = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    plain, forms = "".join(piece.text for piece in pieces), list(_places(pieces))
    places = sorted([*forms, *(found.span() for found in typed.finditer(plain) if found.group())])
    return tuple(_cut(plain, places))


def shorten(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """What a row has room for, from a little before the first mark."""
    if not pieces:
        return ()
    first, *rest = pieces
    if not first.is_found and len(first.text) > BEFORE:
        kept = first.text[-BEFORE:]
        first = Piece("…" + (kept.partition(" ")[2] or kept), False)
    shown: list[Piece] = []
    room = LONGEST
    for piece in (first, *rest):
        if room <= 0:
            break
        shown.append(Piece(piece.text[:room], piece.is_found))
        room -= len(piece.text)
    return tuple(shown)


def _marked(text: SQLColumnExpression[str], words: Sequence[str]) -> ColumnElement[str]:
    return func.ts_headline(WORDS_CONFIG, func.translate(text, OPENS + CLOSES, ""), stems(words), _OPTIONS)


def _places(pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    """Begin and end of each marked piece in the whole text."""
    at = 0
    for piece in pieces:
        if piece.is_found:
            yield at, at + len(piece.text)
        at += len(piece.text)


def _cut(text: str, places: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """The text in turns, plain and marked; the places are sorted, and those that meet are one mark."""
    joined: list[tuple[int, int]] = []
    for begin, end in places:
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    at = 0
    for begin, end in joined:
        if begin > at:
            yield Piece(text[at:begin], False)
        yield Piece(text[begin:end], True)
        at = end
    if at < len(text):
        yield Piece(text[at:], False)
