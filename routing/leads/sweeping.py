"""What time brings to leads: their clock starts when somebody gets them, and who lets one lie loses it to the next."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.calendars.service import load_hours
from inbox.conversations.assigning import may_answer
from inbox.conversations.models import Activity, Conversation, Delivery, Direction, Message, MessageKind
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import RetimeLeads, RingLead
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.organisations.archived import at_work
from inbox.organisations.models import Membership, Role, Team, TeamMember, Workspace
from inbox.sla.clocks import end_of
from inbox.sla.recomputing import follow_terms, terms_key
from routing.alerts.models import AlertKind
from routing.alerts.service import Occasion, ring_alerts
from routing.assignment.handing import turn_after, turn_of
from routing.leads.models import Lead, Stage
from routing.leads.service import TAKE_UP_WITHIN, announce_lead, own
from routing.webhooks.models import HookEvent
from routing.webhooks.service import tell_leads

PAGE = 200


async def sweep_leads(session: AsyncSession, now: datetime) -> None:
    """Start the clocks of those that somebody got, stop those that were answered."""
    await _follow_assignments(session, now)
    await _stop_answered(session, now)


async def _follow_assignments(session: AsyncSession, now: datetime) -> None:
    """A lead belongs to whoever has its conversation, however they got it; in the archive nobody's clock starts."""
    rows = await session.execute(
        select(Lead, Conversation.assignee_id)
        .join(Conversation, Conversation.id == Lead.conversation_id)
        .where(
            Lead.stage == Stage.NEW,
            Conversation.assignee_id.is_not(None),
            Lead.owner_id.is_distinct_from(Conversation.assignee_id),
            at_work(Lead.workspace_id),
        )
        .order_by(Lead.id)
        .limit(PAGE)
        .with_for_update(of=Lead, skip_locked=True)
    )
    jobs = []
    for lead, assignee_id in rows.all():
        if assignee_id is None:
            continue
        await own(session, lead, assignee_id, now)
        jobs.append(RingLead(lead_id=lead.id, owner_id=assignee_id))
        announce_lead(session, lead.workspace_id, assignee_id, None)
    await tell_leads(session, [job.lead_id for job in jobs], HookEvent.LEAD_CHANGED, now)
    await defer(session, jobs)


async def _stop_answered(session: AsyncSession, now: datetime) -> None:
    """Whoever of Sales answered the subscriber has taken the lead up."""
    of_sales = (
        select(TeamMember.agent_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.workspace_id == Lead.workspace_id, Team.purpose == "sales")
    )
    by_role = select(Membership.agent_id).where(
        Membership.workspace_id == Lead.workspace_id, Membership.role == Role.SALES
    )
    rows = await session.execute(
        select(Lead, Message.author_agent_id, Message.sent_at)
        .join(Message, Message.conversation_id == Lead.conversation_id)
        .where(
            Lead.stage == Stage.NEW,
            Lead.assigned_at.is_not(None),
            Message.direction == Direction.OUTBOUND,
            Message.kind == MessageKind.MESSAGE,
            Message.delivery == Delivery.SENT,
            Message.sent_at >= Lead.heard_at,
            Message.author_agent_id.in_(of_sales.correlate(Lead))
            | Message.author_agent_id.in_(by_role.correlate(Lead)),
        )
        .order_by(Lead.id, Message.sent_at)
        .limit(PAGE)
        .with_for_update(of=Lead, skip_locked=True)
    )
    taken_up = []
    for lead, agent_id, sent_at in rows.all():
        if lead.stage is not Stage.NEW:
            continue
        lead.stage, lead.stage_at, lead.taken_up_at = Stage.TAKEN_UP, sent_at, sent_at
        lead.owner_id = lead.taken_up_by_id = agent_id
        lead.take_up_due_at = None
        taken_up.append(lead.id)
        announce_lead(session, lead.workspace_id, agent_id, None)
    await tell_leads(session, taken_up, HookEvent.LEAD_CHANGED, now)


async def hand_on_missed(session: AsyncSession, now: datetime) -> None:
    """Hand on what nobody took up, in a transaction of its own: conversations with their leads are locked before turns,
    and those at once, as a batch does. What a batch holds at this moment comes with the next sweep."""
    found = await session.scalars(
        select(Lead)
        .join(Conversation, Conversation.id == Lead.conversation_id)
        .where(Lead.stage == Stage.NEW, Lead.take_up_due_at <= now, at_work(Lead.workspace_id))
        .order_by(Lead.id)
        .limit(PAGE)
        .with_for_update(of=[Lead, Conversation], skip_locked=True, key_share=True)
    )
    due = await _leave_out_rests(session, found.all(), now)
    await session.execute(
        select(TeamMember.agent_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.workspace_id.in_({lead.workspace_id for lead in due}), Team.purpose == "sales")
        .order_by(TeamMember.team_id, TeamMember.agent_id)
        .with_for_update(of=TeamMember)
    )
    for lead in due:
        await miss(session, lead, now)


async def retime_leads(context: Context, job: RetimeLeads) -> None:
    """The times by which leads are to be taken up, without the time in the archive; twice is harmless."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        found = await session.scalars(
            select(Lead)
            .where(Lead.workspace_id == job.workspace_id, Lead.stage == Stage.NEW, Lead.take_up_due_at.is_not(None))
            .order_by(Lead.id)
            .with_for_update(key_share=True)
        )
        await _leave_out_rests(session, found.all(), context.clock())
        announce_lead(session, job.workspace_id, None, None)


async def _leave_out_rests(session: AsyncSession, leads: Sequence[Lead], now: datetime) -> list[Lead]:
    """Write the times of these locked leads without the project's rests; returns those whose time is over all the
    same."""
    workspace_ids = {lead.workspace_id for lead in leads}
    told = await session.execute(select(Workspace.id, Workspace.rests).where(Workspace.id.in_(workspace_ids)))
    rests: dict[int, list[datetime]] = dict(told.all())
    hours = await load_hours(session, workspace_ids)
    for lead in leads:
        since, rested = lead.assigned_at, rests[lead.workspace_id]
        if since is not None and rested and since < rested[-1]:
            lead.take_up_due_at = end_of(since, TAKE_UP_WITHIN, hours[lead.workspace_id], rested)
    await session.flush()
    return [lead for lead in leads if lead.take_up_due_at is not None and lead.take_up_due_at <= now]


async def miss(session: AsyncSession, lead: Lead, now: datetime) -> None:
    """Nobody took it up in time: the head is told, the next on shift gets it."""
    name = await session.scalar(select(Agent.name).where(Agent.id == lead.owner_id))
    lead.missed += 1
    occasion = Occasion(
        lead.workspace_id, AlertKind.LEAD, f"lead:{lead.id}:missed:{lead.missed}", now, lead.conversation_id,
        details={"missed_by": name or "", "phone": lead.phone or ""},
    )  # fmt: skip
    await ring_alerts(session, [occasion])
    if not await pass_on(session, lead, now, why="not_taken_up"):
        lead.take_up_due_at = None


async def pass_on(session: AsyncSession, lead: Lead, now: datetime, *, why: str) -> bool:
    """Give it to the next of Sales who is on shift and may answer; False when there is nobody but its owner."""
    conversation = await session.get_one(Conversation, lead.conversation_id, with_for_update={"key_share": True})
    members = await session.scalars(
        select(TeamMember)
        .join(Team, Team.id == TeamMember.team_id)
        .join(Agent, Agent.id == TeamMember.agent_id)
        .join(
            Membership,
            (Membership.agent_id == TeamMember.agent_id) & (Membership.workspace_id == TeamMember.workspace_id),
        )
        .where(Team.workspace_id == lead.workspace_id, Team.purpose == "sales", may_answer)
        .order_by(TeamMember.team_id, TeamMember.agent_id)
        .with_for_update(of=TeamMember)
        .execution_options(populate_existing=True)
    )
    line = sorted(members, key=turn_of)
    member = next((one for one in line if one.agent_id != lead.owner_id), None)
    if member is None:
        return False
    member.last_assigned_at = turn_after(line, now)
    left, terms = conversation.assignee_id, terms_key(conversation)
    conversation.assignee_id, conversation.team_id = member.agent_id, member.team_id
    await follow_terms(session, [conversation], {conversation.id: terms})
    name = await session.scalar(select(Agent.name).where(Agent.id == member.agent_id))
    session.add(
        Activity(
            workspace_id=lead.workspace_id, conversation_id=conversation.id, kind="assigned",
            details={"assignee": name, "why": why}, occurred_at=now,
        )
    )  # fmt: skip
    await own(session, lead, member.agent_id, now)
    await tell_leads(session, [lead.id], HookEvent.LEAD_CHANGED, now)
    await defer(session, [RingLead(lead_id=lead.id, owner_id=member.agent_id)])
    for assignee_id in dict.fromkeys((left, member.agent_id)):
        announce(
            session, lead.workspace_id, "conversation", conversation_id=conversation.id, assignee_id=assignee_id,
            team_id=conversation.team_id,
        )  # fmt: skip
    return True
