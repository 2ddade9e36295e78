"""One change of many conversations over the API: in and out."""

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from inbox.conversations.bulk import MOST, Bulk
from inbox.conversations.changes import Change
from inbox.conversations.schemas import ChangeIn, LabelName
from inbox.core.web.fields import Id

Labels = Annotated[list[LabelName], Field(max_length=20)]


class BulkChangeIn(ChangeIn):
    """As a PATCH of one conversation, but labels are added and removed beside those that each has."""

    add_labels: Labels = Field(default_factory=list)
    remove_labels: Labels = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_given(self) -> "BulkChangeIn":
        if not self.model_fields_set:
            raise ValueError("Say what is to change.")
        return self

    @override
    def to_change(self, agent_id: int) -> Change:
        change = super().to_change(agent_id)
        return replace(change, added_labels=tuple(self.add_labels), removed_labels=tuple(self.remove_labels))


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
    beyond: int = Field(description="How many an undoing could not reach: they are in projects that you have left.")

    @classmethod
    def of(cls, bulk: Bulk) -> "BulkOut":
        """From the service."""
        refused = [Refused(conversation_id=one, detail=why.detail) for one, why in bulk.refused.items()]
        return cls(
            id=bulk.id, changed=list(bulk.changed), unchanged=list(bulk.unchanged), refused=refused,
            not_found=list(bulk.not_found), beyond=bulk.beyond,
        )  # fmt: skip
