"""Erasure of what a subscriber wrote and was told: words, files and names go. That there was a message, when, how it
was tagged and when it was answered stays, so that reports of the past say what they said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT, insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.audit.models import AuditEntry
from inbox.channels.events import ConversationKind
from inbox.contacts.models import Contact, Erasure, Identity
from inbox.conversations.changes import Change
from inbox.conversations.changing import change_all
from inbox.conversations.forgotten import Hide, hide_person
from inbox.conversations.intake import lock_channels
from inbox.conversations.models import (
    ERASED,
    Activity,
    Attachment,
    Conversation,
    Correction,
    DeadEvent,
    Deletion,
    Delivery,
    Message,
    MessageEdit,
    ModerationAction,
    ReviewState,
    Status,
    Tags,
)  # fmt: skip
from inbox.conversations.recompute import load_parts
from inbox.conversations.refresh import refresh
from inbox.conversations.traces import audience_of, note, tell
from inbox.core.bulk import among
from inbox.core.database import Base
from inbox.core.errors import ConflictError
from inbox.core.live import announce

SAID_IN_AUDIT = ("text", "reason", "phone", "author")
"""What the audit keeps of a subscriber's words and of words about them."""


@dataclass(frozen=True, slots=True)
class Talks:
    """All of a contact's, locked. `others`: conversations of other people who answered them and so quote them."""

    contact: Contact
    identities: Sequence[Identity]
    conversations: Sequence[Conversation]
    message_ids: Sequence[int]
    others: frozenset[int]

    @property
    def conversation_ids(self) -> list[int]:
        """Theirs."""
        return [one.id for one in self.conversations]


async def hold_talks(session: AsyncSession, contact: Contact) -> Talks:
    """Lock all that is of the contact, in the order in which intake locks. ConflictError while something is under way
    that would reach them afterwards."""
    await lock_channels(session, list(await session.scalars(_channels_of(contact))))
    identities = (await session.scalars(select(Identity).where(Identity.contact_id == contact.id))).all()
    theirs = select(Conversation.id).where(Conversation.contact_id == contact.id)
    answers_them = Message.answered_identity_id.in_([one.id for one in identities])
    rows = await session.execute(
        select(Message.id, Message.conversation_id, Message.delivery)
        .where(or_(Message.conversation_id.in_(theirs), answers_them))
        .order_by(Message.id)
        .with_for_update()
    )
    conversations = (
        await session.scalars(
            select(Conversation)
            .where(Conversation.contact_id == contact.id)
            .order_by(Conversation.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).all()
    own = {one.id for one in conversations}
    found = rows.all()
    if any(delivery in {Delivery.QUEUED, Delivery.SENDING} for _, at, delivery in found if at in own):
        raise ConflictError("An answer is on its way, or waits for its time: cancel it, or wait until it has left.")
    talks = Talks(
        contact, identities, conversations, [message_id for message_id, at, _ in found if at in own],
        frozenset(at for _, at, _ in found if at not in own),
    )  # fmt: skip
    waits = select(ModerationAction.id).where(
        among(ModerationAction.message_id, talks.message_ids), ModerationAction.state == ReviewState.ASKED
    )
    if await session.scalar(waits.limit(1)) is not None:
        raise ConflictError(
            "A deletion or a ban is under way, or waits for a key: take it back, or wait until it is done."
        )
    return talks


async def erase_talks(
    session: AsyncSession, caller: Caller, talks: Talks, name: str, hide: Hide, now: datetime
) -> None:
    """Erase what the talks hold, and who it was; `name` stands there instead. Their conversations are closed."""
    await _remember(session, talks, hide, now)
    await _empty_messages(session, talks)
    await _empty_traces(session, talks)
    await _forget_addresses(session, talks, name, now)
    await session.flush()
    open_ones = [one for one in talks.conversations if one.status is not Status.CLOSED]
    for one in open_ones:
        await load_parts(session, one)
    changes = await change_all(session, caller, [(one, Change(status=Status.CLOSED)) for one in open_ones], now)
    for refusal in changes.refused.values():
        raise refusal
    await refresh(session, sorted({*talks.conversation_ids, *talks.others}))
    for one in talks.conversations:
        note(session, caller, one, ("erased", {}), now)
        tell(session, one, audience_of(one))
    for conversation_id in sorted(talks.others):
        announce(session, talks.contact.workspace_id, "conversation", conversation_id=conversation_id)


def _channels_of(contact: Contact) -> Select[int]:
    return select(Identity.channel_id).where(Identity.contact_id == contact.id)


async def _remember(session: AsyncSession, talks: Talks, hide: Hide, now: datetime) -> None:
    """What a platform tells again of the time until the newest that it told is not to be taken; what is still on its
    way is newer, and nobody has read it."""
    newest_at = await session.scalar(
        select(func.max(Message.sent_at)).where(
            among(Message.conversation_id, talks.conversation_ids), Message.external_id.is_not(None)
        )
    )
    rows = [
        {
            "workspace_id": one.workspace_id, "channel_id": one.channel_id,
            "person_hash": hide_person(hide, one.channel_id, one.external_id), "until_at": newest_at or now,
        }
        for one in talks.identities
    ]  # fmt: skip
    if rows:
        row = insert(Erasure).values(rows)
        later = func.greatest(Erasure.until_at, row.excluded.until_at)
        await session.execute(
            row.on_conflict_do_update(index_elements=["channel_id", "person_hash"], set_={"until_at": later})
        )


async def _empty_messages(session: AsyncSession, talks: Talks) -> None:
    theirs = among(Message.id, talks.message_ids)
    await session.execute(delete(Attachment).where(among(Attachment.message_id, talks.message_ids)))
    await session.execute(delete(Correction).where(among(Correction.message_id, talks.message_ids)))
    await _write(session, MessageEdit, among(MessageEdit.message_id, talks.message_ids), text="")
    await _write(session, Tags, among(Tags.message_id, talks.message_ids), reasons={})
    quoting = Message.answered_identity_id.in_([one.id for one in talks.identities])
    await _write(session, Message, or_(theirs, quoting), parent_author_name=None, parent_text=None)
    await _write(session, Message, theirs, text="")


async def _empty_traces(session: AsyncSession, talks: Talks) -> None:
    """Of moderation, of the thread's grey lines, of the audit, of payloads that nobody could read."""
    await _write(
        session, ModerationAction, among(ModerationAction.message_id, talks.message_ids), text="", reason=""
    )  # fmt: skip
    unnamed = Activity.details.op("||")(literal({"author": "—", "reason": ""}, JSONB))
    named = among(Activity.conversation_id, talks.conversation_ids) & Activity.details.has_key("author")
    await _write(session, Activity, named, details=unnamed)
    await empty_audit(session, talks.contact.workspace_id, ("message", "review"), talks.message_ids)
    for one in talks.identities:
        names_them = DeadEvent.raw.regexp_match(rf"\y{one.external_id}\y") if one.external_id.isalnum() else None
        if names_them is not None:
            await session.execute(delete(DeadEvent).where(DeadEvent.channel_id == one.channel_id, names_them))


async def empty_audit(session: AsyncSession, workspace_id: int, kinds: Sequence[str], row_ids: Collection[int]) -> None:
    """What the audit says of these rows, without words; who did what and when stays."""
    of_rows = (
        (AuditEntry.workspace_id == workspace_id) & AuditEntry.row_kind.in_(kinds) & among(AuditEntry.row_id, row_ids)
    )
    said = literal(list(SAID_IN_AUDIT), ARRAY(TEXT))
    without = {
        column.key: case((func.jsonb_typeof(column) == "object", column.op("-")(said)), else_=column)
        for column in (AuditEntry.before, AuditEntry.after)
    }
    await _write(session, AuditEntry, of_rows, **without)


async def _forget_addresses(session: AsyncSession, talks: Talks, name: str, now: datetime) -> None:
    """Names, and ids of people in keys and in the numbers of private messages; their order stays."""
    private = [one.id for one in talks.conversations if one.kind is ConversationKind.DIRECT]
    in_private = among(Message.conversation_id, private)
    old = select(Message.channel_id, Message.external_id).where(in_private, Message.external_id.is_not(None)).subquery()
    await session.execute(
        delete(Deletion).where(Deletion.channel_id == old.c.channel_id, Deletion.external_id == old.c.external_id)
    )
    await _write(
        session, Message, in_private, external_id=_anonymous(Message.external_id, Message.conversation_id),
        further_external_ids=[], thread_external_id=None, parent_external_id=None, album_external_id=None,
    )  # fmt: skip
    seen = {
        column.key: _anonymous(column, Conversation.id)
        for column in (
            Conversation.judged_seen_external_id, Conversation.status_seen_external_id,
            Conversation.settled_seen_external_id,
        )
    }  # fmt: skip
    await _write(session, Conversation, among(Conversation.id, private), **seen)
    for one in talks.conversations:
        one.key = f"{ERASED}{one.id}"
        if one.kind is ConversationKind.DIRECT:
            one.chat_external_id, one.chat_title, one.topic_external_id = one.key, None, None
    for identity in talks.identities:
        identity.external_id, identity.name, identity.username = f"{ERASED}{identity.id}", name, None
        identity.named_at, identity.ban_comment, identity.reach_words = now, "", []
    talks.contact.name, talks.contact.note, talks.contact.erased_at = name, "", now


def _anonymous(external_id: SQLColumnExpression[str | None], conversation_id: SQLColumnExpression[int]) -> object:
    """A private message's number without whose chat it is: `{business or message}:{person}:{number}`."""
    return func.regexp_replace(external_id, "^[^:]*:[^:]*:", func.concat(ERASED, conversation_id, ":"))


async def _write(session: AsyncSession, model: type[Base], which: ColumnElement[bool], **values: object) -> None:
    await session.execute(update(model).where(which).values(**values).execution_options(synchronize_session=False))
