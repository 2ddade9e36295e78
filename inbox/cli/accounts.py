"""`otklik agent add` and `otklik channel add`."""

import asyncio
from dataclasses import dataclass

from pydantic import ValidationError
from rich.console import Console
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.passwords import hash_password
from inbox.agents.tokens import NO_TOKEN, load_caller
from inbox.channels.schemas import ChannelIn
from inbox.channels.service import create_channel
from inbox.cli.build import find_cipher, open_context, reach_servers
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import SetupError
from inbox.core.schema import migrate
from inbox.core.settings import Settings
from inbox.organisations.models import Membership, Organisation, Role, Workspace
from routing.rules.service import make_ready_rules


@dataclass(frozen=True, slots=True)
class NewAgent:
    """A person to be added."""

    email: str
    role: str
    name: str | None
    workspace: str
    password: str


@dataclass(frozen=True, slots=True)
class NewChannel:
    """An account to be connected."""

    platform: str
    token: str
    api_url: str | None
    name: str | None
    workspace: str
    user_token: str | None = None
    group_id: int | None = None


async def add_agent(settings: Settings, wanted: NewAgent) -> None:
    """Add a person; the first one brings the organisation with its project."""
    role = _role(wanted.role)
    email = wanted.email.strip().lower()
    if "@" not in email:
        raise SetupError(f"{wanted.email!r} is not an e-mail address")
    if len(wanted.password) < 8:
        raise SetupError("the password must have at least 8 characters")
    with reach_servers(settings) as addresses:
        await asyncio.to_thread(migrate, addresses.database_url)
        async with (
            open_context(settings, addresses, find_cipher(settings, None)) as context,
            context.transaction(EVERY_WORKSPACE) as session,
        ):
            workspace = await _find_or_make_workspace(session, wanted.workspace)
            agent = await session.scalar(select(Agent).where(Agent.email == email))
            if agent is None:
                agent = Agent(
                    organisation_id=workspace.organisation_id,
                    email=email,
                    name=wanted.name or email.split("@")[0],
                    password_hash=await asyncio.to_thread(hash_password, wanted.password),
                )
                session.add(agent)
                await session.flush()
            elif agent.organisation_id != workspace.organisation_id:
                raise SetupError(f"{email} belongs to another organisation")
            await session.merge(
                Membership(
                    organisation_id=workspace.organisation_id, workspace_id=workspace.id, agent_id=agent.id, role=role
                )
            )
    Console().print(f"{email} is {role.value} of «{wanted.workspace}».")


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise SetupError(f"no role {name!r}; there are: {', '.join(role.value for role in Role)}") from None


async def _find_or_make_workspace(session: AsyncSession, name: str) -> Workspace:
    found = list(await session.scalars(select(Workspace).where(Workspace.name == name)))
    if len(found) > 1:
        raise SetupError(f"several organisations have a project {name!r}; add people in the panel")
    if found and found[0].archived_at is not None:
        raise SetupError(f"the project {name!r} is in the archive; bring it back in the panel: Settings → All projects")
    if found:
        return found[0]
    organisation = await session.scalar(select(Organisation).order_by(Organisation.id).limit(1))
    if organisation is None:
        organisation = Organisation(name=name)
        session.add(organisation)
        await session.flush()
    workspace = Workspace(organisation_id=organisation.id, name=name)
    session.add(workspace)
    await session.flush()
    await make_ready_rules(session, workspace.id)
    return workspace


async def add_channel(settings: Settings, wanted: NewChannel) -> None:
    """Connect an account as the panel does, in the name of the project's owner."""
    with reach_servers(settings) as addresses:
        await asyncio.to_thread(migrate, addresses.database_url)
        async with open_context(settings, addresses, find_cipher(settings, None)) as context:
            async with context.transaction(EVERY_WORKSPACE) as session:
                workspace = await _find_or_make_workspace(session, wanted.workspace)
                caller = await _find_owner(session, workspace.id)
            channel = await create_channel(context, caller, _describe(wanted, workspace.id))
    console = Console()
    console.print(f"«{channel.name}» is connected to «{wanted.workspace}».", markup=False)
    for one in channel.capabilities:
        reason = f" — {one['reason']}" if one["reason"] else ""
        console.print(f"  {'yes' if one['allowed'] else 'no '} {one['name']}{reason}", markup=False)


async def _find_owner(session: AsyncSession, workspace_id: int) -> Caller:
    agent = await session.scalar(
        select(Agent)
        .join(Membership, Membership.agent_id == Agent.id)
        .where(Membership.workspace_id == workspace_id, Membership.role.in_((Role.OWNER, Role.ADMIN)))
        .order_by(Agent.id)
        .limit(1)
    )
    if agent is None:
        raise SetupError("nobody owns this project yet: run `otklik agent add EMAIL --role owner` first")
    return await load_caller(session, agent, NO_TOKEN)


def _describe(wanted: NewChannel, workspace_id: int) -> ChannelIn:
    """The request that the API would get; SetupError in words for what it would refuse."""
    try:
        return ChannelIn.model_validate(
            {
                "workspace_id": workspace_id,
                "platform": wanted.platform,
                "name": wanted.name,
                "credentials": {"token": wanted.token, "user_token": wanted.user_token},
                "settings": {"api_url": wanted.api_url, "group_id": wanted.group_id},
            }
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SetupError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
