"""Correcting tags: a person's word replaces triage's, is kept for learning, and counts in the conversation's state.

Some words are said by deeds: what is removed as spam or as an insult is one, what is released as fine is neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.channels.adapter import Offence
from inbox.conversations.judging import judge_again
from inbox.conversations.models import Conversation, Correction, Direction, Message, ReviewAction, Tags
from inbox.conversations.recompute import recompute
from inbox.conversations.tags import Intent, Sentiment
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
    before = _snapshot(tags)
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
    await judge_again(session, Message.id == message.id)
    await recompute(session, conversation)
    announce(
        session, message.workspace_id, "message", conversation_id=conversation.id, message_id=message.id,
        assignee_id=conversation.assignee_id, team_id=conversation.team_id,
    )  # fmt: skip
    return tags


async def release(
    session: AsyncSession, caller: Caller, message: Message, conversation: Conversation, now: datetime
) -> Tags:
    """What was held as suspicious is fine: as `correct_tags`; ConflictError when nothing holds it."""
    if not message.held:
        raise ConflictError("This message is not flagged as suspicious.")
    return await correct_tags(session, caller, message, conversation, _cleared(message.tags), now)


def said_by_review(action: ReviewAction, offence: Offence, message: Message) -> CorrectedTags | None:
    """What removing a message, banning its author, or restoring it says of its tags; None: nothing."""
    tags = message.tags
    if not message.text or tags is None or action not in {*_ACCUSING, ReviewAction.RESTORE}:
        return None
    is_accused = tags.intent is Intent.SPAM or tags.toxic
    if action is ReviewAction.RESTORE:
        return _cleared(tags) if is_accused else None
    confirmed = CorrectedTags(intent=tags.intent, toxic=tags.toxic) if is_accused and message.held else None
    return _SAID_BY_OFFENCE.get(offence, confirmed)


_ACCUSING = frozenset({ReviewAction.DELETE, ReviewAction.BAN})
_SAID_BY_OFFENCE: Mapping[Offence, CorrectedTags] = {
    Offence.SPAM: CorrectedTags(intent=Intent.SPAM), Offence.INSULTS: CorrectedTags(toxic=True),
}  # fmt: skip


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
