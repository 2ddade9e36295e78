"""Signing in: limited by e-mail and by address, the same work for e-mails that nobody has.

An attempt is written down before the password is looked at, so that many at once cannot slip under the limit; a
success takes it back. Argon2 runs in a thread, between the two transactions.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, SignInAttempt, TokenKind
from inbox.agents.passwords import verify_password
from inbox.agents.tokens import issue_token
from inbox.agents.two_step import find_step, spend_step
from inbox.core.context import Context
from inbox.core.database import scope_of
from inbox.core.errors import TooManyAttemptsError, UnauthenticatedError

WINDOW = timedelta(minutes=15)
LIMIT_BY_EMAIL = 10
LIMIT_BY_ADDRESS = 60
"""Failures in WINDOW; an address may be a whole office's."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was typed, and the network address it came from."""

    email: str
    password: str = field(repr=False)
    totp: str | None = field(default=None, repr=False)
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new way in: the secret is shown to nobody else, and this once."""

    secret: str = field(repr=False)
    agent_id: int
    locale: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of who claims to be there; all None for an e-mail that nobody has."""

    agent_id: int | None = None
    password_hash: str | None = field(default=None, repr=False)
    totp_secret_encrypted: bytes | None = field(default=None, repr=False)
    locale: str = ""


async def sign_in(context: Context, credentials: Credentials, kind: TokenKind, name: str = "") -> SignedIn:
    """A token for the right password (and code); UnauthenticatedError, or TooManyAttemptsError after too many."""
    now, email = context.clock(), credentials.email.strip().lower()
    async with context.transaction(scope_of(())) as session:
        attempt_id = await _write_attempt(session, email, credentials.address, now)
        known = await _find(session, email)
    is_right, fresh_hash = await asyncio.to_thread(verify_password, credentials.password, known.password_hash)
    if known.agent_id is None or not is_right:
        raise UnauthenticatedError("The e-mail or the password is wrong.")
    has_code = bool(credentials.totp and credentials.totp.strip())
    step = None
    if known.totp_secret_encrypted and has_code:
        secret = context.cipher.decrypt(known.totp_secret_encrypted)
        step = find_step(secret, credentials.totp or "", now)
    async with context.transaction(scope_of(())) as session:
        if known.totp_secret_encrypted and not has_code:
            # Not a guess: the password is right and the form is about to ask for the code.
            await session.execute(delete(SignInAttempt).where(SignInAttempt.id == attempt_id))
            issued = None
        else:
            if step is not None:
                await spend_step(session, known.agent_id, step)
            await session.execute(delete(SignInAttempt).where(SignInAttempt.email == email))
            issued = await issue_token(session, known.agent_id, kind, now, name)
            if fresh_hash:
                await session.execute(update(Agent).where(Agent.id == known.agent_id).values(password_hash=fresh_hash))
    if issued is None:
        raise UnauthenticatedError("Enter the code that your authenticator app shows.", field="totp")
    return SignedIn(issued, known.agent_id, known.locale)


async def _write_attempt(session: AsyncSession, email: str, address: str, now: datetime) -> int:
    """Count it as failed until it has succeeded; attempts of one e-mail or address queue up here."""
    for key in sorted({_lock_key(f"email {email}"), _lock_key(f"address {address}")}):
        await session.execute(select(func.pg_advisory_xact_lock(key)))
    for column, value, limit in (
        (SignInAttempt.email, email, LIMIT_BY_EMAIL),
        (SignInAttempt.address, address, LIMIT_BY_ADDRESS),
    ):
        count, newest_that_counts = (
            await session.execute(
                select(func.count(), func.min(SignInAttempt.attempted_at)).where(
                    column == value, SignInAttempt.attempted_at > now - WINDOW
                )
            )
        ).one()
        if count >= limit:
            raise TooManyAttemptsError(
                "Too many attempts to sign in. Try again later.", retry_after=newest_that_counts + WINDOW - now
            )
    attempt = SignInAttempt(email=email, address=address, attempted_at=now)
    session.add(attempt)
    await session.flush()
    return attempt.id


async def _find(session: AsyncSession, email: str) -> _Known:
    row = (
        await session.execute(
            select(Agent.id, Agent.password_hash, Agent.totp_secret_encrypted, Agent.locale).where(
                Agent.email == email, Agent.deactivated_at.is_(None)
            )
        )
    ).one_or_none()
    return _Known() if row is None else _Known(*row)


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"sign-in {name}".encode()).digest()[:8], "big", signed=True)
