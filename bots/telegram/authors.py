"""Who wrote: a person, a bot, a channel, or our own side behind a stand-in sender."""

from bots.fields import RawObject, find_object, find_text, get_int, get_object, get_text, is_set
from inbox.channels.events import Author, Me
from inbox.core.errors import UnparsableEventError


def author_of_user(user: RawObject, me: Me) -> Author:
    """A User object as an author."""
    external_id = str(get_int(user, "id"))
    username = find_text(user, "username")
    full_name = " ".join(filter(None, (find_text(user, "first_name"), find_text(user, "last_name"))))
    return Author(
        external_id=external_id,
        name=full_name or username or external_id,
        username=username,
        is_bot=is_set(user, "is_bot"),
        is_ours=_is_known_as_ours(external_id, me),
        language=find_text(user, "language_code"),
    )


def author_of_chat(chat: RawObject, me: Me, *, is_ours: bool = False) -> Author:
    """A Chat object, a channel or group, as an author."""
    external_id = str(get_int(chat, "id"))
    username = find_text(chat, "username")
    return Author(
        external_id=external_id,
        name=title_of_chat(chat) or username or external_id,
        username=username,
        is_ours=is_ours or _is_known_as_ours(external_id, me),
    )


def author_of_message(message: RawObject, me: Me) -> Author:
    """The author of a message.

    Anonymous administrators and channels come with a stand-in `from` (777000, 136817688, GroupAnonymousBot), so
    `sender_chat` says who it is. The chat itself is an anonymous administrator; the channel whose post is answered is
    the linked one; both are ours. Any other channel is an ordinary author.
    """
    sender_chat = find_object(message, "sender_chat")
    if sender_chat is not None:
        return author_of_chat(sender_chat, me, is_ours=_speaks_for_us(message, sender_chat))
    user = find_object(message, "from")
    if user is None:
        raise UnparsableEventError("from is missing")
    author = author_of_user(user, me)
    if not author.is_ours and _is_business_owner(message, author):
        return Author(author.external_id, author.name, author.username, author.is_bot, is_ours=True)
    return author


def author_of_origin(origin: RawObject, me: Me) -> Author | None:
    """Who wrote a message that is known by its origin only; None for a hidden person without a name."""
    for name in ("sender_chat", "chat"):
        chat = find_object(origin, name)
        if chat is not None:
            return author_of_chat(chat, me)
    user = find_object(origin, "sender_user")
    if user is not None:
        return author_of_user(user, me)
    hidden_name = find_text(origin, "sender_user_name")
    return Author(external_id="", name=hidden_name) if hidden_name else None


def title_of_chat(chat: RawObject) -> str | None:
    """The title of a group or channel; None for a private chat."""
    if chat.get("type") == "private":
        return None
    return find_text(chat, "title") or find_text(chat, "first_name")


def is_private(chat: RawObject) -> bool:
    """Whether the chat is one person's talk with the bot or business account."""
    return get_text(chat, "type") == "private"


def _is_known_as_ours(external_id: str, me: Me) -> bool:
    return external_id == me.external_id or external_id in me.our_external_ids


def _speaks_for_us(message: RawObject, sender_chat: RawObject) -> bool:
    sender_id = get_int(sender_chat, "id")
    if sender_id == get_int(get_object(message, "chat"), "id") or is_set(message, "is_automatic_forward"):
        return True
    post = find_object(message, "reply_to_message")
    if post is None or not is_set(post, "is_automatic_forward"):
        return False
    channel = find_object(post, "sender_chat")
    return channel is not None and get_int(channel, "id") == sender_id


def _is_business_owner(message: RawObject, author: Author) -> bool:
    """In a business account's private chat the chat's id is the contact's: anybody else there is our side."""
    if not find_text(message, "business_connection_id"):
        return False
    chat = get_object(message, "chat")
    return is_private(chat) and str(get_int(chat, "id")) != author.external_id
