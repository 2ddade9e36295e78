"""Messages, their versions, attachments and tags, stored so that repeats and late versions change nothing wrongly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import MessageDeleted
from inbox.contacts.service import AuthorKey, Known
from inbox.conversations.arrivals import Arrived, NewMessage, Placed
from inbox.conversations.models import Attachment, Delivery, Direction, Message, MessageEdit, MessageKind, Tags
from inbox.conversations.needs_answer import NeedsAnswer, Why, judge
from inbox.conversations.tags import Intent, Sentiment, Tagged

MessageKey = tuple[int, str]
"""(channel id, external id)."""

_OURS = NeedsAnswer(needed=False, why=Why.OURS)
_WORDLESS = Tagged(
    sentiment=Sentiment.NEUTRAL, intent=Intent.OTHER, toxic=False, profanity=False, probabilities={},
    unsure=frozenset(), reasons={}, model_version="",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """A stored message as later versions are compared with it."""

    message_id: int
    workspace_id: int
    conversation_id: int
    text: str
    sent_at: datetime
    edited_at: datetime | None


async def store_messages(
    session: AsyncSession,
    placed: Sequence[Placed],
    known: Mapping[AuthorKey, Known],
    tags: Mapping[str, Tagged],
) -> tuple[list[NewMessage], set[int]]:
    """Insert what is new, then bring in other versions of what was there; returns the new inbound ones and touched."""
    first: dict[MessageKey, Placed] = {}
    for one in placed:
        first.setdefault((one.channel.channel_id, one.event.external_id), one)
    verdicts = {key: _judge(one, tags) for key, one in first.items()}
    ids = await _insert(session, [first[key] for key in sorted(first)], known, verdicts)
    await _insert_parts(session, first, ids, tags)
    new = [_new(one, ids[key], verdicts[key], tags) for key, one in first.items() if key in ids and not one.ours]
    touched = {first[key].conversation_id for key in ids}
    versions = [one for one in placed if first[(one.channel.channel_id, one.event.external_id)] is not one or
                (one.channel.channel_id, one.event.external_id) not in ids]  # fmt: skip
    touched |= await _store_versions(session, versions, tags)
    return new, touched


def _judge(one: Placed, tags: Mapping[str, Tagged]) -> NeedsAnswer:
    if one.ours or one.event.author.is_bot:
        return _OURS
    event = one.event
    media = tuple(attachment.kind for attachment in event.attachments)
    tagged = tags.get(event.text, _WORDLESS)
    return judge(one.kind, event.text, media, tagged, addresses_us=event.addresses_us, in_draw=one.in_draw)


async def _insert(
    session: AsyncSession,
    ordered: Sequence[Placed],
    known: Mapping[AuthorKey, Known],
    verdicts: Mapping[MessageKey, NeedsAnswer],
) -> dict[MessageKey, int]:
    if not ordered:
        return {}
    statement = insert(Message).on_conflict_do_nothing().returning(Message.channel_id, Message.external_id, Message.id)
    rows = await session.execute(
        statement, [_values(one, known, verdicts[(one.channel.channel_id, one.event.external_id)]) for one in ordered]
    )
    return {(channel_id, external_id or ""): found for channel_id, external_id, found in rows}


def _values(one: Placed, known: Mapping[AuthorKey, Known], verdict: NeedsAnswer) -> dict[str, object]:
    event, parent = one.event, one.event.parent
    return {
        "workspace_id": one.channel.workspace_id,
        "conversation_id": one.conversation_id,
        "channel_id": one.channel.channel_id,
        "direction": Direction.OUTBOUND if one.ours else Direction.INBOUND,
        "kind": MessageKind.MESSAGE,
        "external_id": event.external_id,
        "author_identity_id": known[(one.channel.channel_id, event.author.external_id)].identity_id,
        "outside": one.ours,
        "text": event.text,
        "thread_external_id": event.thread_external_id,
        "parent_external_id": parent.external_id if parent else None,
        "parent_author_name": parent.author.name if parent and parent.author else None,
        "parent_text": parent.text[:300] if parent else None,
        "album_external_id": event.album_external_id,
        "addresses_us": event.addresses_us,
        "sent_at": event.sent_at,
        "edited_at": event.edited_at,
        "needs_answer": verdict.needed,
        "needs_answer_why": verdict.why,
        "delivery": Delivery.SENT if one.ours else None,
    }


async def _insert_parts(
    session: AsyncSession,
    first: Mapping[MessageKey, Placed],
    ids: Mapping[MessageKey, int],
    tags: Mapping[str, Tagged],
) -> None:
    attachments = [
        {
            "workspace_id": first[key].channel.workspace_id, "message_id": ids[key], "position": position,
            "kind": part.kind, "external_id": part.external_id, "file_name": part.file_name,
            "mime_type": part.mime_type, "size": part.size, "width": part.width, "height": part.height,
            "duration": part.duration, "title": part.title, "thumbnail_external_id": part.thumbnail_external_id,
        }
        for key in ids for position, part in enumerate(first[key].event.attachments)
    ]  # fmt: skip
    if attachments:
        await session.execute(insert(Attachment), attachments)
    rows = [
        tags_values(first[key].channel.workspace_id, message_id, tags[first[key].event.text])
        for key, message_id in ids.items()
        if not first[key].ours and first[key].event.text in tags
    ]
    if rows:
        await session.execute(insert(Tags), rows)


def tags_values(workspace_id: int, message_id: int, tagged: Tagged) -> dict[str, object]:
    """A row of Tags."""
    return {
        "workspace_id": workspace_id,
        "message_id": message_id,
        "sentiment": tagged.sentiment,
        "intent": tagged.intent,
        "toxic": tagged.toxic,
        "profanity": tagged.profanity,
        "probabilities": {task: dict(labels) for task, labels in tagged.probabilities.items()},
        "unsure": sorted(tagged.unsure),
        "reasons": {task: list(words) for task, words in tagged.reasons.items()},
        "model_version": tagged.model_version,
    }


def _new(one: Placed, message_id: int, verdict: NeedsAnswer, tags: Mapping[str, Tagged]) -> NewMessage:
    return NewMessage(
        workspace_id=one.channel.workspace_id,
        channel_id=one.channel.channel_id,
        conversation_id=one.conversation_id,
        message_id=message_id,
        event=one.event,
        tags=tags.get(one.event.text),
        verdict=verdict,
    )


async def _store_versions(session: AsyncSession, versions: Sequence[Placed], tags: Mapping[str, Tagged]) -> set[int]:
    """Later and earlier texts of messages that are there: the newest is shown, all others are history."""
    if not versions:
        return set()
    rows = await session.execute(
        select(
            Message.channel_id, Message.external_id, Message.id, Message.workspace_id, Message.conversation_id,
            Message.text, Message.sent_at, Message.edited_at,
        ).where(
            Message.channel_id.in_({one.channel.channel_id for one in versions}),
            Message.external_id.in_({one.event.external_id for one in versions}),
        )
    )  # fmt: skip
    found = {(row[0], row[1] or ""): _Row(*row[2:]) for row in rows}
    touched: set[int] = set()
    for one in sorted(versions, key=lambda version: version.event.edited_at or version.event.sent_at):
        key = (one.channel.channel_id, one.event.external_id)
        row = found.get(key)
        if row is None or one.event.text == row.text:
            continue
        found[key] = await _store_version(session, row, one, tags)
        touched.add(row.conversation_id)
    return touched


async def _store_version(session: AsyncSession, row: _Row, one: Placed, tags: Mapping[str, Tagged]) -> _Row:
    event = one.event
    version_at = event.edited_at or event.sent_at
    shown_at = row.edited_at or row.sent_at
    older_text, older_at = (row.text, shown_at) if version_at > shown_at else (event.text, version_at)
    history = {
        "workspace_id": row.workspace_id, "message_id": row.message_id, "edited_at": older_at, "text": older_text,
    }  # fmt: skip
    await session.execute(insert(MessageEdit).values(history).on_conflict_do_nothing())
    if version_at <= shown_at:
        return row
    verdict = _judge(one, tags)
    await session.execute(
        update(Message)
        .where(Message.id == row.message_id)
        .values(text=event.text, edited_at=event.edited_at, needs_answer=verdict.needed, needs_answer_why=verdict.why)
    )
    if not one.ours and event.text in tags:
        values = tags_values(row.workspace_id, row.message_id, tags[event.text])
        # A person's correction was about the earlier text.
        fresh = values | {"corrected_by_id": None, "corrected_at": None}
        await session.execute(
            insert(Tags).values(values).on_conflict_do_update(index_elements=[Tags.message_id], set_=fresh)
        )
    return _Row(row.message_id, row.workspace_id, row.conversation_id, event.text, row.sent_at, event.edited_at)


async def mark_deleted(session: AsyncSession, deletions: Sequence[tuple[Arrived, MessageDeleted]]) -> set[int]:
    """What the platform says is gone; the row stays, with its text."""
    touched: set[int] = set()
    for one, event in deletions:
        rows = await session.scalars(
            update(Message)
            .where(
                Message.channel_id == one.channel.channel_id,
                Message.external_id.in_(event.external_ids),
                Message.deleted_at.is_(None),
            )
            .values(deleted_at=event.occurred_at)
            .returning(Message.conversation_id)
        )
        touched |= set(rows)
    return touched
