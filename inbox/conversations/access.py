"""The one gate to conversations: what a person may see is part of the query, what they may do is asked beside it."""

from functools import lru_cache

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload, undefer
from sqlalchemy.sql.base import ExecutableOption

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.models import Attachment, Conversation, Message, Post
from inbox.core.errors import NotFoundError
from inbox.organisations.models import Role

_SEES_EVERYTHING = frozenset({Role.OWNER, Role.ADMIN})


def visible(caller: Caller) -> ColumnElement[bool]:
    """Conversations that the caller may read.

    Owner and admin: all. Moderator: own, their teams' and unassigned ones, unless the workspace shows everything.
    Sales: own ones, and unassigned ones of their teams. Viewer: none.
    """
    everything = frozenset(workspace_id for workspace_id in caller.roles if _sees_all(caller, workspace_id))
    moderated = _workspaces(caller, Role.MODERATOR) - everything
    return _seen(caller.agent_id, caller.team_ids, everything, moderated, _workspaces(caller, Role.SALES))


@lru_cache(maxsize=1024)
def _seen(
    agent_id: int,
    team_ids: frozenset[int],
    everything: frozenset[int],
    moderated: frozenset[int],
    sold_in: frozenset[int],
) -> ColumnElement[bool]:
    """Made once for a person: every query of every page holds it."""
    mine = Conversation.assignee_id == agent_id
    nobodys = Conversation.assignee_id.is_(None)
    in_my_team = Conversation.team_id.in_(sorted(team_ids))
    seen = [
        (everything, true()),
        (moderated, or_(mine, nobodys, in_my_team)),
        (sold_in, or_(mine, and_(nobodys, in_my_team))),
    ]
    # A role that the person has nowhere is not asked for: most people have one.
    return or_(false(), *(and_(_within(workspace_ids), rows) for workspace_ids, rows in seen if workspace_ids))


def claimable(caller: Caller) -> ColumnElement[bool]:
    """Conversations that the caller could see if nobody had them: whoever comes second is told who came first."""
    desks = _workspaces(caller, Role.OWNER, Role.ADMIN, Role.MODERATOR)
    sold_in = _workspaces(caller, Role.SALES)
    mine = Conversation.assignee_id == caller.agent_id
    in_my_team = Conversation.team_id.in_(sorted(caller.team_ids))
    return or_(_within(desks), and_(_within(sold_in), or_(mine, in_my_team)))


def sees(caller: Caller, workspace_id: int, assignee_id: int | None, team_id: int | None) -> bool:
    """The same as `visible`, for a conversation of which only these are known (a live event's)."""
    role = caller.roles.get(workspace_id)
    return role is not None and role_sees(
        role, workspace_id in caller.sees_all, is_mine=assignee_id == caller.agent_id,
        is_nobodys=assignee_id is None, in_my_team=team_id is not None and team_id in caller.team_ids,
    )  # fmt: skip


def role_sees(role: Role, sees_all: bool, *, is_mine: bool, is_nobodys: bool, in_my_team: bool) -> bool:
    """The rule itself, for one person; `sees_all`: whether moderators of the project see everything."""
    match role:
        case Role.OWNER | Role.ADMIN:
            return True
        case Role.MODERATOR:
            return sees_all or is_mine or is_nobodys or in_my_team
        case Role.SALES:
            return is_mine or (is_nobodys and in_my_team)
        case Role.VIEWER:
            return False


async def access_conversation(
    session: AsyncSession,
    caller: Caller,
    conversation_id: int,
    permission: Permission = Permission.READ_CONVERSATIONS,
    *,
    lock: bool = False,
) -> Conversation:
    """The conversation with its channel, contact, identity and post; NotFoundError unless the caller may see it."""
    statement = select(Conversation).where(Conversation.id == conversation_id, visible(caller))
    return await _get_conversation(session, caller, statement, permission, lock=lock)


async def access_claimable(session: AsyncSession, caller: Caller, conversation_id: int) -> Conversation:
    """The locked conversation, for a claim; NotFoundError when it is out of the caller's reach whoever has it."""
    statement = select(Conversation).where(Conversation.id == conversation_id, claimable(caller))
    return await _get_conversation(session, caller, statement, Permission.ANSWER, lock=True)


async def access_message(
    session: AsyncSession,
    caller: Caller,
    message_id: int,
    permission: Permission = Permission.READ_CONVERSATIONS,
    *,
    lock: bool = False,
) -> tuple[Message, Conversation]:
    """The message, with attachments and tags, and its conversation.

    With `lock` the message is locked before the conversation, as delivery and intake do.
    """
    statement = (
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id == message_id, visible(caller))
        .options(selectinload(Message.attachments), joinedload(Message.tags))
        .execution_options(populate_existing=True)
    )
    if lock:
        statement = statement.with_for_update(of=Message)
    message = await session.scalar(statement)
    if message is None:
        raise NotFoundError("There is no such message.")
    conversation = await access_conversation(session, caller, message.conversation_id, permission, lock=lock)
    return message, conversation


async def access_attachment(session: AsyncSession, caller: Caller, attachment_id: int) -> Attachment:
    """The attachment, with the bytes that are kept here, if the caller may read its conversation."""
    attachment = await session.scalar(
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Attachment.id == attachment_id, visible(caller))
        .options(undefer(Attachment.content))
    )
    if attachment is None:
        raise NotFoundError("There is no such attachment.")
    return attachment


async def access_post(
    session: AsyncSession,
    caller: Caller,
    post_id: int,
    permission: Permission = Permission.READ_CONVERSATIONS,
    *,
    lock: bool = False,
) -> Post:
    """A post of a workspace where the caller reads conversations; NotFoundError in another."""
    statement = select(Post).where(
        Post.id == post_id, Post.workspace_id.in_(sorted(caller.workspaces_with(Permission.READ_CONVERSATIONS)))
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    post = await session.scalar(statement)
    if post is None:
        raise NotFoundError("There is no such post.")
    caller.require(post.workspace_id, permission)
    return post


def parts() -> list[ExecutableOption]:
    """What comes with a conversation: channel, contact, identity, post."""
    return [
        joinedload(Conversation.channel, innerjoin=True),
        joinedload(Conversation.contact, innerjoin=True),
        joinedload(Conversation.identity, innerjoin=True),
        joinedload(Conversation.post),
    ]


async def _get_conversation(
    session: AsyncSession,
    caller: Caller,
    statement: Select[Conversation],
    permission: Permission,
    *,
    lock: bool,
) -> Conversation:
    statement = statement.options(*parts())
    if lock:
        statement = statement.with_for_update(of=Conversation).execution_options(populate_existing=True)
    conversation = await session.scalar(statement)
    if conversation is None:
        raise NotFoundError("There is no such conversation.")
    caller.require(conversation.workspace_id, permission)
    return conversation


def _sees_all(caller: Caller, workspace_id: int) -> bool:
    role = caller.roles[workspace_id]
    return role in _SEES_EVERYTHING or (role is Role.MODERATOR and workspace_id in caller.sees_all)


def _workspaces(caller: Caller, *roles: Role) -> frozenset[int]:
    return frozenset(workspace_id for workspace_id, role in caller.roles.items() if role in roles)


def _within(workspace_ids: frozenset[int]) -> ColumnElement[bool]:
    return Conversation.workspace_id.in_(sorted(workspace_ids))
