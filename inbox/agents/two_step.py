"""The second step of signing in: codes of an authenticator app, each good for once; by a person's own choice."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime

import pyotp
from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.attempts import forget_all, try_password
from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.core.context import Context
from inbox.core.errors import ConflictError, InvalidInputError, UnauthenticatedError
from inbox.core.secrets import Cipher

STEP_SECONDS = 30
ISSUER = "Otklik"
WRONG = "The code is wrong or too old."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app is given: the secret as people type it, and as the app opens it."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


def offer(email: str, secret: str | None = None) -> Enrolment:
    """A new secret, or the same again after a mistyped code."""
    chosen = secret if secret is not None and _is_secret(secret) else pyotp.random_base32()
    return Enrolment(chosen, pyotp.TOTP(chosen).provisioning_uri(name=email, issuer_name=ISSUER))


def find_step(secret: str, code: str, now: datetime) -> int:
    """The time step whose code this is: this one, the one before or after; UnauthenticatedError for none."""
    typed, totp = code.strip().replace(" ", ""), pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP_SECONDS
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), typed if typed.isascii() else ""):
            return step
    raise UnauthenticatedError(WRONG, field="totp")


async def spend_step(session: AsyncSession, agent_id: int, step: int) -> None:
    """A code works once: two that arrive together cannot both pass."""
    spent = await session.scalar(
        update(Agent)
        .where(Agent.id == agent_id, or_(Agent.totp_step.is_(None), Agent.totp_step < step))
        .values(totp_step=step)
        .returning(Agent.id)
        .execution_options(synchronize_session=False)
    )
    if spent is None:
        raise UnauthenticatedError("This code was used already: wait for the next one.", field="totp")


async def is_on(session: AsyncSession, caller: Caller) -> bool:
    """Whether signing in asks this person for a code."""
    return (await session.get_one(Agent, caller.agent_id)).totp_secret_encrypted is not None


async def switch_on(
    session: AsyncSession, cipher: Cipher, caller: Caller, secret: str, code: str, now: datetime
) -> None:
    """From now on signing in asks for a code; the first one shows that the app has the secret."""
    agent = await session.get_one(Agent, caller.agent_id, with_for_update=True)
    if agent.totp_secret_encrypted is not None:
        raise ConflictError("Two-step sign-in is on already.")
    if not _is_secret(secret):
        raise InvalidInputError("Begin again: the secret is not one of ours.", field="secret")
    try:
        step = find_step(secret, code, now)
    except UnauthenticatedError:
        raise InvalidInputError(WRONG, field="totp") from None
    agent.totp_secret_encrypted, agent.totp_step = cipher.encrypt(secret), step
    await session.flush()


async def switch_off(context: Context, caller: Caller, password: str, address: str) -> None:
    """Only with the password: a browser that was left open is not enough. Guesses count as those at signing in do."""
    attempt = await try_password(context, caller.email, password, address, context.clock())
    if not attempt.is_right:
        raise InvalidInputError("The password is wrong.", field="password")
    async with context.transaction(caller.scope) as session:
        await forget_all(session, attempt)
        agent = await session.get_one(Agent, caller.agent_id, with_for_update=True)
        agent.totp_secret_encrypted = agent.totp_step = None


def _is_secret(secret: str) -> bool:
    return len(secret) == 32 and set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
