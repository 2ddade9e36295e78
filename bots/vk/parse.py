"""Parses one raw event of Long Poll or Callback into the inbox's events; pure.

VK names nobody: authors carry a stand-in name (`id1`), until `people.name_people` tells theirs.
"""

from collections.abc import Callable
from functools import partial

from bots.fields import RawObject, find_int, get_object, get_text
from bots.vk import comments, members, messages, posts
from bots.vk.authors import group_id_of
from inbox.channels.adapter import RawEvent
from inbox.channels.events import Ignored, InboundEvent, Me
from inbox.core.errors import UnparsableEventError

_Parser = Callable[[RawObject, Me], tuple[InboundEvent, ...]]


def parse(raw: RawEvent, me: Me) -> tuple[InboundEvent, ...]:
    """Raw event → events. Unknown fields and kinds are passed over; UnparsableEventError for what is malformed in what
    we need, and for another community's event."""
    kind = get_text(raw, "type")
    group_id = find_int(raw, "group_id")
    if group_id is not None and group_id != group_id_of(me):
        raise UnparsableEventError("the event is another community's")
    parse_part = _PARSERS.get(kind)
    if parse_part is None:
        return (Ignored(f"an event of no use to the inbox: {kind}"),)
    return parse_part(get_object(raw, "object"), me)


_PARSERS: dict[str, _Parser] = {
    "message_new": messages.parse_new,
    "message_reply": messages.parse_reply,
    "message_edit": messages.parse_edit,
    "message_allow": members.parse_allow,
    "message_deny": members.parse_deny,
    "wall_post_new": posts.parse_post,
    "wall_repost": posts.parse_repost,
    "user_block": members.parse_block,
    "user_unblock": members.parse_unblock,
    "group_officers_edit": members.parse_officers,
}
for _commented in comments.COMMENTED:
    _PARSERS |= {
        f"{_commented.events}_new": partial(comments.parse_new, _commented),
        f"{_commented.events}_edit": partial(comments.parse_edit, _commented),
        f"{_commented.events}_restore": partial(comments.parse_restore, _commented),
        f"{_commented.events}_delete": partial(comments.parse_delete, _commented),
    }

USED_EVENTS = tuple(_PARSERS)
"""What VK is asked to send."""
