"""SLA policies over the API: goals in minutes of working time."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from inbox.conversations.models.states import Priority
from inbox.core.web.fields import Id, refuse_null
from inbox.sla.models import SlaPolicy

MINUTE = timedelta(minutes=1)
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 60)]
Name = Annotated[str, Field(min_length=1, max_length=120)]


class GoalIn(BaseModel):
    """Goals of one priority; `resolution_minutes` null: closing is not promised."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority
    first_response_minutes: Minutes
    next_response_minutes: Minutes
    resolution_minutes: Minutes | None = None


class PolicyIn(BaseModel):
    """A promise. `goals`: priorities that have goals of their own; the others have the policy's."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    name: Name
    first_response_minutes: Minutes = 15
    next_response_minutes: Minutes = 30
    resolution_minutes: Minutes | None = None
    after_closed_minutes: Minutes = Field(default=120, description="Goal of what came while closed, from the opening.")
    warn_before_minutes: int = Field(default=5, ge=0, le=24 * 60, description="0: no warning.")
    head_id: Id | None = Field(default=None, description="Who is told of breaches; null: the owners.")
    is_default: bool = False
    goals: list[GoalIn] = Field(default_factory=list, max_length=len(Priority))

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({one.priority for one in self.goals}) != len(self.goals):
            raise ValueError("goals name a priority twice")
        return self


class PolicyPatch(BaseModel):
    """What is changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name, AfterValidator(refuse_null)] | None = None
    first_response_minutes: Minutes | None = None
    next_response_minutes: Minutes | None = None
    resolution_minutes: Minutes | None = None
    after_closed_minutes: Minutes | None = None
    warn_before_minutes: int | None = Field(default=None, ge=0, le=24 * 60)
    head_id: Id | None = None
    is_default: bool | None = None
    goals: list[GoalIn] | None = Field(default=None, max_length=len(Priority))


class GoalOut(BaseModel):
    """Goals of one priority."""

    priority: Priority
    first_response_minutes: int
    next_response_minutes: int
    resolution_minutes: int | None


class PolicyOut(BaseModel):
    """A promise."""

    id: int
    workspace_id: int
    name: str
    first_response_minutes: int
    next_response_minutes: int
    resolution_minutes: int | None
    after_closed_minutes: int
    warn_before_minutes: int
    head_id: int | None
    is_default: bool
    goals: list[GoalOut]

    @classmethod
    def of(cls, policy: SlaPolicy) -> Self:
        """From the row with its goals."""
        return cls(
            id=policy.id,
            workspace_id=policy.workspace_id,
            name=policy.name,
            first_response_minutes=minutes(policy.first_response),
            next_response_minutes=minutes(policy.next_response),
            resolution_minutes=None if policy.resolution is None else minutes(policy.resolution),
            after_closed_minutes=minutes(policy.after_closed),
            warn_before_minutes=minutes(policy.warn_before),
            head_id=policy.head_id,
            is_default=policy.is_default,
            goals=[
                GoalOut(
                    priority=one.priority,
                    first_response_minutes=minutes(one.first_response),
                    next_response_minutes=minutes(one.next_response),
                    resolution_minutes=None if one.resolution is None else minutes(one.resolution),
                )
                for one in sorted(policy.goals, key=lambda one: one.priority)
            ],
        )


def minutes(length: timedelta) -> int:
    """Whole ones."""
    return int(length / MINUTE)
