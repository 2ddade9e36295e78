"""Comments under posts, photos, videos, products and topics: one table of kinds, one way to read them.

A community's key can answer and act under posts, and delete in topics; the rest is read-only.
"""

from dataclasses import dataclass

from bots.fields import RawObject, find_int, find_text, get_instant, get_int
from bots.vk.addresses import CommentKind, ThingAddress
from bots.vk.attachments import attachments_of
from bots.vk.authors import author_of, group_id_of
from bots.vk.texts import names_community, plain_text
from inbox.channels.events import (
    UNDATED,
    Attachment,
    AttachmentKind,
    ConversationKind,
    InboundEvent,
    Me,
    MessageDeleted,
    MessageReceived,
    MessageRestored,
    Quoted,
)
from inbox.core.errors import UnparsableEventError


@dataclass(frozen=True, slots=True)
class Commented:
    """How the events of one kind of comments name the owner and the thing: the first field that is there counts."""

    kind: CommentKind
    events: str
    """The events' names without `_new`, `_edit`, `_delete`, `_restore`."""
    owner_fields: tuple[str, ...]
    thing_fields: tuple[str, ...]


COMMENTED = (
    Commented(CommentKind.WALL, "wall_reply", ("post_owner_id", "owner_id"), ("post_id",)),
    Commented(CommentKind.PHOTO, "photo_comment", ("photo_owner_id", "owner_id"), ("photo_id", "pid")),
    Commented(CommentKind.VIDEO, "video_comment", ("video_owner_id", "owner_id"), ("video_id",)),
    Commented(CommentKind.MARKET, "market_comment", ("market_owner_id", "owner_id"), ("item_id", "photo_id")),
    Commented(CommentKind.BOARD, "board_post", ("topic_owner_id",), ("topic_id",)),
)


def parse_new(commented: Commented, comment: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """A comment was written."""
    return (_received(commented, comment, me, edited=False),)


def parse_edit(commented: Commented, comment: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """A comment was changed: its newest state; VK does not say when."""
    return (_received(commented, comment, me, edited=True),)


def parse_restore(commented: Commented, comment: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """A deleted comment is back; it may be one that was never seen here."""
    received = _received(commented, comment, me, edited=False)
    return (received, MessageRestored((received.external_id,), occurred_at=UNDATED))


def parse_delete(commented: Commented, deletion: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """A comment is gone; VK does not say when."""
    external_id = _thing(commented, deletion, me).comment(get_int(deletion, "id"))
    return (MessageDeleted((external_id,), occurred_at=UNDATED),)


def _received(commented: Commented, comment: RawObject, me: Me, *, edited: bool) -> MessageReceived:
    thing = _thing(commented, comment, me)
    author = author_of(get_int(comment, "from_id"), me)
    text = find_text(comment, "text") or ""
    sent_at = get_instant(comment, "date")
    parent = _parent(comment, thing, me)
    answered = parent.author if parent is not None else None
    return MessageReceived(
        external_id=thing.comment(get_int(comment, "id")),
        kind=ConversationKind.COMMENT,
        chat_external_id=str(thing.owner_id),
        author=author,
        sent_at=sent_at,
        text=plain_text(text),
        attachments=attachments_of(comment) or (() if text else (Attachment(AttachmentKind.OTHER),)),
        edited_at=UNDATED if edited else None,
        thread_external_id=thing.external_id(),
        thread_is_post=True,
        thread_url=thing.url(),
        parent=parent,
        addresses_us=names_community(text, group_id_of(me)) or (answered is not None and answered.is_ours),
        is_outbound=author.is_ours,
        addressee=answered if author.is_ours and answered is not None and not answered.is_ours else None,
    )


def _thing(commented: Commented, comment: RawObject, me: Me) -> ThingAddress:
    owners = (find_int(comment, name) for name in commented.owner_fields)
    things = (find_int(comment, name) for name in commented.thing_fields)
    owner_id = next((owner for owner in owners if owner is not None), -group_id_of(me))
    thing_id = next((thing for thing in things if thing is not None), None)
    if thing_id is None:
        raise UnparsableEventError(f"{commented.thing_fields[0]} is missing")
    return ThingAddress(commented.kind, owner_id, thing_id)


def _parent(comment: RawObject, thing: ThingAddress, me: Me) -> Quoted | None:
    """The comment that is answered: named, or the innermost of those it stands under."""
    answered = find_int(comment, "reply_to_comment") or _innermost(comment)
    if not answered:
        return None
    author_id = find_int(comment, "reply_to_user")
    return Quoted(thing.comment(answered), author_of(author_id, me) if author_id else None)


def _innermost(comment: RawObject) -> int | None:
    stack = comment.get("parents_stack")
    numbers = [entry for entry in stack if type(entry) is int] if isinstance(stack, list) else []
    return numbers[-1] if numbers else None
