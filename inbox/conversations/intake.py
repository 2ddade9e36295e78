"""Intake: parsed events become rows, in one transaction a batch, the same rows in whatever order they come.

The steps: advisory locks of the channels, posts, people, conversations, messages, then the state of every conversation
touched. What was seen before falls out by unique key. The worker's edge adds routing, live events and the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import (
    BanChanged,
    ChatMigrated,
    ConversationKind,
    MessageDeleted,
    MessageReceived,
    MessageRestored,
    OurStandingChanged,
    PostSeen,
    ReachabilityChanged,
    StaffChanged,
)  # fmt: skip
from inbox.channels.standing import migrate_chat, store_standing
from inbox.contacts.service import Seen, store_identities
from inbox.conversations.arrivals import Arrived, NewMessage
from inbox.conversations.echoes import recognise_echoes
from inbox.conversations.forgotten import Hide, drop_erased
from inbox.conversations.handled import drop_repeats
from inbox.conversations.messages import mark_deleted, store_messages
from inbox.conversations.places import store_conversations
from inbox.conversations.posts import store_posts
from inbox.conversations.staff import apply_staff_changes
from inbox.conversations.standing import clear_unreachable, find_private, store_bans, store_reachability
from inbox.conversations.tags import TextKey, TextTags
from inbox.core.clock import utc_now

LOCK_SPACE = 7_301
"""First key of the advisory locks that serialise a channel's intake."""

Kind = TypeVar("Kind")


@dataclass(slots=True)
class Stored:
    """What a batch changed: new inbound messages (not ours), and every conversation to be refreshed."""

    new: list[NewMessage] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)


def texts_to_tag(arrived: Sequence[Arrived]) -> list[TextKey]:
    """The texts of a batch that triage must see, each once a project; not our own people's, nor empty ones."""
    texts: dict[TextKey, None] = {}
    for one in arrived:
        event = one.event
        if isinstance(event, MessageReceived) and not event.is_outbound and not event.author.is_ours and event.text:
            texts[(one.channel.workspace_id, event.text)] = None
    return list(texts)


async def store(
    session: AsyncSession,
    arrived: Sequence[Arrived],
    tags: TextTags,
    now: datetime | None = None,
    hide: Hide | None = None,
) -> Stored:
    """Store a batch; `tags` covers `texts_to_tag(arrived)`. Returns what is new, for rules and live events.

    `hide`: the fingerprints by which those are recognised whose data were erased; None: nobody's were.
    """
    await lock_channels(session, [one.channel.channel_id for one in arrived])
    if hide is not None:
        arrived = await drop_erased(session, arrived, hide)
    arrived = await drop_repeats(session, arrived, now or utc_now())
    stored = Stored()
    stored.touched |= await _store_standing(session, arrived, tags)
    stored.touched |= await store_posts(session, _of(arrived, PostSeen))
    turned = await store_reachability(session, _of(arrived, ReachabilityChanged))
    spoke = set(turned)
    received = _of(arrived, MessageReceived)
    if received:
        known = await store_identities(
            session,
            [
                Seen(one.channel.workspace_id, one.channel.channel_id, event.author, event.sent_at)
                for one, event in received
            ]
            + _people_answered(received),
        )
        placed = await store_conversations(session, received, known)
        stored.touched |= await recognise_echoes(session, placed)
        stored.new, touched = await store_messages(session, placed, known, tags)
        stored.touched |= touched
        silent = {one.identity_id for one in known.values() if one.is_unreachable}
        private = (one for one in placed if one.kind is ConversationKind.DIRECT and not one.ours)
        spoke |= {one.identity_id for one in private if one.identity_id in silent}
    await clear_unreachable(session, spoke)
    stored.touched |= await find_private(session, turned)
    stored.touched |= await store_bans(session, _of(arrived, BanChanged))
    stored.touched |= await mark_deleted(session, _of(arrived, MessageDeleted), _of(arrived, MessageRestored))
    return stored


async def lock_channels(session: AsyncSession, channel_ids: Sequence[int]) -> None:
    """One writer a channel; in sorted order, so that two batches cannot wait for each other."""
    ordered = sorted(set(channel_ids))
    ids = select(func.unnest(text("cast(:ids as int[])")).label("id")).subquery()
    statement = select(func.pg_advisory_xact_lock(LOCK_SPACE, ids.c.id))
    await session.execute(statement, {"ids": ordered})


def _people_answered(received: Sequence[tuple[Arrived, MessageReceived]]) -> list[Seen]:
    """Whom our people answered: their conversation must exist even if their message has not come yet."""
    return [
        Seen(one.channel.workspace_id, one.channel.channel_id, author, event.sent_at)
        for one, event in received
        for author in (event.parent.author if event.parent else None, event.addressee)
        if author and not author.is_ours
    ]


async def _store_standing(session: AsyncSession, arrived: Sequence[Arrived], tags: TextTags) -> set[int]:
    """Who is ours, what we may do; returns the conversations in which that changed something."""
    for one, event in _of(arrived, OurStandingChanged):
        await store_standing(session, one.channel.workspace_id, one.channel.channel_id, event)
    touched: set[int] = set()
    for one, move in _of(arrived, ChatMigrated):
        touched |= await migrate_chat(session, one.channel.channel_id, move)
    return touched | await apply_staff_changes(session, _of(arrived, StaffChanged), tags)


def _of(arrived: Sequence[Arrived], kind: type[Kind]) -> list[tuple[Arrived, Kind]]:
    return [(one, event) for one in arrived if isinstance(event := one.event, kind)]
