"""messages.*: as a community's key may call them."""

import json

from bots.simulator.shown import ShownMedia
from bots.simulator.vk.community import Community, Content, Message
from bots.simulator.vk.keys import Key
from bots.simulator.vk.params import Params
from bots.simulator.vk.refusals import Json, VkApiError, invalid, missing
from bots.simulator.vk.uploading import attached

MAX_TEXT = 4096
FIRST_CHAT_PEER = 2_000_000_000
MAX_PEERS = 100
EDITABLE_SECONDS = DELETABLE_SECONDS = 24 * 3600


def send(community: Community, _: Key, params: Params) -> object:
    """messages.send: a number for one peer, a list for `peer_ids`, where each may fail by itself."""
    random_id = params.find_int("random_id")
    if random_id is None:
        raise missing("random_id")
    many = params.list_ints("peer_ids")
    if not many:
        peer_id = params.find_int("peer_id") or params.find_int("user_id")
        if peer_id is None:
            raise missing("peer_id")
        return _send_one(community, peer_id, random_id, params).message_id
    if len(many) > MAX_PEERS:
        raise invalid("peer_ids")
    return [_send_of_many(community, peer_id, random_id, params) for peer_id in many]


def _send_of_many(community: Community, peer_id: int, random_id: int, params: Params) -> Json:
    try:
        message = _send_one(community, peer_id, random_id, params)
    except VkApiError as refusal:
        error: Json = {"code": refusal.code, "description": refusal.message}
        return {"peer_id": peer_id, "message_id": 0, "conversation_message_id": 0, "error": error}
    return {"peer_id": peer_id, "message_id": message.message_id, "conversation_message_id": message.number}


def _send_one(community: Community, peer_id: int, random_id: int, params: Params) -> Message:
    """A message that was sent with this random_id is sent again by nobody."""
    _check_peer(community, peer_id)
    talk = community.talks[peer_id]
    known = next(
        (message for message in talk if message.is_ours and random_id and message.random_id == random_id), None
    )
    if known is not None:
        return known
    content = _content(community, params)
    answered = _answered(talk, params)
    message = community.add_message(peer_id, community.owner_id, content, answered, random_id)
    community.log.put("message_reply", message.shown())
    return message


def _check_peer(community: Community, peer_id: int) -> None:
    if peer_id >= FIRST_CHAT_PEER or peer_id < 0:
        raise VkApiError(917)
    if community.is_banned(peer_id):
        raise VkApiError(900)
    if not community.may_write_to(peer_id):
        raise VkApiError(901)


def _content(community: Community, params: Params) -> Content:
    text = params.find_text("message") or ""
    found = [attached(community, name) for name in (params.find_text("attachment") or "").split(",") if name]
    if not text.strip() and not found:
        raise VkApiError(100, "message is empty or invalid")
    if len(text) > MAX_TEXT:
        raise VkApiError(914)
    media: tuple[ShownMedia, ...] = tuple(one.media for one in found)
    return Content(text, tuple(one.attachment for one in found), media)


def _answered(talk: list[Message], params: Params) -> Message | None:
    """`reply_to` by global number, `forward` by the conversation's."""
    reply_to = params.find_int("reply_to")
    if reply_to is not None:
        return _find(talk, message_id=reply_to)
    forward = params.find_text("forward")
    if not forward:
        return None
    try:
        wanted: object = json.loads(forward)
    except ValueError:
        raise invalid("forward") from None
    if not isinstance(wanted, dict):
        raise invalid("forward")
    numbers = wanted.get("conversation_message_ids") or []
    ids = wanted.get("message_ids") or []
    if not isinstance(numbers, list) or not isinstance(ids, list):
        raise invalid("forward")
    return next((m for m in talk if not m.is_deleted and (m.number in numbers or m.message_id in ids)), None)


def edit(community: Community, _: Key, params: Params) -> int:
    """messages.edit: the community's own, for a day."""
    message = _named(community, params)
    if not message.is_ours:
        raise VkApiError(15, "you can't edit this message")
    if (community.clock() - message.at).total_seconds() > EDITABLE_SECONDS:
        raise VkApiError(909)
    message.content = _content(community, params)
    message.edited_at = community.clock()
    community.log.put("message_edit", message.shown())
    return 1


def delete(community: Community, _: Key, params: Params) -> list[Json]:
    """messages.delete: for everybody only what the community wrote within a day."""
    peer_id = params.find_int("peer_id")
    numbers, ids = params.list_ints("cmids"), params.list_ints("message_ids")
    if not numbers and not ids:
        raise missing("message_ids")
    if numbers and peer_id is None:
        raise missing("peer_id")
    found = [(number, _find(community.talks.get(peer_id or 0, []), number=number)) for number in numbers]
    found += [(one, _find(community.messages(), message_id=one)) for one in ids]
    return [_delete_one(community, params, number, message) for number, message in found]


def _delete_one(community: Community, params: Params, number: int, message: Message | None) -> Json:
    shown: Json = {"conversation_message_id": number}
    if message is None:
        return {**shown, "error": {"code": 104, "description": VkApiError(104).message}}
    shown |= {"peer_id": message.peer_id, "message_id": message.message_id}
    is_old = (community.clock() - message.at).total_seconds() > DELETABLE_SECONDS
    if params.is_set("delete_for_all"):
        if not message.is_ours or is_old:
            return {**shown, "error": {"code": 924, "description": VkApiError(924).message}}
        message.is_deleted = True
    return {**shown, "response": 1}


def get_by_id(community: Community, _: Key, params: Params) -> Json:
    """messages.getById."""
    wanted = params.list_ints("message_ids")
    return _listed([m for m in community.messages() if m.message_id in wanted and not m.is_deleted])


def get_by_number(community: Community, _: Key, params: Params) -> Json:
    """messages.getByConversationMessageId."""
    wanted = params.list_ints("conversation_message_ids")
    talk = community.talks.get(params.get_int("peer_id"), [])
    return _listed([m for m in talk if m.number in wanted and not m.is_deleted])


def get_history(community: Community, _: Key, params: Params) -> Json:
    """messages.getHistory: newest first."""
    peer_id = params.find_int("peer_id") or params.get_int("user_id")
    there = [m for m in community.talks.get(peer_id, []) if not m.is_deleted]
    ordered = there if params.is_set("rev") else there[::-1]
    offset, count = params.find_int("offset") or 0, params.find_int("count")
    return {
        "count": len(there),
        "items": [m.shown() for m in ordered[offset : offset + (20 if count is None else count)]],
    }


def get_conversations(community: Community, _: Key, params: Params) -> Json:
    """messages.getConversations; `unanswered`: whose last message is the subscriber's."""
    newest: list[Message] = []
    for talk in community.talks.values():
        there = [m for m in talk if not m.is_deleted]
        if there and not (params.find_text("filter") == "unanswered" and there[-1].is_ours):
            newest.append(there[-1])
    newest.sort(key=lambda m: m.at, reverse=True)
    items = [{"conversation": _conversation(m), "last_message": m.shown()} for m in _page(newest, params)]
    return {"count": len(newest), "items": items, "profiles": [], "groups": []}


def _conversation(last: Message) -> Json:
    return {
        "peer": {"id": last.peer_id, "type": "user", "local_id": last.peer_id},
        "last_message_id": last.message_id,
        "last_conversation_message_id": last.number,
        "in_read": last.message_id,
        "out_read": last.message_id,
        "version": 10_000,
        "can_write": {"allowed": True},
    }


def is_allowed(community: Community, _: Key, params: Params) -> Json:
    """messages.isMessagesFromGroupAllowed."""
    return {"is_allowed": int(community.may_write_to(params.get_int("user_id")))}


def _named(community: Community, params: Params) -> Message:
    talk = community.talks.get(params.get_int("peer_id"), [])
    number, message_id = params.find_int("cmid"), params.find_int("message_id")
    if number is None and message_id is None:
        raise missing("message_id")
    message = _find(talk, number=number, message_id=message_id)
    if message is None:
        raise VkApiError(15, "message not found")
    return message


def _find(talk: list[Message], *, number: int | None = None, message_id: int | None = None) -> Message | None:
    return next((m for m in talk if not m.is_deleted and (m.number == number or m.message_id == message_id)), None)


def _page(messages: list[Message], params: Params) -> list[Message]:
    offset, count = params.find_int("offset") or 0, params.find_int("count")
    return messages[offset : offset + (20 if count is None else count)]


def _listed(messages: list[Message]) -> Json:
    return {"count": len(messages), "items": [message.shown() for message in messages]}
