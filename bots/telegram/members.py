"""Changes of membership: who can be reached, what we may do in a chat, who joined or left our people."""

from bots.fields import RawObject, get_instant, get_int, get_object, get_text, is_set
from bots.telegram.authors import author_of_user, is_private, title_of_chat
from inbox.channels.events import Ignored, InboundEvent, Me, OurStandingChanged, ReachabilityChanged, StaffChanged

_ADMINISTRATORS = frozenset({"creator", "administrator"})
_PRESENT = frozenset({"creator", "administrator", "member"})


def parse_our_membership(change: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """my_chat_member: a contact blocked or unblocked the bot, or a chat changed the bot's rights."""
    chat = get_object(change, "chat")
    member = get_object(change, "new_chat_member")
    occurred_at = get_instant(change, "date")
    if is_private(chat):
        contact = author_of_user(get_object(change, "from"), me)
        return (ReachabilityChanged(contact, reachable=is_member(member), occurred_at=occurred_at),)
    return (
        OurStandingChanged(
            chat_external_id=str(get_int(chat, "id")),
            chat_title=title_of_chat(chat) or "",
            is_member=is_member(member),
            is_administrator=is_administrator(member),
            can_act=rights_of(member),
            occurred_at=occurred_at,
        ),
    )


def parse_membership(change: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """chat_member: of interest when somebody becomes, or ceases to be, an administrator."""
    member = get_object(change, "new_chat_member")
    before, now = is_administrator(get_object(change, "old_chat_member")), is_administrator(member)
    if before == now:
        return (Ignored("a membership that does not concern our people"),)
    return (
        StaffChanged(
            chat_external_id=str(get_int(get_object(change, "chat"), "id")),
            author=author_of_user(get_object(member, "user"), me),
            is_ours=now,
            occurred_at=get_instant(change, "date"),
        ),
    )


def is_administrator(member: RawObject) -> bool:
    """Whether a ChatMember object is an administrator's."""
    return get_text(member, "status") in _ADMINISTRATORS


def is_member(member: RawObject) -> bool:
    """Whether a ChatMember object is somebody's who is in the chat."""
    status = get_text(member, "status")
    return status in _PRESENT or (status == "restricted" and is_set(member, "is_member"))


def rights_of(member: RawObject) -> tuple[str, ...]:
    """What a ChatMember may do to others' messages and to others: delete, ban, restrict."""
    is_creator = get_text(member, "status") == "creator"
    rights: tuple[str, ...] = ()
    if is_creator or is_set(member, "can_delete_messages"):
        rights += ("delete",)
    if is_creator or is_set(member, "can_restrict_members"):
        rights += ("ban", "restrict")
    return rights
