"""Signing in: a counted attempt at the password, then the code of an authenticator app, if one is set."""

from dataclasses import dataclass, field

from sqlalchemy import update

from inbox.agents.attempts import forget, forget_all, try_password
from inbox.agents.models import Agent, TokenKind
from inbox.agents.tokens import issue_token
from inbox.agents.two_step import find_step, spend_step
from inbox.core.context import Context
from inbox.core.database import scope_of
from inbox.core.errors import UnauthenticatedError


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


async def sign_in(context: Context, credentials: Credentials, kind: TokenKind, name: str = "") -> SignedIn:
    """A token for the right password (and code); UnauthenticatedError, or TooManyAttemptsError after too many."""
    now, email = context.clock(), credentials.email.strip().lower()
    attempt = await try_password(context, email, credentials.password, credentials.address, now)
    known = attempt.known
    if known.agent_id is None or not attempt.is_right:
        raise UnauthenticatedError("The e-mail or the password is wrong.")
    has_code = bool(credentials.totp and credentials.totp.strip())
    step = None
    if known.totp_secret_encrypted and has_code:
        secret = context.cipher.decrypt(known.totp_secret_encrypted)
        step = find_step(secret, credentials.totp or "", now)
    async with context.transaction(scope_of(())) as session:
        if known.totp_secret_encrypted and not has_code:
            # The password is right and the form is about to ask for the code.
            await forget(session, attempt)
            issued = None
        else:
            if step is not None:
                await spend_step(session, known.agent_id, step)
            await forget_all(session, attempt)
            issued = await issue_token(session, known.agent_id, kind, now, name)
            if attempt.fresh_hash:
                await session.execute(
                    update(Agent).where(Agent.id == known.agent_id).values(password_hash=attempt.fresh_hash)
                )
    if issued is None:
        raise UnauthenticatedError("Enter the code that your authenticator app shows.", field="totp")
    return SignedIn(issued, known.agent_id, known.locale)
