"""Answering as a person: writing in a conversation, and changing, taking back or sending again what was written."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.models import AuditEntry
from inbox.canned.service import filling_of, use_canned
from inbox.canned.variables import fill
from inbox.channels.adapter import Act, Adapters
from inbox.conversations.access import access_conversation, access_message
from inbox.conversations.mentions import tell_mentioned
from inbox.conversations.models import Conversation, Delivery, Message, MessageKind
from inbox.conversations.possible import check_possible
from inbox.conversations.recompute import recompute
from inbox.conversations.service import take
from inbox.core.database import Json
from inbox.core.errors import ConflictError, ForbiddenError, InvalidInputError
from inbox.core.idempotency import Repeatable, find_done, note_done
from inbox.replies import service
from inbox.replies.answered import check_unanswered
from inbox.replies.cancelling import cancel_deletion, cancel_edit
from inbox.replies.service import CAPTION_LIMIT, Draft, announce_message
from inbox.replies.uploads import check_uploads


async def write(
    session: AsyncSession,
    adapters: Adapters,
    caller: Caller,
    conversation_id: int,
    draft: Draft,
    now: datetime,
    request: Repeatable | None = None,
) -> tuple[Message, Conversation]:
    """Write a reply or a note; who answers what nobody has takes it. The same request again finds its message.

    A reply that knows what its writer had seen is refused when a colleague has answered since.
    """
    conversation = await access_conversation(session, caller, conversation_id, Permission.ANSWER)
    if (done := await find_done(session, caller.agent_id, request)) is not None:
        return await access_message(session, caller, done)
    conversation = await access_conversation(session, caller, conversation_id, Permission.ANSWER, lock=True)
    if draft.seen_message_id is not None and not draft.note:
        await check_unanswered(session, caller, conversation, draft.seen_message_id)
    check_uploads(draft.uploads, conversation.channel.platform)
    if not draft.note:
        await check_possible(session, adapters, conversation, Act.ATTACH if draft.uploads else Act.SEND)
    if draft.canned_response_id is not None:
        draft = await _fill(session, caller, conversation, draft, draft.canned_response_id)
    if conversation.assignee_id is None and not draft.note:
        take(session, caller, conversation, now)
    message = await service.compose(session, conversation, caller.agent_id, draft, now)
    if draft.note:
        await tell_mentioned(session, conversation, message, caller.agent_id)
    note_done(session, caller.agent_id, request, message.id)
    await session.flush()
    return await access_message(session, caller, message.id)


async def _fill(
    session: AsyncSession, caller: Caller, conversation: Conversation, draft: Draft, canned_response_id: int
) -> Draft:
    """A canned response is counted; without words of their own they are its words."""
    canned = await use_canned(session, caller, canned_response_id, conversation.workspace_id)
    if draft.text.strip():
        return draft
    return replace(draft, text=fill(canned.text, await filling_of(session, caller, conversation)))


async def edit(
    session: AsyncSession, adapters: Adapters, caller: Caller, message_id: int, text: str, now: datetime
) -> tuple[Message, Conversation]:
    """Change a message of ours, here and on the platform."""
    message, conversation = await _access_own(session, caller, message_id)
    _check_settled(message)
    if message.delivery is Delivery.SENT:
        await check_possible(session, adapters, conversation, Act.EDIT)
    if message.attachments and len(text) > CAPTION_LIMIT:
        raise InvalidInputError(
            "A text with files has at most %(n)s characters.", field="text", values={"n": CAPTION_LIMIT}
        )
    before = message.text
    await service.edit(session, message, text, now)
    if before != text:
        _audit(session, caller, message, "message.edited", {"text": before}, {"text": text}, now)
        if message.kind is MessageKind.NOTE:
            await tell_mentioned(session, conversation, message, caller.agent_id, before)
    return await _finish(session, caller, message, conversation)


async def delete(
    session: AsyncSession, adapters: Adapters, caller: Caller, message_id: int, now: datetime
) -> tuple[Message, Conversation]:
    """Cancel a message of ours, or take it back on the platform; its text stays here."""
    message, conversation = await _access_own(session, caller, message_id)
    if message.delivery is Delivery.SENT:
        await check_possible(session, adapters, conversation, Act.TAKE_BACK)
    before = message.delivery.value if message.delivery else None
    await service.delete(session, message, now)
    _audit(
        session, caller, message, "message.deleted", {"text": message.text, "delivery": before},
        {"delivery": message.delivery.value if message.delivery else None}, now,
    )  # fmt: skip
    return await _finish(session, caller, message, conversation)


async def cancel_change(
    session: AsyncSession, caller: Caller, message_id: int, now: datetime
) -> tuple[Message, Conversation]:
    """Our edit or deletion that has not arrived on the platform is not wanted any more; a deletion comes first."""
    message, conversation = await _access_own(session, caller, message_id)
    before: Json = {"text": message.text, "deleted": message.deleted_at is not None}
    is_deletion = message.deleted_at is not None
    await (cancel_deletion if is_deletion else cancel_edit)(session, message)
    after: Json = {"text": message.text, "deleted": message.deleted_at is not None}
    action = "message.deletion_cancelled" if is_deletion else "message.edit_cancelled"
    _audit(session, caller, message, action, before, after, now)
    return await _finish(session, caller, message, conversation)


async def resend(
    session: AsyncSession,
    adapters: Adapters,
    caller: Caller,
    message_id: int,
    now: datetime,
    request: Repeatable | None = None,
) -> tuple[Message, Conversation]:
    """Send again what failed, or what a person looked for and did not find."""
    await access_message(session, caller, message_id, Permission.ANSWER)
    if await find_done(session, caller.agent_id, request) is not None:
        return await access_message(session, caller, message_id)
    message, conversation = await access_message(session, caller, message_id, Permission.ANSWER, lock=True)
    await check_possible(session, adapters, conversation, Act.SEND)
    before = message.delivery.value if message.delivery else None
    await service.resend(session, message)
    _audit(session, caller, message, "message.resent", {"delivery": before}, {"delivery": "queued"}, now)
    note_done(session, caller.agent_id, request, message.id)
    return await _finish(session, caller, message, conversation)


async def send_now(
    session: AsyncSession, adapters: Adapters, caller: Caller, message_id: int, now: datetime
) -> tuple[Message, Conversation]:
    """What was to be sent later is sent at once."""
    message, conversation = await _access_own(session, caller, message_id)
    await check_possible(session, adapters, conversation, Act.SEND)
    before = message.send_at.isoformat() if message.send_at else None
    await service.send_now(session, message)
    _audit(session, caller, message, "message.sent_early", {"send_at": before}, {"send_at": None}, now)
    return await _finish(session, caller, message, conversation)


async def confirm(
    session: AsyncSession, caller: Caller, message_id: int, now: datetime
) -> tuple[Message, Conversation]:
    """A person looked: the uncertain reply did arrive."""
    message, conversation = await access_message(session, caller, message_id, Permission.ANSWER, lock=True)
    before = message.delivery.value if message.delivery else None
    await service.confirm_arrived(message, now)
    _audit(session, caller, message, "message.confirmed", {"delivery": before}, {"delivery": "sent"}, now)
    return await _finish(session, caller, message, conversation)


async def _access_own(session: AsyncSession, caller: Caller, message_id: int) -> tuple[Message, Conversation]:
    """A message written here: one's own, or a colleague's for those who moderate."""
    message, conversation = await access_message(session, caller, message_id, Permission.ANSWER, lock=True)
    if message.author_agent_id not in {None, caller.agent_id} and not caller.may(
        message.workspace_id, Permission.MODERATE
    ):
        raise ForbiddenError("This is a colleague's message.")
    return message, conversation


def _check_settled(message: Message) -> None:
    if message.delivery is Delivery.SENDING:
        raise ConflictError("The reply is being sent at this moment. Try again in a few seconds.")
    if message.delivery is Delivery.UNCERTAIN:
        raise ConflictError("It is not known whether this reply arrived. Look first, then confirm it or send it again.")
    if message.kind is MessageKind.AUTO_REPLY:
        raise ConflictError("Auto-replies are not edited.")


async def _finish(
    session: AsyncSession, caller: Caller, message: Message, conversation: Conversation
) -> tuple[Message, Conversation]:
    """The conversation's state follows; panels hear of it."""
    await session.flush()
    await recompute(session, conversation)
    announce_message(session, message, conversation)
    return await access_message(session, caller, message.id)


def _audit(
    session: AsyncSession, caller: Caller, message: Message, action: str, before: Json, after: Json, now: datetime
) -> None:
    session.add(
        AuditEntry(
            workspace_id=message.workspace_id, agent_id=caller.agent_id, action=action, row_kind="message",
            row_id=message.id, before=before, after=after, occurred_at=now,
        )
    )  # fmt: skip
