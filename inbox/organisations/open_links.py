"""One-time links that nobody has used yet: invitations are seen and withdrawn, and links end with a person's rights."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.audit.service import record
from inbox.core.database import Json
from inbox.core.errors import NotFoundError
from inbox.core.web.paging import encode_cursor, id_after
from inbox.organisations.models import LinkKind, OneTimeLink, Role

_IS_INVITATION = OneTimeLink.kind == LinkKind.INVITATION


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who may still join, where, as what, and by whose word."""

    id: int
    workspace_id: int
    email: str
    role: Role
    invited_by: str
    expires_at: datetime


async def list_invitations(
    session: AsyncSession, caller: Caller, workspace_id: int | None, now: datetime, cursor: str | None, limit: int
) -> tuple[list[Invitation], str | None]:
    """Open ones of one workspace, or of all where the caller manages people; oldest first.

    Who has an account by now needs none of them any more.
    """
    if workspace_id is not None:
        caller.require(workspace_id, Permission.MANAGE_PEOPLE)
    places = caller.workspaces_with(Permission.MANAGE_PEOPLE) if workspace_id is None else {workspace_id}
    joined = aliased(Agent)
    found = (
        await session.execute(
            select(
                OneTimeLink.id, OneTimeLink.place_id, OneTimeLink.email, OneTimeLink.role, Agent.name,
                OneTimeLink.expires_at,
            )
            .join(Agent, Agent.id == OneTimeLink.created_by_id)
            .where(_is_open(now), OneTimeLink.place_id.in_(sorted(places)), OneTimeLink.id > id_after(cursor))
            .where(~exists().where(joined.email == OneTimeLink.email))
            .order_by(OneTimeLink.id)
            .limit(limit + 1)
        )
    ).all()  # fmt: skip
    rows = [
        Invitation(link_id, place_id, email, role, invited_by, expires_at)
        for link_id, place_id, email, role, invited_by, expires_at in found[:limit]
        if place_id is not None and role is not None
    ]
    return rows, encode_cursor([rows[-1].id]) if len(found) > limit else None


async def access_invitation(
    session: AsyncSession, caller: Caller, invitation_id: int, places: Collection[int], now: datetime
) -> OneTimeLink:
    """An open invitation to one of these workspaces of the caller's, held, for whoever manages people there."""
    link = await session.scalar(
        select(OneTimeLink)
        .where(OneTimeLink.id == invitation_id, OneTimeLink.place_id.in_(sorted(places)), _is_open(now))
        .with_for_update()
    )
    if link is None or link.place_id is None:
        raise NotFoundError("There is no such invitation.")
    caller.require(link.place_id, Permission.MANAGE_PEOPLE)
    return link


async def withdraw(session: AsyncSession, caller: Caller, link: OneTimeLink, now: datetime) -> None:
    """The invitation that `access_invitation` gave opens nothing from now on."""
    link.used_at = now
    if link.place_id is not None and link.role is not None:
        before: Json = {"email": link.email, "role": link.role.value}
        record(session, link.place_id, caller.agent_id, "invitation.withdrawn", link.id, now, before=before)
    await session.flush()


async def end_links(session: AsyncSession, agent_id: int, places: Collection[int], now: datetime) -> None:
    """What hung on the person's rights in these workspaces: invitations of theirs, and resets, theirs and about them.

    A reset concerns a whole account: whoever made it may make another where they still can.
    """
    invited = and_(_IS_INVITATION, OneTimeLink.place_id.in_(places))
    made = and_(OneTimeLink.created_by_id == agent_id, or_(invited, OneTimeLink.kind == LinkKind.RESET))
    await _end(session, or_(made, OneTimeLink.agent_id == agent_id), now)


async def end_resets(session: AsyncSession, agent_id: int, now: datetime) -> None:
    """Links by which the person's password could be set anew."""
    await _end(session, OneTimeLink.agent_id == agent_id, now)


async def end_invitations(session: AsyncSession, workspace_id: int, email: str, now: datetime) -> None:
    """Those of an address to this workspace: a newer one stands for them."""
    await _end(session, and_(_IS_INVITATION, OneTimeLink.place_id == workspace_id, OneTimeLink.email == email), now)


async def _end(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    """In one order, so that two who end the same links do not wait for each other."""
    found = select(OneTimeLink).where(_is_open(now), which).order_by(OneTimeLink.id).with_for_update()
    for link in await session.scalars(found):
        link.used_at = now
    await session.flush()


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
