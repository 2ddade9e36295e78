"""Reports over the API."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from inbox.agents.permissions import Permission
from inbox.core.errors import ForbiddenError, InvalidInputError
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id
from inbox.reports.schemas import GroupBy, SlaReportOut
from inbox.reports.service import DIMENSIONS, Period, load_report

api = APIRouter(tags=["reports"])
LONGEST = timedelta(days=400)
USUAL = timedelta(days=29)


@api.get("/reports/sla")
async def read_sla_report(
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    from_: Annotated[date | None, Query(alias="from", description="First day; default: thirty days.")] = None,
    to: Annotated[date | None, Query(description="Last day, counted; default: today.")] = None,
    group_by: GroupBy = GroupBy.CHANNEL,
    workspace_id: Annotated[Id | None, Query(description="One workspace; none: all whose reports you read.")] = None,
) -> SlaReportOut:
    """How soon your workspaces answered: days are theirs, by when the contact wrote. Figures lag by seconds."""
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_REPORTS)
    readable = caller.workspaces_with(Permission.READ_REPORTS)
    if not readable:
        raise ForbiddenError("Your role reads no reports.")
    last = to or context.clock().date() + (timedelta() if from_ else timedelta(days=1))
    first = from_ or last - USUAL
    if last < first or last - first > LONGEST:
        raise InvalidInputError("A report is of one to 400 days.", field="from")
    period = Period(first, last)
    wanted = readable if workspace_id is None else {workspace_id}
    dimensions = DIMENSIONS & {group_by.value}
    return SlaReportOut.of(await load_report(session, wanted, period, dimensions), period, group_by)
