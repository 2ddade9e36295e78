"""Everything that an open conversation shows: thread, post, contact, colleagues, and what may be done to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import Place
from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import Permission
from inbox.channels.capabilities import find_refusal
from inbox.channels.events import ConversationKind
from inbox.channels.models import ChannelChat
from inbox.conversations.access import access_conversation, visible
from inbox.conversations.assigning import ANSWERING
from inbox.conversations.listing import Named, Row, load_rows, with_parts
from inbox.conversations.models import Conversation, Direction
from inbox.conversations.post_settings import PostRow, count_under
from inbox.conversations.thread import Said, Thread, load_thread
from inbox.core.errors import NotFoundError
from inbox.core.i18n import N_
from inbox.organisations.models import Membership, Team

EARLIER = 5


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may be given the conversation."""

    id: int
    name: str
    shift_state: ShiftState


@dataclass(frozen=True, slots=True)
class Opened:
    """`silent_because`: why no reply can be written (None when it can); notes are another matter.

    `refusals`: deed → why it is not possible.
    """

    row: Row
    thread: Thread
    post: PostRow | None
    earlier: tuple[Conversation, ...]
    colleagues: tuple[Colleague, ...]
    teams: tuple[Named, ...]
    silent_because: str | None
    may_note: bool
    refusals: Mapping[str, str]
    may_moderate: bool
    may_assign: bool
    last_inbound_id: int | None


async def access_in(
    session: AsyncSession,
    caller: Caller,
    ws: Place,
    conversation_id: int,
    permission: Permission = Permission.READ_CONVERSATIONS,
    *,
    lock: bool = False,
) -> Conversation:
    """The conversation, if it is one of this page's project."""
    conversation = await access_conversation(session, caller, conversation_id, permission, lock=lock)
    if ws not in {"all", conversation.workspace_id}:
        raise NotFoundError("There is no such conversation.")
    return conversation


async def load_opened(session: AsyncSession, caller: Caller, conversation: Conversation) -> Opened:
    """Loaded for showing, in a constant number of queries."""
    (row,) = await load_rows(session, [conversation])
    thread = await load_thread(session, caller, conversation)
    posts = await count_under(session, caller, [conversation.post]) if conversation.post else [None]
    inbound = [one.message for one in thread.items if isinstance(one, Said)]
    last = next((one.id for one in reversed(inbound) if one.direction is Direction.INBOUND), None)
    return Opened(
        row=row,
        thread=thread,
        post=posts[0],
        earlier=await _load_earlier(session, caller, conversation),
        colleagues=await _load_colleagues(session, conversation.workspace_id),
        teams=await _load_teams(session, conversation.workspace_id),
        silent_because=_silent_because(caller, conversation),
        may_note=caller.may(conversation.workspace_id, Permission.ANSWER),
        refusals=await _load_refusals(session, conversation),
        may_moderate=caller.may(conversation.workspace_id, Permission.MODERATE),
        may_assign=caller.may(conversation.workspace_id, Permission.ASSIGN),
        last_inbound_id=last,
    )


def _silent_because(caller: Caller, conversation: Conversation) -> str | None:
    if not caller.may(conversation.workspace_id, Permission.ANSWER):
        return N_("Your role reads, but does not answer.")
    if conversation.channel.removed_at is not None:
        return N_("This channel is not connected any more.")
    if conversation.kind is ConversationKind.DIRECT and conversation.identity.unreachable_at is not None:
        return N_("The contact has blocked the bot: it cannot write to them. Notes still work.")
    return find_refusal(conversation.channel, "reply")


async def _load_refusals(session: AsyncSession, conversation: Conversation) -> dict[str, str]:
    """Why deleting, banning and muting are not possible here, as far as it can be known beforehand."""
    if conversation.kind is ConversationKind.DIRECT:
        private = N_("A private talk has no bans or mutes: the person can be banned in a group only.")
        return {"ban": private, "mute": private}
    can_act = await session.scalar(
        select(ChannelChat.can_act).where(
            ChannelChat.channel_id == conversation.channel_id,
            ChannelChat.external_id == conversation.chat_external_id,
        )
    )
    refusals: dict[str, str] = {}
    for deed, right, capability in (
        ("delete", "delete", "delete_messages"),
        ("mute", "restrict", "restrict"),
        ("ban", "ban", "ban"),
    ):
        refusal = find_refusal(conversation.channel, capability)
        if can_act is not None and right not in can_act:
            refusals[deed] = refusal or N_("The bot lacks the administrator's right for this.")
        elif can_act is None and refusal is not None:
            refusals[deed] = refusal
    return refusals


async def _load_earlier(session: AsyncSession, caller: Caller, conversation: Conversation) -> tuple[Conversation, ...]:
    statement = with_parts(select(Conversation)).where(
        Conversation.contact_id == conversation.contact_id, Conversation.id != conversation.id, visible(caller)
    )
    return tuple(await session.scalars(statement.order_by(Conversation.last_message_at.desc()).limit(EARLIER)))


async def _load_colleagues(session: AsyncSession, workspace_id: int) -> tuple[Colleague, ...]:
    """Those on shift first."""
    rows = await session.execute(
        select(Agent.id, Agent.name, Agent.shift_state)
        .join(Membership, Membership.agent_id == Agent.id)
        .where(Membership.workspace_id == workspace_id, Membership.role.in_(ANSWERING), Agent.deactivated_at.is_(None))
        .order_by(Agent.name)
    )
    found = [Colleague(*row) for row in rows]
    return tuple(sorted(found, key=lambda one: list(ShiftState).index(one.shift_state)))


async def _load_teams(session: AsyncSession, workspace_id: int) -> tuple[Named, ...]:
    rows = await session.execute(
        select(Team.id, Team.name).where(Team.workspace_id == workspace_id).order_by(Team.name)
    )
    return tuple(Named(team_id, name) for team_id, name in rows)
