"""Correcting tags: a person's word replaces triage's, is kept for learning, and counts in the conversation's state.

Some words are said by deeds: what is removed as spam or as an insult is one, what is released as fine is neither. A
deed that is undone takes its word back: the tags are what they were, and nothing is learned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from inbox.agents.caller import Caller
from inbox.channels.adapter import Offence
from inbox.contacts.models import Identity
from inbox.conversations.judging import judge_again
from inbox.conversations.models import Conversation, Correction, Direction, Message, ReviewAction, Tags
from inbox.conversations.recompute import recompute
from inbox.conversations.tags import Intent, Sentiment
from inbox.conversations.traces import note
from inbox.core.database import Json
from inbox.core.errors import ConflictError, InvalidInputError
from inbox.core.live import announce
from inbox.learning.service import note_correction


@dataclass(frozen=True, slots=True)
class CorrectedTags:
    """What a person says of a message; None: as it was."""

    sentiment: Sentiment | None = None
    intent: Intent | None = None
    toxic: bool | None = None


async def correct_tags(
    session: AsyncSession,
    caller: Caller,
    message: Message,
    conversation: Conversation,
    said: CorrectedTags,
    now: datetime,
) -> Tags:
    """Write the person's word on a message that `access_message` gave, locked, with CORRECT_TAGS.

    The message is no longer unsure; saying what triage said is a correction, too: it confirms.
    """
    if message.direction is not Direction.INBOUND:
        raise ConflictError("Only what subscribers write has tags.")
    if said == CorrectedTags():
        raise InvalidInputError("Say at least one of sentiment, intent and toxic.", field="intent")
    tags = message.tags or _untagged(message)
    before = _snapshot(tags) | _standing(message, tags)
    tags.sentiment = said.sentiment if said.sentiment is not None else tags.sentiment
    tags.intent = said.intent if said.intent is not None else tags.intent
    tags.toxic = said.toxic if said.toxic is not None else tags.toxic
    tags.unsure = []
    tags.corrected_by_id = caller.agent_id
    tags.corrected_at = now
    message.held = tags.intent is Intent.SPAM or tags.toxic
    session.add_all(
        [
            tags,
            Correction(
                workspace_id=message.workspace_id, message_id=message.id, agent_id=caller.agent_id, before=before,
                after=_snapshot(tags), model_version=tags.model_version, corrected_at=now,
            ),
        ]
    )  # fmt: skip
    await session.flush()
    await note_correction(session, message.workspace_id, now)
    await _tell(session, message, conversation)
    return tags


async def release(
    session: AsyncSession, caller: Caller, message: Message, conversation: Conversation, now: datetime
) -> None:
    """What was held as suspicious is fine: as `correct_tags`; ConflictError when nothing holds it."""
    if not message.held:
        raise ConflictError("This message is not flagged as suspicious.")
    author = await session.get_one(Identity, message.author_identity_id or conversation.identity_id)
    note(session, caller, conversation, ("released", {"author": author.name}), now)
    await correct_tags(session, caller, message, conversation, _cleared(message.tags), now)


async def undo_release(
    session: AsyncSession, caller: Caller, message: Message, conversation: Conversation, at: datetime, now: datetime
) -> None:
    """Suspicious again, as before it was released `at` that time; ConflictError when that is not the last word."""
    if message.held or not await take_back_word(session, message, conversation, caller.agent_id, at):
        raise ConflictError("It has been changed since: there is nothing to undo.")
    note(session, caller, conversation, ("undone", {}), now)


async def take_back_word(
    session: AsyncSession, message: Message, conversation: Conversation, agent_id: int | None, said_at: datetime
) -> bool:
    """Tags and flag as they were before a word on a locked message, which teaches nothing any more.

    False, and nothing is done, when somebody or something has spoken since, or no word was said then.
    """
    word = await session.scalar(
        select(Correction).where(Correction.message_id == message.id).order_by(Correction.id.desc()).limit(1)
    )
    tags = message.tags
    if word is None or tags is None or (word.agent_id, word.corrected_at) != (agent_id, said_at):
        return False
    if (tags.corrected_by_id, tags.corrected_at) != (agent_id, said_at):
        return False
    before = _Before.model_validate(word.before)
    tags.sentiment, tags.intent, tags.toxic, tags.unsure = before.sentiment, before.intent, before.toxic, before.unsure
    tags.corrected_by_id, tags.corrected_at = before.corrected_by_id, before.corrected_at
    message.held = before.held
    if before.is_untagged:
        await session.delete(tags)
        set_committed_value(message, "tags", None)
    await session.delete(word)
    await session.flush()
    await _tell(session, message, conversation)
    return True


def said_by_review(action: ReviewAction, offence: Offence, message: Message) -> CorrectedTags | None:
    """What removing a message or banning its author says of its tags; None: nothing."""
    tags = message.tags
    if not message.text or tags is None or action not in _ACCUSING:
        return None
    is_accused = tags.intent is Intent.SPAM or tags.toxic
    confirmed = CorrectedTags(intent=tags.intent, toxic=tags.toxic) if is_accused and message.held else None
    return _SAID_BY_OFFENCE.get(offence, confirmed)


_ACCUSING = frozenset({ReviewAction.DELETE, ReviewAction.BAN})
_SAID_BY_OFFENCE: Mapping[Offence, CorrectedTags] = {
    Offence.SPAM: CorrectedTags(intent=Intent.SPAM), Offence.INSULTS: CorrectedTags(toxic=True),
}  # fmt: skip


async def _tell(session: AsyncSession, message: Message, conversation: Conversation) -> None:
    """What follows from other tags: the verdict, the conversation's state, and panels hear of it."""
    await judge_again(session, Message.id == message.id)
    await recompute(session, conversation)
    announce(
        session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip


def _cleared(tags: Tags | None) -> CorrectedTags:
    """Not toxic; instead of spam, what triage found likeliest besides."""
    if tags is None or tags.intent is not Intent.SPAM:
        return CorrectedTags(intent=tags.intent if tags is not None else Intent.OTHER, toxic=False)
    chances = tags.probabilities.get("intent")
    found = dict(chances) if isinstance(chances, dict) else {}
    others = [intent for intent in Intent if intent is not Intent.SPAM and intent.value in found]
    return CorrectedTags(intent=max(others, key=lambda one: found[one.value], default=Intent.OTHER), toxic=False)


def _untagged(message: Message) -> Tags:
    """A photo or a voice message without words: triage said nothing."""
    return Tags(
        workspace_id=message.workspace_id, message_id=message.id, sentiment=Sentiment.NEUTRAL, intent=Intent.OTHER,
        toxic=False, profanity=False, probabilities={}, unsure=[], reasons={}, model_version="",
    )  # fmt: skip


def _snapshot(tags: Tags) -> Json:
    return {
        "sentiment": tags.sentiment.value,
        "intent": tags.intent.value,
        "toxic": tags.toxic,
        "unsure": list(tags.unsure),
    }


def _standing(message: Message, tags: Tags) -> Json:
    """Whose word the tags were, and whether the message was held: what undoing needs besides."""
    corrected_at = tags.corrected_at.isoformat() if tags.corrected_at is not None else None
    return {
        "held": message.held, "is_untagged": message.tags is None, "corrected_by_id": tags.corrected_by_id,
        "corrected_at": corrected_at,
    }  # fmt: skip


class _Before(BaseModel):
    """What a correction keeps of the time before it; earlier versions kept neither the flag nor whose word it was."""

    sentiment: Sentiment
    intent: Intent
    toxic: bool
    unsure: list[str]
    held: bool = False
    is_untagged: bool = False
    corrected_by_id: int | None = None
    corrected_at: datetime | None = None
