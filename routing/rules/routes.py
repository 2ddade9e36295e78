"""Rules over the API, to be read."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from inbox.core.web.dependencies import ApiCaller, SessionDep
from inbox.core.web.fields import Id
from inbox.core.web.paging import DEFAULT_LIMIT, CursorParam, LimitParam, Page
from routing.rules.actions import ACTIONS, Action
from routing.rules.conditions import CONDITIONS, Condition
from routing.rules.listing import list_rules
from routing.rules.models import Rule

api = APIRouter(tags=["rules"])


class RuleOut(BaseModel):
    """When all conditions hold, the actions are done; the first rule that matches acts."""

    id: int
    workspace_id: int
    name: str
    position: int = Field(description="Rules are tried in this order.")
    enabled: bool
    conditions: list[Condition]
    actions: list[Action]

    @classmethod
    def of(cls, rule: Rule) -> "RuleOut":
        """From the row."""
        return cls(
            id=rule.id, workspace_id=rule.workspace_id, name=rule.name, position=rule.position,
            enabled=rule.is_enabled, conditions=CONDITIONS.validate_python(rule.conditions),
            actions=ACTIONS.validate_python(rule.actions),
        )  # fmt: skip


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
