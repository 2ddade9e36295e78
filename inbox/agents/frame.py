"""What surrounds every page: the person's projects and shift, and the hours and promise of the chosen project."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import ALLOWED, Permission
from inbox.agents.sections import Section, list_sections
from inbox.calendars.hours import WorkingHours
from inbox.calendars.service import load_hours
from inbox.core.errors import NotFoundError
from inbox.core.models import LiveCounter
from inbox.live.cursor import encode_seen
from inbox.organisations.colours import colour_of
from inbox.organisations.models import Membership, Workspace
from inbox.sla.models import SlaPolicy

ALL: Literal["all"] = "all"
Place = int | Literal["all"]
"""A workspace's id in an address, or all of the caller's."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether the project is open, until or from when, who is on shift, and how soon we promise to answer."""

    is_open: bool
    turns_at: datetime | None
    on_shift: int
    people: int
    promise: timedelta | None


@dataclass(frozen=True, slots=True)
class Frame:
    """`workspace` None: all projects at once. `hours` belong to the workspace."""

    ws: Place
    workspace: Workspace | None
    workspaces: tuple[Workspace, ...]
    shift_state: ShiftState
    hours: Hours | None
    live_after: str
    """Where the page's live stream begins: nothing falls between the page's making and its stream."""
    sections: tuple[Section, ...] = ()
    """The settings pages that the person may open."""

    @property
    def zone(self) -> str:
        """The time zone of what stands on no project's row."""
        chosen = self.workspace or (self.workspaces[0] if self.workspaces else None)
        return chosen.time_zone if chosen else "UTC"

    def zone_of(self, workspace_id: int) -> str:
        """A project's own time zone."""
        return next((one.time_zone for one in self.workspaces if one.id == workspace_id), self.zone)

    def tint_of(self, workspace_id: int) -> str:
        """The class of a project's colour."""
        chosen = next((one.colour for one in self.workspaces if one.id == workspace_id), None)
        return colour_of(workspace_id, chosen).tint

    def name_of(self, workspace_id: int) -> str:
        """A project's name."""
        return next((one.name for one in self.workspaces if one.id == workspace_id), "")


def read_place(ws: str, caller: Caller) -> Place:
    """The part of an address that names the project; NotFoundError for one that is not the caller's."""
    if ws == ALL:
        return ALL
    if not ws.isascii() or not ws.isdigit() or len(ws) > 18:
        raise NotFoundError("There is no such project.")
    caller.role_in(int(ws))
    return int(ws)


def scope_at(place: Place, caller: Caller) -> frozenset[int]:
    """The workspaces whose rows a page may touch: a project's page touches no other of the caller's projects."""
    return caller.scope & {place} if isinstance(place, int) else caller.scope


async def load_frame(session: AsyncSession, caller: Caller, ws: Place, now: datetime) -> Frame:
    """Everything around the page, in two queries; before what the page itself shows is read."""
    desk = _desk(ws) if isinstance(ws, int) else ()
    rows = await session.execute(
        select(Workspace, func.coalesce(LiveCounter.seq, 0), *desk)
        .outerjoin(LiveCounter, LiveCounter.workspace_id == Workspace.id)
        .where(Workspace.id.in_(caller.scope))
        .order_by(Workspace.name, Workspace.id)
    )
    found = {workspace.id: (workspace, seq, beside) for workspace, seq, *beside in rows}
    workspaces = tuple(workspace for workspace, _, _ in found.values())
    live_after = encode_seen({workspace_id: seq for workspace_id, (_, seq, _) in found.items()})
    chosen, hours = None, None
    if isinstance(ws, int) and ws in found:
        chosen, _, beside = found[ws]
        hours = _hours_of((await load_hours(session, [ws]))[ws], now, *beside)
    sections = list_sections(caller, chosen.id if chosen else None)
    return Frame(ws, chosen, workspaces, caller.shift_state, hours, live_after, sections)


@lru_cache(maxsize=1024)
def _desk(workspace_id: int) -> tuple[ScalarSelect[int], ScalarSelect[int], ScalarSelect[timedelta]]:
    """How many are on shift, of how many, and the promise; asked once, however many workspaces the person has."""
    answering = [role for role, permissions in ALLOWED.items() if Permission.ANSWER in permissions]
    people = (
        select(func.count())
        .select_from(Agent)
        .join(Membership, Membership.agent_id == Agent.id)
        .where(Membership.workspace_id == workspace_id, Membership.role.in_(answering), Agent.deactivated_at.is_(None))
    )
    policy = select(SlaPolicy.first_response).where(SlaPolicy.workspace_id == workspace_id, SlaPolicy.is_default)
    return (
        people.where(Agent.shift_state == ShiftState.ON).scalar_subquery(),
        people.scalar_subquery(),
        policy.limit(1).scalar_subquery(),
    )


def _hours_of(hours: WorkingHours, now: datetime, on_shift: int, people: int, promise: timedelta | None) -> Hours:
    is_open = hours.is_open(now)
    turns_at = hours.closes_at(now) if is_open else hours.next_opening(now)
    return Hours(is_open, turns_at, on_shift, people, promise)
