"""Rules as they are applied: read in order, one that cannot be read is passed over with a log."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.core.bulk import among
from routing.rules.actions import ACTIONS, Action
from routing.rules.conditions import CONDITIONS, Condition
from routing.rules.models import Rule

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule whose parts are understood. `stops`: when it matches, those after it are not tried."""

    id: int
    name: str
    stops: bool
    conditions: Sequence[Condition]
    actions: Sequence[Action]


async def load_rules(session: AsyncSession, workspace_ids: Collection[int]) -> dict[int, list[ReadyRule]]:
    """Workspace → its enabled rules in order."""
    rows = await session.scalars(
        select(Rule).where(among(Rule.workspace_id, workspace_ids), Rule.is_enabled).order_by(Rule.position, Rule.id)
    )
    rules: dict[int, list[ReadyRule]] = {}
    for row in rows:
        try:
            ready = read_rule(row)
        except ValidationError as error:
            log.error("rule_passed_over", rule_id=row.id, workspace_id=row.workspace_id, error=str(error))
            continue
        rules.setdefault(row.workspace_id, []).append(ready)
    return rules


def read_rule(row: Rule) -> ReadyRule:
    """The row's parts, checked again; ValidationError for what this version does not understand."""
    conditions, actions = CONDITIONS.validate_python(row.conditions), ACTIONS.validate_python(row.actions)
    return ReadyRule(row.id, row.name, row.stops, conditions, actions)
