"""Promises as a settings page: goals by priority, the goal after closed hours, warnings, and who hears of breaches."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import load_frame, read_place, scope_at
from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.calendars.hours import WorkingHours
from inbox.calendars.service import load_hours
from inbox.conversations.models.states import Priority
from inbox.core.database import enter_scope
from inbox.core.errors import InvalidInputError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from inbox.organisations.models import Membership
from inbox.sla.clocks import Promise, due_at
from inbox.sla.editing import access_policy, change_policy, create_policy, list_policies, remove_policy
from inbox.sla.form import OTHERS, PromiseForm
from inbox.sla.models import SlaPolicy
from inbox.sla.schemas import PolicyIn, PolicyPatch

panel = APIRouter(prefix="/w/{ws}/settings/promises")


@panel.get("")
async def show_promises(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    saved: Annotated[bool, Query()] = False,
) -> Response:
    """The project's default promise in the editor, others beside it."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_HOURS)
    policies = await list_policies(session, caller, workspace_id)
    policy = next((one for one in policies if one.is_default), policies[0] if policies else None)
    form = PromiseForm.of_policy(policy) if policy else _first_form()
    return await _page(request, session, context, caller, workspace_id, policy, form, saved=saved)


@panel.get("/new")
async def show_new_promise(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """A further promise, which rules can choose."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_HOURS)
    return await _page(request, session, context, caller, workspace_id, None, _first_form())


@panel.get("/{policy_id}")
async def show_promise(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    policy_id: RowId,
    saved: Annotated[bool, Query()] = False,
) -> Response:
    """One promise in the editor."""
    policy = await _access_at(session, caller, ws, policy_id)
    form = PromiseForm.of_policy(policy)
    return await _page(request, session, context, caller, policy.workspace_id, policy, form, saved=saved)


@panel.post("/new")
async def create_promise(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """Store a new promise; or the form again with what is wrong."""
    workspace_id = settings_workspace(read_place(ws, caller), caller, Permission.MANAGE_HOURS)
    form = PromiseForm.of_form(await request.form())
    try:
        policy = await create_policy(session, caller, form.read(workspace_id), context.clock())
    except (ValueError, InvalidInputError) as error:
        return await _page(request, session, context, caller, workspace_id, None, form, error=error)
    return RedirectResponse(f"/w/{ws}/settings/promises/{policy.id}?saved=1", status_code=303)


@panel.post("/{policy_id}")
async def save_promise(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, policy_id: RowId
) -> Response:
    """Store the changed promise; or the form again with what is wrong."""
    policy = await _access_at(session, caller, ws, policy_id)
    form = PromiseForm.of_form(await request.form())
    try:
        wanted = form.read(policy.workspace_id).model_dump(exclude={"workspace_id"})
        wanted["is_default"] = form.is_default or policy.is_default
        await change_policy(session, caller, policy_id, PolicyPatch.model_validate(wanted), context.clock())
    except (ValueError, InvalidInputError) as error:
        return await _page(request, session, context, caller, policy.workspace_id, policy, form, error=error)
    return RedirectResponse(f"/w/{ws}/settings/promises/{policy_id}?saved=1", status_code=303)


@panel.post("/{policy_id}/remove")
async def remove_promise(
    session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, policy_id: RowId
) -> Response:
    """Conversations that had it have the project's own promise again."""
    await _access_at(session, caller, ws, policy_id)
    await remove_policy(session, caller, policy_id, context.clock())
    return RedirectResponse(f"/w/{ws}/settings/promises?saved=1", status_code=303)


async def _access_at(session: AsyncSession, caller: Caller, ws: str, policy_id: int) -> SlaPolicy:
    """NotFoundError unless the policy is of the address's project."""
    enter_scope(session, scope_at(read_place(ws, caller), caller))
    policy = await access_policy(session, caller, policy_id, Permission.MANAGE_HOURS)
    enter_scope(session, caller.scope)
    return policy


def _first_form() -> PromiseForm:
    return PromiseForm("", {Priority.NORMAL: {"first": "15", "next": "30", "resolution": ""}})


async def _page(
    request: Request,
    session: AsyncSession,
    context: ContextDep,
    caller: Caller,
    workspace_id: int,
    policy: SlaPolicy | None,
    form: PromiseForm,
    *,
    error: Exception | None = None,
    saved: bool = False,
) -> Response:
    now, words, said = context.clock(), words_of(request), None
    hours = (await load_hours(session, [workspace_id]))[workspace_id]
    examples: list[tuple[datetime, datetime | None]] = []
    if error is not None:
        said = words.gettext(error.detail if isinstance(error, InvalidInputError) else str(error))
    elif form.name:
        examples = _examples(form.read(workspace_id), hours, now)
    people = await session.execute(
        select(Agent.id, Agent.name)
        .join(Membership, Membership.agent_id == Agent.id)
        .where(Membership.workspace_id == workspace_id, Agent.deactivated_at.is_(None))
        .order_by(Agent.name)
    )
    return render(
        request,
        "sla/promises.html",
        status_code=422 if error is not None else 200,
        frame=await load_frame(session, caller, workspace_id, now),
        policies=await list_policies(session, caller, workspace_id),
        policy=policy, form=form, others=OTHERS, people=list(people), examples=examples, zone=hours.time_zone,
        error=said, saved=saved, now=now, section="settings", settings_section="promises", tab="more",
    )  # fmt: skip


def _examples(wanted: PolicyIn, hours: WorkingHours, now: datetime) -> list[tuple[datetime, datetime | None]]:
    """A message of now, and one of an hour after the next closing: when each is due."""
    promise = Promise(
        hours, timedelta(minutes=wanted.first_response_minutes), timedelta(minutes=wanted.next_response_minutes),
        timedelta(minutes=wanted.after_closed_minutes),
    )  # fmt: skip
    opening = hours.next_opening(now)
    closing = hours.closes_at(opening) if opening else None
    moments = [now] if closing is None else [now, closing + timedelta(hours=1)]
    return [(moment, due_at(moment, promise.first_response, promise)) for moment in moments]
