"""Attempts at a password: limited by e-mail and by address, the same work for e-mails that nobody has.

An attempt is written down before the password is looked at, so that many at once cannot slip under the limit; a
success takes it back. Argon2 runs in a thread, outside any transaction.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent, SignInAttempt
from inbox.agents.passwords import verify_password
from inbox.core.context import Context
from inbox.core.database import scope_of
from inbox.core.errors import TooManyAttemptsError

WINDOW = timedelta(minutes=15)
LIMIT_BY_EMAIL = 10
LIMIT_BY_ADDRESS = 60
"""Failures in WINDOW; an address may be a whole office's."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of who claims to be there; all None for an e-mail that nobody has."""

    agent_id: int | None = None
    password_hash: str | None = field(default=None, repr=False)
    totp_secret_encrypted: bytes | None = field(default=None, repr=False)
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that was tried; `fresh_hash`: what to store instead of a hash of older strength."""

    id: int
    email: str
    known: Known
    is_right: bool
    fresh_hash: str | None = field(default=None, repr=False)


async def try_password(context: Context, email: str, password: str, address: str, now: datetime) -> Attempt:
    """It counts as failed until it is forgotten; TooManyAttemptsError after too many."""
    async with context.transaction(scope_of(())) as session:
        attempt_id = await _write(session, email, address, now)
        known = await _find(session, email)
    is_right, fresh_hash = await asyncio.to_thread(verify_password, password, known.password_hash)
    return Attempt(attempt_id, email, known, is_right, fresh_hash)


async def forget(session: AsyncSession, attempt: Attempt) -> None:
    """Not a guess, though the person is not in yet: the others count on."""
    await session.execute(delete(SignInAttempt).where(SignInAttempt.id == attempt.id))


async def forget_all(session: AsyncSession, attempt: Attempt) -> None:
    """A success: nothing counts against the person."""
    await session.execute(delete(SignInAttempt).where(SignInAttempt.email == attempt.email))


async def _write(session: AsyncSession, email: str, address: str, now: datetime) -> int:
    """Attempts of one e-mail or address queue up here."""
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


async def _find(session: AsyncSession, email: str) -> Known:
    row = (
        await session.execute(
            select(Agent.id, Agent.password_hash, Agent.totp_secret_encrypted, Agent.locale).where(
                Agent.email == email, Agent.deactivated_at.is_(None)
            )
        )
    ).one_or_none()
    return Known() if row is None else Known(*row)


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"sign-in {name}".encode()).digest()[:8], "big", signed=True)
