"""Why a message has a tag for which its words say little or nothing: the labelled example nearest in meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.conversations.access import visible
from inbox.conversations.models import Conversation, Correction, Message, Tags
from inbox.conversations.tags import Alike, Explaining, Tagger, Taught

MOST_TAUGHT = 60
"""Newest corrections of the project, in what the reader may see, that are compared; each costs a millisecond."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text, the tags to be explained (task → label), and what the project's people said of others."""

    text: str
    wanted: Mapping[str, str]
    taught: Sequence[Taught]

    def answer(self, tagger: Tagger) -> dict[str, Alike]:
        """Task → the nearest example; CPU-bound, needs no database."""
        if not self.wanted or not isinstance(tagger, Explaining):
            return {}
        return tagger.find_alike(self.text, self.wanted, self.taught)


async def ask_why(session: AsyncSession, caller: Caller, message: Message) -> Asked:
    """What is to be explained of a message whose tags are loaded; nothing where a person set them.

    What colleagues said of others is told only of conversations that the caller may read.
    """
    tags = message.tags
    if tags is None or tags.corrected_at is not None or not message.text:
        return Asked(message.text, {}, ())
    rows = await session.execute(
        select(Message.text, Correction.after)
        .join(Message, Message.id == Correction.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Correction.workspace_id == message.workspace_id, Message.id != message.id, Message.text != "",
            visible(caller),
        )
        .order_by(Correction.id.desc())
        .limit(MOST_TAUGHT)
    )  # fmt: skip
    newest: dict[str, Mapping[str, object]] = {}
    for text, after in rows:
        newest.setdefault(text, after)
    return Asked(message.text, _unexplained(tags), [(text, _labels(after)) for text, after in newest.items()])


def _unexplained(tags: Tags) -> dict[str, str]:
    """Tags without words, or unsure, so that their words carry little; that nothing is toxic needs no reason."""
    labels = {"intent": tags.intent.value, "sentiment": tags.sentiment.value}
    if tags.toxic:
        labels["toxic"] = "1"
    return {task: label for task, label in labels.items() if task in tags.unsure or not tags.reasons.get(task)}


def _labels(after: Mapping[str, object]) -> dict[str, str]:
    return {
        "intent": str(after["intent"]), "sentiment": str(after["sentiment"]), "toxic": str(int(bool(after["toxic"]))),
    }  # fmt: skip
