"""What burns is handed to those on shift: who would get what by turns and room, and then exactly that is done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.access import visible
from inbox.conversations.bulk import CHANGED_SINCE, MOST, Bulk, Held, change_held, hold_many
from inbox.conversations.changes import Change
from inbox.conversations.listing import Row, load_rows
from inbox.conversations.models import Conversation
from inbox.conversations.urgency import burning, burns, in_hands, running_due
from inbox.core.errors import ConflictError, ForbiddenError, RefusedError
from inbox.core.i18n import N_
from routing.assignment.handing import Handout, Seat
from routing.assignment.service import load_desks

BURNS_NO_MORE = N_("it was answered or put aside meanwhile")
LEFT_SHIFT = N_("who was to take it is not on shift any more")
BECAME_FULL = N_("who was to take it has no room any more")


class Why(StrEnum):
    """Why nobody is given a conversation."""

    NOBODY_ON_SHIFT = "nobody_on_shift"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Planned:
    """A conversation that burns, and who would take it; `seat` None: nobody, because of `why`."""

    row: Row
    seat: Seat | None
    why: Why | None


@dataclass(frozen=True, slots=True)
class Handover:
    """`planned`: most urgent first, at most MOST; `further` burn beyond. `in_hands`: those with people on shift."""

    planned: Sequence[Planned]
    in_hands: int
    further: int

    @property
    def handed(self) -> list[Planned]:
        """Those that somebody would take."""
        return [one for one in self.planned if one.seat is not None]

    @property
    def left(self) -> list[Planned]:
        """Those that nobody would take."""
        return [one for one in self.planned if one.seat is None]


@dataclass(frozen=True, slots=True)
class Step:
    """One conversation of a plan, as it was shown: from whom (None: nobody) to whom."""

    conversation_id: int
    from_id: int | None
    to_id: int


def handing_places(caller: Caller, workspace_id: int | None) -> frozenset[int]:
    """Where the caller hands over to others, within the workspace if one is named; ForbiddenError when nowhere."""
    if workspace_id is not None:
        caller.require(workspace_id, Permission.ASSIGN)
        return frozenset({workspace_id})
    places = caller.workspaces_with(Permission.ASSIGN)
    if not places:
        raise ForbiddenError("Your role hands nothing over.")
    return places


async def plan_handover(session: AsyncSession, caller: Caller, places: Collection[int], now: datetime) -> Handover:
    """What the caller may see of what burns and is with nobody on shift; nothing is held and nothing written."""
    burn = and_(Conversation.workspace_id.in_(sorted(places)), visible(caller), burning(now))
    held_now = in_hands()
    statement = select(Conversation).where(burn, ~held_now).order_by(running_due, Conversation.id).limit(MOST)
    found = await load_rows(session, statement)
    every, held = (
        await session.execute(select(func.count(), func.count().filter(held_now)).select_from(Conversation).where(burn))
    ).one()
    desks = await load_desks(session, {row.conversation.workspace_id for row in found}, only_to_show=True)
    planned = [_plan(desks, row, now) for row in found]
    return Handover(planned, held, every - held - len(planned))


async def hand_over(session: AsyncSession, caller: Caller, steps: Sequence[Step], now: datetime) -> Bulk:
    """Do what was shown, where it still holds: what changed since is refused, with its reason, and hinders no other."""
    wanted = {step.conversation_id: step for step in steps}
    held = await hold_many(session, caller, list(wanted))
    desks = await load_desks(session, {one.workspace_id for one in held.allowed})
    changes: dict[int, Change] = {}
    refused: dict[int, RefusedError] = {}
    there = {one.id: one for one in held.allowed}
    for step in wanted.values():
        one = there.get(step.conversation_id)
        if one is None:
            continue
        try:
            caller.require(one.workspace_id, Permission.ASSIGN)
            desks.spend(one, _find_seat(desks, one, step, now), now)
            changes[one.id] = Change(assignee_id=step.to_id)
        except RefusedError as refusal:
            refused[one.id] = refusal
    standing = Held(held.allowed, {**held.refused, **refused}, held.not_found)
    return await change_held(session, caller, standing, changes, now)


def _find_seat(desks: Handout, conversation: Conversation, step: Step, now: datetime) -> Seat:
    """The person of the step; ConflictError when it is not as it was shown."""
    if not burns(conversation, now):
        raise ConflictError(BURNS_NO_MORE)
    if conversation.assignee_id != step.from_id:
        raise ConflictError(CHANGED_SINCE)
    seat = next((one for one in desks.seats_for(conversation) if one.agent_id == step.to_id), None)
    if seat is None:
        raise ConflictError(LEFT_SHIFT)
    if desks.rooms[seat.agent_id] <= 0:
        raise ConflictError(BECAME_FULL)
    return seat


def _plan(desks: Handout, row: Row, now: datetime) -> Planned:
    conversation = row.conversation
    seat = desks.pick(conversation)
    if seat is None:
        return Planned(row, None, Why.FULL if desks.seats_for(conversation) else Why.NOBODY_ON_SHIFT)
    desks.spend(conversation, seat, now)
    return Planned(row, seat, None)
