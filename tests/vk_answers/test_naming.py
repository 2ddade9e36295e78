"""People whom VK's events do not name are named by a job; a name that somebody of us gave stays."""

from sqlalchemy import select

from inbox.contacts.models import Contact, Identity
from inbox.contacts.naming import name_people
from inbox.conversations.models import Conversation, Message
from inbox.conversations.thread import Said, load_said, load_thread, with_message_parts
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import NamePeople
from inbox.core.models import LiveEvent
from tests.simulator.conftest import ANNA
from tests.vk_answers.conftest import VkDesk, owner


async def _names(desk: VkDesk) -> dict[str, tuple[str, str]]:
    """Number → name of the identity, and of the contact."""
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        rows = await session.execute(select(Identity, Contact).join(Contact, Contact.id == Identity.contact_id))
        return {identity.external_id: (identity.name, contact.name) for identity, contact in rows}


async def test_the_nameless_are_named_at_once_and_a_contact_renamed_by_us_keeps_its_name(desk: VkDesk) -> None:
    await desk.talk("Сколько стоит?")
    second = await desk.talk("А доставка?", author=ANNA + 1)
    before = await _names(desk)
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        ours = (await session.scalars(select(Contact).where(Contact.name == before[str(ANNA)][1]))).one()
        ours.name = "Анна из Казани"

    await name_people(desk.context, NamePeople(channel_id=desk.channel_id))

    named = await _names(desk)
    assert all(not name.startswith("id") for name, _ in named.values())
    assert named[str(ANNA)][1] == "Анна из Казани"
    assert named[str(ANNA + 1)][0] == named[str(ANNA + 1)][1]
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        told = list(await session.scalars(select(LiveEvent).order_by(LiveEvent.seq.desc()).limit(1)))
        assert [(one.kind, one.ref["conversation_id"]) for one in told] == [("conversation", second)]
    assert named != before


async def test_who_is_quoted_is_shown_under_the_name_that_was_told_later(desk: VkDesk) -> None:
    answered = await desk.line.says("Кто брал?", "comment", ANNA)
    conversation_id = await desk.talk("Я брал", kind="comment", author=ANNA + 1, reply_to=answered)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        message = (await session.scalars(with_message_parts(select(Message).where(Message.text == "Я брал")))).one()
        (before,) = await load_said(session, owner(desk), [message])
    assert before.parent_author == f"id{ANNA}"
    await name_people(desk.context, NamePeople(channel_id=desk.channel_id))
    named = await _names(desk)
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        conversation = await session.get_one(Conversation, conversation_id)
        thread = await load_thread(session, owner(desk), conversation)
    assert [one.parent_author for one in thread.items if isinstance(one, Said)] == [named[str(ANNA)][0]]
