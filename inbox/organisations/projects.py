"""Projects made, renamed, archived and brought back, by their owners.

An archived project keeps all that it holds and rests: its channels are not received for, no clock of its rings, nothing
is said by itself, and nobody has it among their projects. What was being sent when it was archived still goes out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from inbox.agents.caller import Caller
from inbox.agents.permissions import ALLOWED, Permission
from inbox.audit.service import record
from inbox.calendars.zones import is_time_zone
from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, Delivery, Message, MessageKind, Status
from inbox.conversations.refresh import refresh
from inbox.conversations.waiting import drop_waiting, find_waited_for
from inbox.core.bulk import among
from inbox.core.database import Json, enter_scope
from inbox.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from inbox.core.events import (
    CheckChannel,
    DeliverMessage,
    DrainQueue,
    FurnishProject,
    Job,
    RecomputeClocks,
    RetimeLeads,
)  # fmt: skip
from inbox.core.i18n import N_
from inbox.core.jobs import defer, find_messages_queued
from inbox.organisations.models import Membership, Organisation, Role, Workspace
from inbox.organisations.service import Place

NAME_LENGTH = 60
TOO_LATE = N_("Its time came while the project was archived. Look again, then send or discard it.")
ONLY_OWNERS = N_("Only an owner makes, renames and archives projects.")


async def list_projects(session: AsyncSession, caller: Caller) -> list[Place]:
    """The caller's projects by name, also archived ones that they own."""
    roles = {**caller.roles, **{one: role for one, role in caller.archived.items() if _owns(role)}}
    found = await session.scalars(
        select(Workspace).where(Workspace.id.in_(sorted(roles))).order_by(Workspace.name, Workspace.id)
    )
    return [Place(workspace, roles[workspace.id]) for workspace in found]


async def create_project(session: AsyncSession, caller: Caller, name: str, time_zone: str, now: datetime) -> Workspace:
    """A project that the caller owns; its teams and ready rules follow by a job. For owners of any project here."""
    if not caller.makes_projects:
        raise ForbiddenError(ONLY_OWNERS)
    zone = _known_zone(time_zone)
    cleaned = await _free_name(session, caller, name, 0)
    workspace = Workspace(organisation_id=caller.organisation_id, name=cleaned, time_zone=zone)
    session.add(workspace)
    await session.flush()
    enter_scope(session, caller.scope | {workspace.id})
    session.add(
        Membership(
            organisation_id=caller.organisation_id, workspace_id=workspace.id, agent_id=caller.agent_id,
            role=Role.OWNER,
        )
    )  # fmt: skip
    record(
        session, workspace.id, caller.agent_id, "workspace.created", workspace.id, now,
        after={"name": cleaned, "time_zone": zone},
    )  # fmt: skip
    await session.flush()
    await defer(session, [FurnishProject(workspace_id=workspace.id)])
    return workspace


@dataclass(frozen=True, slots=True)
class About:
    """What a project is called and by which clock its people read times; None: as it is."""

    name: str | None = None
    time_zone: str | None = None


async def change_project(
    session: AsyncSession, caller: Caller, workspace_id: int, about: About, archived: bool | None, now: datetime
) -> Workspace:
    """Another name or time zone, into the archive, or back (None: as it is); for its owners."""
    workspace = await _access(session, caller, workspace_id)
    if archived is False:
        await resume_project(session, caller, workspace_id, now)
    await describe_project(session, caller, workspace_id, about, now)
    if archived:
        await archive_project(session, caller, workspace_id, now)
    return workspace


async def describe_project(
    session: AsyncSession, caller: Caller, workspace_id: int, about: About, now: datetime
) -> Workspace:
    """Another name or time zone; for its owners, also in the archive.

    Reports keep the days that were told by the zone before; calendars have zones of their own.
    """
    workspace = await _access(session, caller, workspace_id)
    wanted: Json = {}
    if about.time_zone is not None:
        wanted["time_zone"] = _known_zone(about.time_zone)
    if about.name is not None:
        wanted["name"] = await _free_name(session, caller, about.name, workspace_id)
    enter_scope(session, caller.scope | {workspace_id})
    before: Json = {key: getattr(workspace, key) for key, value in wanted.items() if getattr(workspace, key) != value}
    after: Json = {key: wanted[key] for key in before}
    for key, value in after.items():
        setattr(workspace, key, value)
    if after:
        record(
            session, workspace_id, caller.agent_id, "workspace.changed", workspace_id, now, before=before, after=after
        )
    await session.flush()
    return workspace


async def archive_project(session: AsyncSession, caller: Caller, workspace_id: int, now: datetime) -> Workspace:
    """It rests from now on; for its owners."""
    workspace = await _access(session, caller, workspace_id)
    if workspace.archived_at is None:
        workspace.archived_at = now
        record(session, workspace_id, caller.agent_id, "workspace.archived", workspace_id, now)
        await session.flush()
    return workspace


async def resume_project(session: AsyncSession, caller: Caller, workspace_id: int, now: datetime) -> Workspace:
    """At work again, as it was; for its owners. The time in the archive counts against nobody.

    Replies whose time came meanwhile, or that waited for a key, are held back for a person, reviews that waited for one
    are not done, and its channels are looked at anew. Our own edits and deletions still go out: they are what a person
    wants of a message that is there.
    """
    workspace = await _access(session, caller, workspace_id)
    archived_at = workspace.archived_at
    if archived_at is None:
        return workspace
    enter_scope(session, caller.scope | {workspace_id})
    workspace.archived_at, workspace.rests = None, [*workspace.rests, archived_at, now]
    record(session, workspace_id, caller.agent_id, "workspace.resumed", workspace_id, now)
    await session.flush()
    await _wake(session, caller, workspace_id, now)
    channels = await session.scalars(
        select(Channel.id)
        .where(Channel.workspace_id == workspace_id, Channel.removed_at.is_(None))
        .order_by(Channel.id)
    )
    jobs: list[Job] = [
        RecomputeClocks(workspace_id=workspace_id), RetimeLeads(workspace_id=workspace_id),
        DrainQueue(workspace_id=workspace_id),
    ]  # fmt: skip
    await defer(session, [*jobs, *(CheckChannel(channel_id=channel_id) for channel_id in channels)])
    return workspace


async def _access(session: AsyncSession, caller: Caller, workspace_id: int) -> Workspace:
    """The row, held, also of an archived project; NotFoundError for who is in neither, ForbiddenError for no owner."""
    role = caller.archived.get(workspace_id) or caller.roles.get(workspace_id)
    if role is None:
        raise NotFoundError("There is no such project.")
    if not _owns(role):
        raise ForbiddenError(ONLY_OWNERS)
    return await _hold(session, workspace_id)


async def _hold(session: AsyncSession, workspace_id: int) -> Workspace:
    return await session.get_one(Workspace, workspace_id, with_for_update={"key_share": True}, populate_existing=True)


def _owns(role: Role) -> bool:
    return Permission.MANAGE_PROJECTS in ALLOWED[role]


def _known_zone(name: str) -> str:
    if not is_time_zone(name):
        raise InvalidInputError("There is no such time zone.", field="time_zone")
    return name


async def _free_name(session: AsyncSession, caller: Caller, name: str, workspace_id: int) -> str:
    """Names of one organisation are chosen one after the other."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > NAME_LENGTH or "\x00" in cleaned:
        raise InvalidInputError("A project needs a name of at most 60 characters.", field="name")
    of_caller = Organisation.id == caller.organisation_id
    await session.execute(select(Organisation.id).where(of_caller).with_for_update(key_share=True))
    taken = await session.scalar(
        select(Workspace.id).where(
            Workspace.organisation_id == caller.organisation_id, Workspace.name == cleaned,
            Workspace.id != workspace_id,
        )
    )  # fmt: skip
    if taken is not None:
        raise ConflictError("There is a project of this name already; it may be archived.")
    return cleaned


async def _wake(session: AsyncSession, caller: Caller, workspace_id: int, now: datetime) -> None:
    """What was to be done meanwhile is out of date: a person looks again. Clocks stand until they are computed anew.

    Locks are taken as everywhere: messages, then conversations, each in the order of their ids.
    """
    waited_for, banned = await find_waited_for(session, workspace_id)
    late = await _lock_late(session, workspace_id, waited_for, now)
    held = {message.conversation_id for message in late}
    conversation_ids = await _lock_conversations(session, workspace_id, held, banned)
    for message in late:
        if message.delivery is Delivery.QUEUED:
            message.delivery, message.failure, message.failed_at, message.send_at = Delivery.FAILED, TOO_LATE, now, None
    await drop_waiting(session, caller, workspace_id, now)
    await _stop_clocks(session, conversation_ids)
    of_banned = await session.scalars(
        select(Conversation.id).where(Conversation.workspace_id == workspace_id, Conversation.identity_id.in_(banned))
    )
    await refresh(session, held | set(of_banned))


async def _lock_late(
    session: AsyncSession, workspace_id: int, waited_for: Collection[int], now: datetime
) -> list[Message]:
    """Replies whose time has come or that wait for a key, not those that are under way; and what was to be reviewed.

    What machines were to say is not sent late by itself.
    """
    is_parked = Message.send_at.is_(None) & (Message.kind == MessageKind.MESSAGE)
    is_due = (Message.delivery == Delivery.QUEUED) & (is_parked | (Message.send_at <= now))
    found = await session.scalars(
        select(Message)
        .where(Message.workspace_id == workspace_id, is_due | among(Message.id, waited_for))
        .order_by(Message.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    messages = found.all()
    parked = {one.id for one in messages if one.delivery is Delivery.QUEUED and one.send_at is None}
    under_way = await find_messages_queued(session, DeliverMessage, parked)
    return [message for message in messages if message.id not in under_way]


async def _lock_conversations(
    session: AsyncSession, workspace_id: int, conversation_ids: Collection[int], banned: Collection[int]
) -> list[int]:
    """These, those of the authors whose ban waited, and all whose clocks may run."""
    runs = (Conversation.status == Status.OPEN) & or_(
        Conversation.needs_answer, Conversation.resolution_started_at.is_not(None)
    )
    found = await session.scalars(
        select(Conversation.id)
        .where(
            Conversation.workspace_id == workspace_id,
            or_(runs, among(Conversation.id, conversation_ids), among(Conversation.identity_id, banned)),
        )
        .order_by(Conversation.id)
        .with_for_update(key_share=True)
    )
    return list(found)


async def _stop_clocks(session: AsyncSession, conversation_ids: Collection[int]) -> None:
    """No due times until they are computed anew, without the time in the archive; what was kept or broken stays."""
    await session.execute(
        update(Conversation)
        .where(among(Conversation.id, conversation_ids), Conversation.status == Status.OPEN)
        .values(
            warn_at=None,
            first_response_due_at=_unless(
                Conversation.first_response_due_at, Conversation.first_response_met_at,
                Conversation.first_response_breached_at,
            ),
            next_response_due_at=_unless(
                Conversation.next_response_due_at, Conversation.next_response_met_at,
                Conversation.next_response_breached_at,
            ),
            resolution_due_at=_unless(
                Conversation.resolution_due_at, Conversation.resolution_met_at, Conversation.resolution_breached_at
            ),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _unless(
    due_at: InstrumentedAttribute[datetime | None],
    met_at: InstrumentedAttribute[datetime | None],
    breached_at: InstrumentedAttribute[datetime | None],
) -> object:
    """None while the clock runs; what was kept or broken stays."""
    return case((met_at.is_(None) & breached_at.is_(None), null()), else_=due_at)
