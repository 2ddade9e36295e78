"""What burns and who would take it over the API: in and out."""

from pydantic import BaseModel, ConfigDict, Field

from inbox.conversations.bulk import MOST
from inbox.core.web.fields import Id
from routing.assignment.handover import Handover, Planned, Step, Why


class PlannedOut(BaseModel):
    """A conversation that burns. `to_id` null: nobody would take it, because of `why`."""

    workspace_id: int
    conversation_id: int
    team_id: int | None
    from_id: int | None = Field(description="Whose it is; null: nobody's.")
    to_id: int | None
    to_name: str | None
    why: Why | None

    @classmethod
    def of(cls, planned: Planned) -> "PlannedOut":
        """From the service."""
        conversation, seat = planned.row.conversation, planned.seat
        return cls(
            workspace_id=conversation.workspace_id, conversation_id=conversation.id, team_id=conversation.team_id,
            from_id=conversation.assignee_id, to_id=seat.agent_id if seat else None,
            to_name=seat.name if seat else None, why=planned.why,
        )  # fmt: skip


class HandoverOut(BaseModel):
    """Nothing is changed yet: those with a `to_id` can be posted back as `steps`."""

    items: list[PlannedOut] = Field(description="Most urgent first.")
    in_hands: int = Field(description="Burn, too, and are with people on shift.")
    further: int = Field(description="Burn beyond these items.")

    @classmethod
    def of(cls, handover: Handover) -> "HandoverOut":
        """From the service."""
        items = [PlannedOut.of(one) for one in handover.planned]
        return cls(items=items, in_hands=handover.in_hands, further=handover.further)


class StepIn(BaseModel):
    """One conversation as it was shown; when it is another's by now, it stays as it is."""

    model_config = ConfigDict(extra="forbid")

    conversation_id: Id
    from_id: Id | None
    to_id: Id

    def to_step(self) -> Step:
        """For the service."""
        return Step(self.conversation_id, self.from_id, self.to_id)


class HandoverIn(BaseModel):
    """Who takes what."""

    model_config = ConfigDict(extra="forbid")

    steps: list[StepIn] = Field(min_length=1, max_length=MOST)
