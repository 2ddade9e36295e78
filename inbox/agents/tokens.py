"""Ways in: access tokens issued, recognised and revoked; only their SHA-256 is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import AccessToken, Agent, TokenKind
from inbox.core.database import enter_scope
from inbox.core.secrets import hash_secret, make_secret
from inbox.organisations.models import Membership, TeamMember, Workspace

PREFIX = "otk_"
"""Starts every token, so that logs and scanners can tell them."""
LIFETIME = {TokenKind.COOKIE: timedelta(days=14), TokenKind.API: timedelta(days=90)}
"""How long a token lives unused; use prolongs it."""
PROLONG_EVERY = timedelta(minutes=10)
NO_TOKEN = 0
"""Of a caller who shows none: the command line, whoever made a link, a colleague in Telegram."""
_MEMBERSHIP = (Membership.workspace_id, Membership.role, Workspace.sees_all, Workspace.archived_at)
_WITH_MEMBERSHIPS = (
    select(AccessToken, Agent, *_MEMBERSHIP)
    .join(Agent, Agent.id == AccessToken.agent_id)
    .outerjoin(Membership, Membership.agent_id == Agent.id)
    .outerjoin(Workspace, Workspace.id == Membership.workspace_id)
    .order_by(Membership.workspace_id)
)
"""A row for each workspace of the token's person; one, too, without any."""


async def issue_token(session: AsyncSession, agent_id: int, kind: TokenKind, now: datetime, name: str = "") -> str:
    """A new way in; the secret is shown this once."""
    secret = PREFIX + make_secret()
    session.add(
        AccessToken(
            agent_id=agent_id, kind=kind, secret_hash=hash_secret(secret), name=name, created_at=now,
            last_used_at=now, expires_at=now + LIFETIME[kind],
        )
    )  # fmt: skip
    await session.flush()
    return secret


async def find_caller(session: AsyncSession, secret: str, kind: TokenKind, now: datetime) -> Caller | None:
    """Who shows this token, with the session fenced to their workspaces; None when it opens nothing.

    A deactivated person has no way in. Use prolongs the token, written at most every PROLONG_EVERY.
    """
    rows = (
        await session.execute(
            _WITH_MEMBERSHIPS.where(
                AccessToken.secret_hash == hash_secret(secret),
                AccessToken.kind == kind,
                AccessToken.expires_at > now,
                Agent.deactivated_at.is_(None),
            )
        )
    ).all()
    if not rows:
        return None
    token, agent, *_ = rows[0]
    if token.last_used_at is None or now - token.last_used_at > PROLONG_EVERY:
        token.last_used_at, token.expires_at = now, now + LIFETIME[kind]
    return await _make_caller(session, agent, token.id, [row[2:] for row in rows])


async def find_caller_again(session: AsyncSession, caller: Caller, now: datetime) -> Caller | None:
    """The same person as they are now (for connections that stay open); None when the token opens nothing any more."""
    agent = await session.scalar(
        select(Agent)
        .join(AccessToken, AccessToken.agent_id == Agent.id)
        .where(AccessToken.id == caller.token_id, AccessToken.expires_at > now, Agent.deactivated_at.is_(None))
        .execution_options(populate_existing=True)
    )
    return None if agent is None else await load_caller(session, agent, caller.token_id)


async def find_active(session: AsyncSession, agent_id: int | None) -> Caller | None:
    """This person with what they may do now, without a token; None for who was dismissed. Fences the session to
    theirs."""
    agent = await session.scalar(select(Agent).where(Agent.id == agent_id, Agent.deactivated_at.is_(None)))
    return None if agent is None else await load_caller(session, agent, NO_TOKEN)


async def load_caller(session: AsyncSession, agent: Agent, token_id: int) -> Caller:
    """The person with roles and teams; fences the session to their workspaces."""
    rows = await session.execute(
        select(*_MEMBERSHIP)
        .join(Workspace, Workspace.id == Membership.workspace_id)
        .where(Membership.agent_id == agent.id)
        .order_by(Membership.workspace_id)
    )
    return await _make_caller(session, agent, token_id, rows.all())


async def _make_caller(session: AsyncSession, agent: Agent, token_id: int, rows: Sequence[Sequence[Any]]) -> Caller:
    memberships = [row for row in rows if row[0] is not None]
    roles = {workspace_id: role for workspace_id, role, _, archived_at in memberships if archived_at is None}
    archived = {workspace_id: role for workspace_id, role, _, archived_at in memberships if archived_at is not None}
    enter_scope(session, frozenset(roles))
    team_ids = await session.scalars(select(TeamMember.team_id).where(TeamMember.agent_id == agent.id))
    return Caller(
        agent_id=agent.id, organisation_id=agent.organisation_id, name=agent.name, email=agent.email,
        locale=agent.locale, theme=agent.theme, token_id=token_id, roles=roles, team_ids=frozenset(team_ids),
        sees_all=frozenset(workspace_id for workspace_id, _, sees_all, _ in memberships if sees_all),
        last_active_at=agent.last_active_at, shift_state=agent.shift_state, archived=archived,
    )  # fmt: skip


async def revoke_token(session: AsyncSession, token_id: int) -> None:
    """Sign out: the token opens nothing from now on."""
    await session.execute(delete(AccessToken).where(AccessToken.id == token_id))


async def deactivate(session: AsyncSession, agent_id: int, now: datetime) -> None:
    """End a person's access at once: no token of theirs opens anything."""
    await session.execute(
        update(Agent).where(Agent.id == agent_id, Agent.deactivated_at.is_(None)).values(deactivated_at=now)
    )
    await session.execute(delete(AccessToken).where(AccessToken.agent_id == agent_id))


async def revoke_all(session: AsyncSession, agent_id: int) -> None:
    """No way in of this person's opens anything any more; they may sign in again."""
    await session.execute(delete(AccessToken).where(AccessToken.agent_id == agent_id))
