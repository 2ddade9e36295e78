"""What a person's deed leaves behind: a grey line in the thread, an audit entry, live events."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.audit.models import AuditEntry
from inbox.conversations.models import Activity, Conversation
from inbox.core.database import Json
from inbox.core.live import announce

Line = tuple[str, Json]
"""A grey line to be: its kind and details."""
Audience = tuple[int | None, int | None]
"""(assignee, team): decides who may hear of a conversation."""


def audience_of(conversation: Conversation) -> Audience:
    """Whose it is."""
    return conversation.assignee_id, conversation.team_id


def note(session: AsyncSession, caller: Caller, conversation: Conversation, line: Line, now: datetime) -> None:
    """A grey line."""
    kind, details = line
    session.add(
        Activity(
            workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind=kind,
            agent_id=caller.agent_id, details=details, occurred_at=now,
        )
    )  # fmt: skip


def audit(
    session: AsyncSession, caller: Caller, conversation: Conversation, before: Json, after: Json, now: datetime
) -> None:
    """What changed of it; `before` and `after` may name more."""
    changed = [name for name, value in after.items() if before.get(name) != value]
    session.add(
        AuditEntry(
            workspace_id=conversation.workspace_id, agent_id=caller.agent_id, action="conversation.changed",
            row_kind="conversation", row_id=conversation.id, before={name: before.get(name) for name in changed},
            after={name: after[name] for name in changed}, occurred_at=now,
        )
    )  # fmt: skip


def tell(session: AsyncSession, conversation: Conversation, heard_by: Audience) -> None:
    """Those who see it now hear of it, and those who saw it before, since it leaves their lists."""
    for assignee_id, team_id in dict.fromkeys((heard_by, audience_of(conversation))):
        announce(
            session, conversation.workspace_id, "conversation", conversation_id=conversation.id,
            assignee_id=assignee_id, team_id=team_id,
        )  # fmt: skip
