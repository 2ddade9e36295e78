"""What routes ask for: the context, a session that commits before the answer leaves, and the caller.

`ApiCaller` and `PanelCaller` share the route's transaction. `ApiCallerAlone` and `PanelCallerAlone` leave no
transaction open: for routes that ask a platform or stream.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.models import TokenKind
from inbox.agents.shifts import NOTE_EVERY, note_active
from inbox.agents.tokens import find_caller
from inbox.core.context import Context
from inbox.core.database import scope_of
from inbox.core.errors import UnauthenticatedError
from inbox.core.web.cookies import session_secret
from inbox.core.web.csrf import check_csrf

NOBODY = scope_of(())

_bearer = HTTPBearer(auto_error=False, description="A person's token, from POST /api/v1/auth/token.")


def get_context(request: Request) -> Context:
    """The process's context."""
    context: Context = request.app.state.context
    return context


ContextDep = Annotated[Context, Depends(get_context)]


async def open_session(context: ContextDep) -> AsyncIterator[AsyncSession]:
    """One transaction a request. It sees no workspace until a caller is known; it commits before the answer leaves,
    so that a failed commit is never answered with success."""
    async with context.transaction(NOBODY) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(open_session, scope="function")]
BearerDep = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


async def admit_api_caller(
    request: Request, context: ContextDep, session: SessionDep, bearer: BearerDep, later: BackgroundTasks
) -> Caller:
    """Who shows the bearer token; their workspaces become the session's scope.

    That they are there is noted once the request's transaction is over: it holds a connection, and may hold rows.
    """
    caller = await _admit(request, context, session, _bearer_secret(bearer), TokenKind.API)
    later.add_task(_note, context, caller)
    return caller


async def admit_api_caller_alone(request: Request, context: ContextDep, bearer: BearerDep) -> Caller:
    """The same in a transaction that is over when the route begins."""
    secret = _bearer_secret(bearer)
    async with context.transaction(NOBODY) as session:
        caller = await _admit(request, context, session, secret, TokenKind.API)
    await _note(context, caller)
    return caller


async def admit_panel_caller(request: Request, context: ContextDep, session: SessionDep) -> Caller:
    """Who shows the cookie; unsafe methods must carry the page's CSRF token. Nobody is sent to the sign-in page."""
    caller = await _admit(request, context, session, session_secret(request), TokenKind.COOKIE)
    await check_csrf(request)
    return caller


async def admit_panel_caller_alone(request: Request, context: ContextDep) -> Caller:
    """The same in a transaction that is over when the route begins."""
    async with context.transaction(NOBODY) as session:
        caller = await _admit(request, context, session, session_secret(request), TokenKind.COOKIE)
    await check_csrf(request)
    return caller


async def _note(context: Context, caller: Caller) -> None:
    """Who uses the API is there."""
    now = context.clock()
    if caller.last_active_at is None or caller.last_active_at <= now - NOTE_EVERY:
        async with context.transaction(NOBODY) as session:
            await note_active(session, caller.agent_id, now)


def _bearer_secret(bearer: HTTPAuthorizationCredentials | None) -> str | None:
    return None if bearer is None else bearer.credentials


async def _admit(
    request: Request, context: Context, session: AsyncSession, secret: str | None, kind: TokenKind
) -> Caller:
    caller = None if secret is None else await find_caller(session, secret, kind, context.clock())
    if caller is None:
        raise UnauthenticatedError("Sign in: the token is missing, revoked or out of date.")
    request.state.caller = caller
    return caller


ApiCaller = Annotated[Caller, Depends(admit_api_caller)]
ApiCallerAlone = Annotated[Caller, Depends(admit_api_caller_alone)]
PanelCaller = Annotated[Caller, Depends(admit_panel_caller)]
PanelCallerAlone = Annotated[Caller, Depends(admit_panel_caller_alone)]
