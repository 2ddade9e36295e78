"""Versions of a message: the newest is shown, all others are history, in whatever order they come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import AttachmentKind, MessageReceived
from inbox.conversations.arrivals import MessageKey, Placed
from inbox.conversations.basis import Basis
from inbox.conversations.judging import tagged
from inbox.conversations.models import Attachment, Message, MessageEdit, MessageKind, Tags
from inbox.conversations.needs_answer import NeedsAnswer
from inbox.conversations.tags import Tagged, TextTags
from inbox.conversations.values import attachment_values, tags_values
from inbox.core.bulk import among, insert_rows


@dataclass(frozen=True, slots=True)
class _Row:
    """A stored message as other versions are compared with it. `is_panels`: written here, so its files are here."""

    message_id: int
    workspace_id: int
    conversation_id: int
    text: str
    sent_at: datetime
    edited_at: datetime | None
    is_panels: bool

    @property
    def version_at(self) -> datetime:
        """Since when this text is the message's."""
        return self.edited_at or self.sent_at

    @property
    def order(self) -> tuple[datetime, bool, str]:
        """Newest last; platforms tell whole seconds, so that the text decides between edits of one second."""
        return self.version_at, self.edited_at is not None, self.text


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A text that is not, or no more, the newest one, with its verdict. `basis` None: it was written here."""

    at: datetime
    text: str
    needed: bool
    basis: Basis | None


_Part = tuple[AttachmentKind, str | None]
"""An attachment as others are compared with it: what it is, and the platform's handle."""

Shown = tuple[int, Placed, NeedsAnswer]
"""(message id, the version that is shown now, its verdict)."""


async def store_versions(
    session: AsyncSession, versions: Sequence[tuple[Placed, NeedsAnswer]], tags: TextTags
) -> tuple[set[int], dict[MessageKey, Shown]]:
    """Compare with what is stored; returns the conversations of new versions, and what is shown now where it changed.

    An earlier version that comes late changes nothing that is shown, but since when the message asks.
    """
    touched: set[int] = set()
    shown: dict[MessageKey, Shown] = {}
    if not versions:
        return touched, shown
    found = await _load(session, [one for one, _ in versions])
    for one, verdict in versions:
        row = found.get(one.message_key)
        if row is None:
            continue
        if _is_echo(row, one.event):
            if _tells_time(row, one.event):
                found[one.message_key] = await _take_time(session, row, one.event.sent_at)
                touched.add(row.conversation_id)
            continue
        found[one.message_key] = await _store_version(session, row, one, verdict, tags)
        touched.add(row.conversation_id)
        if found[one.message_key] != row:
            shown[one.message_key] = row.message_id, one, verdict
    return touched, shown


async def _load(session: AsyncSession, versions: Sequence[Placed]) -> dict[MessageKey, _Row]:
    rows = await session.execute(
        select(
            Message.channel_id, Message.external_id, Message.id, Message.workspace_id, Message.conversation_id,
            Message.text, Message.sent_at, Message.edited_at,
            or_(Message.author_agent_id.is_not(None), Message.kind == MessageKind.AUTO_REPLY),
        )
        .where(
            among(Message.channel_id, {one.channel.channel_id for one in versions}),
            among(Message.external_id, {one.event.external_id for one in versions}),
        )
        .order_by(Message.id)
        .with_for_update(key_share=True)
    )  # fmt: skip
    return {(row[0], row[1] or ""): _Row(*row[2:]) for row in rows}


def _is_echo(row: _Row, event: MessageReceived) -> bool:
    """The same version again, or our own reply as the platform shows it."""
    if row.is_panels:
        return event.edited_at is None or event.text == row.text
    return _order(event) == row.order


def _tells_time(row: _Row, event: MessageReceived) -> bool:
    """Of what was written here: the platform's own time, where our clock had to do while it was sent."""
    return row.is_panels and event.edited_at is None and event.sent_at != row.sent_at


async def _take_time(session: AsyncSession, row: _Row, sent_at: datetime) -> _Row:
    await session.execute(update(Message).where(Message.id == row.message_id).values(sent_at=sent_at))
    return replace(row, sent_at=sent_at)


def _order(event: MessageReceived) -> tuple[datetime, bool, str]:
    return event.edited_at or event.sent_at, event.edited_at is not None, event.text


async def _store_version(session: AsyncSession, row: _Row, one: Placed, verdict: NeedsAnswer, tags: TextTags) -> _Row:
    event = one.event
    triaged = None if one.ours else tags.get(one.text_key)
    media = [attachment.kind for attachment in event.attachments]
    if event.edited_at is None and not row.is_panels:
        await session.execute(update(Message).where(Message.id == row.message_id).values(came_edited=False))
    if _order(event) <= row.order:
        basis = None if row.is_panels else Basis.of(triaged, media, addresses_us=event.addresses_us)
        await _keep(session, row, _Earlier(event.edited_at or event.sent_at, event.text, verdict.needed, basis))
        return row
    parts = await _load_parts(session, row)
    earlier = await _load_shown(session, row, [kind for kind, _ in parts])
    await _keep(session, row, earlier)
    values = {"needs_answer": verdict.needed, "needs_answer_why": verdict.why}
    await session.execute(
        update(Message)
        .where(Message.id == row.message_id)
        .values(
            text=event.text, edited_at=event.edited_at, platform_version_at=None, addresses_us=event.addresses_us,
            **({} if _says_the_same(earlier, event, media) else values),
        )
    )  # fmt: skip
    if not row.is_panels:
        await _replace_attachments(session, row, event, parts)
        if event.text != row.text:
            await _replace_tags(session, row, triaged)
    return _Row(
        row.message_id, row.workspace_id, row.conversation_id, event.text, row.sent_at, event.edited_at, row.is_panels
    )


def _says_the_same(earlier: _Earlier, event: MessageReceived, media: Sequence[AttachmentKind]) -> bool:
    """Platforms tell of edits that change nothing that is judged: what a person made of the verdict stands."""
    basis = earlier.basis
    has_same_parts = basis is not None and (basis.media, basis.addresses_us) == (tuple(media), event.addresses_us)
    return has_same_parts and earlier.text == event.text


async def _load_parts(session: AsyncSession, row: _Row) -> list[_Part]:
    found = await session.execute(
        select(Attachment.kind, Attachment.external_id)
        .where(Attachment.message_id == row.message_id)
        .order_by(Attachment.position)
    )
    return [(kind, external_id) for kind, external_id in found]


async def _load_shown(session: AsyncSession, row: _Row, media: Sequence[AttachmentKind]) -> _Earlier:
    """The version that was the newest one until now."""
    found = await session.execute(
        select(Message.needs_answer, Message.addresses_us, Tags)
        .outerjoin(Tags, Tags.message_id == Message.id)
        .where(Message.id == row.message_id)
        .execution_options(populate_existing=True)
    )
    needed, addresses_us, tags = found.one()
    basis = Basis.of(tagged(tags), media, addresses_us=addresses_us)
    return _Earlier(row.version_at, row.text, needed, None if row.is_panels else basis)


async def _keep(session: AsyncSession, row: _Row, earlier: _Earlier) -> None:
    """Of two edits of one second the greater text stays."""
    statement = insert(MessageEdit).values(
        workspace_id=row.workspace_id, message_id=row.message_id, edited_at=earlier.at, text=earlier.text,
        needs_answer=earlier.needed, judged_by=earlier.basis.dump() if earlier.basis is not None else None,
    )  # fmt: skip
    given = statement.excluded
    is_greater = given.text > MessageEdit.text
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[MessageEdit.message_id, MessageEdit.edited_at],
            set_={
                "text": func.greatest(MessageEdit.text, given.text),
                "needs_answer": case((is_greater, given.needs_answer), else_=MessageEdit.needs_answer),
                "judged_by": case((is_greater, given.judged_by), else_=MessageEdit.judged_by),
            },
        )
    )
    if row.is_panels:  # where our newer text has not arrived, this is what the platform shows meanwhile
        await session.execute(
            update(Message)
            .where(Message.id == row.message_id, Message.platform_version_at < earlier.at)
            .values(platform_version_at=earlier.at)
        )


async def _replace_attachments(
    session: AsyncSession, row: _Row, event: MessageReceived, shown: Sequence[_Part]
) -> None:
    """Only if they differ: the panel may be showing them."""
    if shown == [(one.kind, one.external_id) for one in event.attachments]:
        return
    await session.execute(delete(Attachment).where(Attachment.message_id == row.message_id))
    await insert_rows(session, Attachment, attachment_values(row.workspace_id, row.message_id, event))


async def _replace_tags(session: AsyncSession, row: _Row, tagged: Tagged | None) -> None:
    """A person's correction was about the earlier text."""
    if tagged is None:
        await session.execute(delete(Tags).where(Tags.message_id == row.message_id))
        return
    values = tags_values(row.workspace_id, row.message_id, tagged)
    fresh = values | {"corrected_by_id": None, "corrected_at": None}
    await session.execute(
        insert(Tags).values(values).on_conflict_do_update(index_elements=[Tags.message_id], set_=fresh)
    )
