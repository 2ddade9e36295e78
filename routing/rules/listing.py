"""Rules to be read, in the order in which they are tried."""

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.core.errors import InvalidInputError
from inbox.core.web.paging import decode_cursor, encode_cursor
from routing.rules.models import Rule


async def list_rules(
    session: AsyncSession, caller: Caller, workspace_id: int | None, cursor: str | None, limit: int
) -> tuple[list[Rule], str | None]:
    """Rules of one workspace, or of all where the caller reads conversations."""
    statement = select(Rule).where(Rule.workspace_id.in_(caller.workspaces_with(Permission.READ_CONVERSATIONS)))
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CONVERSATIONS)
        statement = statement.where(Rule.workspace_id == workspace_id)
    if cursor is not None:
        place = tuple_(Rule.workspace_id, Rule.position, Rule.id)
        statement = statement.where(place > tuple_(*_place(cursor)))
    statement = statement.order_by(Rule.workspace_id, Rule.position, Rule.id).limit(limit + 1)
    found = list(await session.scalars(statement))
    page = found[:limit]
    more = len(found) > limit
    return page, encode_cursor([page[-1].workspace_id, page[-1].position, page[-1].id]) if more else None


def _place(cursor: str) -> tuple[int, int, int]:
    workspace_id, position, rule_id = decode_cursor(cursor, 3)
    if isinstance(workspace_id, int) and isinstance(position, int) and isinstance(rule_id, int):
        return workspace_id, position, rule_id
    raise InvalidInputError("This cursor is not from an earlier page of this list.", field="cursor")


async def list_all(session: AsyncSession, workspace_id: int) -> list[Rule]:
    """All rules of one workspace in order; there are few."""
    rows = await session.scalars(select(Rule).where(Rule.workspace_id == workspace_id).order_by(Rule.position, Rule.id))
    return list(rows)
