"""Actions of rules as data: what is done with a conversation, checked before it is stored and when it is read."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from inbox.conversations.models import Priority
from inbox.core.web.fields import Id
from routing.assignment.choosing import Choosing

MAX_SNOOZE_HOURS = 24 * 30


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HandToTeam(_Part):
    """Hand the conversation to a team and to one of its people on shift; when there is none, it waits in the team."""

    do: Literal["team"] = "team"
    team_id: Id
    choose: Choosing = Choosing.ROUND_ROBIN


class Assign(_Part):
    """Give the conversation to a person: `agent_id`, the workspace's owner, or whoever is on shift with most room."""

    do: Literal["assign"] = "assign"
    to: Literal["agent", "owner", "on_shift"]
    agent_id: Id | None = None

    @model_validator(mode="after")
    def _names_whom(self) -> "Assign":
        if (self.to == "agent") != (self.agent_id is not None):
            raise ValueError("agent_id goes with to = agent")
        return self


class AddLabels(_Part):
    """Add labels; those that are there stay."""

    do: Literal["label"] = "label"
    names: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(min_length=1, max_length=10)


class SetPriority(_Part):
    """How urgent."""

    do: Literal["priority"] = "priority"
    value: Priority


class SetPolicy(_Part):
    """What is promised of the conversation from now on: its clocks go by this SLA policy."""

    do: Literal["policy"] = "policy"
    policy_id: Id


class Hold(_Part):
    """Flag as suspicious. Everybody still sees it: no platform can hide."""

    do: Literal["hold"] = "hold"


class Snooze(_Part):
    """Out of the queue for some hours, or until the workspace opens."""

    do: Literal["snooze"] = "snooze"
    until: Literal["opening", "hours"]
    hours: int | None = Field(default=None, ge=1, le=MAX_SNOOZE_HOURS)

    @model_validator(mode="after")
    def _says_how_long(self) -> "Snooze":
        if (self.until == "hours") != (self.hours is not None):
            raise ValueError("hours goes with until = hours")
        return self


class Close(_Part):
    """Close as "no answer needed"; a further question opens it again."""

    do: Literal["close"] = "close"


class AddNote(_Part):
    """A note that only the team sees."""

    do: Literal["note"] = "note"
    text: str = Field(min_length=1, max_length=2000)


class Mention(_Part):
    """A note that calls a person by name; they hear of it at once if the panel is open."""

    do: Literal["mention"] = "mention"
    agent_id: Id
    text: str = Field(default="", max_length=2000)


class SendAutoReply(_Part):
    """Send an auto-reply of the project, under its guards: once a day, never in a live talk, never as an answer."""

    do: Literal["auto_reply"] = "auto_reply"
    auto_reply_id: Id


class RingAlarm(_Part):
    """Ring in the team's alert chat, once a rule and message."""

    do: Literal["alert"] = "alert"


class MakeLead(_Part):
    """Make the conversation a lead, unless it is one."""

    do: Literal["lead"] = "lead"


class TellWebhook(_Part):
    """Have a webhook told of the message."""

    do: Literal["webhook"] = "webhook"
    webhook_id: Id


Beyond = SendAutoReply | RingAlarm | MakeLead | TellWebhook
"""Actions that reach beyond the conversation: other features do them."""
Action = Annotated[
    HandToTeam | Assign | AddLabels | SetPriority | SetPolicy | Hold | Snooze | Close | AddNote | Mention | Beyond,
    Field(discriminator="do"),
]
ACTIONS: TypeAdapter[list[Action]] = TypeAdapter(Annotated[list[Action], Field(max_length=20)])
