"""What the state of conversations is computed from: their newest messages, and the edits of these that ask."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.askings import Version, find_askings
from inbox.conversations.models import Conversation, Delivery, Direction, Message, MessageEdit, MessageKind
from inbox.conversations.state import Spoken
from inbox.core.bulk import among
from inbox.organisations.archived import was_archived
from inbox.organisations.models import Workspace

WINDOW = 200
"""Newest messages of a conversation that its state is computed from."""
_HAS_LEFT = frozenset({Delivery.SENT, Delivery.UNCERTAIN})
_UNDELIVERED = frozenset({Delivery.FAILED, Delivery.UNCERTAIN})


async def load_spoken(session: AsyncSession, conversation_ids: Sequence[int]) -> dict[int, list[Spoken]]:
    """Conversation → its newest messages, in time, with their edits that ask. Notes say nothing to the contact."""
    newest = (
        select(
            Message.conversation_id, Message.id, Message.sent_at, Message.direction, Message.needs_answer,
            Message.kind, Message.outside, Message.delivery, Message.deleted_at.is_not(None).label("is_deleted"),
            (Message.text != "").label("has_words"), func.coalesce(Message.external_id, "").label("external_id"),
            Message.before_connection, Message.edited_at, Message.held,
            func.coalesce(Message.failed_at, Message.sending_at, Message.created_at).label("failed_at"),
        )
        .where(Message.conversation_id == Conversation.id, Message.kind != MessageKind.NOTE)
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(WINDOW)
        .lateral("newest")
    )  # fmt: skip
    rows = await session.execute(
        select(newest)
        .select_from(Conversation)
        .join(newest, true())
        .where(among(Conversation.id, conversation_ids))
        .order_by(newest.c.sent_at, func.length(newest.c.external_id), newest.c.external_id, newest.c.id)
    )
    spoken: dict[int, list[Spoken]] = {}
    edited: set[int] = set()
    for (
        conversation_id,
        found,
        sent_at,
        direction,
        needed,
        kind,
        outside,
        delivery,
        deleted,
        words,
        external_id,
        before_connection,
        edited_at,
        held,
        failed_at,
    ) in rows:
        has_left = outside or delivery in _HAS_LEFT
        is_undelivered = kind is MessageKind.MESSAGE and delivery in _UNDELIVERED
        one = Spoken(
            message_id=found,
            sent_at=sent_at,
            direction=direction,
            needs_answer=needed,
            answers=direction is Direction.OUTBOUND and kind is MessageKind.MESSAGE and has_left,
            is_deleted=deleted,
            has_words=words,
            external_id=external_id,
            is_timed=not before_connection,
            held=held,
            undelivered=delivery if is_undelivered else None,
            failed_at=failed_at if is_undelivered else None,
        )
        spoken.setdefault(conversation_id, []).append(one)
        if edited_at is not None and direction is Direction.INBOUND:
            edited.add(found)
    versions = await _load_versions(session, edited)
    return {key: _with_edits(ones, versions) if versions else ones for key, ones in spoken.items()}


@dataclass(frozen=True, slots=True)
class _Known:
    """The texts of a message, oldest first. `came_edited`: the first one is not among them. `rests`, `archived_at`: of
    its project."""

    came_edited: bool
    texts: Sequence[Version]
    rests: Sequence[datetime]
    archived_at: datetime | None


_Versions = dict[int, _Known]
"""By message."""


async def _load_versions(session: AsyncSession, message_ids: Collection[int]) -> _Versions:
    if not message_ids:
        return {}
    rows = await session.execute(
        select(
            Message.id, Message.sent_at, Message.came_edited, Message.edited_at, Message.text, Message.needs_answer,
            MessageEdit.edited_at, MessageEdit.text, MessageEdit.needs_answer, Workspace.rests, Workspace.archived_at,
        )
        .join(Workspace, Workspace.id == Message.workspace_id)
        .outerjoin(MessageEdit, MessageEdit.message_id == Message.id)
        .where(among(Message.id, message_ids))
        .order_by(Message.id, MessageEdit.edited_at)
    )  # fmt: skip
    earlier: dict[int, list[Version]] = {}
    shown: dict[int, _Known] = {}
    for message_id, sent_at, came_edited, edited_at, text, needed, since_at, words, asked, rests, archived_at in rows:
        shown[message_id] = _Known(came_edited, [Version(edited_at or sent_at, text, needed)], rests, archived_at)
        if since_at is not None:
            earlier.setdefault(message_id, []).append(Version(since_at, words, asked))
    return {key: replace(known, texts=[*earlier.get(key, []), *known.texts]) for key, known in shown.items()}


def _with_edits(spoken: Sequence[Spoken], versions: _Versions) -> list[Spoken]:
    """Each edited message asks when its first text did, and edits that ask stand at their own time."""
    found: list[Spoken] = []
    for one in spoken:
        if one.message_id not in versions:
            found.append(one)
            continue
        found += _askings_of(one, versions[one.message_id])
    return sorted(found, key=lambda one: (one.order, one.message_id))


def _askings_of(one: Spoken, known: _Known) -> list[Spoken]:
    askings = find_askings(known.texts, one.sent_at, came_edited=known.came_edited)
    first = next((asking for asking in askings if not asking.is_edit), None)
    withdrawn_at: datetime | None = first.withdrawn_at if first else None
    edits = (
        replace(
            one,
            sent_at=asking.at,
            needs_answer=True,
            is_edit=True,
            withdrawn_at=asking.withdrawn_at,
            is_timed=not was_archived(asking.at, known.rests, known.archived_at),
        )
        for asking in askings
        if asking.is_edit
    )
    return [replace(one, needs_answer=first is not None, withdrawn_at=withdrawn_at), *edits]
