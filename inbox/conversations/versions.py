"""Versions of a message: the newest is shown, all others are history, in whatever order they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import MessageReceived
from inbox.conversations.arrivals import MessageKey, Placed
from inbox.conversations.models import Attachment, Message, MessageEdit, Tags
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


Shown = tuple[int, Placed, NeedsAnswer]
"""(message id, the version that is shown now, its verdict)."""


async def store_versions(
    session: AsyncSession, versions: Sequence[tuple[Placed, NeedsAnswer]], tags: TextTags
) -> tuple[set[int], dict[MessageKey, Shown]]:
    """Compare with what is stored; returns the conversations in which something shown changed, and what it is now."""
    touched: set[int] = set()
    shown: dict[MessageKey, Shown] = {}
    if not versions:
        return touched, shown
    found = await _load(session, [one for one, _ in versions])
    for one, verdict in versions:
        row = found.get(one.message_key)
        if row is None or _is_echo(row, one.event):
            continue
        found[one.message_key] = await _store_version(session, row, one, verdict, tags)
        if found[one.message_key] != row:
            touched.add(row.conversation_id)
            shown[one.message_key] = row.message_id, one, verdict
    return touched, shown


async def _load(session: AsyncSession, versions: Sequence[Placed]) -> dict[MessageKey, _Row]:
    rows = await session.execute(
        select(
            Message.channel_id, Message.external_id, Message.id, Message.workspace_id, Message.conversation_id,
            Message.text, Message.sent_at, Message.edited_at, Message.author_agent_id.is_not(None),
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


def _order(event: MessageReceived) -> tuple[datetime, bool, str]:
    return event.edited_at or event.sent_at, event.edited_at is not None, event.text


async def _store_version(session: AsyncSession, row: _Row, one: Placed, verdict: NeedsAnswer, tags: TextTags) -> _Row:
    event = one.event
    is_newer = _order(event) > row.order
    older_text, older_at = (row.text, row.version_at) if is_newer else (event.text, event.edited_at or event.sent_at)
    statement = insert(MessageEdit).values(
        workspace_id=row.workspace_id, message_id=row.message_id, edited_at=older_at, text=older_text
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[MessageEdit.message_id, MessageEdit.edited_at],
            set_={"text": func.greatest(MessageEdit.text, statement.excluded.text)},
        )
    )
    if not is_newer:
        if row.is_panels:  # our newer text has not arrived: this is what the platform shows meanwhile
            await session.execute(
                update(Message)
                .where(Message.id == row.message_id, Message.platform_version_at < older_at)
                .values(platform_version_at=older_at)
            )
        return row
    await session.execute(
        update(Message)
        .where(Message.id == row.message_id)
        .values(
            text=event.text, edited_at=event.edited_at, platform_version_at=None, addresses_us=event.addresses_us,
            needs_answer=verdict.needed, needs_answer_why=verdict.why,
        )
    )  # fmt: skip
    if not row.is_panels:
        await _replace_attachments(session, row, event)
        if event.text != row.text:
            await _replace_tags(session, row, None if one.ours else tags.get(one.text_key))
    return _Row(
        row.message_id, row.workspace_id, row.conversation_id, event.text, row.sent_at, event.edited_at, row.is_panels
    )


async def _replace_attachments(session: AsyncSession, row: _Row, event: MessageReceived) -> None:
    """Only if they differ: the panel may be showing them."""
    shown = await session.execute(
        select(Attachment.kind, Attachment.external_id)
        .where(Attachment.message_id == row.message_id)
        .order_by(Attachment.position)
    )
    if [(kind, external_id) for kind, external_id in shown] == [(x.kind, x.external_id) for x in event.attachments]:
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
