"""What may be done to messages, comments and people: edit, delete, restore, ban, open and close comments.

All may be repeated; what is done already is a success. What a community key cannot do goes by the administrator's,
and is refused with that reason where there is none.
"""

from collections.abc import Coroutine
from datetime import datetime
from enum import IntEnum

from bots.fields import RawObject, as_object, find_int, find_object, find_objects
from bots.vk import reasons
from bots.vk.addresses import CommentAddress, CommentKind, MessageAddress, read_message, read_number, read_thing
from bots.vk.calls import call, group_id_of, reading_answers
from bots.vk.refusals import refusal_of
from bots.vk.send import MAX_MESSAGE
from bots.vk.uploads import attachment_name
from bots.vk.wire import Answer, Params, Wires
from inbox.channels.adapter import Account, KeyKind
from inbox.core.errors import PermanentRefusalError

_KEPT_KINDS = frozenset({"photo", "video", "audio", "doc", "wall", "market", "poll"})


class BanReason(IntEnum):
    """VK's numbers."""

    OTHER = 0
    SPAM = 1
    INSULTS = 2
    STRONG_LANGUAGE = 3
    FLOOD = 4


async def edit(wires: Wires, account: Account, external_id: str, text: str) -> None:
    """Replace the text of our own message or comment; files stay."""
    if not text.strip():
        raise PermanentRefusalError(reasons.EMPTY_TEXT)
    address = read_message(external_id)
    if isinstance(address, MessageAddress):
        await _edit_message(wires, account, address, text)
        return
    _must_be_on_wall(address)
    place: Params = {"owner_id": address.thing.owner_id, "comment_id": address.comment_id, "message": text}
    await call(wires, account, "wall.editComment", place, KeyKind.USER)


async def _edit_message(wires: Wires, account: Account, address: MessageAddress, text: str) -> None:
    if len(text) > MAX_MESSAGE:
        raise PermanentRefusalError(reasons.TEXT_TOO_LONG)
    with reading_answers():
        files = await _files_of(wires, account, address)
    number = "message_id" if address.is_global else "cmid"
    params: dict[str, str | int] = {
        "peer_id": address.peer_id,
        number: address.number,
        "message": text,
        "keep_forward_messages": 1,
        "keep_snippets": 1,
        **({"attachment": ",".join(files)} if files else {}),
    }
    await call(wires, account, "messages.edit", params)


async def _files_of(wires: Wires, account: Account, address: MessageAddress) -> list[str]:
    """The message's files: messages.edit drops what it is not told again."""
    method, numbers = (
        ("messages.getById", {"message_ids": address.number})
        if address.is_global
        else ("messages.getByConversationMessageId", {"conversation_message_ids": address.number})
    )
    place = {} if address.is_global else {"peer_id": address.peer_id}
    found = find_objects(as_object(await call(wires, account, method, {**place, **numbers}), "response"), "items")
    raw_files = find_objects(found[0], "attachments") if found else ()
    names = (_file_name(raw) for raw in raw_files)
    return [name for name in names if name is not None]


def _file_name(raw: RawObject) -> str | None:
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in _KEPT_KINDS:
        return None
    thing = find_object(raw, kind)
    return None if thing is None else attachment_name(kind, thing)


async def delete(wires: Wires, account: Account, external_id: str) -> None:
    """Delete a message for everybody, or a comment; one that is gone already is a success."""
    address = read_message(external_id)
    if isinstance(address, MessageAddress):
        await _delete_message(wires, account, address)
        return
    if address.thing.kind is CommentKind.BOARD:
        await _unless_done(call(wires, account, "board.deleteComment", _in_topic(address)))
        return
    _must_be_on_wall(address)
    place: Params = {"owner_id": address.thing.owner_id, "comment_id": address.comment_id}
    await _unless_done(call(wires, account, "wall.deleteComment", place, KeyKind.USER))


async def _delete_message(wires: Wires, account: Account, address: MessageAddress) -> None:
    numbers = {"message_ids": address.number} if address.is_global else {"cmids": address.number}
    params: Params = {"peer_id": address.peer_id, **numbers, "delete_for_all": 1}
    result = await call(wires, account, "messages.delete", params)
    with reading_answers():
        entries = [as_object(entry, "response") for entry in result] if isinstance(result, list) else []
        errors = [error for entry in entries if (error := find_object(entry, "error")) is not None]
        codes = [find_int(error, "code") or 0 for error in errors]
    refusals = [refusal_of(Answer(code=code), "messages.delete", KeyKind.OWN) for code in codes]
    for refusal in refusals:
        if refusal.reason != reasons.COMMENT_GONE:
            raise refusal


async def restore(wires: Wires, account: Account, external_id: str) -> None:
    """Bring a deleted comment back; one that is not deleted is a success."""
    address = read_message(external_id)
    if isinstance(address, MessageAddress):
        raise PermanentRefusalError(reasons.ONLY_IN_VK)
    if address.thing.kind is CommentKind.BOARD:
        await _unless_done(call(wires, account, "board.restoreComment", _in_topic(address)), reasons.NOT_DELETED)
        return
    _must_be_on_wall(address)
    place: Params = {"owner_id": address.thing.owner_id, "comment_id": address.comment_id}
    await _unless_done(call(wires, account, "wall.restoreComment", place, KeyKind.USER), reasons.NOT_DELETED)


async def ban(
    wires: Wires, account: Account, author: str, until: datetime | None, reason: BanReason, comment: str
) -> None:
    """Ban a person from the community until an instant, or for ever; `comment` is for its administrators."""
    params: dict[str, str | int] = {
        "group_id": group_id_of(account),
        "owner_id": read_number(author),
        "reason": int(reason),
        **({"end_date": int(until.timestamp())} if until is not None else {}),
        **({"comment": comment} if comment else {}),
    }
    await call(wires, account, "groups.ban", params, KeyKind.USER)


async def unban(wires: Wires, account: Account, author: str) -> None:
    """Lift a ban; somebody who is not banned is a success."""
    params: Params = {"group_id": group_id_of(account), "owner_id": read_number(author)}
    await _unless_done(call(wires, account, "groups.unban", params, KeyKind.USER))


async def set_comments_open(wires: Wires, account: Account, post_external_id: str, *, is_open: bool) -> None:
    """Open or close the comments of a post; the community key can."""
    thing = read_thing(post_external_id)
    if thing.kind is not CommentKind.WALL:
        raise PermanentRefusalError(reasons.ONLY_IN_VK)
    method = "wall.openComments" if is_open else "wall.closeComments"
    await call(wires, account, method, {"owner_id": thing.owner_id, "post_id": thing.thing_id})


async def _unless_done(work: Coroutine[None, None, object], done: str = reasons.COMMENT_GONE) -> None:
    try:
        await work
    except PermanentRefusalError as refusal:
        if refusal.reason != done:
            raise


def _in_topic(address: CommentAddress) -> Params:
    return {
        "group_id": abs(address.thing.owner_id),
        "topic_id": address.thing.thing_id,
        "comment_id": address.comment_id,
    }


def _must_be_on_wall(address: CommentAddress) -> None:
    """VK has no method for a community's key elsewhere; there a person acts in VK itself."""
    if address.thing.kind is not CommentKind.WALL:
        raise PermanentRefusalError(reasons.ONLY_IN_VK)
