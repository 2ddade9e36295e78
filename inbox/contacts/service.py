"""Contacts and identities: found or made in bulk by intake."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import Author
from inbox.contacts.models import Contact, Identity
from inbox.core.bulk import among, insert_rows, take_id_pairs
from inbox.core.database import Json
from inbox.core.events import NamePeople
from inbox.core.jobs import defer

SINCE_EVER = datetime.fromtimestamp(0, UTC)
"""The time of a word that no event dates: the platform's list says who is an administrator, not since when."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An author at a moment on a channel."""

    workspace_id: int
    channel_id: int
    author: Author
    seen_at: datetime


AuthorKey = tuple[int, str]
"""(channel id, the author's external id)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What intake needs of an identity."""

    identity_id: int
    contact_id: int
    is_ours: bool
    name: str
    words: Sequence[Json] = ()
    is_unreachable: bool = False

    def was_ours(self, at: datetime) -> bool:
        """Whether this was one of our people at `at`; a word tells a change, so before the first it was otherwise."""
        said: bool | None = None
        for word in self.words:
            if datetime.fromisoformat(str(word["at"])) <= at:
                said = bool(word["is_ours"])
        if said is not None:
            return said
        return not self.words[0]["is_ours"] if self.words else self.is_ours


def known_of(identity: Identity) -> Known:
    """A row of identities as intake knows it."""
    return Known(
        identity.id, identity.contact_id, identity.is_ours, identity.name, identity.ours_words,
        is_unreachable=identity.unreachable_at is not None,
    )  # fmt: skip


async def store_identities(session: AsyncSession, seen: Iterable[Seen]) -> dict[AuthorKey, Known]:
    """Identities of all authors, made where missing; the newest name by platform time stays.

    The caller holds the channels' advisory locks, so that nobody else makes the same identity now.
    """
    newest: dict[AuthorKey, Seen] = {}
    for one in seen:
        key = (one.channel_id, one.author.external_id)
        if key not in newest or newest[key].seen_at <= one.seen_at:
            newest[key] = one
    known, named = await _find(session, newest)
    missing = [newest[key] for key in sorted(newest.keys() - known.keys())]
    known |= await _make(session, missing)
    await _rename(session, newest, known, named)
    return known


async def _find(
    session: AsyncSession, newest: Mapping[AuthorKey, Seen]
) -> tuple[dict[AuthorKey, Known], dict[AuthorKey, datetime | None]]:
    if not newest:
        return {}, {}
    channel_ids = {channel_id for channel_id, _ in newest}
    external_ids = {external_id for _, external_id in newest}
    rows = await session.execute(
        select(
            Identity.channel_id, Identity.external_id, Identity.id, Identity.contact_id, Identity.is_ours,
            Identity.name, Identity.named_at, Identity.ours_words, Identity.unreachable_at.is_not(None),
        ).where(among(Identity.channel_id, channel_ids), among(Identity.external_id, external_ids))
    )  # fmt: skip
    known: dict[AuthorKey, Known] = {}
    named: dict[AuthorKey, datetime | None] = {}
    for channel_id, external_id, identity_id, contact_id, is_ours, name, named_at, words, is_silent in rows:
        key = (channel_id, external_id)
        if key in newest:
            known[key] = Known(identity_id, contact_id, is_ours, name, words, is_silent)
            named[key] = named_at
    return known, named


async def _make(session: AsyncSession, missing: list[Seen]) -> dict[AuthorKey, Known]:
    if not missing:
        return {}
    ids = await take_id_pairs(session, Contact, Identity, len(missing))
    contacts = [
        {"id": contact_id, "workspace_id": one.workspace_id, "name": one.author.name}
        for one, (contact_id, _) in zip(missing, ids, strict=True)
    ]
    await insert_rows(session, Contact, contacts)
    identities = [
        {
            "id": identity_id,
            "workspace_id": one.workspace_id,
            "channel_id": one.channel_id,
            "contact_id": contact_id,
            "external_id": one.author.external_id,
            "name": one.author.name,
            "username": one.author.username,
            "is_bot": one.author.is_bot,
            "is_ours": one.author.is_ours,
            "named_at": None if _is_unnamed(one) else one.seen_at,
        }
        for one, (contact_id, identity_id) in zip(missing, ids, strict=True)
    ]
    await insert_rows(session, Identity, identities)
    await defer(
        session,
        [NamePeople(channel_id=one) for one in sorted({one.channel_id for one in missing if not one.author.is_named})],
    )
    return {
        (one.channel_id, one.author.external_id): Known(identity_id, contact_id, one.author.is_ours, one.author.name)
        for one, (contact_id, identity_id) in zip(missing, ids, strict=True)
    }


async def _rename(
    session: AsyncSession,
    newest: Mapping[AuthorKey, Seen],
    known: Mapping[AuthorKey, Known],
    named: Mapping[AuthorKey, datetime | None],
) -> None:
    for key, named_at in sorted(named.items()):
        one, before = newest[key], known[key]
        if one.author.name == before.name or (named_at is not None and named_at >= one.seen_at) or _is_unnamed(one):
            continue
        await session.execute(
            update(Identity)
            .where(Identity.id == before.identity_id)
            .values(name=one.author.name, username=one.author.username, named_at=one.seen_at)
        )
        await session.execute(update(Contact).where(Contact.id == before.contact_id).values(name=one.author.name))


def _is_unnamed(one: Seen) -> bool:
    return not one.author.is_named or one.author.name == one.author.external_id


async def hold_identity(session: AsyncSession, channel_id: int, external_id: str) -> Identity | None:
    """A contact's account, locked and as it is now."""
    return await session.scalar(
        select(Identity)
        .where(Identity.channel_id == channel_id, Identity.external_id == external_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def set_ours(session: AsyncSession, channel_id: int, external_id: str, at: datetime, *, is_ours: bool) -> None:
    """One of our people, or no longer, from `at` on; the newest word is the present one."""
    identity = await hold_identity(session, channel_id, external_id)
    if identity is None:
        return
    by_time = {str(word["at"]): word for word in identity.ours_words}
    by_time[at.isoformat()] = {"at": at.isoformat(), "is_ours": is_ours}
    words = sorted(by_time.values(), key=lambda word: datetime.fromisoformat(str(word["at"])))
    identity.ours_words = words
    identity.is_ours = bool(words[-1]["is_ours"])
    identity.ours_changed_at = datetime.fromisoformat(str(words[-1]["at"]))
    await session.flush()


async def name_our_people(
    session: AsyncSession,
    workspace_id: int,
    channel_id: int,
    external_ids: Collection[str],
    now: datetime,
    *,
    is_whole: bool,
) -> dict[AuthorKey, Known]:
    """Who the platform lists as administrators now (a check found them): ours since ever, unless an event says when.

    With a whole list, who was known as ours and is not listed any more ceased to be so at `now`. Returns those for whom
    that changed something, as they are now. The caller holds the channel's lock.
    """
    listed = [
        Seen(workspace_id, channel_id, Author(external_id, external_id), SINCE_EVER)
        for external_id in sorted(external_ids)
    ]
    changed: list[Seen] = []
    known = await store_identities(session, listed)
    for one in listed:
        before = known[channel_id, one.author.external_id]
        if not before.is_ours:
            since = now if before.words else SINCE_EVER
            await set_ours(session, channel_id, one.author.external_id, since, is_ours=True)
            changed.append(one)
    for external_id in await _find_gone(session, channel_id, external_ids) if is_whole else ():
        await set_ours(session, channel_id, external_id, now, is_ours=False)
        changed.append(Seen(workspace_id, channel_id, Author(external_id, external_id), SINCE_EVER))
    return await store_identities(session, changed)


async def _find_gone(session: AsyncSession, channel_id: int, external_ids: Collection[str]) -> Sequence[str]:
    gone = await session.scalars(
        select(Identity.external_id)
        .where(
            Identity.channel_id == channel_id,
            Identity.is_ours,
            Identity.ours_changed_at.is_not(None),
            Identity.external_id.not_in(external_ids),
        )
        .order_by(Identity.id)
    )
    return gone.all()
