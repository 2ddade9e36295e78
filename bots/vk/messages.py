"""Direct messages and chats: what somebody wrote, what our side wrote elsewhere, edits of both."""

from dataclasses import replace
from datetime import datetime

from bots.fields import RawObject, find_instant, find_int, find_object, find_objects, find_text, get_instant, get_int
from bots.vk.addresses import FIRST_CHAT_PEER, MessageAddress
from bots.vk.attachments import attachments_of
from bots.vk.authors import author_of, community, group_id_of
from bots.vk.texts import names_community, plain_text
from inbox.channels.events import (
    Attachment,
    AttachmentKind,
    Author,
    ConversationKind,
    Ignored,
    InboundEvent,
    Me,
    MessageReceived,
    Quoted,
)

_DEPTH = 8
"""How deep forwards inside forwards are read."""


def parse_new(payload: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """message_new: since version 5.103 the message lies inside, beside what the client can show."""
    return _parse(find_object(payload, "message") or payload, me, edited=False, ours=False)


def parse_reply(message: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """message_reply: our side wrote, here or in VK itself."""
    return _parse(message, me, edited=False, ours=True)


def parse_edit(message: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """message_edit, of a contact's message or of our own."""
    return _parse(message, me, edited=True, ours=False)


def _parse(message: RawObject, me: Me, *, edited: bool, ours: bool) -> tuple[InboundEvent, ...]:
    action = find_object(message, "action")
    if action is not None:
        return (Ignored(f"service message: {action.get('type')}"),)
    sent_at = get_instant(message, "date")
    edited_at = (find_instant(message, "update_time") or sent_at) if edited else None
    return (_received(message, me, sent_at, edited_at, is_outbound=ours or _is_ours(message, me)),)


def _is_ours(message: RawObject, me: Me) -> bool:
    return find_int(message, "out") == 1 or get_int(message, "from_id") == -group_id_of(me)


def _received(
    message: RawObject, me: Me, sent_at: datetime, edited_at: datetime | None, *, is_outbound: bool
) -> MessageReceived:
    peer_id = get_int(message, "peer_id")
    is_chat = peer_id >= FIRST_CHAT_PEER
    text = find_text(message, "text") or ""
    parent = _parent(message, me, peer_id)
    return MessageReceived(
        external_id=_external_id(message, peer_id),
        kind=ConversationKind.GROUP if is_chat else ConversationKind.DIRECT,
        chat_external_id=str(peer_id),
        author=_our_author(message, me) if is_outbound else author_of(get_int(message, "from_id"), me),
        sent_at=sent_at,
        text=plain_text(text),
        attachments=_attachments(message, text),
        edited_at=edited_at,
        parent=parent,
        addresses_us=names_community(text, group_id_of(me)) or _answers_us(parent),
        is_outbound=is_outbound,
        random_id=_random_id(message),
        addressee=author_of(peer_id, me) if is_outbound and not is_chat else None,
    )


def _external_id(message: RawObject, peer_id: int) -> str:
    number = find_int(message, "conversation_message_id")
    if number is None:
        return MessageAddress(peer_id, get_int(message, "id"), is_global=True).external_id()
    return MessageAddress(peer_id, number).external_id()


def _our_author(message: RawObject, me: Me) -> Author:
    """The administrator who wrote from VK itself, where VK tells; else the community. The id of `from_id` may be the
    contact's in old recordings, who must never become one of our people."""
    admin_id = find_int(message, "admin_author_id")
    if admin_id is None or admin_id <= 0 or admin_id == find_int(message, "peer_id"):
        return community(me)
    return replace(author_of(admin_id, me), is_ours=True)


def _random_id(message: RawObject) -> str | None:
    random_id = find_int(message, "random_id")
    return str(random_id) if random_id else None


def _parent(message: RawObject, me: Me, peer_id: int) -> Quoted | None:
    """What the message answers; else what it forwards, from wherever it was."""
    answered = find_object(message, "reply_message")
    if answered is not None:
        return Quoted(
            external_id=_external_id(answered, peer_id) if _has_number(answered) else "",
            author=_find_author(answered, me),
            text=_text_with_files(answered),
        )
    forwarded = find_objects(message, "fwd_messages")
    if not forwarded:
        return None
    return Quoted(external_id="", author=_find_author(forwarded[0], me), text=_words_of(forwarded, _DEPTH))


def _has_number(message: RawObject) -> bool:
    return find_int(message, "conversation_message_id") is not None or find_int(message, "id") is not None


def _find_author(message: RawObject, me: Me) -> Author | None:
    author_id = find_int(message, "from_id")
    return None if author_id is None else author_of(author_id, me)


def _text_with_files(message: RawObject) -> str:
    """The words of a quoted message, or what stands in their place."""
    text = plain_text(find_text(message, "text") or "")
    return text or ", ".join(file.title or file.kind for file in attachments_of(message))


def _words_of(messages: tuple[RawObject, ...], depth: int) -> str:
    """Forwarded messages as lines, those inside them too."""
    lines = [_text_with_files(message) for message in messages]
    if depth > 0:
        lines += [_words_of(find_objects(message, "fwd_messages"), depth - 1) for message in messages]
    return "\n".join(filter(None, lines))


def _attachments(message: RawObject, text: str) -> tuple[Attachment, ...]:
    """The message's own, and what came with its forwards; never nothing at all where there is no text either."""
    forwarded = find_objects(message, "fwd_messages")
    found = (*attachments_of(message), *_files_of(forwarded, _DEPTH))
    if found or text:
        return found
    words = _words_of(forwarded, _DEPTH)
    return (Attachment(AttachmentKind.OTHER, title=words or None),)


def _files_of(messages: tuple[RawObject, ...], depth: int) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    for message in messages:
        found.extend(attachments_of(message))
        if depth > 0:
            found.extend(_files_of(find_objects(message, "fwd_messages"), depth - 1))
    return tuple(found)


def _answers_us(parent: Quoted | None) -> bool:
    return parent is not None and bool(parent.external_id) and parent.author is not None and parent.author.is_ours
