"""Writes alerts down, once each, with their jobs, in the transaction of what they are about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.events import Platform
from inbox.channels.models import Channel
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation
from inbox.conversations.tags import Sentiment
from inbox.core.database import Json
from inbox.core.events import RingAlert
from inbox.core.jobs import defer
from inbox.organisations.archived import at_work
from routing.alerts.models import BY_DEFAULT, Alert, AlertKind, AlertSettings


@dataclass(frozen=True, slots=True)
class Occasion:
    """What rings. `rule_key` makes it once: with `message_id` once a message, else once at all."""

    workspace_id: int
    kind: AlertKind
    rule_key: str
    occurred_at: datetime
    conversation_id: int | None = None
    message_id: int | None = None
    details: Json | None = None


async def ring_alerts(session: AsyncSession, occasions: Sequence[Occasion]) -> list[int]:
    """Write alerts with their jobs; what rang before falls out. Workspaces without an alert chat have none.

    Returns the ids of the new ones.
    """
    if not occasions:
        return []
    listening = await wanted_kinds(session, {one.workspace_id for one in occasions})
    rows = [
        {
            "workspace_id": one.workspace_id, "kind": one.kind, "rule_key": one.rule_key,
            "conversation_id": one.conversation_id, "message_id": one.message_id, "occurred_at": one.occurred_at,
            "details": one.details or {},
        }
        for one in occasions
        if one.kind in listening.get(one.workspace_id, ())
    ]  # fmt: skip
    if not rows:
        return []
    made = (
        await session.execute(
            insert(Alert).values(rows).on_conflict_do_nothing().returning(Alert.id, Alert.workspace_id)
        )
    ).all()
    await defer(session, [RingAlert(workspace_id=workspace_id, alert_id=found) for found, workspace_id in made])
    return [found for found, _ in made]


async def ring_by_rule(
    session: AsyncSession, rule_id: int, rule_name: str, message: NewMessage, conversation: Conversation
) -> None:
    """What a rule's action does: ring for this message, once a rule and message."""
    await ring_alerts(
        session,
        [
            Occasion(
                conversation.workspace_id, AlertKind.RULE, f"rule:{rule_id}", message.event.sent_at, conversation.id,
                message.message_id, {"rule": rule_name},
            )
        ],
    )  # fmt: skip


async def alert_on_new(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation]
) -> None:
    """Ring for what is surely toxic, and for what is surely negative; a message rings once."""
    await ring_alerts(session, [one for message in new if (one := _occasion(message, conversations)) is not None])


def _occasion(message: NewMessage, conversations: Mapping[int, Conversation]) -> Occasion | None:
    tags = message.tags
    if tags is None or message.event.author.is_bot or message.conversation_id not in conversations:
        return None
    if tags.toxic and "toxic" not in tags.unsure:
        kind = AlertKind.TOXIC
    elif tags.sentiment is Sentiment.NEGATIVE and "sentiment" not in tags.unsure:
        kind = AlertKind.NEGATIVE
    else:
        return None
    # One key for both: what an edit made toxic has rung already when it was negative.
    return Occasion(
        message.workspace_id, kind, "mood", message.event.sent_at, message.conversation_id, message.message_id
    )


async def wanted_kinds(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, frozenset[AlertKind]]:
    """Workspace → what rings there; those without an alert chat, and archived ones, are not among them."""
    rows = await session.execute(
        select(Channel.workspace_id, AlertSettings.kinds)
        .outerjoin(AlertSettings, AlertSettings.workspace_id == Channel.workspace_id)
        .where(
            Channel.workspace_id.in_(sorted(workspace_ids)),
            Channel.platform == Platform.TELEGRAM,
            Channel.alert_chat_external_id.is_not(None),
            Channel.removed_at.is_(None),
            at_work(Channel.workspace_id),
        )
    )
    always = {AlertKind.RULE, AlertKind.TEST}
    chosen: dict[int, list[str] | None] = {workspace_id: kinds for workspace_id, kinds in rows}  # noqa: C416
    return {
        workspace_id: frozenset({AlertKind(one) for one in (BY_DEFAULT if kinds is None else kinds)} | always)
        for workspace_id, kinds in chosen.items()
    }
