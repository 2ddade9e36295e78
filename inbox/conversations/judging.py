"""Judging stored messages again, when a person changed what the verdict rests on: tags, or the post's mode."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.contacts.models import Identity
from inbox.contacts.service import known_of
from inbox.conversations.addressee import Whom, find_whom
from inbox.conversations.basis import Basis
from inbox.conversations.models import (
    Attachment,
    Conversation,
    Direction,
    Message,
    MessageEdit,
    Post,
    PostMode,
    Tags,
)  # fmt: skip
from inbox.conversations.needs_answer import NeedsAnswer, Why, judge
from inbox.conversations.tags import Intent, Sentiment, Tagged

_INBOUND = (Message.direction == Direction.INBOUND, Message.needs_answer_why != Why.OURS.value)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A message with what its verdict rests on."""

    message: Message
    kind: ConversationKind
    mode: PostMode | None
    tags: Tags | None
    media: tuple[AttachmentKind, ...]
    whom: Whom


async def judge_again(session: AsyncSession, *which: ColumnElement[bool]) -> set[int]:
    """Judge these inbound messages by today's tags and mode; returns the conversations in which a verdict changed.

    Their earlier texts are judged, too, by what is kept with them.
    Messages are locked in id order; the caller refreshes the conversations.
    """
    touched: set[int] = set()
    for one in await _load(session, which):
        verdict = _verdict(one)
        if (verdict.needed, verdict.why.value) != (one.message.needs_answer, one.message.needs_answer_why):
            await session.execute(
                update(Message)
                .where(Message.id == one.message.id)
                .values(needs_answer=verdict.needed, needs_answer_why=verdict.why.value)
            )
            touched.add(one.message.conversation_id)
    return touched | await _judge_earlier(session, which)


async def _judge_earlier(session: AsyncSession, which: Sequence[ColumnElement[bool]]) -> set[int]:
    rows = await session.execute(
        select(MessageEdit, Message, Conversation.kind, Post.mode, Identity)
        .join(Message, Message.id == MessageEdit.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Post, Post.id == Conversation.post_id)
        .outerjoin(Identity, Identity.id == Message.answered_identity_id)
        .where(MessageEdit.judged_by.is_not(None), *_INBOUND, *which)
        .execution_options(populate_existing=True)
    )
    touched: set[int] = set()
    for edit, message, kind, mode, answered in rows:
        basis = Basis.model_validate(edit.judged_by)
        whom = _whom(message, answered, addresses_us=basis.addresses_us)
        verdict = judge(kind, edit.text, basis.media, basis.tagged, whom=whom, in_draw=mode is PostMode.DRAW)
        if verdict.needed is not edit.needs_answer:
            edit.needs_answer = verdict.needed
            touched.add(message.conversation_id)
    await session.flush()
    return touched


def tagged(tags: Tags | None) -> Tagged:
    """A row of tags as triage gives it; what has no words has none."""
    return Tagged(
        sentiment=tags.sentiment if tags else Sentiment.NEUTRAL,
        intent=tags.intent if tags else Intent.OTHER,
        toxic=bool(tags and tags.toxic),
        profanity=bool(tags and tags.profanity),
        probabilities=_chances(tags),
        unsure=frozenset(tags.unsure if tags else ()),
        reasons={},
        model_version=tags.model_version if tags else "",
    )


def _chances(tags: Tags | None) -> dict[str, dict[str, float]]:
    """What the model gave each label; none once a person spoke."""
    if tags is None or tags.corrected_at is not None:
        return {}
    return {
        task: {label: float(chance) for label, chance in chances.items() if isinstance(chance, int | float)}
        for task, chances in tags.probabilities.items()
        if isinstance(chances, dict)
    }


async def _load(session: AsyncSession, which: Sequence[ColumnElement[bool]]) -> list[_Judged]:
    kinds = (
        select(func.array_agg(aggregate_order_by(Attachment.kind, Attachment.position)))
        .where(Attachment.message_id == Message.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Message, Conversation.kind, Post.mode, Tags, kinds, Identity)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Post, Post.id == Conversation.post_id)
        .outerjoin(Tags, Tags.message_id == Message.id)
        .outerjoin(Identity, Identity.id == Message.answered_identity_id)
        .where(*_INBOUND, *which)
        .order_by(Message.id)
        .with_for_update(of=Message)
        .execution_options(populate_existing=True)
    )
    return [
        _Judged(
            message, kind, mode, tags, tuple(AttachmentKind(one) for one in media or ()),
            _whom(message, answered, addresses_us=message.addresses_us),
        )
        for message, kind, mode, tags, media, answered in rows
    ]  # fmt: skip


def _whom(message: Message, answered: Identity | None, *, addresses_us: bool) -> Whom:
    known = known_of(answered) if answered is not None else None
    return find_whom(message.author_identity_id, known, message.sent_at, addresses_us=addresses_us)


def _verdict(one: _Judged) -> NeedsAnswer:
    return judge(
        one.kind,
        one.message.text,
        one.media,
        tagged(one.tags),
        whom=one.whom,
        in_draw=one.mode is PostMode.DRAW,
    )
