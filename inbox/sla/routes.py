"""SLA policies over the API."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page, encode_cursor, id_after
from inbox.sla.editing import access_policy, change_policy, create_policy, list_policies, remove_policy
from inbox.sla.schemas import PolicyIn, PolicyOut, PolicyPatch

api = APIRouter(tags=["sla"])

WorkspaceParam = Annotated[Id | None, Query(description="One workspace; none: all of yours.")]


@api.get("/sla-policies")
async def read_policies(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: WorkspaceParam = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[PolicyOut]:
    """What your workspaces promise."""
    rows = await list_policies(session, caller, workspace_id, id_after(cursor), limit + 1)
    page = rows[:limit]
    next_cursor = encode_cursor([page[-1].id]) if len(rows) > limit else None
    return Page(items=[PolicyOut.of(one) for one in page], next_cursor=next_cursor)


@api.post("/sla-policies", status_code=201)
async def post_policy(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: PolicyIn) -> PolicyOut:
    """A new promise; the first one of a workspace is its default."""
    return PolicyOut.of(await create_policy(session, caller, wanted, context.clock()))


@api.get("/sla-policies/{policy_id}")
async def read_policy(session: SessionDep, caller: ApiCaller, policy_id: RowId) -> PolicyOut:
    """One promise."""
    return PolicyOut.of(await access_policy(session, caller, policy_id))


@api.patch("/sla-policies/{policy_id}")
async def patch_policy(
    session: SessionDep, context: ContextDep, caller: ApiCaller, policy_id: RowId, wanted: PolicyPatch
) -> PolicyOut:
    """Change it; open clocks follow within moments, recorded breaches stay."""
    return PolicyOut.of(await change_policy(session, caller, policy_id, wanted, context.clock()))


@api.delete("/sla-policies/{policy_id}", status_code=204)
async def delete_policy(session: SessionDep, context: ContextDep, caller: ApiCaller, policy_id: RowId) -> Response:
    """Remove it; its conversations have the default one again. 409 for the default one."""
    await remove_policy(session, caller, policy_id, context.clock())
    return Response(status_code=204)
