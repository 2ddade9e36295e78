"""Leads as a page: filters, stages, sums, totals per post and channel, a table for spreadsheets."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.channels.access import list_channels
from inbox.conversations.access import access_conversation
from inbox.conversations.models import Conversation
from inbox.core.context import Context
from inbox.core.database import enter_scope
from inbox.core.errors import ConflictError, ForbiddenError, InvalidInputError, RefusedError
from inbox.core.sheets import CSV, XLSX
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import is_fragment, render, words_of
from routing.leads import listing
from routing.leads.export import MOST, STAGES, write_csv, write_xlsx
from routing.leads.listing import Filters
from routing.leads.models import OPEN, Lead, Stage
from routing.leads.service import change_lead, has_open_lead, make_lead_by_hand

panel = APIRouter(prefix="/w/{ws}/leads")
SHOWN = 50
PERIODS = {"7": timedelta(days=7), "30": timedelta(days=30), "90": timedelta(days=90)}
Short = Annotated[str, Query(max_length=20)]


@panel.get("")
async def show_leads(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    stage: Short = "",
    days: Short = "30",
    owner: Short = "",
    channel: Short = "",
    before: Short = "",
) -> Response:
    """The list with its filters."""
    return await _page(request, session, context, caller, ws, _Asked(stage, days, owner, channel, before))


@panel.get("/export")
async def export(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    stage: Short = "",
    days: Short = "30",
    owner: Short = "",
    channel: Short = "",
    form: Annotated[str, Query(pattern="^(csv|xlsx)$")] = "csv",
) -> Response:
    """The same leads as a table, at most MOST of them."""
    now = context.clock()
    asked = _Asked(stage, days, owner, channel, "")
    frame = await load_frame(session, caller, read_place(ws, caller), now)
    leads = await listing.list_leads(session, caller, asked.filters(caller, ws, now), None, MOST)
    words = words_of(request)
    body = write_csv(leads, words, frame.zone) if form == "csv" else write_xlsx(leads, words, frame.zone)
    return Response(
        body,
        media_type=CSV if form == "csv" else XLSX,
        headers={"Content-Disposition": f'attachment; filename="leads-{now:%Y-%m-%d}.{form}"'},
    )


@panel.get("/new/{conversation_id}")
async def offer(
    request: Request, session: SessionDep, caller: PanelCaller, ws: str, conversation_id: RowId
) -> Response:
    """The menu's way to make the conversation a lead; nothing for who may not, or where one is open."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    conversation = await access_conversation(session, caller, conversation_id)
    may = caller.may(conversation.workspace_id, Permission.ANSWER)
    can_make = may and not await has_open_lead(session, conversation)
    return render(request, "leads/offer.html", ws=ws, conversation=conversation, can_make=can_make)


@panel.post("/new/{conversation_id}")
async def make(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    conversation_id: RowId,
) -> Response:
    """A person says that the conversation is a lead."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    conversation = await access_conversation(session, caller, conversation_id, Permission.ANSWER, lock=True)
    await make_lead_by_hand(session, caller, conversation, context.clock())
    said = words_of(request).gettext("It is a lead now")
    response = render(request, "core/toasts.html", text=said, kind="done", undo=None)
    response.headers["HX-Trigger"] = "otklik:lead"
    return response


@panel.get("/of/{conversation_id}")
async def show_card(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, conversation_id: RowId
) -> Response:
    """The lead of an open conversation, or the way to make one, for the column beside it."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    conversation = await access_conversation(session, caller, conversation_id)
    return await _card(request, session, caller, ws, conversation, context.clock())


@panel.post("/{lead_id}")
async def change(
    request: Request,
    context: ContextDep,
    session: SessionDep,
    caller: PanelCaller,
    ws: str,
    lead_id: RowId,
    stage: Annotated[Stage | None, Form()] = None,
    reason: Annotated[str, Form(max_length=500)] = "",
    amount: Annotated[str, Form(max_length=20)] = "",
    phone: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    """Write the fields that were sent. On the board what is refused is said above the list; the card beside a
    conversation, which sends one form a field, comes back as it is now."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    found = await listing.access_lead(session, caller, lead_id, Permission.ANSWER, lock=True)
    sent = {"stage": stage, "reason": reason, "amount": amount, "phone": phone}
    given = await request.form()
    changes: dict[str, object] = {name: value for name, value in sent.items() if name in given}
    if is_fragment(request):
        await _write(session, caller, found.lead, changes, context.clock())
        conversation = await session.get_one(Conversation, found.lead.conversation_id)
        return await _card(request, session, caller, ws, conversation, context.clock())
    try:
        async with session.begin_nested():
            await _write(session, caller, found.lead, changes, context.clock())
    except (ConflictError, ForbiddenError, InvalidInputError) as error:
        session.expire_all()
        return await _page(request, session, context, caller, ws, _Asked("", "30", "", "", ""), error)
    return RedirectResponse(f"/w/{ws}/leads", status_code=303)


async def _write(session: AsyncSession, caller: Caller, lead: Lead, changes: dict[str, object], now: datetime) -> None:
    if "amount" in changes:
        changes["amount"] = _amount(str(changes["amount"]))
    await change_lead(session, caller, lead, changes, now)


class _Asked:
    """The page's query as it was typed."""

    def __init__(self, stage: str, days: str, owner: str, channel: str, before: str) -> None:
        self.stage = stage if stage in {one.value for one in Stage} else ""
        self.days = days if days in PERIODS else ""
        self.owner = owner
        self.channel = channel
        self.before_id = int(before) if before.isascii() and before.isdigit() else None

    def filters(self, caller: Caller, ws: str, now: datetime) -> Filters:
        """As the service takes them; a foreign id finds nothing."""
        place = read_place(ws, caller)
        owner_id = caller.agent_id if self.owner == "me" else _number(self.owner)
        since = now - PERIODS[self.days] if self.days else None
        stages = (Stage(self.stage),) if self.stage else ()
        workspace_id = place if isinstance(place, int) else None
        return Filters(workspace_id, stages, owner_id, _number(self.channel), None, since)

    def query(self, **changes: str) -> str:
        """The address's query with something else chosen."""
        chosen = {"stage": self.stage, "days": self.days or "all", "owner": self.owner, "channel": self.channel}
        return urlencode({name: value for name, value in {**chosen, **changes}.items() if value})


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _amount(text: str) -> Decimal | None:
    plain = "".join(text.split()).replace(",", ".").replace("\N{NO-BREAK SPACE}", "")
    if not plain:
        return None
    try:
        amount = Decimal(plain).quantize(Decimal("0.01"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount < Decimal(10) ** 12:
        raise InvalidInputError("The sum is a number, such as 12 500.", field="amount")
    return amount


async def _card(
    request: Request, session: AsyncSession, caller: Caller, ws: str, conversation: Conversation, now: datetime
) -> Response:
    await session.flush()
    may_change = caller.may(conversation.workspace_id, Permission.ANSWER)
    return render(
        request, "leads/card.html", ws=ws, conversation=conversation, stages=STAGES, now=now, may_change=may_change,
        lead=await listing.find_lead_of(session, caller, conversation.id),
        can_make=may_change and not await has_open_lead(session, conversation),
    )  # fmt: skip


async def _page(
    request: Request,
    session: AsyncSession,
    context: Context,
    caller: Caller,
    ws: str,
    asked: _Asked,
    error: RefusedError | None = None,
) -> Response:
    place, now = read_place(ws, caller), context.clock()
    filters = asked.filters(caller, ws, now)
    frame = await load_frame(session, caller, place, now)
    leads = await listing.list_leads(session, caller, filters, asked.before_id, SHOWN + 1)
    counts = await listing.count_stages(session, caller, filters)
    return render(
        request, "leads/leads.html", status_code=error.status if error else 200, frame=frame, leads=leads[:SHOWN],
        more=leads[SHOWN - 1].lead.id if len(leads) > SHOWN else None, counts=counts,
        totals=await listing.sum_up(session, caller, filters), asked=asked, stages=STAGES, open_stages=OPEN,
        channels=await list_channels(session, caller, place if isinstance(place, int) else None),
        error=words_of(request).gettext(error.detail) if error else None, now=now, section="leads", tab="leads",
    )  # fmt: skip
