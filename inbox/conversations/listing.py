"""The list of conversations, page by page, and the numbers beside its views: a constant number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    and_,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer, joinedload

from inbox.agents.caller import Caller
from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.channels.models import Channel
from inbox.conversations.access import visible
from inbox.conversations.deciding import ASIDE
from inbox.conversations.filters import Filters, conditions, mentioned
from inbox.conversations.folding import folded
from inbox.conversations.models import Conversation, ConversationLabel, Label, Outcome, Post, PostMode, Status
from inbox.conversations.orders import find_cursor, ordered
from inbox.conversations.tags import Intent, Sentiment
from inbox.conversations.urgency import breached, due_soon
from inbox.core.bulk import among
from inbox.core.i18n import MOST_SHOWN
from inbox.organisations.models import Team

__all__ = [
    "Counts",
    "Filters",
    "Fold",
    "Listing",
    "Named",
    "Row",
    "count_folded",
    "count_views",
    "list_conversations",
    "list_folds",
    "load_row",
    "load_rows",
]

MAX_PAGE = 200
MAX_FOLDS = 5
MOST_COUNTED = MOST_SHOWN + 1
"""More than so many are not counted where they only become more."""
_LABELS = (
    select(Label.name)
    .join(ConversationLabel, ConversationLabel.label_id == Label.id)
    .where(ConversationLabel.conversation_id == Conversation.id)
    .order_by(Label.name)
)
_ASSIGNEE, _TEAM = aliased(Agent), aliased(Team)
"""By names of their own: the statement may ask about people and teams, too."""
_BESIDE = (func.array(_LABELS.scalar_subquery()), _ASSIGNEE.id, _ASSIGNEE.name, _TEAM.id, _TEAM.name)
"""What a line shows beside its conversation."""
_PARTS = (
    joinedload(Conversation.channel, innerjoin=True).options(
        defer(Channel.credentials_encrypted, raiseload=True), defer(Channel.proxy_encrypted, raiseload=True)
    ),
    joinedload(Conversation.contact, innerjoin=True),
    joinedload(Conversation.identity, innerjoin=True),
    joinedload(Conversation.post),
)
ALIVE = [status for status in Status if status is not Status.CLOSED]


@dataclass(frozen=True, slots=True)
class Named:
    """An agent or a team, for showing."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation (channel, contact, identity and post are loaded) with what else its line shows."""

    conversation: Conversation
    labels: tuple[str, ...]
    assignee: Named | None
    team: Named | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page; `next_cursor` None: the last one."""

    rows: list[Row]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Fold:
    """A draw's folded row: how many comments it stands for, and when the newest of them came."""

    post: Post
    count: int
    last_message_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations each view holds; `held` and `undelivered` count closed ones, too, and `automatic`, which
    grows for ever, is counted up to MOST_COUNTED; the others count only what is not closed. `mentioned` counts what the
    caller has not seen since a note there called them.

    `unassigned`, `leads`, `negative` count what needs an answer, and so does `mine`, of what its list shows; `open`
    everything that is open, `aside` what was put aside. `by_channel`:
    channel id → what needs an answer there. What is folded under a draw counts nowhere but in `mentioned`; `has_draws`
    tells whether there may be any.
    """

    mine: int = 0
    mentioned: int = 0
    unassigned: int = 0
    open: int = 0
    due_soon: int = 0
    breached: int = 0
    aside: int = 0
    undelivered: int = 0
    leads: int = 0
    negative: int = 0
    unsure: int = 0
    held: int = 0
    automatic: int = 0
    has_draws: bool = False
    by_channel: Mapping[int, int] = field(default_factory=dict)


async def list_conversations(
    session: AsyncSession, caller: Caller, filters: Filters, cursor: str | None, limit: int, now: datetime
) -> Listing:
    """A page of what the caller may see, in two queries, or three; NotFoundError for a workspace that is not theirs.

    Sorting the ids alone keeps wide rows out of the sort.
    """
    if filters.workspace_id is not None:
        caller.require(filters.workspace_id, Permission.READ_CONVERSATIONS)
    statement = select(Conversation.id).where(visible(caller), *conditions(filters, caller.agent_id, now))
    found = list(await session.scalars(ordered(statement, filters.order, cursor, caller.agent_id).limit(limit + 1)))
    whole = select(Conversation).where(among(Conversation.id, found[:limit])).execution_options(populate_existing=True)
    by_id = {row.conversation.id: row for row in await load_rows(session, whole)} if found else {}
    rows = [by_id[conversation_id] for conversation_id in found[:limit] if conversation_id in by_id]
    if len(found) <= limit or not rows:
        return Listing(rows, None)
    return Listing(rows, await find_cursor(session, rows[-1].conversation, filters.order, caller.agent_id))


async def list_folds(
    session: AsyncSession, caller: Caller, filters: Filters, since: datetime | None, limit: int = MAX_FOLDS
) -> list[Fold]:
    """The folded rows of a list, the newest first, in one query; with `since` only those that grew after it.

    The newest comment of each draw chooses the posts; only theirs are counted.
    """
    place = [
        (Post.workspace_id == filters.workspace_id, filters.workspace_id),
        (Post.channel_id == filters.channel_id, filters.channel_id),
        (Post.id == filters.post_id, filters.post_id),
    ]
    within = [condition for condition, value in place if value is not None]
    newest = (
        select(Conversation.last_message_at.label("at"))
        .where(*_folded_under(caller, Post.workspace_id, Post.id))
        .order_by(Conversation.last_message_at.desc())
        .limit(1)
    )
    if since is not None:
        newest = newest.where(Conversation.last_message_at > since)
    found = newest.lateral("newest")
    chosen = (
        select(Post.id, Post.workspace_id, found.c.at)
        .join(found, true())
        .where(
            Post.workspace_id.in_(sorted(caller.workspaces_with(Permission.READ_CONVERSATIONS))),
            Post.mode == PostMode.DRAW,
            *within,
        )
        .order_by(found.c.at.desc(), Post.id.desc())
        .limit(limit)
        .subquery("chosen")
    )
    count = select(func.count()).where(*_folded_under(caller, chosen.c.workspace_id, chosen.c.id)).scalar_subquery()
    rows = await session.execute(
        select(Post, count, chosen.c.at)
        .join(chosen, chosen.c.id == Post.id)
        .order_by(chosen.c.at.desc(), Post.id.desc())
    )
    return [Fold(post, number, last_message_at) for post, number, last_message_at in rows]


async def count_folded(session: AsyncSession, caller: Caller, post: Post) -> int:
    """How many comments the folded row of a post stands for; no other comment is looked at."""
    under = _folded_under(caller, post.workspace_id, post.id)
    return int(await session.scalar(select(func.count()).select_from(Conversation).where(*under)) or 0)


def _folded_under(
    caller: Caller, workspace_id: SQLColumnExpression[int] | int, post_id: SQLColumnExpression[int] | int
) -> list[ColumnElement[bool]]:
    """What `ix_conversations_foldable` finds."""
    return [Conversation.workspace_id == workspace_id, Conversation.post_id == post_id, visible(caller), folded()]


async def load_rows(session: AsyncSession, statement: Select[Conversation]) -> list[Row]:
    """The conversations that a statement selects, in its order, with all that their lines show: one query."""
    found = await session.execute(_beside(with_parts(statement).add_columns(*_BESIDE)))
    return [_row(*row) for row in found]


async def load_row(session: AsyncSession, conversation: Conversation) -> Row:
    """The same of a conversation whose parts are loaded."""
    found = await session.execute(
        _beside(select(*_BESIDE).select_from(Conversation)).where(Conversation.id == conversation.id)
    )
    return _row(conversation, *found.one())


def _beside(statement: Select[Any]) -> Select[Any]:
    """Joins what `_BESIDE` needs."""
    people = statement.outerjoin(_ASSIGNEE, _ASSIGNEE.id == Conversation.assignee_id)
    return people.outerjoin(_TEAM, _TEAM.id == Conversation.team_id)


def _row(
    conversation: Conversation,
    labels: Sequence[str],
    agent_id: int | None,
    agent_name: str | None,
    team_id: int | None,
    team_name: str | None,
) -> Row:
    return Row(conversation, tuple(labels), _named(agent_id, agent_name), _named(team_id, team_name))


def _named(id_: int | None, name: str | None) -> Named | None:
    return None if id_ is None or name is None else Named(id_, name)


def with_parts(statement: Select[Conversation]) -> Select[Conversation]:
    """Channel (without its keys), contact, identity and post in the same query."""
    return statement.options(*_PARTS)


async def count_views(session: AsyncSession, caller: Caller, workspace_id: int | None, now: datetime) -> Counts:
    """The numbers of the left column, over one workspace or all of the caller's: one query."""
    scope: list[ColumnElement[bool]] = [visible(caller)]
    places = caller.workspaces_with(Permission.READ_CONVERSATIONS) if workspace_id is None else {workspace_id}
    draws = select(Post.id).where(Post.workspace_id.in_(sorted(places)), Post.mode == PostMode.DRAW).exists()
    if workspace_id is not None:
        caller.require(workspace_id, Permission.READ_CONVERSATIONS)
        scope.append(Conversation.workspace_id == workspace_id)
    alive = Conversation.status.in_(ALIVE)  # named, so that the index of the list serves it
    waits = and_(Conversation.needs_answer, alive)
    views = {
        "mine": and_(waits, Conversation.status == Status.OPEN, Conversation.assignee_id == caller.agent_id),
        "unassigned": and_(waits, Conversation.assignee_id.is_(None)),
        "open": Conversation.status == Status.OPEN,
        "due_soon": due_soon(now),
        "breached": breached(now),
        "aside": Conversation.status.in_(sorted(ASIDE)),
        "leads": and_(waits, Conversation.intent == Intent.LEAD),
        "negative": and_(waits, Conversation.sentiment == Sentiment.NEGATIVE),
        "unsure": and_(alive, Conversation.unsure),
    }
    apart = {
        "mentioned": select(Conversation.id).where(*scope, mentioned(caller.agent_id, is_unseen=True)),
        "held": select(Conversation.id).where(*scope, Conversation.held),
        "undelivered": select(Conversation.id).where(*scope, Conversation.undelivered.is_not(None)),
        "automatic": select(Conversation.id).where(*scope, _automatic()).limit(MOST_COUNTED),
    }
    numbers = [func.count().filter(condition) for condition in views.values()]
    rows = await session.execute(
        select(Conversation.channel_id, func.count().filter(waits), *numbers, *map(_count, apart.values()), draws)
        .where(*scope, alive)
        .group_by(func.rollup(Conversation.channel_id))
    )
    by_channel: dict[int, int] = {}
    counted: dict[str, int] = {}
    has_draws = False
    for channel_id, waiting, *found, drawn in rows:
        if channel_id is not None:
            by_channel[channel_id] = waiting
        else:  # the sum over channels, which comes also where nothing is alive
            counted, has_draws = dict(zip((*views, *apart), found, strict=True)), drawn
    return Counts(**counted, has_draws=has_draws, by_channel=by_channel)


def _automatic() -> ColumnElement[bool]:
    """What a machine settled and no folded row stands for, in the words of `ix_conversations_automatic`."""
    outcome: ColumnElement[str] = literal_column(f"'{Outcome.NO_ANSWER_NEEDED_AUTOMATIC.value}'")
    stands_apart = or_(not_(Conversation.foldable), Conversation.held, Conversation.assignee_id.is_not(None))
    return and_(Conversation.outcome == outcome, stands_apart)


def _count(found: Select[int]) -> ScalarSelect[int]:
    return select(func.count()).select_from(found.subquery()).scalar_subquery()
