"""Messages with their attachments and tags, stored so that repeats change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, and_, any_, case, delete, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import ConversationKind, MessageDeleted, MessageRestored
from inbox.contacts.service import AuthorKey, Known
from inbox.conversations.arrivals import Arrived, MessageKey, NewMessage, Placed
from inbox.conversations.models import (
    Attachment,
    Conversation,
    Deletion,
    Delivery,
    Direction,
    Message,
    MessageKind,
    Tags,
)  # fmt: skip
from inbox.conversations.needs_answer import NeedsAnswer, Why, judge
from inbox.conversations.tags import Intent, Sentiment, Tagged, TextTags
from inbox.conversations.values import attachment_values, tags_values
from inbox.conversations.versions import store_versions
from inbox.core.bulk import among, insert_new_rows, insert_rows

_OURS = NeedsAnswer(needed=False, why=Why.OURS)
_DIRECT = ConversationKind.DIRECT
_GONE_SINCE = case(
    (Deletion.restored_at >= Deletion.occurred_at, null()),
    (Deletion.occurred_at.is_(None), null()),
    else_=func.greatest(Deletion.occurred_at, Message.sent_at),
)
"""When a message that the platform spoke of was deleted; null when it is back."""
_WORDLESS = Tagged(
    sentiment=Sentiment.NEUTRAL, intent=Intent.OTHER, toxic=False, profanity=False, probabilities={},
    unsure=frozenset(), reasons={}, model_version="",
)  # fmt: skip


async def store_messages(
    session: AsyncSession,
    placed: Sequence[Placed],
    known: Mapping[AuthorKey, Known],
    tags: TextTags,
) -> tuple[list[NewMessage], set[int]]:
    """Insert what is new, then bring in other versions of what was there; returns what rules must see, and touched.

    Rules see the new inbound messages, and those that an edit made need an answer.
    """
    first: dict[MessageKey, Placed] = {}
    for one in placed:
        first.setdefault(one.message_key, one)
    verdicts = {key: judge_placed(one, tags) for key, one in first.items()}
    ids = await _insert(session, [first[key] for key in sorted(first)], known, verdicts)
    touched = {first[key].conversation_id for key in ids}
    if ids:
        await _insert_attachments(session, first, ids)
        await _insert_tags(session, first, ids, tags)
        await _delete_what_was_gone(session, list(ids.values()))
        touched |= await rejoin_answers(session, [ids[key] for key in ids if first[key].kind is not _DIRECT])
    versions = [one for one in placed if first[one.message_key] is not one or one.message_key not in ids]
    changed, shown = await store_versions(session, [(one, judge_placed(one, tags)) for one in versions], tags)
    new = [_new(one, ids[key], verdicts[key], tags) for key, one in first.items() if key in ids and not one.ours]
    edited = [one for one in shown.values() if one[2].needed and not one[1].ours]
    new += [replace(_new(one, message_id, verdict, tags), is_edit=True) for message_id, one, verdict in edited]
    return new, touched | changed


def judge_placed(one: Placed, tags: TextTags) -> NeedsAnswer:
    """The verdict on a message where it stands; our people's and bots' need no answer."""
    if one.ours or one.event.author.is_bot:
        return _OURS
    event = one.event
    media = tuple(attachment.kind for attachment in event.attachments)
    tagged = tags.get(one.text_key, _WORDLESS)
    return judge(one.kind, event.text, media, tagged, whom=one.whom, in_draw=one.in_draw)


async def _insert(
    session: AsyncSession,
    ordered: Sequence[Placed],
    known: Mapping[AuthorKey, Known],
    verdicts: Mapping[MessageKey, NeedsAnswer],
) -> dict[MessageKey, int]:
    values = [_values(one, known, verdicts[one.message_key]) for one in ordered]
    new = await insert_new_rows(session, Message, values, ("channel_id", "external_id", "id"))
    return {(channel_id, external_id): message_id for channel_id, external_id, message_id in new}


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
        "parent_author_name": _parent_name(one, known),
        "parent_text": parent.text[:300] if parent else None,
        "answered_identity_id": one.answered.identity_id if one.answered else None,
        "album_external_id": event.album_external_id,
        "addresses_us": event.addresses_us,
        "sent_at": event.sent_at,
        "edited_at": event.edited_at,
        "came_edited": event.edited_at is not None,
        "needs_answer": verdict.needed,
        "needs_answer_why": verdict.why,
        "before_connection": one.before_connection,
        "delivery": Delivery.SENT if one.ours else None,
    }


def _parent_name(one: Placed, known: Mapping[AuthorKey, Known]) -> str | None:
    """As it is known here, since not every platform's events tell names."""
    author = one.event.parent.author if one.event.parent else None
    if author is None:
        return None
    found = known.get((one.channel.channel_id, author.external_id))
    return found.name if found is not None and not author.is_named else author.name


async def _insert_attachments(
    session: AsyncSession, first: Mapping[MessageKey, Placed], ids: Mapping[MessageKey, int]
) -> None:
    rows = [
        row
        for key, message_id in ids.items()
        for row in attachment_values(first[key].channel.workspace_id, message_id, first[key].event)
    ]
    await insert_rows(session, Attachment, rows)


async def _insert_tags(
    session: AsyncSession,
    first: Mapping[MessageKey, Placed],
    ids: Mapping[MessageKey, int],
    tags: TextTags,
) -> None:
    rows = [
        tags_values(first[key].channel.workspace_id, message_id, tags[first[key].text_key])
        for key, message_id in ids.items()
        if not first[key].ours and first[key].text_key in tags
    ]
    await insert_rows(session, Tags, rows)


def _new(one: Placed, message_id: int, verdict: NeedsAnswer, tags: TextTags) -> NewMessage:
    return NewMessage(
        workspace_id=one.channel.workspace_id,
        channel_id=one.channel.channel_id,
        conversation_id=one.conversation_id,
        message_id=message_id,
        event=one.event,
        tags=tags.get(one.text_key),
        verdict=verdict,
        is_quiet=one.is_quiet,
    )


async def rejoin_answers(session: AsyncSession, new_ids: Sequence[int]) -> set[int]:
    """Our people's answers stand with what they answer, also when that came later; chains of answers follow."""
    touched: set[int] = set()
    moved = list(new_ids)
    while moved:
        answered = select(Message).where(Message.external_id.is_not(None)).subquery()
        rows = await session.execute(
            select(Message.id, Message.conversation_id, answered.c.conversation_id)
            .join(
                answered,
                (answered.c.channel_id == Message.channel_id) & (answered.c.external_id == Message.parent_external_id),
            )
            .where(
                Message.outside,
                Message.conversation_id != answered.c.conversation_id,
                (answered.c.id == any_(literal(moved, ARRAY(BigInteger)))) | among(Message.id, moved),
            )
        )
        moves = rows.all()
        for message_id, _, home_id in moves:
            await session.execute(update(Message).where(Message.id == message_id).values(conversation_id=home_id))
        left = {stray_id for _, stray_id, _ in moves}
        touched |= {home_id for _, _, home_id in moves} | left
        await forget_emptied(session, left)
        moved = [message_id for message_id, _, _ in moves]
    return touched


async def forget_emptied(session: AsyncSession, conversation_ids: set[int]) -> None:
    """Conversations without a message were never one. Who writes into one at this moment is waited for, so that the
    second statement sees that it is none."""
    if not conversation_ids:
        return
    emptied = and_(
        Conversation.id.in_(conversation_ids),
        ~select(Message.id).where(Message.conversation_id == Conversation.id).exists(),
    )
    await session.execute(select(Conversation.id).where(emptied).order_by(Conversation.id).with_for_update())
    await session.execute(delete(Conversation).where(emptied))


async def _delete_what_was_gone(session: AsyncSession, message_ids: Sequence[int]) -> None:
    """Messages whose deletion came before them."""
    await session.execute(
        update(Message)
        .where(
            among(Message.id, message_ids),
            Deletion.channel_id == Message.channel_id,
            Deletion.external_id == Message.external_id,
        )
        .values(deleted_at=_GONE_SINCE)
        .execution_options(synchronize_session=False)
    )


async def find_gone_since(session: AsyncSession, message: Message) -> datetime | None:
    """Since when the platform itself says that it is gone; None when it is there as far as the platform told."""
    found: datetime | None = await session.scalar(
        select(_GONE_SINCE)
        .join_from(
            Message,
            Deletion,
            (Deletion.channel_id == Message.channel_id) & (Deletion.external_id == Message.external_id),
        )
        .where(Message.id == message.id)
    )
    return found


async def mark_deleted(
    session: AsyncSession,
    deletions: Sequence[tuple[Arrived, MessageDeleted]],
    restorations: Sequence[tuple[Arrived, MessageRestored]] = (),
) -> set[int]:
    """What the platform says is gone, or back; the row stays, with its text. Returns the conversations touched."""
    rows: dict[MessageKey, dict[str, object]] = {}
    said: list[tuple[Arrived, MessageDeleted | MessageRestored]] = [*deletions, *restorations]
    for one, event in sorted(said, key=lambda pair: pair[1].occurred_at):
        name = "occurred_at" if isinstance(event, MessageDeleted) else "restored_at"
        for external_id in event.external_ids:
            empty: dict[str, object] = {
                "workspace_id": one.channel.workspace_id, "channel_id": one.channel.channel_id,
                "external_id": external_id, "occurred_at": None, "restored_at": None,
            }  # fmt: skip
            rows.setdefault((one.channel.channel_id, external_id), empty)[name] = event.occurred_at
    if not rows:
        return set()
    statement = insert(Deletion)
    newest = {
        name: func.greatest(getattr(Deletion, name), statement.excluded[name])
        for name in ("occurred_at", "restored_at")
    }
    await session.execute(
        statement.on_conflict_do_update(index_elements=[Deletion.channel_id, Deletion.external_id], set_=newest),
        [rows[key] for key in sorted(rows)],
    )
    found = await session.scalars(
        update(Message)
        .where(
            Message.channel_id.in_({channel_id for channel_id, _ in rows}),
            Message.external_id.in_({external_id for _, external_id in rows}),
            Deletion.channel_id == Message.channel_id,
            Deletion.external_id == Message.external_id,
            Message.deleted_at.is_distinct_from(_GONE_SINCE),
        )
        .values(deleted_at=_GONE_SINCE)
        .returning(Message.conversation_id)
        .execution_options(synchronize_session=False)
    )
    return set(found)
