"""«Скорость ответа»: how soon we answer, when we are slow, who burns now; as a page and as files."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import Frame, Place, load_frame, read_place
from inbox.agents.permissions import Permission
from inbox.channels.models import Gap
from inbox.conversations.models import Conversation
from inbox.conversations.panel.pills import Pill, pill_of
from inbox.core.errors import ForbiddenError, InvalidInputError
from inbox.core.sheets import CSV, XLSX
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.templates import render, words_of
from inbox.organisations.models import Workspace
from inbox.reports.breaches import load_breaches
from inbox.reports.burning import load_now
from inbox.reports.charts import draw_line, draw_week
from inbox.reports.exporting import breaches_to_csv, to_csv, to_xlsx
from inbox.reports.service import Period, load_report, load_week
from inbox.sla.models import SlaPolicy

panel = APIRouter(prefix="/w/{ws}/sla")
SHOWN = frozenset({"agent", "team", "channel"})
"""The dimensions that have a table on the page; hours have the week's map."""
LONGEST = timedelta(days=400)
Days = Annotated[int, Query(ge=1, le=366)]
From = Annotated[date | None, Query(alias="from")]
To = Annotated[date | None, Query()]


@panel.get("")
async def show_sla(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    days: Days = 30,
    from_: From = None,
    to: To = None,
) -> Response:
    """The page: a fixed number of queries, whatever the number of conversations."""
    place, now = read_place(ws, caller), context.clock()
    wanted = _readable(caller, place)
    frame = await load_frame(session, caller, place, now)
    period = _period(now, frame.zone, days, from_, to)
    report = await load_report(session, wanted, period, SHOWN)
    goals = await _load_goals(session, wanted)
    return render(
        request,
        "reports/sla.html",
        frame=frame, report=report, period=period, days=None if from_ else days, goals=goals,
        line=draw_line(report, period, goals[0]), week=draw_week(await load_week(session, wanted, period)),
        waiting=await load_now(session, caller, wanted, now), may_hand=_may_hand(caller, wanted),
        pill_of=_pills(request, frame, now), now=now,
        gaps=await _load_gaps(session, wanted, period, frame.zone),
        section="sla", tab="more",
    )  # fmt: skip


@panel.get("/burning")
async def show_burning(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """What burns and waits now, as the page asks for it while something happens."""
    place, now = read_place(ws, caller), context.clock()
    wanted = _readable(caller, place)
    frame = await load_frame(session, caller, place, now)
    return render(
        request, "reports/burning.html", frame=frame, waiting=await load_now(session, caller, wanted, now),
        may_hand=_may_hand(caller, wanted), pill_of=_pills(request, frame, now), now=now,
    )  # fmt: skip


def _may_hand(caller: Caller, workspace_ids: Collection[int]) -> bool:
    return any(caller.may(one, Permission.ASSIGN) for one in workspace_ids)


def _pills(request: Request, frame: Frame, now: datetime) -> Callable[[Conversation], Pill]:
    """The clock of a conversation, in the reader's words."""
    words = words_of(request)
    return lambda one: pill_of(one, words, frame.zone_of(one.workspace_id), now)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures a file has, and of which days."""

    workspace_ids: frozenset[int]
    period: Period


async def read_asked(
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    days: Days = 30,
    from_: From = None,
    to: To = None,
) -> Asked:
    """As the page reads it; days are those of the first project's time zone."""
    readable = _readable(caller, read_place(ws, caller))
    zone = await session.scalar(select(Workspace.time_zone).where(Workspace.id.in_(readable)).limit(1))
    return Asked(readable, _period(context.clock(), zone or "UTC", days, from_, to))


AskedDep = Annotated[Asked, Depends(read_asked)]


@panel.get("/export.csv")
async def export_csv(request: Request, session: SessionDep, asked: AskedDep) -> Response:
    """The same figures as a table."""
    report = await load_report(session, asked.workspace_ids, asked.period)
    return _file(to_csv(report, words_of(request)), CSV, f"sla-{asked.period}.csv")


@panel.get("/late.csv")
async def export_late_csv(request: Request, session: SessionDep, context: ContextDep, asked: AskedDep) -> Response:
    """The late answers one by one, and by how much each was late."""
    breaches = await load_breaches(session, asked.workspace_ids, asked.period)
    return _file(breaches_to_csv(breaches, words_of(request), context.clock()), CSV, f"late-{asked.period}.csv")


@panel.get("/export.xlsx")
async def export_xlsx(request: Request, session: SessionDep, context: ContextDep, asked: AskedDep) -> Response:
    """Both as sheets of a book."""
    report = await load_report(session, asked.workspace_ids, asked.period)
    breaches = await load_breaches(session, asked.workspace_ids, asked.period)
    book = await asyncio.to_thread(to_xlsx, report, breaches, words_of(request), context.clock())
    return _file(book, XLSX, f"sla-{asked.period}.xlsx")


def _file(content: bytes, media_type: str, name: str) -> Response:
    disposition = f'attachment; filename="otklik-{name}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


def _readable(caller: Caller, place: Place) -> frozenset[int]:
    """Whose figures the address means; ForbiddenError for a role that reads none."""
    if isinstance(place, int):
        caller.require(place, Permission.READ_REPORTS)
        return frozenset({place})
    readable = caller.workspaces_with(Permission.READ_REPORTS)
    if not readable:
        raise ForbiddenError("Your role reads no reports.")
    return readable


def _period(now: datetime, zone: str, days: int, first: date | None, last: date | None) -> Period:
    today = now.astimezone(ZoneInfo(zone)).date()
    if first is None:
        return Period(today - timedelta(days=days - 1), today)
    last = last or today
    if last < first or last - first > LONGEST:
        raise InvalidInputError("A report is of one to 400 days.", field="from")
    return Period(first, last)


async def _load_goals(
    session: AsyncSession, workspace_ids: Collection[int]
) -> tuple[timedelta | None, timedelta | None]:
    """First and next goal of the default policies, where they agree."""
    rows = (
        await session.execute(
            select(SlaPolicy.first_response, SlaPolicy.next_response).where(
                SlaPolicy.workspace_id.in_(workspace_ids), SlaPolicy.is_default
            )
        )
    ).all()
    firsts, nexts = {row[0] for row in rows}, {row[1] for row in rows}
    return (firsts.pop() if len(firsts) == 1 else None), (nexts.pop() if len(nexts) == 1 else None)


async def _load_gaps(session: AsyncSession, workspace_ids: Collection[int], period: Period, zone: str) -> list[Gap]:
    """Lost connections of the period, newest first."""
    begins = datetime.combine(period.first, datetime.min.time(), ZoneInfo(zone))
    ends = begins + (period.last - period.first) + timedelta(days=1)
    found = await session.scalars(
        select(Gap)
        .where(Gap.workspace_id.in_(workspace_ids), Gap.started_at < ends, func.coalesce(Gap.ended_at, ends) > begins)
        .order_by(Gap.started_at.desc())
        .limit(3)
    )
    return list(found)
