"""What came while nobody received: unanswered direct messages, and comments where the administrator's key may read.

VK gives them as objects, not as events; they leave here as the events that they would have been, so that everything
behind the stream treats them alike and drops what it has seen.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from bots.fields import RawObject, as_object, find_objects, get_instant, get_int, get_object
from bots.vk.calls import call, group_id_of, reading_answers
from bots.vk.wire import API_VERSION, Params, Wires
from inbox.channels.adapter import Account, KeyKind, RawEvent

PAGE = 100
MOST_CONVERSATIONS = 1_000
POSTS = 20
"""The newest posts whose comments are read."""


async def backfill(wires: Wires, account: Account, since: datetime) -> AsyncIterator[RawEvent]:
    """Events since an instant, unanswered direct messages first; comments only with an administrator's key."""
    with reading_answers():
        async for message in _unanswered(wires, account, since):
            yield _event(account, "message_new", {"message": message, "client_info": {}})
        if account.user_token:
            async for comment in _comments(wires, account, since):
                yield _event(account, "wall_reply_new", comment)


def _event(account: Account, kind: str, payload: RawObject) -> RawEvent:
    return {"type": kind, "object": payload, "group_id": group_id_of(account), "v": API_VERSION}


async def _unanswered(wires: Wires, account: Account, since: datetime) -> AsyncIterator[RawObject]:
    """The contacts' last messages, since our last answer, of every conversation that waits for one."""
    for offset in range(0, MOST_CONVERSATIONS, PAGE):
        params: Params = {"filter": "unanswered", "count": PAGE, "offset": offset}
        found = as_object(await call(wires, account, "messages.getConversations", params), "response")
        talks = find_objects(found, "items")
        for talk in talks:
            last = get_object(talk, "last_message")
            if get_instant(last, "date") >= since:
                for message in await _waiting(wires, account, get_int(last, "peer_id"), since):
                    yield message
        if len(talks) < PAGE:
            return


async def _waiting(wires: Wires, account: Account, peer_id: int, since: datetime) -> list[RawObject]:
    """Oldest first: what one contact wrote since `since` and since we wrote last."""
    found = as_object(
        await call(wires, account, "messages.getHistory", {"peer_id": peer_id, "count": PAGE}), "response"
    )
    waiting: list[RawObject] = []
    for message in find_objects(found, "items"):
        if message.get("out") == 1 or get_instant(message, "date") < since:
            break
        waiting.insert(0, message)
    return waiting


async def _comments(wires: Wires, account: Account, since: datetime) -> AsyncIterator[RawObject]:
    owner: Params = {"owner_id": -group_id_of(account)}
    newest: Params = {"domain": f"club{group_id_of(account)}", "count": POSTS}
    found = as_object(await call(wires, account, "wall.get", newest, KeyKind.USER), "response")
    for raw in find_objects(found, "items"):
        place = {"post_id": get_int(raw, "id")}
        asked: Params = {**owner, **place, "count": PAGE, "sort": "desc", "thread_items_count": 10}
        answer = as_object(await call(wires, account, "wall.getComments", asked, KeyKind.USER), "response")
        for comment in reversed(find_objects(answer, "items")):
            thread = comment.get("thread")
            inside = find_objects(thread, "items") if isinstance(thread, dict) else ()
            for one in (comment, *inside):
                if one.get("deleted") is not True and get_instant(one, "date") >= since:
                    yield {**one, **place, **owner}
