"""Rules as data: conditions and actions, checked before they are stored and when they are read."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from inbox.channels.events import ConversationKind
from inbox.conversations.models import Priority
from inbox.conversations.tags import Intent, Sentiment


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IntentIs(_Part):
    """The intent is one of these; with `sure`, only outside the unsure band."""

    field: Literal["intent"] = "intent"
    any_of: list[Intent] = Field(min_length=1)
    sure: bool = True


class SentimentIs(_Part):
    """The sentiment is one of these."""

    field: Literal["sentiment"] = "sentiment"
    any_of: list[Sentiment] = Field(min_length=1)


class ToxicIs(_Part):
    """Toxic or not."""

    field: Literal["toxic"] = "toxic"
    value: bool


class NeedsAnswerIs(_Part):
    """Whether the message needs an answer."""

    field: Literal["needs_answer"] = "needs_answer"
    value: bool


class KindIs(_Part):
    """Direct, comment or group."""

    field: Literal["kind"] = "kind"
    any_of: list[ConversationKind] = Field(min_length=1)


class HandToTeam(_Part):
    """Hand the conversation to a team and, by round robin, to one of its people on shift."""

    do: Literal["team"] = "team"
    team_id: int


class SetPriority(_Part):
    """How urgent."""

    do: Literal["priority"] = "priority"
    value: Priority


Condition = Annotated[IntentIs | SentimentIs | ToxicIs | NeedsAnswerIs | KindIs, Field(discriminator="field")]
Action = Annotated[HandToTeam | SetPriority, Field(discriminator="do")]
CONDITIONS: TypeAdapter[list[Condition]] = TypeAdapter(list[Condition])
ACTIONS: TypeAdapter[list[Action]] = TypeAdapter(list[Action])
