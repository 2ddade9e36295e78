"""Names of people whom a platform's events do not name: asked for in batches, by a job, so that no message waits."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.channels.account import account_of
from inbox.channels.events import Author
from inbox.channels.lengths import LONGEST_NAME, cut
from inbox.channels.models import Channel
from inbox.contacts.models import Contact, Identity
from inbox.conversations.models import Conversation
from inbox.core.bulk import among, update_rows
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import KeyRefusedError, PermanentRefusalError
from inbox.core.events import NamePeople
from inbox.core.live import announce

AT_ONCE = 500


async def name_people(context: Context, job: NamePeople) -> None:
    """Ask who the channel's nameless are; whom the platform does not know keeps the stand-in.

    A TemporaryRefusalError repeats the job. Without a living key nobody is named: the next new person asks again.
    """
    after = 0
    while True:
        async with context.transaction(EVERY_WORKSPACE) as session:
            channel = await session.scalar(
                select(Channel).where(Channel.id == job.channel_id, Channel.removed_at.is_(None))
            )
            nameless = [] if channel is None else await _find_nameless(session, job.channel_id, after)
        if channel is None or not nameless:
            return
        account = account_of(channel, context.cipher)
        wanted = [identity.external_id for identity in nameless]
        try:
            named = await context.adapters[account.platform].name_people(account, wanted)
        except (KeyRefusedError, PermanentRefusalError):
            return
        async with context.transaction(EVERY_WORKSPACE) as session:
            await _tell(session, await _write(session, context, nameless, named))
        after = nameless[-1].id


async def _find_nameless(session: AsyncSession, channel_id: int, after: int) -> Sequence[Identity]:
    found = await session.scalars(
        select(Identity)
        .where(Identity.channel_id == channel_id, Identity.named_at.is_(None), Identity.id > after)
        .order_by(Identity.id)
        .limit(AT_ONCE)
    )
    return found.all()


async def _write(
    session: AsyncSession, context: Context, nameless: Sequence[Identity], named: Mapping[str, Author]
) -> set[int]:
    """All of them in a constant number of statements; a contact whom a person renamed keeps that name.

    Returns the contacts that changed."""
    now = context.clock()
    known = {identity.id for identity in nameless if identity.external_id in named}
    rows = await session.execute(
        select(Identity, Contact)
        .join(Contact, Contact.id == Identity.contact_id)
        .where(among(Identity.id, known), Identity.named_at.is_(None))
        .order_by(Identity.id)
        .with_for_update()
    )
    identities: list[Identity] = []
    contacts: list[Contact] = []
    for identity, contact in rows:
        author = named[identity.external_id]
        name = cut(author.name, LONGEST_NAME)
        if contact.name == identity.name:
            contact.name = name
            contacts.append(contact)
        identity.name, identity.username, identity.named_at = name, author.username, now
        identities.append(identity)
    await update_rows(session, identities, ("name", "username", "named_at"))
    await update_rows(session, contacts, ("name",))
    return {contact.id for contact in contacts}


async def _tell(session: AsyncSession, contact_ids: set[int]) -> None:
    """Rows and threads of these people show another name."""
    shown = await session.execute(
        select(Conversation.workspace_id, Conversation.id, Conversation.assignee_id, Conversation.team_id)
        .where(among(Conversation.contact_id, contact_ids))
        .order_by(Conversation.id)
    )
    for workspace_id, conversation_id, assignee_id, team_id in shown:
        announce(
            session, workspace_id, "conversation", conversation_id=conversation_id, assignee_id=assignee_id,
            team_id=team_id,
        )  # fmt: skip
