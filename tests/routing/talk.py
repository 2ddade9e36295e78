"""What subscribers send to a desk, as Telegram's updates, and rules set up for a test."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from inbox.contacts.models import Identity
from inbox.conversations.models import Conversation, ConversationLabel, Label, Post
from inbox.core.database import EVERY_WORKSPACE
from routing.rules.models import Rule
from tests.desk import Desk

Raw = dict[str, object]
GROUP: Raw = {"id": -1009, "type": "supergroup", "title": "Обсуждение"}
CHANNEL: Raw = {"id": -1007, "type": "channel", "title": "Лад"}


def post(desk: Desk, text: str) -> Raw:
    """The channel's post as it arrives in the group."""
    number, date = next(desk.numbers), int(desk.context.clock().timestamp())
    origin = {"type": "channel", "chat": CHANNEL, "message_id": number, "date": date}
    return {
        "message_id": number, "date": date, "chat": GROUP, "sender_chat": CHANNEL, "text": text,
        "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}, "is_automatic_forward": True,
        "forward_origin": origin,
    }  # fmt: skip


def comment(desk: Desk, under: Raw, text: str, person: int) -> Raw:
    """A comment under the post."""
    number = next(desk.numbers)
    return {
        "update_id": number,
        "message": {
            "message_id": number, "date": int(desk.context.clock().timestamp()), "chat": GROUP, "text": text,
            "from": {"id": person, "is_bot": False, "first_name": f"Person {person}"},
            "message_thread_id": under["message_id"], "reply_to_message": under,
        },
    }  # fmt: skip


def shown(desk: Desk, message: Raw) -> Raw:
    """The update that brings a message."""
    return {"update_id": next(desk.numbers), "message": message}


def edited(desk: Desk, update: Raw, text: str) -> Raw:
    """The update that brings another text of a message."""
    message = update["message"]
    assert isinstance(message, dict)
    changed = {**message, "text": text, "edit_date": message["date"] + 5}
    return {"update_id": next(desk.numbers), "edited_message": changed}


def earlier(update: Raw, by: timedelta) -> Raw:
    """The same, written earlier."""
    message = update["message"]
    assert isinstance(message, dict)
    return {**update, "message": {**message, "date": message["date"] - int(by.total_seconds())}}


async def set_rules(desk: Desk, *rules: tuple[Sequence[Raw], Sequence[Raw]], stops: bool = False) -> list[int]:
    """Only these rules, (conditions, actions) in order, named by their number."""
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(delete(Rule).where(Rule.workspace_id == desk.workspace_id))
        made = [
            Rule(
                workspace_id=desk.workspace_id, name=f"rule {place}", position=place, stops=stops,
                conditions=list(conditions), actions=list(actions),
            )
            for place, (conditions, actions) in enumerate(rules)
        ]  # fmt: skip
        session.add_all(made)
        await session.flush()
        return [rule.id for rule in made]


async def send(desk: Desk, *updates: Raw) -> None:
    """One batch, processed by a worker."""
    await desk.put(*updates)
    await desk.run_until_empty(desk.pipeline()[0])


async def labels(desk: Desk) -> dict[str, set[str]]:
    """Author's external id → labels of their conversation."""
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        people = await session.execute(
            select(Identity.external_id).join(Conversation, Conversation.identity_id == Identity.id)
        )
        found: dict[str, set[str]] = {external_id: set() for (external_id,) in people}
        rows = await session.execute(
            select(Identity.external_id, Label.name)
            .join(Conversation, Conversation.identity_id == Identity.id)
            .join(ConversationLabel, ConversationLabel.conversation_id == Conversation.id)
            .join(Label, Label.id == ConversationLabel.label_id)
        )
        for external_id, name in rows:
            found[external_id].add(name)
        return found


async def talk_of(desk: Desk, person: int) -> Conversation:
    """The person's only conversation."""
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        statement = (
            select(Conversation)
            .join(Identity, Identity.id == Conversation.identity_id)
            .where(Identity.external_id == str(person))
        )
        return (await session.scalars(statement)).one()


async def post_id(desk: Desk) -> int:
    """The only post."""
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        return (await session.scalars(select(Post.id))).one()
