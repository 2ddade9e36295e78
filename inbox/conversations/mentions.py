"""Colleagues whom a note calls, «@Мария Ковалёва»: who may be called, whom the words name, and how they hear of it."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.conversations.access import role_sees
from inbox.conversations.listing import Named
from inbox.conversations.models import Conversation, Message
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


async def tell_mentioned(session: AsyncSession, conversation: Conversation, note: Message) -> None:
    """Their panels hear of the new note, and their Telegram where it is linked; nobody calls themselves."""
    if "@" not in note.text:
        return
    called = find_mentioned(note.text, await list_readers(session, conversation))
    agent_ids = [one.id for one in called if one.id != note.author_agent_id]
    for agent_id in agent_ids:
        announce(
            session, conversation.workspace_id, "mention", conversation_id=conversation.id, message_id=note.id,
            agent_id=agent_id, assignee_id=conversation.assignee_id, team_id=conversation.team_id,
        )  # fmt: skip
    await defer(session, [RingMention(message_id=note.id, agent_id=agent_id) for agent_id in agent_ids])


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
