"""Alerts over the API."""

from typing import Annotated

from fastapi import APIRouter, Query

from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after
from routing.alerts import editing
from routing.alerts.editing import Setup
from routing.alerts.models import AlertKind
from routing.alerts.schemas import AlertOut, AlertSettingsOut, AlertSettingsPatch, TestIn

api = APIRouter(tags=["alerts"])


@api.get("/alerts")
async def read_alerts(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: Annotated[Id | None, Query(description="One workspace; none: all of yours.")] = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[AlertOut]:
    """Alerts of what you may read, newest first."""
    before_id = id_after(cursor) if cursor is not None else None
    rows = await editing.list_alerts(session, caller, workspace_id, before_id, limit + 1)
    page = rows[:limit]
    more = encode_cursor([page[-1].id]) if len(rows) > limit else None
    return Page(items=[AlertOut.of(row) for row in page], next_cursor=more)


@api.post("/alerts/test", status_code=201)
async def ring_test(session: SessionDep, context: ContextDep, caller: ApiCaller, body: TestIn) -> AlertOut:
    """Ring the workspace's alert chat now."""
    return AlertOut.of(await editing.ring_test(session, caller, body.workspace_id, context.clock()))


@api.get("/alerts/settings/{workspace_id}")
async def read_alert_settings(session: SessionDep, caller: ApiCaller, workspace_id: RowId) -> AlertSettingsOut:
    """How a workspace is rung."""
    return _shown(await editing.load_setup(session, caller, workspace_id))


@api.patch("/alerts/settings/{workspace_id}")
async def change_alert_settings(
    session: SessionDep, context: ContextDep, caller: ApiCaller, workspace_id: RowId, body: AlertSettingsPatch
) -> AlertSettingsOut:
    """Change what is given."""
    changes = body.model_dump(exclude_unset=True)
    return _shown(await editing.change_settings(session, caller, workspace_id, changes, context.clock()))


@api.get("/alerts/{alert_id}")
async def read_alert(session: SessionDep, caller: ApiCaller, alert_id: RowId) -> AlertOut:
    """One alert."""
    return AlertOut.of(await editing.access_alert(session, caller, alert_id))


def _shown(setup: Setup) -> AlertSettingsOut:
    row, channel = setup.settings, setup.channel
    return AlertSettingsOut(
        workspace_id=row.workspace_id, channel_id=channel.id if channel else None,
        alert_chat_id=channel.alert_chat_external_id if channel else None, kinds=[AlertKind(one) for one in row.kinds],
        cooldown_seconds=int(row.cooldown.total_seconds()), quiet_from=row.quiet_from, quiet_to=row.quiet_to,
        hides_text=row.hides_text, locale=row.locale, spike_at_least=row.spike_at_least, muted_until=row.muted_until,
    )  # fmt: skip
