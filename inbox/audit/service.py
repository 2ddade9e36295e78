"""Writing down who did what."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.audit.models import AuditEntry
from inbox.core.database import Json


def record(
    session: AsyncSession,
    workspace_id: int,
    agent_id: int | None,
    action: str,
    row_id: int,
    at: datetime,
    before: Json | None = None,
    after: Json | None = None,
) -> None:
    """One deed, of which only the fields that differ are kept; `action` is `{kind of row}.{deed}`."""
    changed = {
        name for name in {*(before or {}), *(after or {})} if (before or {}).get(name) != (after or {}).get(name)
    }
    session.add(
        AuditEntry(
            workspace_id=workspace_id, agent_id=agent_id, action=action, row_kind=action.split(".")[0], row_id=row_id,
            before=None if before is None else {name: before[name] for name in before if name in changed},
            after=None if after is None else {name: after[name] for name in after if name in changed},
            occurred_at=at,
        )
    )  # fmt: skip
