"""One change of many conversations over the API: in and out."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from inbox.conversations.bulk import MOST, Bulk
from inbox.conversations.changes import UNSET, Change
from inbox.conversations.models import Outcome, Priority, Status
from inbox.conversations.schemas import LabelName
from inbox.core.web.fields import Id, Instant, refuse_null

Labels = Annotated[list[LabelName], Field(max_length=20)]


class BulkChangeIn(BaseModel):
    """As a PATCH of one conversation, but labels are added and removed beside those that each has."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    outcome: Outcome | None = None
    needs_answer: bool | None = None
    assignee_id: Id | Literal["me"] | None = None
    team_id: Id | None = None
    priority: Priority | None = None
    add_labels: Labels = Field(default_factory=list)
    remove_labels: Labels = Field(default_factory=list)
    snoozed_until: Instant | None = None

    _refuse_null = field_validator("status", "outcome", "needs_answer", "priority", mode="before")(refuse_null)

    @model_validator(mode="after")
    def _check_given(self) -> "BulkChangeIn":
        if not self.model_fields_set:
            raise ValueError("Say what is to change.")
        return self

    def to_change(self, agent_id: int) -> Change:
        """For the service; `agent_id` is who "me" means."""
        given = self.model_fields_set
        assignee_id = agent_id if self.assignee_id == "me" else self.assignee_id
        return Change(
            status=self.status if self.status is not None else UNSET,
            outcome=self.outcome if self.outcome is not None else UNSET,
            needs_answer=self.needs_answer if self.needs_answer is not None else UNSET,
            assignee_id=assignee_id if "assignee_id" in given else UNSET,
            team_id=self.team_id if "team_id" in given else UNSET,
            priority=self.priority if self.priority is not None else UNSET,
            added_labels=tuple(self.add_labels),
            removed_labels=tuple(self.remove_labels),
            snoozed_until=self.snoozed_until if "snoozed_until" in given else UNSET,
        )


class BulkIn(BaseModel):
    """Which conversations, and what each is to become."""

    model_config = ConfigDict(extra="forbid")

    conversation_ids: list[Id] = Field(min_length=1, max_length=MOST)
    change: BulkChangeIn


class Refused(BaseModel):
    """A conversation that stayed as it was, and why."""

    conversation_id: int
    detail: str


class BulkOut(BaseModel):
    """What became of each of them; `id` goes to `/conversations/bulk/{id}/undo` within a day."""

    id: int | None = Field(description="null: nothing changed, or this was the undoing.")
    changed: list[int]
    unchanged: list[int] = Field(description="They were so already.")
    refused: list[Refused]
    not_found: list[int] = Field(description="Not there, or not yours to see.")

    @classmethod
    def of(cls, bulk: Bulk) -> "BulkOut":
        """From the service."""
        refused = [Refused(conversation_id=one, detail=why.detail) for one, why in bulk.refused.items()]
        return cls(
            id=bulk.id, changed=list(bulk.changed), unchanged=list(bulk.unchanged), refused=refused,
            not_found=list(bulk.not_found),
        )  # fmt: skip
