"""Projects made, renamed, archived and brought back, by their owners.

An archived project keeps all that it holds and rests: its channels are not received for, no clock of its rings, nothing
is said by itself, and nobody has it among their projects. What was being sent when it was archived still goes out.
"""

from datetime import datetime

from sqlalchemy import ARRAY, DateTime, case, func, literal, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from inbox.agents.caller import Caller
from inbox.agents.permissions import ALLOWED, Permission
from inbox.audit.service import record
from inbox.calendars.zones import is_time_zone
from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, Delivery, Message, Status
from inbox.conversations.refresh import refresh
from inbox.core.database import enter_scope
from inbox.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from inbox.core.events import CheckChannel, DrainQueue, FurnishProject, Job, RecomputeClocks
from inbox.core.i18n import N_
from inbox.core.jobs import defer
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
    if not is_time_zone(time_zone):
        raise InvalidInputError("There is no such time zone.", field="time_zone")
    cleaned = await _free_name(session, caller, name, 0)
    workspace = Workspace(organisation_id=caller.organisation_id, name=cleaned, time_zone=time_zone)
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
        after={"name": cleaned, "time_zone": time_zone},
    )  # fmt: skip
    await session.flush()
    await defer(session, [FurnishProject(workspace_id=workspace.id)])
    return workspace


async def change_project(
    session: AsyncSession, caller: Caller, workspace_id: int, name: str | None, archived: bool | None, now: datetime
) -> Workspace:
    """Another name, into the archive, or back, each None: as it is; for its owners."""
    workspace = await _access(session, caller, workspace_id)
    if archived is False:
        await resume_project(session, caller, workspace_id, now)
    if name is not None:
        await rename_project(session, caller, workspace_id, name, now)
    if archived:
        await archive_project(session, caller, workspace_id, now)
    return workspace


async def rename_project(
    session: AsyncSession, caller: Caller, workspace_id: int, name: str, now: datetime
) -> Workspace:
    """Another name; for its owners, also in the archive."""
    workspace = await _access(session, caller, workspace_id)
    cleaned = await _free_name(session, caller, name, workspace_id)
    enter_scope(session, caller.scope | {workspace_id})
    before, workspace.name = workspace.name, cleaned
    if before != cleaned:
        record(
            session, workspace_id, caller.agent_id, "workspace.changed", workspace_id, now, before={"name": before},
            after={"name": cleaned},
        )  # fmt: skip
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

    Replies whose time came meanwhile are held back for a person, and its channels are looked at anew.
    """
    workspace = await _access(session, caller, workspace_id)
    archived_at = workspace.archived_at
    if archived_at is None:
        return workspace
    enter_scope(session, caller.scope | {workspace_id})
    workspace.archived_at, workspace.resumed_at = None, now
    record(session, workspace_id, caller.agent_id, "workspace.resumed", workspace_id, now)
    await session.flush()
    await _hold_late(session, workspace_id, now)
    await _leave_out(session, workspace_id, archived_at, now)
    channels = await session.scalars(
        select(Channel.id)
        .where(Channel.workspace_id == workspace_id, Channel.removed_at.is_(None))
        .order_by(Channel.id)
    )
    jobs: list[Job] = [RecomputeClocks(workspace_id=workspace_id), DrainQueue(workspace_id=workspace_id)]
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


async def _hold_late(session: AsyncSession, workspace_id: int, now: datetime) -> None:
    """What was to be sent meanwhile is out of date: a person looks again."""
    late = await session.scalars(
        update(Message)
        .where(Message.workspace_id == workspace_id, Message.delivery == Delivery.QUEUED, Message.send_at <= now)
        .values(delivery=Delivery.FAILED, failure=TOO_LATE, failed_at=now, send_at=None)
        .returning(Message.conversation_id)
        .execution_options(synchronize_session=False)
    )
    await refresh(session, set(late))


async def _leave_out(session: AsyncSession, workspace_id: int, since: datetime, until: datetime) -> None:
    """Clocks that ran rested: they have no due time until they are computed anew without this time."""
    rested = literal([since, until], ARRAY(DateTime(timezone=True)))
    await session.execute(
        update(Conversation)
        .where(
            Conversation.workspace_id == workspace_id,
            Conversation.status == Status.OPEN,
            or_(Conversation.needs_answer, Conversation.resolution_started_at.is_not(None)),
            func.cardinality(Conversation.pauses) % 2 == 0,
        )
        .values(
            pauses=func.array_cat(Conversation.pauses, rested),
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
