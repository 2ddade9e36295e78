"""Signing in by the API, and the signed-in person."""

from fastapi import APIRouter, Request, Response

from inbox.agents.caller import Caller
from inbox.agents.models import Agent, TokenKind
from inbox.agents.schemas import Me, MePatch, TokenOut, TokenRequest
from inbox.agents.service import change_me, get_me
from inbox.agents.sign_in import Credentials, sign_in
from inbox.agents.tokens import revoke_token
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.requests import address_of
from inbox.organisations.service import get_organisation, list_places

api = APIRouter()


@api.post("/auth/token", tags=["auth"])
async def create_token(request: Request, context: ContextDep, wanted: TokenRequest) -> TokenOut:
    """Sign in: a bearer token for an e-mail and a password."""
    credentials = Credentials(
        email=wanted.email,
        password=wanted.password.get_secret_value(),
        totp=wanted.totp.get_secret_value() if wanted.totp else None,
        address=address_of(request),
    )
    signed_in = await sign_in(context, credentials, TokenKind.API, wanted.name)
    return TokenOut(token=signed_in.secret)


@api.delete("/auth/token", status_code=204, tags=["auth"], response_class=Response)
async def delete_token(session: SessionDep, caller: ApiCaller) -> None:
    """Sign out: the token of this request opens nothing from now on."""
    await revoke_token(session, caller.token_id)


@api.get("/me", tags=["me"])
async def read_me(session: SessionDep, caller: ApiCaller) -> Me:
    """The signed-in person, with workspaces, roles and shift."""
    return await _describe(session, caller, await get_me(session, caller))


@api.patch("/me", tags=["me"])
async def patch_me(session: SessionDep, context: ContextDep, caller: ApiCaller, patch: MePatch) -> Me:
    """Go on shift, on a break or off; choose language and theme."""
    return await _describe(session, caller, await change_me(session, caller, patch.to_change(), context.clock()))


async def _describe(session: SessionDep, caller: Caller, me: Agent) -> Me:
    organisation = await get_organisation(session, caller)
    return Me.of(me, organisation.name, caller.team_ids, await list_places(session, caller))
