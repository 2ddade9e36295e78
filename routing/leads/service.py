"""Leads as rules and people make them, and what Sales does with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.calendars.service import load_hours
from inbox.conversations.arrivals import NewMessage
from inbox.conversations.models import Conversation, Direction, Message
from inbox.core.bulk import insert_new_rows
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE, Json
from inbox.core.errors import ConflictError, ForbiddenError, InvalidInputError
from inbox.core.events import TellLead
from inbox.core.live import announce
from inbox.organisations.models import Role, Team
from routing.leads.models import OPEN, Lead, Stage
from routing.leads.phones import find_phone
from routing.webhooks.models import HookEvent
from routing.webhooks.service import tell_leads, tell_phones

TAKE_UP_WITHIN = timedelta(minutes=15)
"""Working time."""
TEXT_KEPT = 500


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a lead begins with. `made_by_id` None: a rule."""

    text: str
    heard_at: datetime
    message_id: int | None
    made_by_id: int | None = None


async def hold_lead(session: AsyncSession, lead_id: int) -> Lead | None:
    """The lead, locked as everywhere: its conversation first, then the lead; people's turns come after both."""
    await session.scalar(
        select(Conversation.id)
        .join(Lead, Lead.conversation_id == Conversation.id)
        .where(Lead.id == lead_id)
        .with_for_update(of=Conversation, key_share=True)
    )
    return await session.get(Lead, lead_id, with_for_update=True, populate_existing=True)


async def hold_leads(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation]
) -> None:
    """Lock the leads that a phone number may join, of a batch's locked conversations, before rules take turns."""
    said = {conversation.id for conversation, _ in _said_phones(new, conversations)}
    if said:
        await session.execute(
            select(Lead.id)
            .where(Lead.conversation_id.in_(said), Lead.stage.in_(OPEN), Lead.phone.is_(None))
            .order_by(Lead.id)
            .with_for_update()
        )


async def note_phones(
    session: AsyncSession, new: Sequence[NewMessage], conversations: Mapping[int, Conversation], now: datetime
) -> None:
    """A phone number that is said later joins the lead that is open; panels, webhooks and CRMs hear of it."""
    said = [await _note_phone(session, conversation, phone) for conversation, phone in _said_phones(new, conversations)]
    joined = [lead for lead in said if lead is not None]
    await tell_phones(session, [lead.id for lead in joined], now)
    for lead in joined:
        announce_lead(session, lead.workspace_id, lead.owner_id, None)


def _said_phones(
    new: Sequence[NewMessage], conversations: Mapping[int, Conversation]
) -> list[tuple[Conversation, str]]:
    return [
        (conversation, phone)
        for message in new
        if (conversation := conversations.get(message.conversation_id)) is not None
        and message.tags is not None
        and message.verdict.needed
        and (phone := find_phone(message.event.text)) is not None
    ]


async def make_leads_by_rule(
    session: AsyncSession, wanted: Sequence[tuple[NewMessage, Conversation]], now: datetime
) -> None:
    """What a rule's action does, for a whole batch; a conversation that has an open lead gets no other."""
    beginnings = [
        (conversation, Beginning(message.event.text, message.event.sent_at, message.message_id))
        for message, conversation in wanted
    ]
    await _make(session, beginnings, now)


async def has_open_lead(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether it is a lead that nobody has brought to an end."""
    found = await session.scalar(
        select(Lead.id).where(Lead.conversation_id == conversation.id, Lead.stage.in_(OPEN)).limit(1)
    )
    return found is not None


async def make_lead_by_hand(session: AsyncSession, caller: Caller, conversation: Conversation, now: datetime) -> int:
    """A person says that the locked conversation is a lead; ConflictError when it has an open one."""
    first = (
        await session.execute(
            select(Message.id, Message.text, Message.sent_at)
            .where(Message.conversation_id == conversation.id, Message.direction == Direction.INBOUND)
            .order_by(Message.sent_at.desc(), Message.id.desc())
            .limit(1)
        )
    ).one_or_none()
    text, heard_at, message_id = (first[1], first[2], first[0]) if first else ("", conversation.started_at, None)
    beginning = Beginning(text, heard_at, message_id, caller.agent_id)
    made = await _make(session, [(conversation, beginning)], now)
    if not made:
        raise ConflictError("This conversation is a lead already.")
    record(session, conversation.workspace_id, caller.agent_id, "lead.created", made[0], now)
    return made[0]


async def _make(
    session: AsyncSession, beginnings: Sequence[tuple[Conversation, Beginning]], now: datetime
) -> list[int]:
    """The ids of the new leads; webhooks and panels hear of them."""
    rows = [
        {
            "workspace_id": conversation.workspace_id, "conversation_id": conversation.id,
            "channel_id": conversation.channel_id, "contact_id": conversation.contact_id,
            "post_id": conversation.post_id, "message_id": beginning.message_id, "text": beginning.text[:TEXT_KEPT],
            "phone": find_phone(beginning.text), "stage": Stage.NEW, "stage_at": now, "heard_at": beginning.heard_at,
            "created_by_id": beginning.made_by_id, "missed": 0, "reason": "",
        }
        for conversation, beginning in beginnings
    ]  # fmt: skip
    new: dict[int, int] = dict(await insert_new_rows(session, Lead, rows, ("conversation_id", "id")))
    await tell_leads(session, list(new.values()), HookEvent.LEAD_CREATED, now)
    begun = {conversation.id: conversation for conversation, _ in beginnings if conversation.id in new}
    for conversation in begun.values():
        announce_lead(session, conversation.workspace_id, conversation.assignee_id, conversation.team_id)
    return list(new.values())


async def _note_phone(session: AsyncSession, conversation: Conversation, phone: str) -> Lead | None:
    """The lead that had none before."""
    lead = await session.scalar(
        select(Lead)
        .where(Lead.conversation_id == conversation.id, Lead.stage.in_(OPEN), Lead.phone.is_(None))
        .with_for_update()
    )
    if lead is not None:
        lead.phone = phone
    return lead


async def own(session: AsyncSession, lead: Lead, agent_id: int, now: datetime) -> None:
    """The lead is theirs from now on: the clock of being taken up starts."""
    hours = (await load_hours(session, [lead.workspace_id]))[lead.workspace_id]
    lead.owner_id, lead.assigned_at = agent_id, now
    lead.take_up_due_at = hours.add_working(now, TAKE_UP_WITHIN)


async def is_of_sales(session: AsyncSession, caller: Caller, workspace_id: int) -> bool:
    """Whether the person is of Sales there: by role, or in the team with another role that answers."""
    if caller.roles.get(workspace_id) is Role.SALES:
        return True
    if not caller.may(workspace_id, Permission.ANSWER):
        return False
    team_ids = await session.scalars(select(Team.id).where(Team.workspace_id == workspace_id, Team.purpose == "sales"))
    return bool(caller.team_ids & set(team_ids))


async def take_up(session: AsyncSession, caller: Caller, lead: Lead, now: datetime) -> None:
    """A person of Sales takes the locked lead: it is theirs, the clock stops, panels and webhooks hear of it."""
    before, left = snapshot(lead), lead.owner_id
    await _take_up(session, caller, lead, now)
    await _tell_changed(session, caller, lead, before, now)
    announce_lead(session, lead.workspace_id, left, None)


async def _take_up(session: AsyncSession, caller: Caller, lead: Lead, now: datetime) -> None:
    if lead.stage is not Stage.NEW:
        raise ConflictError("This lead is taken up already.")
    if not await is_of_sales(session, caller, lead.workspace_id):
        raise ForbiddenError("Only a person of Sales takes leads up.")
    conversation = await session.get_one(Conversation, lead.conversation_id, with_for_update={"key_share": True})
    left = conversation.assignee_id
    conversation.assignee_id = caller.agent_id
    lead.owner_id = lead.taken_up_by_id = caller.agent_id
    lead.stage, lead.stage_at, lead.taken_up_at, lead.take_up_due_at = Stage.TAKEN_UP, now, now, None
    for assignee_id in dict.fromkeys((left, caller.agent_id)):
        announce(
            session, lead.workspace_id, "conversation", conversation_id=conversation.id, assignee_id=assignee_id,
            team_id=conversation.team_id,
        )  # fmt: skip


async def change_lead(
    session: AsyncSession, caller: Caller, lead: Lead, changes: Mapping[str, object], now: datetime
) -> None:
    """Stage with its reason, sum, phone: of a locked lead that `access_lead` gave."""
    before = snapshot(lead)
    stage = changes.get("stage")
    if isinstance(stage, Stage) and stage is not lead.stage:
        if stage is Stage.TAKEN_UP and lead.stage is Stage.NEW:
            await _take_up(session, caller, lead, now)
        else:
            await _set_stage(session, lead, stage, now)
    if "reason" in changes:
        lead.reason = str(changes["reason"] or "").strip()
    if lead.stage is Stage.NOT_A_LEAD and not lead.reason:
        raise InvalidInputError("Say why it is no lead: the rules learn from it.", field="reason")
    amount = changes.get("amount", lead.amount)
    lead.amount = amount if isinstance(amount, Decimal) else None
    if "phone" in changes:
        lead.phone = str(changes["phone"]).strip() if changes["phone"] else None
    await _tell_changed(session, caller, lead, before, now)


async def _tell_changed(session: AsyncSession, caller: Caller, lead: Lead, before: Json, now: datetime) -> None:
    record(
        session, lead.workspace_id, caller.agent_id, "lead.changed", lead.id, now, before=before, after=snapshot(lead)
    )
    await session.flush()
    if lead.phone and not before["phone"]:
        await tell_phones(session, [lead.id], now)
    else:
        await tell_leads(session, [lead.id], HookEvent.LEAD_CHANGED, now)
    announce_lead(session, lead.workspace_id, lead.owner_id, None)


async def _set_stage(session: AsyncSession, lead: Lead, stage: Stage, now: datetime) -> None:
    if stage in OPEN:
        other = await session.scalar(
            select(Lead.id).where(
                Lead.conversation_id == lead.conversation_id, Lead.stage.in_(OPEN), Lead.id != lead.id
            )
        )
        if other is not None:
            raise ConflictError("This conversation has another open lead.")
    lead.stage, lead.stage_at = stage, now
    lead.take_up_due_at = None
    if stage is Stage.NEW:
        lead.taken_up_at = lead.taken_up_by_id = None


async def run_tell_lead(context: Context, job: TellLead) -> None:
    """Of a lead as it is by now."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        lead = await session.get(Lead, job.lead_id)
        if lead is None:
            return
        await tell_leads(session, [lead.id], HookEvent.LEAD_CHANGED, context.clock())
        announce_lead(session, lead.workspace_id, lead.owner_id, None)


def announce_lead(session: AsyncSession, workspace_id: int, assignee_id: int | None, team_id: int | None) -> None:
    """Panels hear that leads changed."""
    announce(session, workspace_id, "lead", assignee_id=assignee_id, team_id=team_id)


def snapshot(lead: Lead) -> Json:
    """As the audit keeps it."""
    return {
        "stage": lead.stage.value, "reason": lead.reason, "owner_id": lead.owner_id, "phone": lead.phone,
        "amount": None if lead.amount is None else str(lead.amount),
    }  # fmt: skip
