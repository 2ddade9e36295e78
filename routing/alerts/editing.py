"""Alerts as people read them, and how they want to be rung."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.channels.models import Channel
from inbox.conversations.access import visible
from inbox.conversations.models import Conversation
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from routing.alerts.models import BY_DEFAULT, CHOSEN, Alert, AlertKind, AlertSettings
from routing.alerts.service import Occasion, ring_alerts
from routing.alerts.telling import find_alert_channel

_KEPT = ("kinds", "quiet_from", "quiet_to", "hides_text", "locale", "spike_at_least")


@dataclass(frozen=True, slots=True)
class Setup:
    """The settings with the bot that rings."""

    settings: AlertSettings
    channel: Channel | None


async def list_alerts(
    session: AsyncSession, caller: Caller, workspace_id: int | None, before_id: int | None, limit: int
) -> list[Alert]:
    """Newest first; those of conversations that the caller may read, and those of no conversation."""
    readable = caller.workspaces_with(Permission.READ_CONVERSATIONS)
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CONVERSATIONS)
        readable = frozenset({workspace_id})
    statement = (
        select(Alert)
        .outerjoin(Conversation, Conversation.id == Alert.conversation_id)
        .where(Alert.workspace_id.in_(readable), Alert.conversation_id.is_(None) | visible(caller))
    )
    if before_id is not None:
        statement = statement.where(Alert.id < before_id)
    return list(await session.scalars(statement.order_by(Alert.id.desc()).limit(limit)))


async def access_alert(session: AsyncSession, caller: Caller, alert_id: int) -> Alert:
    """The alert; NotFoundError unless the caller may read what it is about."""
    alert = await session.scalar(
        select(Alert)
        .outerjoin(Conversation, Conversation.id == Alert.conversation_id)
        .where(
            Alert.id == alert_id, Alert.workspace_id.in_(caller.scope),
            Alert.conversation_id.is_(None) | visible(caller),
        )
    )  # fmt: skip
    if alert is None:
        raise NotFoundError("There is no such alert.")
    caller.require(alert.workspace_id, Permission.READ_CONVERSATIONS)
    return alert


async def load_setup(session: AsyncSession, caller: Caller, workspace_id: int) -> Setup:
    """How the workspace is rung; the defaults where nobody chose."""
    caller.require(workspace_id, Permission.READ_CONVERSATIONS)
    found = await session.scalar(select(AlertSettings).where(AlertSettings.workspace_id == workspace_id))
    return Setup(found or _defaults(workspace_id), await find_alert_channel(session, workspace_id))


async def change_settings(
    session: AsyncSession, caller: Caller, workspace_id: int, changes: Mapping[str, object], now: datetime
) -> Setup:
    """Write the fields of AlertSettingsPatch that were given."""
    caller.require(workspace_id, Permission.MANAGE_RULES)
    fresh = {"workspace_id": workspace_id, "kinds": [kind.value for kind in BY_DEFAULT]}
    await session.execute(insert(AlertSettings).values(fresh).on_conflict_do_nothing())
    row = await session.get_one(AlertSettings, workspace_id, with_for_update=True, populate_existing=True)
    before = _snapshot(row)
    _apply(row, changes)
    if (row.quiet_from is None) != (row.quiet_to is None):
        raise InvalidInputError("Quiet hours have a beginning and an end.", field="quiet_to")
    record(
        session, workspace_id, caller.agent_id, "alert_settings.changed", workspace_id, now, before=before,
        after=_snapshot(row),
    )  # fmt: skip
    await session.flush()
    return Setup(row, await find_alert_channel(session, workspace_id))


def _apply(row: AlertSettings, changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        match name, value:
            case "kinds", list():
                chosen = [AlertKind(one) for one in value]
                if any(kind not in CHOSEN for kind in chosen):
                    raise InvalidInputError("Alerts of rules and tests always ring.", field="kinds")
                row.kinds = [kind.value for kind in CHOSEN if kind in chosen]
            case "cooldown_seconds", int():
                row.cooldown = timedelta(seconds=value)
            case "muted", False:
                row.muted_until = None
            case "muted", _:
                raise InvalidInputError("Quiet for an hour is a button under an alert.", field="muted")
            case _:
                setattr(row, name, value)


async def ring_test(session: AsyncSession, caller: Caller, workspace_id: int, now: datetime) -> Alert:
    """Ring now, whatever the hour; ConflictError where no chat is linked."""
    caller.require(workspace_id, Permission.MANAGE_RULES)
    key = f"test:{now.isoformat()}:{caller.agent_id}"
    made = await ring_alerts(session, [Occasion(workspace_id, AlertKind.TEST, key, now)])
    if not made:
        raise ConflictError("No chat is linked for alerts.")
    return await session.get_one(Alert, made[0])


async def forget_chat(session: AsyncSession, caller: Caller, workspace_id: int, now: datetime) -> None:
    """Nothing rings any more."""
    caller.require(workspace_id, Permission.MANAGE_RULES)
    channels = await session.scalars(
        select(Channel)
        .where(Channel.workspace_id == workspace_id, Channel.alert_chat_external_id.is_not(None))
        .with_for_update()
    )
    for channel in channels:
        before: Json = {"alert_chat_id": channel.alert_chat_external_id}
        channel.alert_chat_external_id = None
        record(
            session, workspace_id, caller.agent_id, "channel.alert_chat", channel.id, now, before=before,
            after={"alert_chat_id": None},
        )  # fmt: skip


def _defaults(workspace_id: int) -> AlertSettings:
    return AlertSettings(
        workspace_id=workspace_id, kinds=[kind.value for kind in BY_DEFAULT], cooldown=timedelta(minutes=2),
        hides_text=False, locale="ru", spike_at_least=5,
    )  # fmt: skip


def _snapshot(row: AlertSettings) -> Json:
    kept: Json = {name: getattr(row, name) for name in _KEPT}
    return {**kept, "cooldown": row.cooldown.total_seconds()}
