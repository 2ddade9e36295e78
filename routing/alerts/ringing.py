"""The jobs that ring: one alert, or a digest of those that were held back. An alert may ring twice, none is lost."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.adapter import Account, Sent
from inbox.channels.ringing import Ring
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PermanentRefusalError
from inbox.core.events import RingAlert, RingDigest
from inbox.core.i18n import N_
from inbox.core.pacing import Pacing
from routing.alerts.calling import call_in_turn, ringer_of
from routing.alerts.models import Alert, AlertKind, AlertState
from routing.alerts.telling import Desk, last_rung_at, load_alert_desk, load_told
from routing.alerts.timing import STALE, hold_until
from routing.alerts.wording import buttons_of, say_alert, say_digest

NO_CHAT = N_("No chat is linked for alerts.")
ARCHIVED = N_("The project is archived: nothing rings.")


@dataclass(frozen=True, slots=True)
class _Call:
    """A message to send, and the alerts that it tells."""

    account: Account
    ring: Ring
    alert_ids: tuple[int, ...]
    state: AlertState


async def run_ring(context: Context, pacing: Pacing, job: RingAlert) -> None:
    """Ring, or hold back what comes too soon, at a quiet time or late."""
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        alert = await session.get(Alert, job.alert_id, with_for_update=True)
        if alert is None or alert.state is not AlertState.QUEUED:
            return
        call = await _plan(session, context, alert, now)
    if call is not None:
        await _make(context, pacing, call)


async def _plan(session: AsyncSession, context: Context, alert: Alert, now: datetime) -> _Call | None:
    desk = await load_alert_desk(session, context, alert.workspace_id)
    if desk.account is None:
        alert.state, alert.failure = AlertState.FAILED, _why_silent(desk)
        return None
    if alert.kind is not AlertKind.TEST:
        held = hold_until(desk.habits, alert.occurred_at, await last_rung_at(session, alert), now)
        if held is not None:
            alert.state, alert.held_until = AlertState.HELD, held
            return None
    (told,) = await load_told(session, context, [alert], desk)
    buttons = () if alert.kind is AlertKind.TEST else buttons_of(told, desk.words)
    ring = Ring(desk.chat_external_id, say_alert(told, desk.words, now), buttons)
    return _Call(desk.account, ring, (alert.id,), AlertState.SENT)


async def run_digest(context: Context, pacing: Pacing, job: RingDigest) -> None:
    """Tell what was held back and is due. A single one that is fresh rings as it would have at first."""
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        alerts = list(
            await session.scalars(
                select(Alert)
                .where(Alert.workspace_id == job.workspace_id, Alert.state == AlertState.HELD)
                .order_by(Alert.id)
                .with_for_update()
            )
        )
        desk = await load_alert_desk(session, context, job.workspace_id)
        if not alerts or hold_until(desk.habits, now, None, now) is not None:
            return
        if desk.account is None:
            for alert in alerts:
                alert.state, alert.failure = AlertState.FAILED, _why_silent(desk)
            return
        told = await load_told(session, context, alerts, desk)
        if len(alerts) == 1 and now - alerts[0].occurred_at <= STALE:
            ring = Ring(desk.chat_external_id, say_alert(told[0], desk.words, now), buttons_of(told[0], desk.words))
            call = _Call(desk.account, ring, (alerts[0].id,), AlertState.SENT)
        else:
            ring = Ring(desk.chat_external_id, say_digest(told, desk.words, now))
            call = _Call(desk.account, ring, tuple(one.id for one in alerts), AlertState.TOLD)
    await _make(context, pacing, call)


def _why_silent(desk: Desk) -> str:
    """Of a desk without a bot that rings."""
    return ARCHIVED if desk.is_archived else NO_CHAT


async def _make(context: Context, pacing: Pacing, call: _Call) -> None:
    sent: Sent | None = None
    failure: str | None = None
    try:
        ringer = ringer_of(context, call.account)
        sent = await call_in_turn(
            context, pacing, call.account, call.ring.chat_external_id, lambda: ringer.ring(call.account, call.ring)
        )
    except (PermanentRefusalError, KeyRefusedError) as error:
        failure = error.reason
    async with context.transaction(EVERY_WORKSPACE) as session:
        alerts = await session.scalars(
            select(Alert).where(Alert.id.in_(call.alert_ids)).order_by(Alert.id).with_for_update()
        )
        for alert in alerts:
            _settle(alert, call, sent, failure, context.clock())


def _settle(alert: Alert, call: _Call, sent: Sent | None, failure: str | None, now: datetime) -> None:
    if alert.state not in {AlertState.QUEUED, AlertState.HELD}:
        return
    alert.held_until = None
    if sent is None:
        alert.state, alert.failure = AlertState.FAILED, failure
        return
    alert.state, alert.failure = call.state, None
    if call.state is AlertState.SENT:
        alert.sent_at = now
        alert.channel_id = call.account.channel_id
        alert.chat_external_id, alert.external_id = call.ring.chat_external_id, sent.external_id
