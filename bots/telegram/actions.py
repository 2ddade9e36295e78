"""What may be done to messages and people: edit, delete, ban, restrict. All may be repeated."""

from datetime import datetime, timedelta

from aiogram.methods import (
    BanChatMember,
    BanChatSenderChat,
    DeleteBusinessMessages,
    DeleteMessage,
    EditMessageCaption,
    EditMessageText,
    RestrictChatMember,
    UnbanChatMember,
    UnbanChatSenderChat,
)
from aiogram.types import ChatPermissions

from bots.telegram import reasons
from bots.telegram.addresses import read_chat, read_message, read_number
from bots.telegram.calls import call_repeatable
from bots.telegram.send import MAX_CAPTION, MAX_TEXT
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account
from inbox.core.errors import PermanentRefusalError

_SHORTEST = timedelta(seconds=35)
"""Telegram takes an end less than 30 s away for "for ever"."""

_PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


async def edit(wires: Wires, account: Account, external_id: str, text: str) -> None:
    """Replace the text, or the caption, of our own message; the same text again is a success."""
    if not text.strip():
        raise PermanentRefusalError(reasons.EMPTY_TEXT)
    if len(text) > MAX_TEXT:
        raise PermanentRefusalError(reasons.TEXT_TOO_LONG)
    address = read_message(external_id)
    place: dict[str, object] = {
        "chat_id": address.chat.chat_id,
        "message_id": address.message_id,
        "business_connection_id": address.chat.business or None,
    }
    try:
        await call_repeatable(wires, account, EditMessageText.model_validate({**place, "text": text}))
    except PermanentRefusalError as refusal:
        if refusal.reason == reasons.NOT_MODIFIED:
            return
        if refusal.reason != reasons.HAS_NO_TEXT:
            raise
    else:
        return
    await _edit_caption(wires, account, place, text)


async def _edit_caption(wires: Wires, account: Account, place: dict[str, object], text: str) -> None:
    if len(text) > MAX_CAPTION:
        raise PermanentRefusalError(reasons.CAPTION_TOO_LONG)
    try:
        await call_repeatable(wires, account, EditMessageCaption.model_validate({**place, "caption": text}))
    except PermanentRefusalError as refusal:
        if refusal.reason != reasons.NOT_MODIFIED:
            raise


async def delete(wires: Wires, account: Account, external_id: str) -> None:
    """Delete a message; one that is gone already is a success."""
    address = read_message(external_id)
    business, message_id = address.chat.business, address.message_id
    try:
        if business:
            method = DeleteBusinessMessages(business_connection_id=business, message_ids=[message_id])
            await call_repeatable(wires, account, method)
        else:
            await call_repeatable(wires, account, DeleteMessage(chat_id=address.chat.chat_id, message_id=message_id))
    except PermanentRefusalError as refusal:
        if refusal.reason != reasons.MESSAGE_GONE:
            raise


async def ban(wires: Wires, account: Account, chat: str, author: str, until: datetime | None, now: datetime) -> None:
    """Ban a person until an instant, or for ever; who writes as a channel is banned for ever."""
    chat_id, author_id = read_chat(chat).chat_id, read_number(author)
    if author_id < 0:
        await call_repeatable(wires, account, BanChatSenderChat(chat_id=chat_id, sender_chat_id=author_id))
        return
    end = max(until, now + _SHORTEST) if until is not None else None
    await call_repeatable(wires, account, BanChatMember(chat_id=chat_id, user_id=author_id, until_date=end))


async def unban(wires: Wires, account: Account, chat: str, author: str) -> None:
    """Lift a ban; somebody who is not banned stays in the chat."""
    chat_id, author_id = read_chat(chat).chat_id, read_number(author)
    if author_id < 0:
        await call_repeatable(wires, account, UnbanChatSenderChat(chat_id=chat_id, sender_chat_id=author_id))
        return
    await call_repeatable(wires, account, UnbanChatMember(chat_id=chat_id, user_id=author_id, only_if_banned=True))


async def restrict(
    wires: Wires, account: Account, chat: str, author: str, length: timedelta | None, now: datetime
) -> None:
    """Forbid a person to write for a length of time; None gives back what the chat allows to everybody."""
    chat_id, author_id = read_chat(chat).chat_id, read_number(author)
    if author_id < 0:
        raise PermanentRefusalError(reasons.CANNOT_RESTRICT_CHANNEL)
    is_allowed = length is None
    method = RestrictChatMember(
        chat_id=chat_id,
        user_id=author_id,
        permissions=ChatPermissions.model_validate(dict.fromkeys(_PERMISSIONS, is_allowed)),
        use_independent_chat_permissions=True,
        until_date=None if length is None else now + max(length, _SHORTEST),
    )
    await call_repeatable(wires, account, method)
