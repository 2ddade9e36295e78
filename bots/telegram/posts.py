"""Posts of a channel: as the channel publishes them, and as their automatic forward in the discussion group."""

from datetime import datetime

from bots.fields import RawObject, find_object, find_text, get_instant, get_int, get_object
from bots.telegram.addresses import ChatAddress
from bots.telegram.attachments import attachments_of
from bots.telegram.authors import title_of_chat
from bots.telegram.texts import text_of
from inbox.channels.events import PostSeen


def post_of_channel(message: RawObject, edited_at: datetime | None) -> PostSeen:
    """A channel_post or edited_channel_post; where its comments stand is not known yet."""
    channel = get_object(message, "chat")
    message_id = get_int(message, "message_id")
    return PostSeen(
        external_id=ChatAddress(get_int(channel, "id")).message(message_id),
        published_at=get_instant(message, "date"),
        text=text_of(message),
        attachments=attachments_of(message),
        edited_at=edited_at,
        chat_title=title_of_chat(channel),
        url=_url(channel, message_id),
    )


def post_of_forward(message: RawObject, edited_at: datetime | None) -> PostSeen:
    """The automatic forward of a post: under it stand the comments.

    A post that was itself a forward shows only where it came from first; its own number is unknown then, and the
    forward stands for it.
    """
    group = ChatAddress(get_int(get_object(message, "chat"), "id"))
    forward_id = get_int(message, "message_id")
    channel = get_object(message, "sender_chat")
    origin = find_object(message, "forward_origin") or {}
    is_own = origin.get("message_id") is not None and _is_same(find_object(origin, "chat"), channel)
    post_id = get_int(origin, "message_id") if is_own else None
    return PostSeen(
        external_id=(
            group.message(forward_id) if post_id is None else ChatAddress(get_int(channel, "id")).message(post_id)
        ),
        published_at=get_instant(origin, "date") if is_own else get_instant(message, "date"),
        text=text_of(message),
        attachments=attachments_of(message),
        edited_at=edited_at,
        thread_external_id=group.thread(forward_id),
        chat_title=title_of_chat(channel),
        url=None if post_id is None else _url(channel, post_id),
    )


def _is_same(chat: RawObject | None, channel: RawObject) -> bool:
    return chat is not None and get_int(chat, "id") == get_int(channel, "id")


def _url(channel: RawObject, message_id: int) -> str | None:
    username = find_text(channel, "username")
    return f"https://t.me/{username}/{message_id}" if username else None
