"""Our people by time: when somebody joins or leaves them, what that person wrote since is seen with other eyes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import StaffChanged
from inbox.contacts.models import Identity
from inbox.contacts.service import AuthorKey, Known, Seen, name_our_people, set_ours, store_identities
from inbox.conversations.arrivals import Arrived
from inbox.conversations.basis import Basis
from inbox.conversations.judging import judge_again
from inbox.conversations.messages import rejoin_answers
from inbox.conversations.models import Delivery, Direction, Message, MessageEdit, Tags
from inbox.conversations.needs_answer import Why
from inbox.conversations.tags import TextKey, TextTags
from inbox.conversations.values import tags_values


async def apply_staff_changes(
    session: AsyncSession, changes: Sequence[tuple[Arrived, StaffChanged]], tags: TextTags
) -> set[int]:
    """Note the words, and turn messages stored before them; returns the conversations touched.

    `tags` covers the texts of `texts_of_staff`: who is ours no longer is a subscriber like others.
    """
    if not changes:
        return set()
    seen = [
        Seen(one.channel.workspace_id, one.channel.channel_id, change.author, change.occurred_at)
        for one, change in changes
    ]
    before = await store_identities(session, seen)
    for one, change in changes:
        await set_ours(
            session, one.channel.channel_id, change.author.external_id, change.occurred_at, is_ours=change.is_ours
        )
    known = await store_identities(session, seen)
    touched: set[int] = set()
    for key in sorted(key for key in known if known[key].words != before[key].words):
        touched |= await _turn_messages(session, known[key], tags)
    return touched


@dataclass(frozen=True, slots=True)
class Listed:
    """Who the platform lists as administrators at `at`. `is_whole`: nobody who is not listed is one."""

    workspace_id: int
    channel_id: int
    external_ids: frozenset[str]
    is_whole: bool
    at: datetime


async def apply_staff_list(session: AsyncSession, listed: Listed) -> set[int]:
    """As `apply_staff_changes`, for a list that a check got. The caller holds the channel's lock.

    Who ceased to be ours did so at the list's time: but for the seconds of the check there is nothing to be tagged.
    """
    changed = await name_our_people(
        session, listed.workspace_id, listed.channel_id, listed.external_ids, listed.at, is_whole=listed.is_whole
    )
    touched: set[int] = set()
    for key in sorted(changed):
        touched |= await _turn_messages(session, changed[key], {})
    return touched


async def _turn_messages(session: AsyncSession, author: Known, tags: TextTags) -> set[int]:
    rows = await session.scalars(
        select(Message)
        .where(Message.author_identity_id == author.identity_id)
        .order_by(Message.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    messages = rows.all()
    joined = [one for one in messages if author.was_ours(one.sent_at) and one.direction is Direction.INBOUND]
    left = [one for one in messages if not author.was_ours(one.sent_at) and one.direction is Direction.OUTBOUND]
    touched = {one.conversation_id for one in (*joined, *left)}
    if joined:
        await _make_ours([one.id for one in joined], session)
        touched |= await rejoin_answers(session, [one.id for one in joined])
    if left:
        await _make_subscribers([one.id for one in left], session)
        keys = {one.id: (one.workspace_id, one.text) for one in left}
        rows_of_tags = [
            tags_values(one.workspace_id, one.id, tags[keys[one.id]]) for one in left if keys[one.id] in tags
        ]
        if rows_of_tags:
            await session.execute(insert(Tags).on_conflict_do_nothing(), rows_of_tags)
        await _tag_earlier([one.id for one in left], tags, session)
        await judge_again(session, Message.id.in_([one.id for one in left]))
    return touched | await judge_again(session, Message.answered_identity_id == author.identity_id)


async def _make_ours(message_ids: Sequence[int], session: AsyncSession) -> None:
    """They are answers, never tagged."""
    await session.execute(delete(Tags).where(Tags.message_id.in_(message_ids)))
    await session.execute(
        update(Message)
        .where(Message.id.in_(message_ids))
        .values(
            direction=Direction.OUTBOUND, outside=True, delivery=Delivery.SENT, needs_answer=False,
            needs_answer_why=Why.OURS,
        )
    )  # fmt: skip


async def _make_subscribers(message_ids: Sequence[int], session: AsyncSession) -> None:
    await session.execute(
        update(Message)
        .where(Message.id.in_(message_ids))
        .values(direction=Direction.INBOUND, outside=False, delivery=None, needs_answer_why="")
    )


async def _tag_earlier(message_ids: Sequence[int], tags: TextTags, session: AsyncSession) -> None:
    """What these messages said before they were edited was not tagged either."""
    edits = await session.scalars(
        select(MessageEdit)
        .where(MessageEdit.message_id.in_(message_ids), MessageEdit.judged_by.is_not(None))
        .execution_options(populate_existing=True)
    )
    for edit in edits:
        found, known = tags.get((edit.workspace_id, edit.text)), Basis.model_validate(edit.judged_by)
        if found is not None:
            edit.judged_by = Basis.of(found, known.media, addresses_us=known.addresses_us).dump()
    await session.flush()


async def texts_of_staff(session: AsyncSession, changes: Sequence[tuple[Arrived, StaffChanged]]) -> list[TextKey]:
    """What must be tagged because its author turns out to be a subscriber: asked before the transaction."""
    keys: set[AuthorKey] = {
        (one.channel.channel_id, change.author.external_id) for one, change in changes if not change.is_ours
    }
    if not keys:
        return []
    from_ours = select(Identity.id).where(
        Identity.channel_id.in_({channel_id for channel_id, _ in keys}),
        Identity.external_id.in_({external_id for _, external_id in keys}),
    )
    said = (Message.author_identity_id.in_(from_ours), Message.outside)
    earlier = select(MessageEdit.workspace_id, MessageEdit.text).join(Message, Message.id == MessageEdit.message_id)
    texts = await session.execute(
        union(
            select(Message.workspace_id, Message.text).where(*said, Message.text != ""),
            earlier.where(*said, MessageEdit.text != ""),
        )
    )
    return [(workspace_id, text) for workspace_id, text in texts]
