"""Colleagues whom a note calls, «@Мария Ковалёва»: who may be called, whom the words name, how they hear of it, and
what they have not seen yet."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.contacts.models import Contact
from inbox.conversations.access import role_sees
from inbox.conversations.found import LONGEST, Found, Piece
from inbox.conversations.listing import Named
from inbox.conversations.models import Conversation, Mention, Message
from inbox.core.bulk import among
from inbox.core.events import RingMention
from inbox.core.jobs import defer
from inbox.core.live import announce
from inbox.organisations.models import Membership, TeamMember, Workspace


async def list_readers(session: AsyncSession, conversation: Conversation) -> list[Named]:
    """Everybody of the project who may read the conversation, by name."""
    rows = await session.execute(
        select(Agent.id, Agent.name, Membership.role, Workspace.sees_all)
        .join(Membership, Membership.agent_id == Agent.id)
        .join(Workspace, Workspace.id == Membership.workspace_id)
        .where(Membership.workspace_id == conversation.workspace_id, Agent.deactivated_at.is_(None))
        .order_by(Agent.name, Agent.id)
    )
    in_team = set(await session.scalars(select(TeamMember.agent_id).where(TeamMember.team_id == conversation.team_id)))
    return [
        Named(agent_id, name)
        for agent_id, name, role, sees_all in rows
        if role_sees(
            role, sees_all, is_mine=conversation.assignee_id == agent_id,
            is_nobodys=conversation.assignee_id is None, in_my_team=agent_id in in_team,
        )
    ]  # fmt: skip


def find_mentioned(text: str, people: Sequence[Named]) -> list[Named]:
    """Those whose whole name follows an @, whatever its case; of names that begin alike the longest. All namesakes."""
    by_name: dict[str, list[Named]] = {}
    for one in people:
        if plain := _plain(one.name):
            by_name.setdefault(plain, []).append(one)
    if not by_name:
        return []
    names = "|".join(re.escape(name) for name in sorted(by_name, key=len, reverse=True))
    called = re.findall(rf"(?<![\w@])@({names})(?!\w)", _plain(text))
    return [one for name in dict.fromkeys(called) for one in by_name[name]]


async def tell_mentioned(
    session: AsyncSession, conversation: Conversation, note: Message, by_id: int, before: str = ""
) -> None:
    """Whom a note calls that `by_id` wrote or edited (`before`: what it said): those whom it did not call before hear
    of it in their panels, and in Telegram where it is linked. Nobody calls themselves; whose name an edit takes out is
    not called any more, but who was renamed since, or may not see the conversation now, stays so.
    """
    readers = await list_readers(session, conversation) if "@" in note.text + before else []
    wanted = {one.id for one in find_mentioned(note.text, readers)}
    rows = await session.execute(
        select(Agent.id, Agent.name).join(Mention, Mention.agent_id == Agent.id).where(Mention.message_id == note.id)
    )
    known = {agent_id: Named(agent_id, name) for agent_id, name in rows}
    people = list({**{one.id: one for one in readers}, **known}.values())
    said, says = ({one.id for one in find_mentioned(text, people)} for text in (before, note.text))
    if gone := known.keys() & (said - says):
        await session.execute(delete(Mention).where(Mention.message_id == note.id, Mention.agent_id.in_(gone)))
    fresh = sorted(wanted - known.keys() - {by_id})
    for agent_id in fresh:
        session.add(Mention(workspace_id=note.workspace_id, message_id=note.id, agent_id=agent_id))
        announce(
            session, conversation.workspace_id, "mention", conversation_id=conversation.id, message_id=note.id,
            agent_id=agent_id, assignee_id=conversation.assignee_id, team_id=conversation.team_id,
        )  # fmt: skip
    await defer(session, [RingMention(message_id=note.id, agent_id=agent_id) for agent_id in fresh])


async def is_mentioned(session: AsyncSession, note: Message, agent_id: int) -> bool:
    """Whether the note calls this person."""
    found = select(Mention.id).where(Mention.message_id == note.id, Mention.agent_id == agent_id)
    return await session.scalar(found) is not None


async def note_seen(session: AsyncSession, conversation_id: int, agent_id: int, now: datetime) -> bool:
    """The person has the conversation before them; True when notes there called them that they had not seen."""
    seen = await session.scalars(
        update(Mention)
        .where(
            Mention.agent_id == agent_id,
            Mention.seen_at.is_(None),
            Mention.message_id.in_(select(Message.id).where(Message.conversation_id == conversation_id)),
        )
        .values(seen_at=now)
        .returning(Mention.id)
        .execution_options(synchronize_session=False)
    )
    return bool(seen.all())


async def load_mentions(session: AsyncSession, conversation_ids: Collection[int], agent_id: int) -> dict[int, Found]:
    """Conversation → the note that calls this person: the newest call that they have not seen, else the newest."""
    if not conversation_ids:
        return {}
    is_unseen = Mention.seen_at.is_(None)
    newest = (
        select(Message.id, Message.text, Agent.name, is_unseen.label("is_unseen"))
        .join(Mention, Mention.message_id == Message.id)
        .outerjoin(Agent, Agent.id == Message.author_agent_id)
        .where(Message.conversation_id == Conversation.id, Mention.agent_id == agent_id, Message.deleted_at.is_(None))
        .order_by(is_unseen.desc(), Mention.id.desc())
        .limit(1)
        .lateral("newest")
    )
    rows = await session.execute(
        select(Conversation.id, Contact.name, newest.c.id, newest.c.name, newest.c.text, newest.c.is_unseen)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(newest, true())
        .where(among(Conversation.id, list(conversation_ids)))
    )
    return {
        conversation_id: Found((Piece(name, False),), message_id, False, _said(author, text), is_unseen=is_unseen)
        for conversation_id, name, message_id, author, text, is_unseen in rows
    }


def _said(author: str | None, text: str) -> tuple[Piece, ...]:
    return (Piece(f"{author}: " if author else "", False), Piece(text[:LONGEST], False))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
