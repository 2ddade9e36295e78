"""Writes a conversation's state anew from its messages: after intake, after a delivery, after a person's decision."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import case, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstanceState

from inbox.channels.events import AttachmentKind, ConversationKind
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
    ModerationAction,
    Outcome,
    Post,
    PostMode,
    ReviewAction,
    ReviewState,
    Status,
    Tags,
)  # fmt: skip
from inbox.conversations.needs_answer import Why
from inbox.conversations.silences import find_silences
from inbox.conversations.spoken import WINDOW, load_spoken
from inbox.conversations.state import Spoken, State, compute, without_withdrawn
from inbox.conversations.tags import Intent, Sentiment
from inbox.conversations.unsettled import find_undelivered, is_held
from inbox.core.bulk import among, update_rows
from inbox.core.database import Json
from inbox.organisations.models import Workspace
from inbox.reports.facts import Waited, record_responses
from inbox.sla.clocks import set_clocks
from inbox.sla.promises import Promise
from inbox.sla.service import load_promises

PREVIEW = 160
CLOCKS_DIFFER = timedelta(seconds=5)
"""Ours and the platform's, which tells whole seconds."""
WRITTEN = (
    "status", "outcome", "closed_at", "snoozed_until", "waiting_since_at", "needs_answer", "last_answer_at",
    "sentiment", "intent", "toxic", "unsure", "held", "undelivered", "needs_answer_why", "foldable", "fold_key",
    "started_at", "last_message_at", "last_inbound_at", "preview", "preview_is_ours", "preview_attachment", "quoted",
    "first_response_since_at", "first_response_due_at", "first_response_met_at", "first_response_breached_at",
    "next_response_since_at", "next_response_due_at", "next_response_met_at", "next_response_breached_at",
    "resolution_started_at", "resolution_due_at", "resolution_met_at", "resolution_breached_at",
    "pauses", "silences", "warn_at",
)  # fmt: skip
"""The columns that refreshing writes."""
_BAN_ASKED_AT = (
    select(func.max(func.greatest(ModerationAction.asked_at, Message.sent_at)))
    .join(Message, Message.id == ModerationAction.message_id)
    .where(
        ModerationAction.identity_id == Conversation.identity_id,
        ModerationAction.action == ReviewAction.BAN,
        ModerationAction.state.not_in([ReviewState.REFUSED, ReviewState.CANCELLED]),
        ModerationAction.undone_at.is_(None),
    )
    .correlate(Conversation)
    .scalar_subquery()
)
"""When a review banned the contact last, here or elsewhere on the channel; lifting the ban later does not take that
back, undoing it as a slip does."""
_IS_UNDONE = (
    select(ModerationAction.id)
    .where(
        ModerationAction.identity_id == Identity.id,
        ModerationAction.action == ReviewAction.BAN,
        ModerationAction.undone_at.is_not(None),
        Identity.banned_at.between(
            ModerationAction.asked_at - CLOCKS_DIFFER,
            func.greatest(ModerationAction.undone_at, ModerationAction.done_at) + CLOCKS_DIFFER,
        ),
    )
    .correlate(Identity)
    .exists()
)
_BAN_TOLD_AT = case(
    (Identity.banned_at.is_(None), None), (_IS_UNDONE, None), else_=Identity.banned_at
)  # fmt: skip
"""When the platform told of a ban last; not of one that was undone here."""


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


@dataclass(frozen=True, slots=True)
class _Bans:
    """When the contact was banned last: as the platform told, and as a review asked for it."""

    told_at: datetime | None
    asked_at: datetime | None

    @property
    def newest_at(self) -> datetime | None:
        """The later of both."""
        return max((at for at in (self.told_at, self.asked_at) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a conversation's contact, post and project (`rests`) beside the messages."""

    bans: _Bans
    reach_words: Sequence[Json]
    mode: PostMode | None
    rests: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation with the newest of its messages and of their edits in time, and what follows from them."""

    conversation: Conversation
    mode: PostMode | None
    rests: Sequence[datetime]
    spoken: Sequence[Spoken]
    is_whole: bool
    """Whether these are all of its messages."""
    state: State
    silences: list[datetime]
    is_held: bool
    undelivered: Delivery | None
    last: Spoken
    last_inbound: Spoken | None

    @property
    def has_others(self) -> bool:
        """Whether the contact wrote more than the comment that speaks for them."""
        messages = (one for one in self.spoken if not one.is_edit and not one.is_deleted)
        inbound = sum(one.direction is Direction.INBOUND for one in messages)
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
        was_asking, known = conversation.needs_answer, list(conversation.silences or ())
        promise = replace(promises.of(conversation), rests=tuple(talk.rests))
        _write(talk, shown, promise)
        _write_foldable(talk, shown, outspoken)
        waited.append(Waited(conversation, talk.state.waits, promise))
        session.add_all(_silence_lines(conversation, known))
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
        select(Conversation, _BAN_TOLD_AT, _BAN_ASKED_AT, Identity.reach_words, Post.mode, Workspace.rests)
        .join(Workspace, Workspace.id == Conversation.workspace_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .outerjoin(Post, Post.id == Conversation.post_id)
        .where(among(Conversation.id, conversation_ids))
        .order_by(Conversation.id)
        .with_for_update(key_share=True, of=Conversation)
        .execution_options(populate_existing=True)
    )
    found = [(one, _Known(_Bans(told_at, asked_at), *known)) for one, told_at, asked_at, *known in rows]
    spoken = await load_spoken(session, [conversation.id for conversation, _ in found])
    talks = [_talk(one, spoken[one.id], known) for one, known in found if one.id in spoken]
    return [conversation for conversation, _ in found], talks


def _is_changed(conversation: Conversation) -> bool:
    state: InstanceState[Conversation] = inspect(conversation)
    return state.modified


def _reopening(conversation: Conversation) -> Activity:
    return Activity(
        workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind="reopened",
        details={"why": "message"}, occurred_at=conversation.waiting_since_at or conversation.last_message_at,
    )  # fmt: skip


def _silence_lines(conversation: Conversation, known: Sequence[datetime]) -> list[Activity]:
    """Of what was not `known` yet, where somebody waits: their clock stops, and goes on when they may be written to."""
    if not conversation.needs_answer or conversation.kind is not ConversationKind.DIRECT:
        return []
    marks = zip(conversation.silences, itertools.cycle(("silenced", "unsilenced")), strict=False)
    return [
        Activity(
            workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind=kind, details={},
            occurred_at=at,
        )
        for at, kind in marks
        if at not in known
    ]  # fmt: skip


def _talk(conversation: Conversation, found: Sequence[Spoken], known: _Known) -> _Talk:
    since = conversation.waiting_since_at
    is_cut = sum(not one.is_edit for one in found) >= WINDOW
    waiting_before = since if is_cut and since is not None and since < found[0].sent_at else None
    spoken = without_withdrawn(found)
    there = [one for one in spoken if not one.is_deleted] or spoken
    inbound = [one for one in there if one.direction is Direction.INBOUND and not one.is_edit]
    was_decided = decided(conversation)
    return _Talk(
        conversation=conversation,
        mode=known.mode,
        rests=known.rests,
        spoken=spoken,
        is_whole=not is_cut,
        state=compute(spoken, was_decided, waiting_before, known.bans.told_at, is_whole=not is_cut),
        silences=_silences(conversation, found, known.reach_words, is_whole=not is_cut),
        is_held=is_held(spoken, was_decided.settled, known.bans.newest_at),
        undelivered=find_undelivered(spoken, was_decided.settled),
        last=_last(there),
        last_inbound=inbound[-1] if inbound else None,
    )


def _silences(
    conversation: Conversation, found: Sequence[Spoken], words: Sequence[Json], *, is_whole: bool
) -> list[datetime]:
    if conversation.kind is not ConversationKind.DIRECT:
        return []
    wrote_at = (one.sent_at for one in found if one.direction is Direction.INBOUND and not one.is_edit)
    return find_silences(words, wrote_at, conversation.silences or (), None if is_whole else found[0].sent_at)


def _last(spoken: Sequence[Spoken]) -> Spoken:
    """The newest, also where an edit asks; of what came in one moment (an album) that which has words."""
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
            Tags.sentiment, Tags.intent, Tags.toxic, Tags.unsure,
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
    conversation.held, conversation.undelivered = talk.is_held, talk.undelivered
    if talk.is_whole or state.last_answer_at is not None:
        conversation.last_answer_at = state.last_answer_at
    _write_tags(talk, shown)
    _write_preview(talk, shown)
    set_clocks(conversation, state.waits, promise, is_whole=talk.is_whole, silences=talk.silences)


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
