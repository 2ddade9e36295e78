"""Posts of the community's wall, and the mentions that are posts: on our wall by a subscriber, or our post shared
with words of their own."""

from datetime import datetime

from bots.fields import RawObject, find_int, find_objects, find_text, get_instant, get_int
from bots.vk.addresses import post
from bots.vk.attachments import attachments_of
from bots.vk.authors import author_of, community, group_id_of
from bots.vk.texts import plain_text
from inbox.channels.events import (
    Attachment,
    ConversationKind,
    Ignored,
    InboundEvent,
    Me,
    MessageReceived,
    PostSeen,
    Quoted,
)

_UNPUBLISHED = frozenset({"suggest", "postpone"})


def parse_post(raw: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """wall_post_new: a post; a subscriber's own on our wall is a mention besides, since somebody should answer it."""
    post_type = find_text(raw, "post_type")
    if post_type in _UNPUBLISHED:
        return (Ignored(f"a post that is not published: {post_type}"),)
    owner_id, published_at = find_int(raw, "owner_id"), get_instant(raw, "date")
    address = post(-group_id_of(me) if owner_id is None else owner_id, get_int(raw, "id"))
    text, attachments = _content(raw)
    seen = PostSeen(
        external_id=address.external_id(),
        published_at=published_at,
        text=text,
        attachments=attachments,
        thread_external_id=address.external_id(),
        url=address.url(),
    )
    author_id = find_int(raw, "from_id")
    if author_id is None or author_id <= 0 or author_of(author_id, me).is_ours:
        return (seen,)
    return (seen, _mention(raw, me, published_at, parent=None))


def parse_repost(raw: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """wall_repost: our post on somebody's wall; of interest when they wrote something to it."""
    if not _content(raw)[0].strip():
        return (Ignored("our post was shared without a word"),)
    shared = next(iter(find_objects(raw, "copy_history")), None)
    return (_mention(raw, me, get_instant(raw, "date"), _shared(shared, me)),)


def _mention(raw: RawObject, me: Me, sent_at: datetime, parent: Quoted | None) -> MessageReceived:
    """Each such post is a conversation by itself: its topic is where an answer goes."""
    author_id = get_int(raw, "from_id")
    owner_id = find_int(raw, "owner_id")
    address = post(author_id if owner_id is None else owner_id, get_int(raw, "id"))
    author = author_of(author_id, me)
    text, attachments = _content(raw)
    return MessageReceived(
        external_id=address.external_id(),
        kind=ConversationKind.MENTION,
        chat_external_id=str(address.owner_id),
        author=author,
        sent_at=sent_at,
        text=text,
        attachments=attachments,
        topic_external_id=address.external_id(),
        parent=parent,
        addresses_us=True,
        is_outbound=author.is_ours,
    )


def _shared(raw: RawObject | None, me: Me) -> Quoted | None:
    if raw is None:
        return None
    owner_id, post_id = find_int(raw, "owner_id"), find_int(raw, "id")
    is_ours = owner_id == -group_id_of(me)
    external_id = "" if owner_id is None or post_id is None else post(owner_id, post_id).external_id()
    return Quoted(external_id, community(me) if is_ours else None, _content(raw)[0])


def _content(raw: RawObject) -> tuple[str, tuple[Attachment, ...]]:
    return plain_text(find_text(raw, "text") or ""), attachments_of(raw)
