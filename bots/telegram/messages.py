"""A Message object as events: a subscriber's message, a post, a migration, or nothing for us."""

from dataclasses import dataclass
from datetime import datetime

from bots.fields import (
    RawObject,
    find_instant,
    find_int,
    find_object,
    find_text,
    get_instant,
    get_int,
    get_object,
    get_text,
    is_set,
)
from bots.telegram.addresses import ChatAddress
from bots.telegram.attachments import attachments_of
from bots.telegram.authors import (
    author_of_chat,
    author_of_message,
    author_of_origin,
    title_of_chat,
)
from bots.telegram.posts import post_of_channel, post_of_forward
from bots.telegram.service import SERVICE
from bots.telegram.texts import names_us, text_of
from inbox.channels.events import (
    Attachment,
    AttachmentKind,
    Author,
    ChatMigrated,
    ConversationKind,
    Ignored,
    InboundEvent,
    Me,
    MessageReceived,
    Quoted,
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message stands in its chat."""

    kind: ConversationKind
    thread_external_id: str | None = None
    thread_is_post: bool = False
    topic_external_id: str | None = None


def parse_message(message: RawObject, me: Me, *, edited: bool) -> tuple[InboundEvent, ...]:
    """The events of one Message object; `edited` when the update says that it is the newest state of an older one."""
    migration = _migration(message)
    if migration is not None:
        return (migration,)
    service = next((name for name in message if name in SERVICE and message[name] is not None), None)
    if service is not None:
        return (Ignored(f"service message: {service}"),)
    if message.get("ephemeral_message_id") is not None:
        return (Ignored("an ephemeral message has no lasting id"),)
    chat_type = get_text(get_object(message, "chat"), "type")
    edited_at = (find_instant(message, "edit_date") or get_instant(message, "date")) if edited else None
    if chat_type == "channel":
        return (post_of_channel(message, edited_at),)
    if is_set(message, "is_automatic_forward"):
        return (post_of_forward(message, edited_at),)
    if chat_type not in {"private", "group", "supergroup"}:
        return (Ignored(f"a chat of an unknown kind: {chat_type}"),)
    return (_received(message, me, edited_at),)


def _migration(message: RawObject) -> ChatMigrated | None:
    new_id, old_id = find_int(message, "migrate_to_chat_id"), find_int(message, "migrate_from_chat_id")
    if new_id is None and old_id is None:
        return None
    chat_id = get_int(get_object(message, "chat"), "id")
    return ChatMigrated(
        old_chat_external_id=str(chat_id if old_id is None else old_id),
        new_chat_external_id=str(chat_id if new_id is None else new_id),
        occurred_at=get_instant(message, "date"),
    )


def _received(message: RawObject, me: Me, edited_at: datetime | None) -> MessageReceived:
    raw_chat = get_object(message, "chat")
    chat = ChatAddress(get_int(raw_chat, "id"), find_text(message, "business_connection_id") or "")
    place = _place(message, raw_chat, chat)
    author = _author(message, me)
    parent = _parent(message, me, chat)
    text = text_of(message)
    return MessageReceived(
        external_id=chat.message(get_int(message, "message_id")),
        kind=place.kind,
        chat_external_id=chat.external_id(),
        author=author,
        sent_at=get_instant(message, "date"),
        text=text,
        attachments=attachments_of(message) or (() if text else _unknown_content()),
        edited_at=edited_at,
        thread_external_id=place.thread_external_id,
        thread_is_post=place.thread_is_post,
        topic_external_id=place.topic_external_id,
        parent=parent,
        album_external_id=find_text(message, "media_group_id"),
        addresses_us=names_us(message, me) or _answers_us(message, parent),
        chat_title=title_of_chat(raw_chat),
        is_outbound=author.is_ours,
    )


def _unknown_content() -> tuple[Attachment, ...]:
    """What Telegram does not show to bots, or we do not know yet, is still a message."""
    return (Attachment(AttachmentKind.OTHER),)


def _place(message: RawObject, raw_chat: RawObject, chat: ChatAddress) -> _Place:
    thread_id = find_int(message, "message_thread_id")
    direct_topic = find_object(message, "direct_messages_topic")
    if direct_topic is not None:
        topic = chat.direct_topic(get_int(direct_topic, "topic_id"))
        return _Place(ConversationKind.DIRECT, topic_external_id=topic)
    is_private = raw_chat.get("type") == "private"
    kind = ConversationKind.DIRECT if is_private else ConversationKind.GROUP
    if thread_id is not None and is_set(message, "is_topic_message"):
        return _Place(kind, topic_external_id=chat.thread(thread_id))
    answered = find_object(message, "reply_to_message")
    if answered is not None and is_set(answered, "is_automatic_forward"):
        root_id = get_int(answered, "message_id") if thread_id is None else thread_id
        return _Place(ConversationKind.COMMENT, chat.thread(root_id), thread_is_post=True)
    if thread_id is None or is_private:
        return _Place(kind)
    return _Place(kind, chat.thread(thread_id))


def _author(message: RawObject, me: Me) -> Author:
    """The author; in a channel's direct messages everybody but the topic's subscriber is our side."""
    author = author_of_message(message, me)
    topic = find_object(message, "direct_messages_topic")
    subscriber = find_object(topic, "user") if topic is not None else None
    if subscriber is None or str(get_int(subscriber, "id")) == author.external_id:
        return author
    return Author(author.external_id, author.name, author.username, author.is_bot, is_ours=True)


def _parent(message: RawObject, me: Me, chat: ChatAddress) -> Quoted | None:
    """What the message answers; a forum's first service message is no parent."""
    quote = find_object(message, "quote")
    quoted_text = find_text(quote, "text") if quote is not None else None
    answered = find_object(message, "reply_to_message")
    if answered is not None:
        if answered.get("forum_topic_created") is not None:
            return None
        has_author = answered.get("from") is not None or answered.get("sender_chat") is not None
        return Quoted(
            external_id=chat.message(get_int(answered, "message_id")),
            author=author_of_message({"chat": message["chat"], **answered}, me) if has_author else None,
            text=quoted_text or text_of(answered),
        )
    elsewhere = find_object(message, "external_reply")
    if elsewhere is not None:
        return _parent_elsewhere(elsewhere, me, quoted_text)
    story = find_object(message, "reply_to_story")
    if story is not None:
        return Quoted(external_id="", author=author_of_chat(get_object(story, "chat"), me))
    return None


def _parent_elsewhere(elsewhere: RawObject, me: Me, quoted_text: str | None) -> Quoted:
    """A parent in another chat or topic; its id is empty where Telegram does not tell it."""
    chat, message_id = find_object(elsewhere, "chat"), find_int(elsewhere, "message_id")
    return Quoted(
        external_id="" if chat is None or message_id is None else ChatAddress(get_int(chat, "id")).message(message_id),
        author=author_of_origin(get_object(elsewhere, "origin"), me),
        text=quoted_text or "",
    )


def _answers_us(message: RawObject, parent: Quoted | None) -> bool:
    """A comment under our post does not address us, an answer to our own comment does."""
    answered = find_object(message, "reply_to_message")
    if parent is None or parent.author is None or (answered is not None and is_set(answered, "is_automatic_forward")):
        return False
    return parent.author.is_ours
