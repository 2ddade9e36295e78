"""Writes a conversation's state anew from its messages: after intake, after a delivery, after a person's decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, inspect, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstanceState

from inbox.channels.events import AttachmentKind
from inbox.contacts.models import Identity
from inbox.conversations.deciding import decided, end_pause
from inbox.conversations.folding import find_outspoken, fold_equal, write_foldable, write_unfoldable
from inbox.conversations.models import (
    Activity,
    Attachment,
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageKind,
    Outcome,
    Post,
    PostMode,
    Status,
    Tags,
)  # fmt: skip
from inbox.conversations.needs_answer import Why
from inbox.conversations.state import Spoken, State, compute
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.bulk import among, update_rows
from inbox.reports.facts import Waited, record_responses
from inbox.sla.clocks import set_clocks
from inbox.sla.promises import Promise
from inbox.sla.service import load_promises

WINDOW = 200
"""Newest messages of a conversation that its state is computed from."""
PREVIEW = 160
WRITTEN = (
    "status", "outcome", "closed_at", "snoozed_until", "waiting_since_at", "needs_answer", "last_answer_at",
    "sentiment", "intent", "toxic", "unsure", "held", "needs_answer_why", "foldable", "fold_key",
    "started_at", "last_message_at", "last_inbound_at", "preview", "preview_is_ours", "preview_attachment", "quoted",
    "first_response_since_at", "first_response_due_at", "first_response_met_at", "first_response_breached_at",
    "next_response_since_at", "next_response_due_at", "next_response_met_at", "next_response_breached_at",
    "resolution_started_at", "resolution_due_at", "resolution_met_at", "resolution_breached_at",
    "pauses", "warn_at",
)  # fmt: skip
"""The columns that refreshing writes."""
_HAS_LEFT = frozenset({Delivery.SENT, Delivery.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Conversations as they are now.

    `reopened`: ids of those that a person had closed and that wait again; `asking`: of those in which nobody waited and
    somebody does now; `fresh`: of those that nobody saw before; `before`: what each of the others was.
    """

    conversations: Sequence[Conversation]
    reopened: frozenset[int] = frozenset()
    asking: frozenset[int] = frozenset()
    fresh: frozenset[int] = frozenset()
    before: Mapping[int, Status] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the list shows of a message."""

    text: str
    why: str
    parent_text: str | None
    attachment: AttachmentKind | None
    sentiment: Sentiment | None
    intent: Intent | None
    toxic: bool | None
    unsure: list[str] | None
    held: bool


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation with the newest of its messages in time, and what follows from them."""

    conversation: Conversation
    mode: PostMode | None
    spoken: Sequence[Spoken]
    state: State
    last: Spoken
    last_inbound: Spoken | None

    @property
    def is_whole(self) -> bool:
        """Whether these are all of its messages."""
        return len(self.spoken) < WINDOW

    @property
    def has_others(self) -> bool:
        """Whether the contact wrote more than the comment that speaks for them."""
        inbound = sum(one.direction is Direction.INBOUND and not one.is_deleted for one in self.spoken)
        return inbound > 1 or not self.is_whole

    def shown_ids(self) -> set[int]:
        """The messages of which the list shows something."""
        inbound_id = self.last_inbound.message_id if self.last_inbound else None
        return {one for one in (self.last.message_id, inbound_id, self.state.leading_id) if one is not None}


async def refresh(session: AsyncSession, conversation_ids: Collection[int]) -> list[Conversation]:
    """Recompute and write these conversations; returns them. They are locked in id order."""
    return list((await refresh_all(session, conversation_ids)).conversations)


async def refresh_all(session: AsyncSession, conversation_ids: Collection[int]) -> Refreshed:
    """The same, telling also which were reopened."""
    if not conversation_ids:
        return Refreshed([])
    conversations, talks = await _load_talks(session, conversation_ids)
    shown = await _load_shown(session, {message_id for talk in talks for message_id in talk.shown_ids()})
    promises = await load_promises(session, {one.workspace_id for one in conversations})
    outspoken = await _find_outspoken(session, talks)
    reopened: set[int] = set()
    asking: set[int] = set()
    waited: list[Waited] = []
    fresh = frozenset(one.id for one in conversations if one.last_inbound_at is None and one.last_answer_at is None)
    before = {one.id: one.status for one in conversations if one.id not in fresh}
    for talk in talks:
        conversation = talk.conversation
        was_closed = conversation.status is Status.CLOSED and conversation.status_at is not None
        was_asking = conversation.needs_answer
        promise = promises.of(conversation)
        _write(talk, shown, promise)
        _write_foldable(talk, shown, outspoken)
        waited.append(Waited(conversation, talk.state.waits, promise))
        if conversation.needs_answer and not was_asking:
            asking.add(conversation.id)
        if was_closed and conversation.status is Status.OPEN:
            reopened.add(conversation.id)
            session.add(_reopening(conversation))
    await update_rows(session, [talk.conversation for talk in talks if _is_changed(talk.conversation)], WRITTEN)
    await session.flush()
    await fold_equal(session, [talk.conversation for talk in talks if not talk.conversation.foldable])
    await record_responses(session, waited)
    return Refreshed(conversations, frozenset(reopened), frozenset(asking), fresh, before)


async def _load_talks(
    session: AsyncSession, conversation_ids: Collection[int]
) -> tuple[list[Conversation], list[_Talk]]:
    """All of them, locked in id order, and the talks of those that have messages."""
    rows = await session.execute(
        select(Conversation, Identity.banned_at, Post.mode)
        .join(Identity, Identity.id == Conversation.identity_id)
        .outerjoin(Post, Post.id == Conversation.post_id)
        .where(among(Conversation.id, conversation_ids))
        .order_by(Conversation.id)
        .with_for_update(key_share=True, of=Conversation)
        .execution_options(populate_existing=True)
    )
    found = [(conversation, banned_at, mode) for conversation, banned_at, mode in rows]
    spoken = await _load_spoken(session, [conversation.id for conversation, _, _ in found])
    talks = [_talk(one, spoken[one.id], banned_at, mode) for one, banned_at, mode in found if one.id in spoken]
    return [conversation for conversation, _, _ in found], talks


def _is_changed(conversation: Conversation) -> bool:
    state: InstanceState[Conversation] = inspect(conversation)
    return state.modified


def _reopening(conversation: Conversation) -> Activity:
    return Activity(
        workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind="reopened",
        details={"why": "message"}, occurred_at=conversation.waiting_since_at or conversation.last_message_at,
    )  # fmt: skip


async def _load_spoken(session: AsyncSession, conversation_ids: Sequence[int]) -> dict[int, list[Spoken]]:
    """Conversation → its newest messages, in time. Notes say nothing to the contact."""
    newest = (
        select(
            Message.conversation_id, Message.id, Message.sent_at, Message.direction, Message.needs_answer,
            Message.kind, Message.outside, Message.delivery, Message.deleted_at.is_not(None).label("is_deleted"),
            (Message.text != "").label("has_words"), func.coalesce(Message.external_id, "").label("external_id"),
            Message.before_connection,
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
    ) in rows:
        has_left = outside or delivery in _HAS_LEFT
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
        )
        spoken.setdefault(conversation_id, []).append(one)
    return spoken


def _talk(
    conversation: Conversation, spoken: Sequence[Spoken], banned_at: datetime | None, mode: PostMode | None
) -> _Talk:
    since = conversation.waiting_since_at
    is_cut = len(spoken) >= WINDOW
    waiting_before = since if is_cut and since is not None and since < spoken[0].sent_at else None
    there = [one for one in spoken if not one.is_deleted] or spoken
    inbound = [one for one in there if one.direction is Direction.INBOUND]
    return _Talk(
        conversation=conversation,
        mode=mode,
        spoken=spoken,
        state=compute(spoken, decided(conversation), waiting_before, banned_at, is_whole=not is_cut),
        last=_last(there),
        last_inbound=inbound[-1] if inbound else None,
    )


def _last(spoken: Sequence[Spoken]) -> Spoken:
    """The newest; of what came in one moment (an album) that which has words."""
    newest = spoken[-1]
    together = (one for one in reversed(spoken) if one.sent_at == newest.sent_at)
    return next((one for one in together if one.has_words and one.direction is newest.direction), newest)


async def _load_shown(session: AsyncSession, message_ids: Collection[int]) -> dict[int, _Shown]:
    first_kind = (
        select(Attachment.kind).where(Attachment.message_id == Message.id, Attachment.position == 0).scalar_subquery()
    )
    rows = await session.execute(
        select(
            Message.id, Message.text, Message.needs_answer_why, Message.parent_text, first_kind,
            Tags.sentiment, Tags.intent, Tags.toxic, Tags.unsure, Message.held,
        )
        .outerjoin(Tags, Tags.message_id == Message.id)
        .where(among(Message.id, message_ids))
    )  # fmt: skip
    return {row[0]: _Shown(*row[1:]) for row in rows}


def _write(talk: _Talk, shown: Mapping[int, _Shown], promise: Promise) -> None:
    conversation, state = talk.conversation, talk.state
    end_pause(conversation, state, talk.spoken)
    conversation.status = state.status
    conversation.outcome = state.outcome
    conversation.closed_at = state.closed_at
    conversation.snoozed_until = state.snoozed_until
    conversation.waiting_since_at = state.waiting_since_at
    conversation.needs_answer = state.waiting_since_at is not None
    if talk.is_whole or state.last_answer_at is not None:
        conversation.last_answer_at = state.last_answer_at
    _write_tags(talk, shown)
    _write_preview(talk, shown)
    set_clocks(conversation, state.waits, promise, is_whole=talk.is_whole)


def _write_tags(talk: _Talk, shown: Mapping[int, _Shown]) -> None:
    """The leading message speaks for the conversation; a person's word on needing an answer keeps its reason."""
    conversation, leading_id = talk.conversation, talk.state.leading_id
    if talk.state.judged:
        conversation.needs_answer_why = Why.PERSON if conversation.judged_needed else Why.SETTLED
    if leading_id is None:
        return
    leading = shown[leading_id]
    conversation.sentiment = leading.sentiment
    conversation.intent = leading.intent
    conversation.toxic = bool(leading.toxic)
    conversation.unsure = bool(leading.unsure)
    conversation.held = leading.held
    if not talk.state.judged:
        is_by_rule = conversation.decided_outcome is Outcome.NO_ANSWER_NEEDED_AUTOMATIC
        conversation.needs_answer_why = Why.RULE if is_by_rule and not conversation.needs_answer else leading.why


async def _find_outspoken(session: AsyncSession, talks: Sequence[_Talk]) -> set[int]:
    """Under draws, conversations whose other comments say something; most have but one, and are not asked for."""
    return await find_outspoken(
        session,
        {
            talk.conversation.id: talk.state.leading_id
            for talk in talks
            if talk.mode is PostMode.DRAW and talk.state.leading_id is not None and talk.has_others
        },
    )


def _write_foldable(talk: _Talk, shown: Mapping[int, _Shown], outspoken: Collection[int]) -> None:
    conversation, leading_id = talk.conversation, talk.state.leading_id
    if talk.mode is not PostMode.DRAW or leading_id is None or conversation.id in outspoken:
        write_unfoldable(conversation)
    else:
        write_foldable(conversation, shown[leading_id].text, shown[leading_id].why)


def _write_preview(talk: _Talk, shown: Mapping[int, _Shown]) -> None:
    conversation, last = talk.conversation, shown[talk.last.message_id]
    started_at: datetime = talk.spoken[0].sent_at
    conversation.started_at = started_at if talk.is_whole else min(conversation.started_at, started_at)
    conversation.last_message_at = talk.last.sent_at
    conversation.preview = " ".join(last.text.split())[:PREVIEW]
    conversation.preview_is_ours = talk.last.direction is Direction.OUTBOUND
    conversation.preview_attachment = last.attachment
    conversation.quoted = None
    if talk.last_inbound is not None:
        conversation.last_inbound_at = talk.last_inbound.sent_at
        parent_text = shown[talk.last_inbound.message_id].parent_text
        conversation.quoted = parent_text[:PREVIEW] if parent_text else None
