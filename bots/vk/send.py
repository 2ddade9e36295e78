"""One Outgoing as one message or comment; repeated with the same random_id or guid it is heard once."""

import json
from datetime import datetime

from bots.fields import RawObject, as_object, find_int, find_object, get_int
from bots.vk import reasons
from bots.vk.addresses import (
    CommentAddress,
    CommentKind,
    MessageAddress,
    ThingAddress,
    read_message,
    read_number,
    read_thing,
)
from bots.vk.calls import call, group_id_of, reading_answers
from bots.vk.refusals import refusal_of
from bots.vk.uploads import bring_to_comment, bring_to_message, check_comment_files, check_message_files
from bots.vk.wire import Answer, Wires
from inbox.channels.adapter import Account, KeyKind, Outgoing, Sent
from inbox.channels.events import ConversationKind
from inbox.core.errors import PermanentRefusalError

MAX_MESSAGE = 4096


async def send(wires: Wires, account: Account, outgoing: Outgoing, now: datetime) -> Sent:
    """Send one message. Too long, too many, empty: PermanentRefusalError before anything is asked.

    VK tells the time only by an event; until then it is `now` in whole seconds, as VK's are: what is written later in
    the same second has a later number.
    """
    if not outgoing.text.strip() and not outgoing.uploads:
        raise PermanentRefusalError(reasons.EMPTY_TEXT)
    sent_at = now.replace(microsecond=0)
    if outgoing.kind in {ConversationKind.DIRECT, ConversationKind.GROUP}:
        return await _message(wires, account, outgoing, sent_at)
    return await _comment(wires, account, outgoing, sent_at)


async def _message(wires: Wires, account: Account, outgoing: Outgoing, sent_at: datetime) -> Sent:
    if len(outgoing.text) > MAX_MESSAGE:
        raise PermanentRefusalError(reasons.TEXT_TOO_LONG)
    check_message_files(outgoing.uploads)
    peer_id = read_number(outgoing.chat_external_id)
    files = [await bring_to_message(wires, account, peer_id, file) for file in outgoing.uploads]
    params: dict[str, str | int] = {
        # With the plural VK answers the number in the conversation, which its events carry too.
        "peer_ids": str(peer_id),
        "random_id": outgoing.random_id,
        "message": outgoing.text,
        **({"attachment": ",".join(files)} if files else {}),
        **_answered(outgoing, peer_id),
    }
    result = await call(wires, account, "messages.send", params)
    with reading_answers():
        return Sent(await _made_message(wires, account, peer_id, result), sent_at)


def _answered(outgoing: Outgoing, peer_id: int) -> dict[str, str | int]:
    """What the message answers, if it stands in this conversation."""
    parent = None if outgoing.parent_external_id is None else read_message(outgoing.parent_external_id)
    if not isinstance(parent, MessageAddress) or parent.peer_id != peer_id:
        return {}
    numbers = "message_ids" if parent.is_global else "conversation_message_ids"
    return {"forward": json.dumps({"peer_id": peer_id, numbers: [parent.number], "is_reply": True})}


async def _made_message(wires: Wires, account: Account, peer_id: int, result: object) -> str:
    """The message that VK made, by its number in the conversation; a bare global id is asked about once more."""
    if isinstance(result, int):
        found = as_object(await call(wires, account, "messages.getById", {"message_ids": result}), "response")
        items = found.get("items")
        made = as_object(items[0] if isinstance(items, list) and items else None, "response")
        return MessageAddress(peer_id, get_int(made, "conversation_message_id")).external_id()
    made = as_object(result[0] if isinstance(result, list) and result else None, "response")
    error = find_object(made, "error")
    if error is not None:
        raise refusal_of(_error_of(error), "messages.send", KeyKind.OWN)
    return MessageAddress(peer_id, get_int(made, "conversation_message_id")).external_id()


def _error_of(error: RawObject) -> Answer:
    words = error.get("description")
    return Answer(code=find_int(error, "code") or 0, message=words if isinstance(words, str) else "")


async def _comment(wires: Wires, account: Account, outgoing: Outgoing, sent_at: datetime) -> Sent:
    """Under a post only: VK lets no community key answer elsewhere."""
    thing = _place(outgoing)
    if thing.kind is not CommentKind.WALL:
        raise PermanentRefusalError(reasons.ONLY_IN_VK)
    check_comment_files(account, outgoing.uploads)
    files = [await bring_to_comment(wires, account, file) for file in outgoing.uploads]
    answered = _answered_comment(outgoing, thing)
    params: dict[str, str | int] = {
        "owner_id": thing.owner_id,
        "post_id": thing.thing_id,
        "from_group": group_id_of(account),
        "message": outgoing.text,
        "guid": str(outgoing.random_id),
        **({"attachments": ",".join(files)} if files else {}),
        **({"reply_to_comment": answered} if answered is not None else {}),
    }
    result = await call(wires, account, "wall.createComment", params)
    with reading_answers():
        return Sent(thing.comment(get_int(as_object(result, "response"), "comment_id")), sent_at)


def _place(outgoing: Outgoing) -> ThingAddress:
    """The post of a comment's thread; of a mention, the mentioning post."""
    place = outgoing.thread_external_id or outgoing.topic_external_id
    if place is None:
        raise PermanentRefusalError(reasons.UNKNOWN_ADDRESS)
    return read_thing(place)


def _answered_comment(outgoing: Outgoing, thing: ThingAddress) -> int | None:
    if outgoing.parent_external_id is None or outgoing.parent_external_id == thing.external_id():
        return None
    parent = read_message(outgoing.parent_external_id)
    return parent.comment_id if isinstance(parent, CommentAddress) and parent.thing == thing else None
