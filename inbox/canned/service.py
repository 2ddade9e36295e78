"""Canned responses: kept by those who moderate, used by all who answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.audit.models import AuditEntry
from inbox.canned.models import TEXT_LENGTH, TITLE_LENGTH, CannedResponse
from inbox.canned.variables import Filling, check_variables
from inbox.conversations.models import Conversation
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from inbox.organisations.models import Workspace

MOST = 500
"""Of a project: more nobody finds his way in."""
OFFERED = 8


@dataclass(frozen=True, slots=True)
class Wording:
    """What a person writes; None stays as it is."""

    title: str | None = None
    text: str | None = None


async def list_canned(session: AsyncSession, caller: Caller, workspace_id: int | None) -> list[CannedResponse]:
    """All of a project, or of all of the caller's, by title."""
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CONVERSATIONS)
    readable = caller.workspaces_with(Permission.READ_CONVERSATIONS)
    statement = select(CannedResponse).where(
        CannedResponse.workspace_id.in_(sorted(readable if workspace_id is None else {workspace_id}))
    )
    return list(await session.scalars(statement.order_by(CannedResponse.title, CannedResponse.id)))


async def access_canned(
    session: AsyncSession,
    caller: Caller,
    canned_id: int,
    permission: Permission = Permission.READ_CONVERSATIONS,
    *,
    lock: bool = False,
) -> CannedResponse:
    """NotFoundError for another project's, ForbiddenError for a role that may not."""
    statement = select(CannedResponse).where(
        CannedResponse.id == canned_id, CannedResponse.workspace_id.in_(sorted(caller.roles))
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(statement)
    if found is None:
        raise NotFoundError("There is no such canned response.")
    caller.require(found.workspace_id, permission)
    return found


async def create_canned(
    session: AsyncSession, caller: Caller, workspace_id: int, title: str, text: str, now: datetime
) -> CannedResponse:
    """A new one; ConflictError when the title is taken."""
    caller.require(workspace_id, Permission.MODERATE)
    title, text = _checked_title(title), _checked_text(text)
    count = await session.scalar(
        select(func.count()).select_from(CannedResponse).where(CannedResponse.workspace_id == workspace_id)
    )
    if (count or 0) >= MOST:
        raise ConflictError("There are 500 canned responses already: delete what nobody uses.")
    await _check_free(session, workspace_id, title)
    canned = CannedResponse(
        workspace_id=workspace_id, title=title, text=text, updated_by_id=caller.agent_id, updated_at=now
    )
    session.add(canned)
    await session.flush()
    _audit(session, caller, canned, "canned_response.created", None, {"title": title, "text": text}, now)
    return canned


async def change_canned(
    session: AsyncSession, caller: Caller, canned: CannedResponse, wanted: Wording, now: datetime
) -> None:
    """Other words, for one that `access_canned` gave with MODERATE, locked."""
    before: Json = {"title": canned.title, "text": canned.text}
    if wanted.title is not None:
        title = _checked_title(wanted.title)
        await _check_free(session, canned.workspace_id, title, but=canned.id)
        canned.title = title
    if wanted.text is not None:
        canned.text = _checked_text(wanted.text)
    after: Json = {"title": canned.title, "text": canned.text}
    if after != before:
        canned.updated_by_id, canned.updated_at = caller.agent_id, now
        _audit(session, caller, canned, "canned_response.changed", before, after, now)
    await session.flush()


async def delete_canned(session: AsyncSession, caller: Caller, canned: CannedResponse, now: datetime) -> None:
    """Gone; what was sent with it stays."""
    _audit(session, caller, canned, "canned_response.deleted", {"title": canned.title, "text": canned.text}, None, now)
    await session.delete(canned)
    await session.flush()


async def find_matching(session: AsyncSession, workspace_id: int, words: str) -> Sequence[CannedResponse]:
    """What the composer offers for what was typed: title before text, the most used first."""
    statement = select(CannedResponse).where(CannedResponse.workspace_id == workspace_id)
    in_title = CannedResponse.title.icontains(words, autoescape=True)
    if words:
        statement = statement.where(or_(in_title, CannedResponse.text.icontains(words, autoescape=True)))
    order = (in_title.desc(), CannedResponse.uses.desc(), CannedResponse.title)
    return (await session.scalars(statement.order_by(*order).limit(OFFERED))).all()


async def filling_of(session: AsyncSession, caller: Caller, conversation: Conversation) -> Filling:
    """What stands for the variables in a conversation that `access_conversation` gave."""
    project = await session.scalar(select(Workspace.name).where(Workspace.id == conversation.workspace_id))
    return Filling(conversation.contact.name, caller.name, project or "", conversation.channel.name)


async def use_canned(session: AsyncSession, caller: Caller, canned_id: int, workspace_id: int) -> CannedResponse:
    """One more use, in a conversation of this project."""
    canned = await access_canned(session, caller, canned_id, Permission.ANSWER, lock=True)
    if canned.workspace_id != workspace_id:
        raise InvalidInputError("There is no such canned response.", field="canned_response_id")
    canned.uses += 1
    return canned


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > TITLE_LENGTH or "\x00" in title:
        raise InvalidInputError("A title has between 1 and 80 characters.", field="title")
    return title


def _checked_text(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > TEXT_LENGTH or "\x00" in text:
        raise InvalidInputError("The text has between 1 and 4096 characters.", field="text")
    check_variables(text)
    return text


async def _check_free(session: AsyncSession, workspace_id: int, title: str, but: int | None = None) -> None:
    taken = await session.scalar(
        select(CannedResponse.id).where(
            CannedResponse.workspace_id == workspace_id, CannedResponse.title == title, CannedResponse.id != (but or 0)
        )
    )
    if taken is not None:
        raise ConflictError("Another canned response has this title.")


def _audit(
    session: AsyncSession,
    caller: Caller,
    canned: CannedResponse,
    action: str,
    before: Json | None,
    after: Json | None,
    now: datetime,
) -> None:
    session.add(
        AuditEntry(
            workspace_id=canned.workspace_id, agent_id=caller.agent_id, action=action, row_kind="canned_response",
            row_id=canned.id, before=before, after=after, occurred_at=now,
        )
    )  # fmt: skip
