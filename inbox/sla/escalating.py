"""A breach goes to the head: a line in the thread says whose attention it has, and the head's panel rings."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.conversations.models import Activity, Conversation
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import EscalateBreach
from inbox.core.live import announce
from inbox.organisations.models import Membership, Role
from inbox.sla.service import load_promises


async def escalate(context: Context, job: EscalateBreach) -> None:
    """Once a breach, and only while the contact still waits."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        conversation = await session.scalar(
            select(Conversation).where(Conversation.id == job.conversation_id).with_for_update(key_share=True)
        )
        if conversation is None or not _still_waits(conversation, job) or await _is_told(session, job):
            return
        heads = await find_heads(session, conversation)
        session.add(
            Activity(
                workspace_id=conversation.workspace_id, conversation_id=conversation.id, kind="escalated",
                details={"clock": job.clock, "due_at": job.due_at.isoformat(), "heads": ", ".join(heads.values())},
                occurred_at=context.clock(),
            )
        )  # fmt: skip
        for head_id in heads:
            announce(
                session, conversation.workspace_id, "escalation", conversation_id=conversation.id,
                assignee_id=conversation.assignee_id, team_id=conversation.team_id, head_id=head_id,
            )  # fmt: skip


async def find_heads(session: AsyncSession, conversation: Conversation) -> dict[int, str]:
    """Who is told of this conversation's breaches (id → name): the policy's head, else the project's owners."""
    promises = await load_promises(session, {conversation.workspace_id})
    head_id = promises.terms_of(conversation.workspace_id, conversation.sla_policy_id).head_id
    people = (
        select(Agent.id, Agent.name)
        .join(Membership, Membership.agent_id == Agent.id)
        .where(Membership.workspace_id == conversation.workspace_id, Agent.deactivated_at.is_(None))
        .order_by(Agent.id)
    )
    chosen = (await session.execute(people.where(Agent.id == head_id))).all() if head_id is not None else []
    return dict(chosen or (await session.execute(people.where(Membership.role == Role.OWNER))).all())


def _still_waits(conversation: Conversation, job: EscalateBreach) -> bool:
    match job.clock:
        case "first":
            return conversation.needs_answer and conversation.first_response_breached_at == job.due_at
        case "next":
            return conversation.needs_answer and conversation.next_response_breached_at == job.due_at
        case _:
            return conversation.resolution_met_at is None and conversation.resolution_breached_at == job.due_at


async def _is_told(session: AsyncSession, job: EscalateBreach) -> bool:
    """The job may run twice."""
    known = await session.scalar(
        select(Activity.id)
        .where(
            Activity.conversation_id == job.conversation_id,
            Activity.kind == "escalated",
            Activity.details["clock"].astext == job.clock,
            Activity.details["due_at"].astext == job.due_at.isoformat(),
        )
        .limit(1)
    )
    return known is not None
