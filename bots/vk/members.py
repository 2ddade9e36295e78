"""Who may be written to, who was banned, who is one of our people."""

from bots.fields import RawObject, find_instant, find_int, find_text, get_int
from bots.vk import reasons
from bots.vk.authors import author_of, group_id_of
from inbox.channels.events import UNDATED, Author, BanChanged, InboundEvent, Me, ReachabilityChanged, StaffChanged

BAN_REASONS = (
    reasons.BAN_OTHER,
    reasons.BAN_SPAM,
    reasons.BAN_INSULTS,
    reasons.BAN_STRONG_LANGUAGE,
    reasons.BAN_FLOOD,
)
"""By VK's numbers."""


def parse_allow(change: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """message_allow: the community may write to a person."""
    return (ReachabilityChanged(_person(change, me), reachable=True, occurred_at=UNDATED),)


def parse_deny(change: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """message_deny: it may no longer."""
    return (ReachabilityChanged(_person(change, me), reachable=False, occurred_at=UNDATED),)


def parse_block(change: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """user_block: banned by somebody of us, here or in VK."""
    reason = find_int(change, "reason") or 0
    ends = find_int(change, "unblock_date")
    return (
        BanChanged(
            chat_external_id=str(-group_id_of(me)),
            author=_person(change, me),
            is_banned=True,
            occurred_at=UNDATED,
            until=find_instant(change, "unblock_date") if ends else None,
            reason=BAN_REASONS[reason] if 0 <= reason < len(BAN_REASONS) else reasons.BAN_OTHER,
            comment=find_text(change, "comment") or "",
        ),
    )


def parse_unblock(change: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """user_unblock: by somebody of us, or by itself at the end of its time."""
    return (BanChanged(str(-group_id_of(me)), _person(change, me), is_banned=False, occurred_at=UNDATED),)


def parse_officers(change: RawObject, me: Me) -> tuple[InboundEvent, ...]:
    """group_officers_edit: somebody's level in the community, 0 for none; every level is one of our people."""
    return (
        StaffChanged(
            chat_external_id=str(-group_id_of(me)),
            author=_person(change, me),
            is_ours=get_int(change, "level_new") > 0,
            occurred_at=UNDATED,
        ),
    )


def _person(change: RawObject, me: Me) -> Author:
    return author_of(get_int(change, "user_id"), me)
