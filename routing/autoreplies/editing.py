"""Auto-replies as people keep them: listed, written, changed, deleted, and tried at a chosen moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.calendars.service import load_hours
from inbox.channels.models import Channel
from inbox.core.database import Json
from inbox.core.errors import InvalidInputError, NotFoundError
from inbox.core.i18n import words_in
from routing.autoreplies.models import AutoReply, AutoReplyKind
from routing.autoreplies.schemas import AutoReplyIn, PreviewIn
from routing.autoreplies.wording import Filling, check_text, fill, first_name, needs_opening, say_opening

_COLUMNS = {"enabled": "is_enabled", "public": "is_public"}
_KEPT = ("name", "kind", "channel_id", "text", "locale", "is_enabled", "is_public", "public_cap")


@dataclass(frozen=True, slots=True)
class Preview:
    """`text` None: at that moment nothing would be sent."""

    text: str | None
    is_open: bool
    opens_at: datetime | None


async def list_auto_replies(
    session: AsyncSession, caller: Caller, workspace_id: int | None, after_id: int = 0, limit: int = 200
) -> list[AutoReply]:
    """By id, of one workspace or of all where the caller reads conversations."""
    readable = caller.workspaces_with(Permission.READ_CONVERSATIONS)
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CONVERSATIONS)
        readable = frozenset({workspace_id})
    rows = await session.scalars(
        select(AutoReply)
        .where(AutoReply.workspace_id.in_(readable), AutoReply.id > after_id)
        .order_by(AutoReply.id)
        .limit(limit)
    )
    return list(rows)


async def access_auto_reply(
    session: AsyncSession, caller: Caller, auto_reply_id: int, permission: Permission, *, lock: bool = False
) -> AutoReply:
    """The row; NotFoundError for another workspace's."""
    statement = select(AutoReply).where(AutoReply.id == auto_reply_id, AutoReply.workspace_id.in_(caller.scope))
    row = await session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFoundError("There is no such auto-reply.")
    caller.require(row.workspace_id, permission)
    return row


async def create_auto_reply(session: AsyncSession, caller: Caller, wanted: AutoReplyIn, now: datetime) -> AutoReply:
    """A new row, checked."""
    caller.require(wanted.workspace_id, Permission.MANAGE_RULES)
    row = AutoReply(
        workspace_id=wanted.workspace_id, name=wanted.name.strip(), kind=wanted.kind, channel_id=wanted.channel_id,
        text=wanted.text, locale=wanted.locale, is_enabled=wanted.enabled, is_public=wanted.public,
        public_cap=wanted.public_cap,
    )  # fmt: skip
    await _check(session, row)
    session.add(row)
    await session.flush()
    await session.refresh(row)
    record(session, row.workspace_id, caller.agent_id, "auto_reply.created", row.id, now, after=_snapshot(row))
    return row


async def change_auto_reply(
    session: AsyncSession, caller: Caller, auto_reply_id: int, changes: Mapping[str, object], now: datetime
) -> AutoReply:
    """Write the fields of AutoReplyPatch that were given."""
    row = await access_auto_reply(session, caller, auto_reply_id, Permission.MANAGE_RULES, lock=True)
    before = _snapshot(row)
    for name, value in changes.items():
        setattr(row, _COLUMNS.get(name, name), value)
    await _check(session, row)
    record(
        session, row.workspace_id, caller.agent_id, "auto_reply.changed", row.id, now, before=before,
        after=_snapshot(row),
    )  # fmt: skip
    return row


async def delete_auto_reply(session: AsyncSession, caller: Caller, auto_reply_id: int, now: datetime) -> None:
    """What it sent stays in the conversations."""
    row = await access_auto_reply(session, caller, auto_reply_id, Permission.MANAGE_RULES, lock=True)
    record(session, row.workspace_id, caller.agent_id, "auto_reply.deleted", row.id, now, before=_snapshot(row))
    await session.delete(row)


async def preview(session: AsyncSession, caller: Caller, wanted: PreviewIn, now: datetime) -> Preview:
    """What a subscriber who writes at that moment would read, by the project's own hours."""
    caller.require(wanted.workspace_id, Permission.READ_CONVERSATIONS)
    text, at = check_text(wanted.text), wanted.at or now
    hours = (await load_hours(session, [wanted.workspace_id]))[wanted.workspace_id]
    is_open = hours.is_open(at)
    opens_at = None if is_open else hours.next_opening(at)
    if needs_opening(text) and opens_at is None:
        return Preview(None, is_open, None)
    opening = None if opens_at is None else say_opening(opens_at, hours.time_zone, at, words_in(wanted.locale))
    return Preview(fill(text, Filling(first_name(wanted.name), opening)), is_open, opens_at)


async def _check(session: AsyncSession, row: AutoReply) -> None:
    if not row.name.strip():
        raise InvalidInputError("Give it a name, so that colleagues can tell it from others.", field="name")
    row.text = check_text(row.text)
    if needs_opening(row.text) and row.kind is AutoReplyKind.GREETING:
        raise InvalidInputError("A greeting is sent at any hour: it cannot promise an opening.", field="text")
    if row.channel_id is None:
        return
    channel = await session.scalar(
        select(Channel.id).where(
            Channel.id == row.channel_id, Channel.workspace_id == row.workspace_id, Channel.removed_at.is_(None)
        )
    )
    if channel is None:
        raise InvalidInputError("There is no such channel.", field="channel_id")


def _snapshot(row: AutoReply) -> Json:
    return {name: getattr(row, name) for name in _KEPT}
