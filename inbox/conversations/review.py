"""Review of a subscriber's message: delete or restore it, warn, mute or ban its author; done by a job on the platform.

Each is a row of `moderation_actions`: who asked, why, and the text as it was. What the platform or the key cannot do is
refused at once, with the reason. What is removed says something of its tags, too; that is taken back with the deed.
A warning is a reply that says what to do otherwise: no platform has another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.audit.models import AuditEntry
from inbox.channels.adapter import Act, Adapters, Offence
from inbox.channels.events import ConversationKind, Platform
from inbox.contacts.models import Identity
from inbox.conversations.corrections import correct_tags, said_by_review, take_back_word
from inbox.conversations.models import (
    Activity,
    Conversation,
    Direction,
    Message,
    ModerationAction,
    ReviewAction,
    ReviewState,
)
from inbox.conversations.possible import check_possible, find_obstacles
from inbox.conversations.recompute import recompute
from inbox.conversations.waiting import (
    OF_AUTHOR,
    UNDONE_BY,
    cancel,
    find_undone,
    find_waiting_opposites,
)
from inbox.core.errors import ConflictError, InvalidInputError
from inbox.core.events import ReviewMessage
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.replies.service import Draft, compose

DELETABLE_FOR = timedelta(hours=48)
"""Telegram: deleteMessage."""
LONGEST = timedelta(days=366)
"""Telegram takes a longer restriction for one without end."""
REASON_LENGTH = 500
ACTS: Mapping[ReviewAction, Act] = {
    ReviewAction.DELETE: Act.DELETE,
    ReviewAction.RESTORE: Act.RESTORE,
    ReviewAction.WARN: Act.SEND,
    ReviewAction.MUTE: Act.RESTRICT,
    ReviewAction.UNMUTE: Act.RESTRICT,
    ReviewAction.BAN: Act.BAN,
    ReviewAction.UNBAN: Act.BAN,
}


@dataclass(frozen=True, slots=True)
class Review:
    """What is to be done and why. `length` of a mute or ban; None: without end.

    `is_undo`: the deed was a slip, so that what it said of the tags is taken back; restoring always does that. A ban
    that was one settles nothing: what was suspicious is so again.
    """

    action: ReviewAction
    reason: str
    length: timedelta | None = None
    offence: Offence = Offence.OTHER
    is_undo: bool = False


async def review(
    session: AsyncSession,
    adapters: Adapters,
    caller: Caller,
    message: Message,
    conversation: Conversation,
    wanted: Review,
    now: datetime,
) -> ModerationAction:
    """Ask for it, on a message that `access_message` gave, locked, with MODERATE.

    The opposite of what still waits for a key takes all of that back: it is done neither now nor later. A new mute or
    ban is asked for all the same, and so is the end of an earlier one, which stands.
    """
    if message.direction is not Direction.INBOUND or message.external_id is None:
        raise ConflictError("Only what subscribers write is reviewed. A reply of ours can be deleted.")
    identity = await _author(session, message, conversation)
    taken_back = await _take_back(session, caller, message, conversation, identity, wanted, now)
    if taken_back is not None:
        return taken_back
    await check_possible(session, adapters, conversation, ACTS[wanted.action])
    _check(message, conversation, wanted, now)
    row = _row(message, identity, caller.agent_id, wanted, now)
    session.add(row)
    _note(session, message, identity, caller.agent_id, wanted, now)
    if wanted.action is ReviewAction.DELETE:
        message.deleted_at = now
    await session.flush()
    said = said_by_review(wanted.action, wanted.offence, message)
    if said is not None:
        await correct_tags(session, caller, message, conversation, said, now)
    if wanted.action is ReviewAction.RESTORE or wanted.is_undo:
        await _take_back_word(session, message, conversation, wanted.action, now)
    if wanted.action is ReviewAction.WARN:
        await compose(session, conversation, caller.agent_id, Draft(wanted.reason), now)
        row.state, row.done_at = ReviewState.DONE, now
    else:
        await defer(session, [ReviewMessage(conversation_id=conversation.id, review_id=row.id)])
    await session.flush()
    await recompute(session, conversation)
    announce(
        session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip
    return row


async def _take_back(
    session: AsyncSession,
    caller: Caller,
    message: Message,
    conversation: Conversation,
    identity: Identity,
    wanted: Review,
    now: datetime,
) -> ModerationAction | None:
    """The opposite that still waited for a key, or was taken back already with another's, where nothing is left to do
    beyond that."""
    waiting = await find_waiting_opposites(session, message, identity, wanted.action)
    if waiting:
        await _cancel(session, caller, message, conversation, waiting, now)
        return None if await _is_left_to_do(session, identity, wanted.action, now) else waiting[-1]
    undone = await find_undone(session, message, wanted.action) if wanted.is_undo else None
    if undone is None or undone.state is not ReviewState.CANCELLED:
        return None
    if await _is_left_to_do(session, identity, wanted.action, now):
        return None
    await take_back_word(session, message, conversation, undone.agent_id, undone.asked_at)
    return undone


async def take_back(
    session: AsyncSession,
    caller: Caller,
    message: Message,
    conversation: Conversation,
    taken_back_by: ReviewAction,
    now: datetime,
) -> None:
    """All that still waits for a key and that `taken_back_by` would undo, on a message as `review` wants it.

    ConflictError when nothing does any more.
    """
    identity = await _author(session, message, conversation)
    waiting = await find_waiting_opposites(session, message, identity, taken_back_by)
    if not waiting:
        raise ConflictError("It no longer waits: it is being done, or somebody has taken it back.")
    await _cancel(session, caller, message, conversation, waiting, now)


async def find_undo(
    session: AsyncSession, adapters: Adapters, conversation: Conversation, action: ReviewAction
) -> ReviewAction | None:
    """What takes the deed back, where platform and key can do that, too."""
    undoing = UNDONE_BY.get(action)
    if undoing is None or await find_obstacles(session, adapters, conversation, [ACTS[undoing]]):
        return None
    return undoing


async def find_standing(session: AsyncSession, identity_id: int, now: datetime) -> tuple[bool, bool]:
    """(banned, muted). Of a ban the platform's newest word counts, or what was asked here after it.

    Mutes, of which platforms tell nothing, are as they were asked here, neither refused nor over.
    """
    rows = await session.scalars(
        select(ModerationAction)
        .where(
            ModerationAction.identity_id == identity_id,
            ModerationAction.action.in_(OF_AUTHOR),
            ModerationAction.state.not_in([ReviewState.REFUSED, ReviewState.CANCELLED]),
        )
        .order_by(ModerationAction.id.desc())
        .limit(20)
    )
    identity = await session.get_one(Identity, identity_id)
    told_at = max((at for at in (identity.banned_at, identity.unbanned_at) if at is not None), default=None)
    newest: dict[bool, bool] = {}
    for row in rows:
        is_ban = row.action in {ReviewAction.BAN, ReviewAction.UNBAN}
        if is_ban and told_at is not None and row.asked_at < told_at:
            continue
        is_over = row.seconds is not None and row.asked_at + timedelta(seconds=row.seconds) <= now
        newest.setdefault(is_ban, row.action in {ReviewAction.BAN, ReviewAction.MUTE} and not is_over)
    return newest.get(True, identity.is_banned(now)), newest.get(False, False)


async def _cancel(
    session: AsyncSession,
    caller: Caller,
    message: Message,
    conversation: Conversation,
    waiting: Sequence[ModerationAction],
    now: datetime,
) -> None:
    """What they said of the message's tags is taken back with them."""
    await cancel(session, caller, message, conversation, waiting, now)
    for row in reversed(waiting):
        if row.message_id == message.id:
            await take_back_word(session, message, conversation, row.agent_id, row.asked_at)


async def _take_back_word(
    session: AsyncSession, message: Message, conversation: Conversation, undoing: ReviewAction, now: datetime
) -> None:
    """What the newest deed that `undoing` undoes said of the message's tags, and what a ban settled."""
    undone = await find_undone(session, message, undoing)
    if undone is None:
        return
    undone.undone_at = now if undone.action is ReviewAction.BAN else None
    await take_back_word(session, message, conversation, undone.agent_id, undone.asked_at)


async def _is_left_to_do(session: AsyncSession, identity: Identity, action: ReviewAction, now: datetime) -> bool:
    """Once what waited is taken back: a new ban has its own length and reason, an earlier one may still stand."""
    if action in {ReviewAction.MUTE, ReviewAction.BAN}:
        return True
    is_banned, is_muted = await find_standing(session, identity.id, now)
    return is_banned if action is ReviewAction.UNBAN else is_muted and action is ReviewAction.UNMUTE


def _check(message: Message, conversation: Conversation, wanted: Review, now: datetime) -> None:
    """What can be told from the message alone."""
    if wanted.length is not None and not timedelta() < wanted.length <= LONGEST:
        raise InvalidInputError("Between a minute and 366 days, or without end.", field="minutes")
    if wanted.action is ReviewAction.WARN and not wanted.reason:
        raise InvalidInputError("Say what they should do otherwise: these words are sent to them.", field="reason")
    if wanted.action is ReviewAction.DELETE and message.deleted_at is not None:
        raise ConflictError("This message is already deleted.")
    if wanted.action is ReviewAction.RESTORE and message.deleted_at is None:
        raise ConflictError("This message is not deleted.")
    is_on_telegram = conversation.channel.platform is Platform.TELEGRAM
    is_too_old = is_on_telegram and now - message.sent_at > DELETABLE_FOR
    if wanted.action is ReviewAction.DELETE and is_too_old and conversation.kind is not ConversationKind.MENTION:
        raise ConflictError("Telegram lets bots delete a message for 48 hours only; this one is older.")


async def _author(session: AsyncSession, message: Message, conversation: Conversation) -> Identity:
    identity = await session.get_one(Identity, message.author_identity_id or conversation.identity_id)
    if identity.is_ours:
        raise ConflictError(
            "%(name)s is one of your own people: they are not moderated.", values={"name": identity.name}
        )
    return identity


def _row(message: Message, identity: Identity, agent_id: int, wanted: Review, now: datetime) -> ModerationAction:
    return ModerationAction(
        workspace_id=message.workspace_id, conversation_id=message.conversation_id, message_id=message.id,
        channel_id=message.channel_id, identity_id=identity.id, agent_id=agent_id, action=wanted.action,
        offence=wanted.offence, reason=wanted.reason, text=message.text, asked_at=now,
        seconds=None if wanted.length is None else int(wanted.length.total_seconds()),
    )  # fmt: skip


def _note(
    session: AsyncSession, message: Message, identity: Identity, agent_id: int, wanted: Review, now: datetime
) -> None:
    """The journal, and the grey line of the thread."""
    seconds = None if wanted.length is None else int(wanted.length.total_seconds())
    session.add_all(
        [
            AuditEntry(
                workspace_id=message.workspace_id, agent_id=agent_id, action=f"review.{wanted.action.value}",
                row_kind="message", row_id=message.id, occurred_at=now,
                before={"text": message.text, "deleted": message.deleted_at is not None},
                after={
                    "reason": wanted.reason, "offence": wanted.offence.value, "seconds": seconds,
                    "author": identity.name,
                },
            ),
            Activity(
                workspace_id=message.workspace_id, conversation_id=message.conversation_id, kind="review",
                agent_id=agent_id, occurred_at=now,
                details={"action": wanted.action.value, "reason": wanted.reason, "author": identity.name},
            ),
        ]
    )  # fmt: skip
