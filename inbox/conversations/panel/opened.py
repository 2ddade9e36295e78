"""Everything that an open conversation shows: thread, post, contact, colleagues, and what may be done to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import Place
from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import Permission
from inbox.channels.adapter import Act, Adapters, KeyKind
from inbox.channels.events import ConversationKind, Platform
from inbox.channels.status import find_wait
from inbox.conversations.access import access_conversation, visible
from inbox.conversations.assigning import ANSWERING
from inbox.conversations.banned import Ban, find_ban
from inbox.conversations.listing import Named, Row, load_row, with_parts
from inbox.conversations.models import Conversation, Direction, Message, ModerationAction, ReviewAction
from inbox.conversations.possible import find_obstacles
from inbox.conversations.post_settings import PostRow, count_under, find_comments_obstacle
from inbox.conversations.thread import Said, Thread, load_thread
from inbox.conversations.waiting import OF_AUTHOR, OPPOSITES, list_waiting
from inbox.core.errors import NotFoundError
from inbox.core.i18n import N_
from inbox.organisations.models import Membership, Team
from inbox.replies.service import WHY_UNREACHABLE, is_unreachable

EARLIER = 5


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may be given the conversation."""

    id: int
    name: str
    shift_state: ShiftState


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a key, by its newest review; `taken_back_by`, sent to `message_id`, takes all such back.

    No message: it was asked for elsewhere, and its author wrote none of what is shown.
    """

    row: ModerationAction
    taken_back_by: ReviewAction
    message_id: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """`silent_because`: why no reply can be written (None when it can); notes are another matter. `ban`: the contact's.

    `refusals`: what cannot be done here, and why. `instead`: where the contact can be answered in public.
    `is_closed_for_comments`: its post took none when we last knew. `parked_because`: why replies wait.
    `waiting`: moderation that waits for a key.
    `urls`: message id → where the platform shows it; `url`: the conversation.
    """

    row: Row
    thread: Thread
    post: PostRow | None
    earlier: tuple[Conversation, ...]
    colleagues: tuple[Colleague, ...]
    teams: tuple[Named, ...]
    silent_because: str | None
    may_note: bool
    is_unreachable: bool
    ban: Ban | None
    instead: Conversation | None
    parked_because: str | None
    waiting: tuple[Waiting, ...]
    refusals: Mapping[Act, str]
    url: str | None
    urls: Mapping[int, str]
    comments_obstacle: str | None
    is_closed_for_comments: bool
    may_moderate: bool
    may_assign: bool
    may_erase: bool
    reviewed_id: int | None

    @property
    def newest_id(self) -> int:
        """Of what was said here, whenever it was; 0: nothing."""
        return max((one.message.id for one in self.thread.items if isinstance(one, Said)), default=0)

    @property
    def is_shut_out(self) -> bool:
        """Whether a ban keeps our words from the contact, too; Telegram's is a chat's, and leaves private talk open."""
        one = self.row.conversation
        is_apart = one.channel.platform is Platform.TELEGRAM and one.kind is ConversationKind.DIRECT
        return self.ban is not None and not is_apart

    @property
    def refusals_of_people(self) -> list[str]:
        """Why something of moderation is not possible here."""
        return [self.refusals[act] for act in (Act.DELETE, Act.RESTRICT, Act.BAN) if act in self.refusals]


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


async def load_opened(
    session: AsyncSession,
    caller: Caller,
    conversation: Conversation,
    adapters: Adapters,
    now: datetime,
    reach: int | None = None,
) -> Opened:
    """Loaded for showing, in a constant number of queries; its thread down to the message `reach`, if that is near."""
    row = await load_row(session, conversation)
    thread = await load_thread(session, caller, conversation, reach=reach)
    posts = await count_under(session, caller, [conversation.post]) if conversation.post else [None]
    inbound = [
        one.message for one in thread.items if isinstance(one, Said) and one.message.direction is Direction.INBOUND
    ]
    last = inbound[-1].id if inbound else None
    refusals = await find_obstacles(session, adapters, conversation, Act)
    silent = is_unreachable(conversation.identity, conversation)
    earlier = await _load_earlier(session, caller, conversation)
    urls = urls_of(adapters, conversation, thread)
    return Opened(
        row=row,
        thread=thread,
        post=posts[0],
        earlier=earlier,
        colleagues=await _load_colleagues(session, conversation.workspace_id),
        teams=await _load_teams(session, conversation.workspace_id),
        silent_because=_silent_because(caller, conversation, refusals),
        is_unreachable=silent,
        ban=await find_ban(session, conversation.identity, now),
        instead=next((one for one in earlier if one.kind is ConversationKind.COMMENT), None) if silent else None,
        parked_because=find_wait(conversation.channel, KeyKind.OWN),
        waiting=await _load_waiting(session, conversation, inbound),
        may_note=caller.may(conversation.workspace_id, Permission.ANSWER),
        refusals=refusals,
        url=urls.get(last or 0) or next(reversed(urls.values()), None),
        urls=urls,
        comments_obstacle=await _comments_obstacle(session, adapters, conversation),
        is_closed_for_comments=conversation.post is not None and not conversation.post.comments_open,
        may_moderate=caller.may(conversation.workspace_id, Permission.MODERATE),
        may_assign=caller.may(conversation.workspace_id, Permission.ASSIGN),
        may_erase=caller.may(conversation.workspace_id, Permission.MANAGE_CONTACTS),
        reviewed_id=_find_reviewed(conversation, inbound),
    )


def _find_reviewed(conversation: Conversation, inbound: Sequence[Message]) -> int | None:
    """The message that moderation is about: the newest suspicious one while any is, else the newest."""
    suspicious = [one.id for one in inbound if one.held and one.deleted_at is None] if conversation.held else []
    return next(reversed(suspicious or [one.id for one in inbound]), None)


async def _load_waiting(
    session: AsyncSession, conversation: Conversation, inbound: Sequence[Message]
) -> tuple[Waiting, ...]:
    """A message's, each; an author's once, however often and wherever it was asked for."""
    written = {one.author_identity_id or conversation.identity_id: one.id for one in inbound}
    found: dict[tuple[ReviewAction, int], Waiting] = {}
    for row in await list_waiting(session, conversation):
        is_of_author = row.action in OF_AUTHOR
        message_id = row.message_id if row.conversation_id == conversation.id else written.get(row.identity_id)
        about = row.identity_id if is_of_author else row.message_id
        found[row.action, about] = Waiting(row, OPPOSITES[row.action], message_id)
    return tuple(found.values())


def urls_of(adapters: Adapters, conversation: Conversation, thread: Thread) -> dict[int, str]:
    """Message → where the platform shows it."""
    adapter, account = adapters.get(conversation.channel.platform), conversation.channel.external_id
    said = [one.message for one in thread.items if isinstance(one, Said)]
    found = {
        one.id: adapter.url_of(account, one.external_id)
        for one in said
        if adapter is not None and one.external_id is not None
    }
    return {message_id: url for message_id, url in found.items() if url is not None}


async def _comments_obstacle(session: AsyncSession, adapters: Adapters, conversation: Conversation) -> str | None:
    post = conversation.post
    return None if post is None else await find_comments_obstacle(session, adapters, post)


def _silent_because(caller: Caller, conversation: Conversation, refusals: Mapping[Act, str]) -> str | None:
    if not caller.may(conversation.workspace_id, Permission.ANSWER):
        return N_("Your role reads, but does not answer.")
    if is_unreachable(conversation.identity, conversation):
        return WHY_UNREACHABLE[conversation.channel.platform]
    return refusals.get(Act.SEND)


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
