"""Conditions of rules as data: what must hold of a message, checked before it is stored and when it is read."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from inbox.channels.events import ConversationKind, Platform
from inbox.conversations.models import PostMode, Priority
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.web.fields import Id
from routing.rules.language import Language
from routing.rules.patterns import check_expression, check_word

MAX_ITEMS = 50
Probability = Annotated[float, Field(ge=0, le=1, description="The tag counts only from this probability on.")]
Word = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(check_word)]
Name = Annotated[str, Field(min_length=1, max_length=60)]


class PreviousState(StrEnum):
    """What the conversation was before the message came; new: there was none."""

    NEW = "new"
    OPEN = "open"
    WAITING_SUBSCRIBER = "waiting_subscriber"
    WAITING_CLIENT = "waiting_client"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class ContactField(StrEnum):
    """What is known of who writes."""

    NAME = "name"
    USERNAME = "username"
    NOTE = "note"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    negate: bool = Field(default=False, description="The condition must not hold.")


class _Sure(_Part):
    sure: bool = Field(default=False, description="Only outside the model's unsure band.")
    min_probability: Probability | None = None


class ChannelIs(_Part):
    """The message came by one of these channels."""

    field: Literal["channel"] = "channel"
    any_of: list[Id] = Field(min_length=1, max_length=MAX_ITEMS)


class PlatformIs(_Part):
    """Telegram or VK."""

    field: Literal["platform"] = "platform"
    any_of: list[Platform] = Field(min_length=1, max_length=MAX_ITEMS)


class KindIs(_Part):
    """Direct, comment, group or mention."""

    field: Literal["kind"] = "kind"
    any_of: list[ConversationKind] = Field(min_length=1, max_length=MAX_ITEMS)


class PostIs(_Part):
    """A comment under one of these posts."""

    field: Literal["post"] = "post"
    any_of: list[Id] = Field(min_length=1, max_length=MAX_ITEMS)


class PostModeIs(_Part):
    """A comment under a post in one of these modes."""

    field: Literal["post_mode"] = "post_mode"
    any_of: list[PostMode] = Field(min_length=1, max_length=MAX_ITEMS)


class IntentIs(_Sure):
    """The intent is one of these; with `sure`, only outside the unsure band."""

    field: Literal["intent"] = "intent"
    any_of: list[Intent] = Field(min_length=1, max_length=MAX_ITEMS)
    sure: bool = Field(default=True, description="Only outside the model's unsure band.")


class SentimentIs(_Sure):
    """The sentiment is one of these."""

    field: Literal["sentiment"] = "sentiment"
    any_of: list[Sentiment] = Field(min_length=1, max_length=MAX_ITEMS)


class ToxicIs(_Sure):
    """Toxic or not."""

    field: Literal["toxic"] = "toxic"
    value: bool = True


class UnsureIs(_Part):
    """Whether any of the tags lies in the unsure band."""

    field: Literal["unsure"] = "unsure"
    value: bool = True


class NeedsAnswerIs(_Part):
    """Whether the message needs an answer."""

    field: Literal["needs_answer"] = "needs_answer"
    value: bool = True


class WordsIn(_Part):
    """The text has one of these words or phrases, whatever their case; `*` at the end stands for any ending."""

    field: Literal["words"] = "words"
    any_of: list[Word] = Field(min_length=1, max_length=MAX_ITEMS)


class MatchesExpression(_Part):
    """The text matches a regular expression, whatever its case; the engine's time is linear in the text's length."""

    field: Literal["expression"] = "expression"
    pattern: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(check_expression)]


class LanguageIs(_Part):
    """The text is written in one of these, as far as its letters tell."""

    field: Literal["language"] = "language"
    any_of: list[Language] = Field(min_length=1, max_length=MAX_ITEMS)


class LabelIs(_Part):
    """The conversation has one of these labels."""

    field: Literal["label"] = "label"
    any_of: list[Name] = Field(min_length=1, max_length=MAX_ITEMS)


class PriorityIs(_Part):
    """The conversation's present priority is one of these."""

    field: Literal["priority"] = "priority"
    any_of: list[Priority] = Field(min_length=1, max_length=MAX_ITEMS)


class ContactIs(_Part):
    """The contact's name, username or note contains one of these texts, whatever their case."""

    field: Literal["contact"] = "contact"
    name: ContactField
    any_of: list[Name] = Field(min_length=1, max_length=MAX_ITEMS)


class ContactLabelIs(_Part):
    """Any conversation of the contact in this workspace, also an old one, has one of these labels."""

    field: Literal["contact_label"] = "contact_label"
    any_of: list[Name] = Field(min_length=1, max_length=MAX_ITEMS)


class FirstMessageIs(_Part):
    """Whether the contact never wrote to this workspace before."""

    field: Literal["first_message"] = "first_message"
    value: bool = True


class HoursAre(_Part):
    """Whether the workspace was open when the message was written."""

    field: Literal["hours"] = "hours"
    value: Literal["open", "closed"]


class PreviousStateIs(_Part):
    """What the conversation was before this message."""

    field: Literal["previous_state"] = "previous_state"
    any_of: list[PreviousState] = Field(min_length=1, max_length=MAX_ITEMS)


Condition = Annotated[
    ChannelIs
    | PlatformIs
    | KindIs
    | PostIs
    | PostModeIs
    | IntentIs
    | SentimentIs
    | ToxicIs
    | UnsureIs
    | NeedsAnswerIs
    | WordsIn
    | MatchesExpression
    | LanguageIs
    | LabelIs
    | PriorityIs
    | ContactIs
    | ContactLabelIs
    | FirstMessageIs
    | HoursAre
    | PreviousStateIs,
    Field(discriminator="field"),
]
CONDITIONS: TypeAdapter[list[Condition]] = TypeAdapter(Annotated[list[Condition], Field(max_length=20)])


def fields_of(conditions: Sequence[Condition]) -> set[str]:
    """Which facts the conditions ask for."""
    return {condition.field for condition in conditions}
