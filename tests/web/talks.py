"""Conversations of every assignee and team, for tests of visibility."""

from itertools import product

from inbox.channels.events import Author, ConversationKind
from inbox.contacts.service import Seen, store_identities
from inbox.conversations.models import Conversation
from inbox.core.database import EVERY_WORKSPACE
from tests.company import Company


async def make_talks(company: Company) -> list[Conversation]:
    """One for each pair of an assignee (or nobody) and a team (or none), and one of another organisation."""
    now = company.clock()
    people = ("owner", "moderator", "colleague", "sales")
    assignees = [None, *(company.people[name].agent_id for name in people)]
    pairs = list(product(assignees, [None, *company.team_ids.values()]))
    places = [(company.workspace_id, company.channel_id, *pair) for pair in pairs]
    places.append((company.foreign_id, company.foreign_channel_id, None, None))
    talks: list[Conversation] = []
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        for number, (workspace_id, channel_id, assignee_id, team_id) in enumerate(places):
            author = Author(str(900 + number), f"Подписчик {number}")
            known = await store_identities(session, [Seen(workspace_id, channel_id, author, now)])
            one = known[channel_id, author.external_id]
            talks.append(
                Conversation(
                    workspace_id=workspace_id, channel_id=channel_id, contact_id=one.contact_id,
                    identity_id=one.identity_id, kind=ConversationKind.DIRECT, key=f"direct::{author.external_id}:",
                    chat_external_id=author.external_id, started_at=now, last_message_at=now,
                    assignee_id=assignee_id, team_id=team_id,
                )
            )  # fmt: skip
        session.add_all(talks)
        await session.flush()
    return talks
