"""One-time links: who is invited, or forgot a password, chooses one. A link is shown once to copy; no mail is sent."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent, TokenKind
from inbox.agents.passwords import MAX_LENGTH, MIN_LENGTH, hash_password
from inbox.agents.permissions import Permission
from inbox.agents.tokens import find_active, issue_token, revoke_all
from inbox.audit.service import record
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError, GoneError, InvalidInputError, NotFoundError
from inbox.core.secrets import hash_secret, make_secret
from inbox.organisations.models import LinkKind, Membership, OneTimeLink, Role
from inbox.organisations.open_links import end_invitations, end_resets
from inbox.organisations.staffing import check_may_give, check_whole, manages_whole, may_give

LIFETIME = {LinkKind.INVITATION: timedelta(days=7), LinkKind.RESET: timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link leads to. `name`: of whose password is set anew; None for an invitation."""

    kind: LinkKind
    email: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was typed at the link's page."""

    name: str
    password: str = field(repr=False)


async def invite(
    session: AsyncSession, caller: Caller, workspace_id: int, email: str, role: Role, now: datetime
) -> str | None:
    """The secret of a link, or None: a person of the organisation, who has joined at once.

    Earlier links of the address to this workspace end.
    """
    caller.require(workspace_id, Permission.MANAGE_PEOPLE)
    check_may_give(caller, workspace_id, role)
    cleaned = email.strip().lower()
    if "@" not in cleaned or len(cleaned) > 320 or " " in cleaned or "\x00" in cleaned:
        raise InvalidInputError("This is not an e-mail address.", field="email")
    known = await session.scalar(select(Agent).where(Agent.email == cleaned))
    if known is None:
        await end_invitations(session, workspace_id, cleaned, now)
        link = OneTimeLink(kind=LinkKind.INVITATION, place_id=workspace_id, role=role, email=cleaned)
        return _issue(session, caller, link, now)
    if known.organisation_id != caller.organisation_id or known.deactivated_at is not None:
        raise ConflictError("Somebody with this e-mail cannot be invited here.")
    if await session.get(Membership, (workspace_id, known.id)) is not None:
        raise ConflictError("This person is in the project already.")
    session.add(
        Membership(workspace_id=workspace_id, agent_id=known.id, organisation_id=known.organisation_id, role=role)
    )
    await session.flush()
    record(session, workspace_id, caller.agent_id, "agent.joined", known.id, now, after={"role": role.value})
    return None


async def offer_reset(session: AsyncSession, caller: Caller, workspace_id: int, agent_id: int, now: datetime) -> str:
    """The secret of a link by which a colleague sets a new password; earlier ones of theirs end."""
    agent = await check_whole(session, caller, workspace_id, agent_id)
    await end_resets(session, agent_id, now)
    record(session, workspace_id, caller.agent_id, "agent.reset_offered", agent_id, now)
    return _issue(session, caller, OneTimeLink(kind=LinkKind.RESET, email=agent.email, agent_id=agent_id), now)


def _issue(session: AsyncSession, caller: Caller, link: OneTimeLink, now: datetime) -> str:
    secret = make_secret()
    link.organisation_id, link.created_by_id = caller.organisation_id, caller.agent_id
    link.secret_hash, link.created_at, link.expires_at = hash_secret(secret), now, now + LIFETIME[link.kind]
    session.add(link)
    return secret


async def read_offer(context: Context, secret: str) -> Offer:
    """NotFoundError for no link at all; GoneError for one that was used or withdrawn, is too old, or whose maker might
    not make it now."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        link = await _find(session, secret, context.clock())
        name = await session.scalar(select(Agent.name).where(Agent.id == link.agent_id)) if link.agent_id else None
        return Offer(link.kind, link.email, name)


async def accept(context: Context, secret: str, chosen: Chosen) -> str | None:
    """Use the link up; returns the secret of a new session, or None: who has two-step sign-in signs in with a code.

    A reset ends all other sessions of the person.
    """
    if not MIN_LENGTH <= len(chosen.password) <= MAX_LENGTH:
        raise InvalidInputError("The password must have at least 8 characters.", field="password")
    await read_offer(context, secret)
    password_hash = await asyncio.to_thread(hash_password, chosen.password)
    now = context.clock()
    async with context.transaction(EVERY_WORKSPACE) as session:
        link = await _find(session, secret, now)
        link.used_at = now
        if link.agent_id is not None:
            return await _reset(session, link.agent_id, password_hash, now)
        return await _join(session, link, chosen.name, password_hash, now)


async def _reset(session: AsyncSession, agent_id: int, password_hash: str, now: datetime) -> str | None:
    totp = await session.scalar(
        update(Agent)
        .where(Agent.id == agent_id)
        .values(password_hash=password_hash)
        .returning(Agent.totp_secret_encrypted)
        .execution_options(synchronize_session=False)
    )
    await revoke_all(session, agent_id)
    return None if totp is not None else await issue_token(session, agent_id, TokenKind.COOKIE, now)


async def _join(session: AsyncSession, link: OneTimeLink, name: str, password_hash: str, now: datetime) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 100 or "\x00" in cleaned:
        raise InvalidInputError("Say your name, as colleagues know you.", field="name")
    if await session.scalar(select(Agent.id).where(Agent.email == link.email)) is not None:
        raise ConflictError("There is an account with this e-mail already: sign in with it.")
    agent = Agent(
        organisation_id=link.organisation_id, email=link.email, name=cleaned, password_hash=password_hash
    )  # fmt: skip
    session.add(agent)
    await session.flush()
    session.add(
        Membership(
            workspace_id=link.place_id, agent_id=agent.id, organisation_id=link.organisation_id, role=link.role
        )
    )  # fmt: skip
    await session.flush()
    if link.place_id is not None and link.role is not None:
        record(session, link.place_id, agent.id, "agent.joined", agent.id, now, after={"role": link.role.value})
    return await issue_token(session, agent.id, TokenKind.COOKIE, now)


async def _find(session: AsyncSession, secret: str, now: datetime) -> OneTimeLink:
    link = await session.scalar(
        select(OneTimeLink).where(OneTimeLink.secret_hash == hash_secret(secret)).with_for_update()
    )
    if link is None:
        raise NotFoundError("There is no such link.")
    if link.used_at is not None:
        raise GoneError("This link was used already, or was withdrawn.")
    if link.expires_at <= now or not await _could_be_made(session, link):
        raise GoneError("This link is out of date.")
    return link


async def _could_be_made(session: AsyncSession, link: OneTimeLink) -> bool:
    """Whether whoever made it is still here, and may today what they might then; the session is fenced to theirs."""
    maker = await find_active(session, link.created_by_id)
    if maker is None:
        return False
    if link.place_id is not None and link.role is not None:
        return may_give(maker, link.place_id, link.role)
    about = await session.scalar(select(Agent).where(Agent.id == link.agent_id, Agent.deactivated_at.is_(None)))
    return about is not None and await manages_whole(session, maker, about)
