"""What can be done where in VK: by no key at all, or by a key with which capability."""

from bots.vk import reasons
from bots.vk.addresses import CommentKind, read_thing
from inbox.channels.adapter import Act
from inbox.channels.events import ConversationKind
from inbox.core.errors import PermanentRefusalError

TALKS = frozenset({ConversationKind.DIRECT, ConversationKind.GROUP})
_OF_PEOPLE = frozenset({Act.BAN, Act.RESTRICT})
_IN_TOPICS = frozenset({Act.DELETE, Act.TAKE_BACK, Act.RESTORE})
_IN_TALKS = {
    Act.SEND: "reply",
    Act.ATTACH: "send_media",
    Act.EDIT: "edit_own",
    Act.TAKE_BACK: "edit_own",
    Act.BAN: "ban",
    Act.RESTRICT: "restrict",
}
_IN_COMMENTS = {
    Act.SEND: "comments",
    Act.ATTACH: "comment_media",
    Act.EDIT: "edit_comments",
    Act.DELETE: "delete_messages",
    Act.TAKE_BACK: "delete_messages",
    Act.RESTORE: "restore_messages",
    Act.BAN: "ban",
    Act.RESTRICT: "restrict",
    Act.OPEN_COMMENTS: "open_comments",
}


def impossible(act: Act, kind: ConversationKind, thread_external_id: str | None) -> str | None:
    """Posts take all; topics only deletions; under photos, videos and products VK lets nobody act but people."""
    if act in _OF_PEOPLE:
        return None
    if kind in TALKS:
        return {Act.DELETE: reasons.NOT_OURS_TO_DELETE, Act.RESTORE: reasons.NOT_OURS_TO_DELETE}.get(act)
    place = _place(thread_external_id)
    if place is None or place is CommentKind.WALL or (place is CommentKind.BOARD and act in _IN_TOPICS):
        return None
    return reasons.ONLY_IN_VK


def capability_for(act: Act, kind: ConversationKind) -> str | None:
    """As `check` names them."""
    return (_IN_TALKS if kind in TALKS else _IN_COMMENTS).get(act)


def _place(thread_external_id: str | None) -> CommentKind | None:
    try:
        return None if thread_external_id is None else read_thing(thread_external_id).kind
    except PermanentRefusalError:
        return None
