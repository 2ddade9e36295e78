"""Leads to be read: the gate, lists with filters, totals per post and channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.base import ExecutableOption

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.channels.models import Channel
from inbox.conversations.access import visible
from inbox.conversations.models import Conversation, Delivery, Direction, Message, MessageKind, Post
from inbox.core.errors import NotFoundError
from inbox.organisations.models import Role
from routing.leads.models import OPEN, Lead, Stage
from routing.leads.service import hold_lead

_HAS_LEFT = (Delivery.SENT, Delivery.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; None: all."""

    workspace_id: int | None = None
    stages: Sequence[Stage] = ()
    owner_id: int | None = None
    channel_id: int | None = None
    post_id: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A lead with when its subscriber was first answered by a person after it began."""

    lead: Lead
    first_answer_at: datetime | None


@dataclass(frozen=True, slots=True)
class Total:
    """What came from one post (`post` None: from outside posts) of one channel."""

    channel: str
    post: str | None
    leads: int
    won: int
    amount: Decimal


async def list_leads(
    session: AsyncSession, caller: Caller, filters: Filters, before_id: int | None = None, limit: int = 50
) -> list[Listed]:
    """Newest first; Sales see their own only."""
    statement = (
        select(Lead, _first_answer())
        .join(Conversation, Conversation.id == Lead.conversation_id)
        .where(*_chosen(caller, filters))
        .options(*_parts())
    )
    if before_id is not None:
        statement = statement.where(Lead.id < before_id)
    rows = await session.execute(statement.order_by(Lead.id.desc()).limit(limit))
    return [Listed(lead, answered_at) for lead, answered_at in rows]


async def access_lead(
    session: AsyncSession,
    caller: Caller,
    lead_id: int,
    permission: Permission = Permission.READ_CONVERSATIONS,
    *,
    lock: bool = False,
) -> Listed:
    """The lead; NotFoundError unless the caller may see it."""
    of_conversation = Conversation.id == Lead.conversation_id
    seen = Lead.id == lead_id, _seen_by(caller)
    if lock and await session.scalar(select(Lead.id).join(Conversation, of_conversation).where(*seen)) is not None:
        await hold_lead(session, lead_id)
    statement = select(Lead, _first_answer()).join(Conversation, of_conversation).where(*seen).options(*_parts())
    row = (await session.execute(statement.execution_options(populate_existing=lock))).one_or_none()
    if row is None:
        raise NotFoundError("There is no such lead.")
    caller.require(row[0].workspace_id, permission)
    return Listed(row[0], row[1])


async def find_lead_of(session: AsyncSession, caller: Caller, conversation_id: int) -> Lead | None:
    """The conversation's open lead, else its newest one; None when the caller may see none."""
    statement = (
        select(Lead)
        .join(Conversation, Conversation.id == Lead.conversation_id)
        .where(Lead.conversation_id == conversation_id, _seen_by(caller))
        .options(*_parts())
        .order_by(Lead.stage.in_(OPEN).desc(), Lead.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    found: Lead | None = await session.scalar(statement)
    return found


async def sum_up(session: AsyncSession, caller: Caller, filters: Filters) -> list[Total]:
    """Totals per channel and post, most leads first."""
    counted = func.count().filter(Lead.stage != Stage.NOT_A_LEAD)
    amount = func.coalesce(func.sum(Lead.amount).filter(Lead.stage == Stage.WON), 0)
    statement = (
        select(Channel.name, Post.text, counted, func.count().filter(Lead.stage == Stage.WON), amount)
        .select_from(Lead)
        .join(Conversation, Conversation.id == Lead.conversation_id)
        .join(Channel, Channel.id == Lead.channel_id)
        .outerjoin(Post, Post.id == Lead.post_id)
        .where(*_chosen(caller, filters))
        .group_by(Channel.id, Channel.name, Post.id, Post.text)
        .order_by(counted.desc(), Channel.name)
        .limit(50)
    )
    rows = await session.execute(statement)
    return [Total(channel, post, leads, won, Decimal(total or 0)) for channel, post, leads, won, total in rows if leads]


async def count_stages(session: AsyncSession, caller: Caller, filters: Filters) -> dict[Stage, int]:
    """Stage → how many, whatever stages the filters name."""
    anyway = Filters(filters.workspace_id, (), filters.owner_id, filters.channel_id, filters.post_id, filters.since)
    rows = await session.execute(
        select(Lead.stage, func.count())
        .join(Conversation, Conversation.id == Lead.conversation_id)
        .where(*_chosen(caller, anyway))
        .group_by(Lead.stage)
    )
    return dict(rows.all())


def _chosen(caller: Caller, filters: Filters) -> list[ColumnElement[bool]]:
    """What holds for the leads that are asked for, beside what the caller may see."""
    if filters.workspace_id is not None:
        caller.require(filters.workspace_id, Permission.READ_CONVERSATIONS)
    conditions = [_seen_by(caller)]
    if filters.stages:
        conditions.append(Lead.stage.in_(filters.stages))
    if filters.since is not None:
        conditions.append(Lead.heard_at >= filters.since)
    wanted = (
        (Lead.workspace_id, filters.workspace_id), (Lead.owner_id, filters.owner_id),
        (Lead.channel_id, filters.channel_id), (Lead.post_id, filters.post_id),
    )  # fmt: skip
    return conditions + [column == value for column, value in wanted if value is not None]


def _seen_by(caller: Caller) -> ColumnElement[bool]:
    """Whoever may read the conversation; Sales their own leads, and those that wait in their team."""
    sold_in = sorted(one for one, role in caller.roles.items() if role is Role.SALES)
    mine = Lead.owner_id == caller.agent_id
    nobodys = and_(Lead.owner_id.is_(None), visible(caller))
    return or_(
        and_(Lead.workspace_id.not_in(sold_in), visible(caller)),
        and_(Lead.workspace_id.in_(sold_in), or_(mine, nobodys)),
    )


def _first_answer() -> ScalarSelect[datetime]:
    """A person's, here or outside the panel; never an auto-reply."""
    return (
        select(func.min(Message.sent_at))
        .where(
            Message.conversation_id == Lead.conversation_id,
            Message.direction == Direction.OUTBOUND,
            Message.kind == MessageKind.MESSAGE,
            Message.sent_at >= Lead.heard_at,
            or_(Message.outside, Message.delivery.in_(_HAS_LEFT)),
        )
        .scalar_subquery()
    )


def _parts() -> list[ExecutableOption]:
    return [
        joinedload(Lead.contact, innerjoin=True), joinedload(Lead.channel, innerjoin=True), joinedload(Lead.post),
        joinedload(Lead.owner),
    ]  # fmt: skip
