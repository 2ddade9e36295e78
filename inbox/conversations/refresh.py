"""Writes a conversation's state anew from its messages: after intake, after a delivery, after a person's decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import AttachmentKind
from inbox.conversations.models import (
    Attachment,
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageKind,
    Tags,
)  # fmt: skip
from inbox.conversations.needs_answer import Why
from inbox.conversations.state import Decided, Spoken, State, compute
from inbox.conversations.tags import Intent, Sentiment
from inbox.sla.clocks import Promise, set_clocks
from inbox.sla.service import load_promises

WINDOW = 80
"""Newest messages of a conversation that its state is computed from."""
PREVIEW = 160


@dataclass(frozen=True, slots=True)
class _Line:
    """A message with what the list shows of it."""

    spoken: Spoken
    kind: MessageKind
    text: str
    why: str
    parent_text: str | None
    attachment: AttachmentKind | None
    sentiment: Sentiment | None
    intent: Intent | None
    toxic: bool | None
    unsure: list[str] | None


async def refresh(session: AsyncSession, conversation_ids: Collection[int]) -> list[Conversation]:
    """Recompute and write these conversations; returns them. The caller's transaction locks them in id order."""
    if not conversation_ids:
        return []
    conversations = list(
        await session.scalars(
            select(Conversation)
            .where(Conversation.id.in_(conversation_ids))
            .order_by(Conversation.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    lines = await _load_lines(session, [one.id for one in conversations])
    promises = await load_promises(session, {one.workspace_id for one in conversations})
    for conversation in conversations:
        if talk := lines.get(conversation.id):
            _write(conversation, talk, promises[conversation.workspace_id])
    await session.flush()
    return conversations


async def _load_lines(session: AsyncSession, conversation_ids: Sequence[int]) -> dict[int, list[_Line]]:
    newest = func.row_number().over(
        partition_by=Message.conversation_id, order_by=(Message.sent_at.desc(), Message.id.desc())
    )
    windowed = (
        select(Message.id, newest.label("place"))
        .where(Message.conversation_id.in_(conversation_ids), Message.kind != MessageKind.NOTE)
        .subquery()
    )
    first_kind = (
        select(Attachment.kind).where(Attachment.message_id == Message.id, Attachment.position == 0).scalar_subquery()
    )
    rows = await session.execute(
        select(Message, first_kind, Tags.sentiment, Tags.intent, Tags.toxic, Tags.unsure)
        .join(windowed, windowed.c.id == Message.id)
        .outerjoin(Tags, Tags.message_id == Message.id)
        .where(windowed.c.place <= WINDOW)
        .order_by(Message.sent_at, Message.id)
    )
    lines: dict[int, list[_Line]] = {}
    for message, attachment, sentiment, intent, toxic, unsure in rows:
        line = _Line(
            spoken=_spoken(message),
            kind=message.kind,
            text=message.text,
            why=message.needs_answer_why,
            parent_text=message.parent_text,
            attachment=attachment,
            sentiment=sentiment,
            intent=intent,
            toxic=toxic,
            unsure=unsure,
        )
        lines.setdefault(message.conversation_id, []).append(line)
    return lines


def _spoken(message: Message) -> Spoken:
    has_left = message.outside or message.delivery in {Delivery.SENT, Delivery.UNCERTAIN}
    return Spoken(
        message_id=message.id,
        sent_at=message.sent_at,
        direction=message.direction,
        needs_answer=message.needs_answer,
        answers=message.direction is Direction.OUTBOUND and message.kind is MessageKind.MESSAGE and has_left,
        is_deleted=message.deleted_at is not None,
    )


def _write(conversation: Conversation, lines: Sequence[_Line], promise: Promise) -> None:
    state = compute([line.spoken for line in lines], _decided(conversation))
    by_id = {line.spoken.message_id: line for line in lines}
    conversation.status = state.status
    conversation.outcome = state.outcome
    conversation.closed_at = state.closed_at
    conversation.snoozed_until = state.snoozed_until
    conversation.waiting_since_at = state.waiting_since_at
    conversation.needs_answer = state.waiting_since_at is not None
    conversation.last_answer_at = state.last_answer_at or conversation.last_answer_at
    _write_tags(conversation, by_id, state)
    _write_preview(conversation, lines)
    set_clocks(conversation, state.waits, promise)


def _decided(conversation: Conversation) -> Decided:
    return Decided(
        status=conversation.status,
        outcome=conversation.outcome,
        closed_at=conversation.closed_at,
        snoozed_until=conversation.snoozed_until,
        status_at=conversation.status_at,
        judged_at=conversation.judged_at,
        judged_needed=conversation.judged_at is not None and conversation.needs_answer_why == Why.PERSON,
    )


def _write_tags(conversation: Conversation, by_id: Mapping[int, _Line], state: State) -> None:
    """The leading message speaks for the conversation; a person's word on needing an answer keeps its reason."""
    leading = by_id.get(state.leading_id) if state.leading_id is not None else None
    if leading is None:
        return
    conversation.sentiment = leading.sentiment
    conversation.intent = leading.intent
    conversation.toxic = bool(leading.toxic)
    conversation.unsure = bool(leading.unsure)
    surely_spam = leading.intent is Intent.SPAM and "intent" not in (leading.unsure or [])
    surely_toxic = bool(leading.toxic) and "toxic" not in (leading.unsure or [])
    conversation.held = surely_spam or surely_toxic
    said_since = conversation.judged_at is None or leading.spoken.sent_at > conversation.judged_at
    if said_since:
        conversation.needs_answer_why = leading.why
        conversation.judged_at = None


def _write_preview(conversation: Conversation, lines: Sequence[_Line]) -> None:
    shown = [line for line in lines if not line.spoken.is_deleted] or list(lines)
    last = shown[-1]
    inbound = [line for line in shown if line.spoken.direction is Direction.INBOUND]
    conversation.started_at = min(conversation.started_at, lines[0].spoken.sent_at)
    conversation.last_message_at = last.spoken.sent_at
    conversation.last_inbound_at = inbound[-1].spoken.sent_at if inbound else conversation.last_inbound_at
    conversation.preview = " ".join(last.text.split())[:PREVIEW]
    conversation.preview_is_ours = last.spoken.direction is Direction.OUTBOUND
    conversation.preview_attachment = last.attachment
    conversation.quoted = inbound[-1].parent_text[:PREVIEW] if inbound and inbound[-1].parent_text else None
