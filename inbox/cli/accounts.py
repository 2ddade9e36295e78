"""`otklik agent add` and `otklik channel add`."""

import asyncio
import secrets
from dataclasses import dataclass

from rich.console import Console
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.agents.passwords import hash_password
from inbox.channels.adapter import Account
from inbox.channels.events import Platform
from inbox.channels.models import Channel, ChannelStatus
from inbox.cli.build import find_cipher, open_context, reach_servers
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import PlatformError, SetupError
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
    """Connect an account after asking the platform who it is."""
    if wanted.platform != Platform.TELEGRAM:
        raise SetupError(f"no platform {wanted.platform!r} here; there is: telegram")
    with reach_servers(settings) as addresses:
        await asyncio.to_thread(migrate, addresses.database_url)
        async with open_context(settings, addresses, find_cipher(settings, None)) as context:
            account = Account(0, Platform.TELEGRAM, "", wanted.token, api_url=wanted.api_url)
            try:
                checked = await context.adapters[Platform.TELEGRAM].check(account)
            except PlatformError as error:
                raise SetupError(f"Telegram did not accept the key: {error.reason}") from None
            async with context.transaction(EVERY_WORKSPACE) as session:
                workspace = await _find_or_make_workspace(session, wanted.workspace)
                secret = {"token": wanted.token, "webhook_secret": secrets.token_urlsafe(32)}
                taken = await session.scalar(
                    select(Channel.id).where(Channel.external_id == checked.external_id, Channel.removed_at.is_(None))
                )
                if taken is not None:
                    raise SetupError(f"@{checked.username} is already connected")
                session.add(
                    Channel(
                        workspace_id=workspace.id, platform=Platform.TELEGRAM, external_id=checked.external_id,
                        name=wanted.name or checked.name, username=checked.username, api_url=wanted.api_url,
                        credentials_encrypted=context.cipher.encrypt_fields(secret), key_fingerprint=wanted.token[-4:],
                        status=ChannelStatus.NEW, checked_at=context.clock(),
                        capabilities=[
                            {"name": one.name, "allowed": one.allowed, "reason": one.reason}
                            for one in checked.capabilities
                        ],
                    )
                )  # fmt: skip
    console = Console()
    console.print(f"@{checked.username} is connected to «{wanted.workspace}».")
    for one in checked.capabilities:
        console.print(f"  {'yes' if one.allowed else 'no '} {one.name}{f' — {one.reason}' if one.reason else ''}")
