"""Rules over the API: read, written, put in order, and tried on the last days."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from inbox.agents.permissions import Permission
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id, RowId
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page
from routing.rules.dry_run import Draft, dry_run, since
from routing.rules.editing import Wanted, access_rule, change_rule, create_rule, delete_rule
from routing.rules.listing import list_rules
from routing.rules.schemas import DryRunIn, DryRunOut, RuleIn, RuleOut, RulePatch

api = APIRouter(tags=["rules"])


@api.get("/rules")
async def read_rules(
    session: SessionDep,
    caller: ApiCaller,
    workspace_id: Annotated[Id | None, Query(description="One workspace; none: all of yours.")] = None,
    cursor: CursorParam = None,
    limit: LimitParam = DEFAULT_LIMIT,
) -> Page[RuleOut]:
    """Rules of your workspaces, in the order in which they are tried."""
    rules, next_cursor = await list_rules(session, caller, workspace_id, cursor, limit)
    return Page(items=[RuleOut.of(rule) for rule in rules], next_cursor=next_cursor)


@api.post("/rules", status_code=201)
async def add_rule(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: RuleIn) -> RuleOut:
    """A new rule; tried first unless a position is given."""
    rule = await create_rule(
        session, caller, wanted.workspace_id,
        Wanted(wanted.name, wanted.position, wanted.enabled, wanted.stops, wanted.conditions, wanted.actions),
        context.clock(),
    )  # fmt: skip
    return RuleOut.of(rule)


@api.post("/rules/dry-run")
async def try_rules(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: DryRunIn) -> DryRunOut:
    """What would have happened with the messages of the last days. Nothing is changed."""
    draft = None
    if wanted.conditions is not None:
        draft = Draft(wanted.conditions, wanted.actions, wanted.rule_id)
    elif wanted.rule_id is not None:
        stored = RuleOut.of(await access_rule(session, caller, wanted.rule_id, Permission.MANAGE_RULES))
        draft = Draft(stored.conditions, stored.actions, wanted.rule_id)
    run = await dry_run(session, caller, wanted.workspace_id, draft, since(context.clock(), wanted.days))
    return DryRunOut.of(run, wanted.limit)


@api.get("/rules/{rule_id}")
async def read_rule(session: SessionDep, caller: ApiCaller, rule_id: RowId) -> RuleOut:
    """One rule."""
    return RuleOut.of(await access_rule(session, caller, rule_id, Permission.READ_CONVERSATIONS))


@api.patch("/rules/{rule_id}")
async def patch_rule(
    session: SessionDep, context: ContextDep, caller: ApiCaller, rule_id: RowId, patch: RulePatch
) -> RuleOut:
    """Change it, switch it on or off, move it."""
    wanted = Wanted(patch.name, patch.position, patch.enabled, patch.stops, patch.conditions, patch.actions)
    return RuleOut.of(await change_rule(session, caller, rule_id, wanted, context.clock()))


@api.delete("/rules/{rule_id}", status_code=204, response_class=Response)
async def remove_rule(session: SessionDep, context: ContextDep, caller: ApiCaller, rule_id: RowId) -> None:
    """It acts no more; what it did stays."""
    await delete_rule(session, caller, rule_id, context.clock())
