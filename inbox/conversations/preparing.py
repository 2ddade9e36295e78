"""The part of intake that needs no transaction: entries are read and their texts tagged, in threads."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import Platform, StaffChanged
from inbox.channels.models import Channel
from inbox.contacts.models import Erasure
from inbox.conversations.arrivals import Arrived, OnChannel
from inbox.conversations.intake import texts_to_tag
from inbox.conversations.reading import Reading, parse_entry
from inbox.conversations.staff import texts_of_staff
from inbox.conversations.tagging import Manner, Manners
from inbox.conversations.tags import OwnModel, Tagged, TextKey, TextTags, doubt
from inbox.conversations.trouble import Dead
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.stream import Entry
from inbox.organisations.models import Workspace

QUIET = 16
"""More new texts than these at once have waited for each other: intake is behind, and nothing is looked at twice."""
PART = 32
"""Texts that a thread tags at a time: small enough to share a batch evenly, large enough for the encoder."""


@dataclass(frozen=True, slots=True)
class Work:
    """A batch read and tagged, ready for its transaction. `has_erased`: somebody's data were erased on its channels, so
    that it must ask whose words it is not to take."""

    entries: Sequence[Entry]
    arrived: Sequence[Arrived]
    tags: TextTags
    dead: Sequence[Dead]
    has_erased: bool = False

    def only(self, entry: Entry) -> "Work":
        """The part of one entry."""
        return Work(
            entries=[entry],
            arrived=[one for one in self.arrived if one.entry_id == entry.entry_id],
            tags=self.tags,
            dead=[one for one in self.dead if one.entry.entry_id == entry.entry_id],
            has_erased=self.has_erased,
        )


class Preparer:
    """Reads and tags batches, in as many threads as settings allow."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._threads = ThreadPoolExecutor(context.settings.tagger_threads, thread_name_prefix="tagger")
        self._manners = Manners()

    async def prepare(self, entries: Sequence[Entry]) -> Work:
        """Parse, then tag; what cannot be understood is in `dead`."""
        async with self._context.database.session(EVERY_WORKSPACE) as session:
            channels = await _load_channels(session, {entry.channel_id for entry in entries})
            manners = await self._manners.load(session, {one.channel.workspace_id for one in channels.values()})
        arrived: list[Arrived] = []
        dead: list[Dead] = []
        for entry in entries:
            reading = channels.get(entry.channel_id)
            if reading is None:
                dead.append(Dead(entry, None, "no such channel"))
                continue
            workspace_id = reading.channel.workspace_id
            if reading.is_removed:
                dead.append(Dead(entry, workspace_id, "the channel is not connected any more"))
                continue
            parsed = parse_entry(entry, reading, self._context.adapters)
            if isinstance(parsed, str):
                dead.append(Dead(entry, workspace_id, parsed))
            else:
                arrived.extend(parsed)
        keys = texts_to_tag(arrived)
        if changes := [(one, event) for one in arrived if isinstance(event := one.event, StaffChanged)]:
            async with self._context.database.session(EVERY_WORKSPACE) as session:
                keys = list(dict.fromkeys((*keys, *await texts_of_staff(session, changes))))
        has_erased = any(one.has_erased for one in channels.values())
        return Work(entries, arrived, await self._tag_for(keys, manners), dead, has_erased)

    async def _tag_for(self, keys: Sequence[TextKey], manners: Mapping[int, Manner]) -> TextTags:
        """Each project's texts in its own manner; those without a model of their own share the work."""
        texts: dict[OwnModel | None, dict[str, None]] = {}
        for workspace_id, text in keys:
            texts.setdefault(manners[workspace_id].own, {})[text] = None
        hurried = len(keys) > QUIET
        tags = await asyncio.gather(*(self.tag(list(some), own, hurried=hurried) for own, some in texts.items()))
        found = dict(zip(texts, tags, strict=True))
        return {key: doubt(found[manners[key[0]].own][key[1]], manners[key[0]].unsure_below) for key in keys}

    async def tag(self, texts: Sequence[str], own: OwnModel | None = None, *, hurried: bool) -> dict[str, Tagged]:
        """Tags of the texts, `hurried` as Tagger says."""
        loop = asyncio.get_running_loop()
        parts = [texts[start : start + PART] for start in range(0, len(texts), PART)]
        tagged = await asyncio.gather(
            *(
                loop.run_in_executor(self._threads, partial(self._context.tagger.tag, part, own, hurried=hurried))
                for part in parts
            )
        )
        return {
            text: tags
            for part, found in zip(parts, tagged, strict=True)
            for text, tags in zip(part, found, strict=True)
        }

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=True)


async def _load_channels(session: AsyncSession, channel_ids: set[int]) -> dict[int, Reading]:
    rows = await session.execute(
        select(
            Channel.id, Channel.workspace_id, Channel.external_id, Channel.username, Channel.platform,
            Channel.alert_chat_external_id, Channel.created_at, Channel.removed_at, Workspace.archived_at,
            Workspace.rests, exists().where(Erasure.channel_id == Channel.id),
        )
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .where(Channel.id.in_(channel_ids))
    )  # fmt: skip
    return {
        channel_id: Reading(
            channel=OnChannel(workspace_id, channel_id, external_id),
            platform=Platform(platform),
            username=username,
            alert_chat_external_id=alert_chat,
            connected_at=connected_at,
            is_removed=removed_at is not None,
            archived_at=archived_at,
            rests=tuple(rests),
            has_erased=has_erased,
        )
        for (
            channel_id, workspace_id, external_id, username, platform, alert_chat, connected_at, removed_at,
            archived_at, rests, has_erased,
        ) in rows
    }  # fmt: skip
