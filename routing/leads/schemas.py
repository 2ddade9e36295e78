"""Leads over the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from inbox.core.web.fields import Id, refuse_null
from routing.leads.listing import Listed
from routing.leads.models import Stage

NotNull = BeforeValidator(refuse_null)
Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2, description="In the project's currency.")]


class PersonOut(BaseModel):
    """A colleague, or a contact."""

    id: int
    name: str


class SourceOut(BaseModel):
    """Where the lead came from."""

    channel_id: int
    channel: str
    post_id: int | None
    post: str | None


class LeadOut(BaseModel):
    """A conversation that may become a sale."""

    id: int
    workspace_id: int
    conversation_id: int
    contact: PersonOut
    source: SourceOut
    text: str
    phone: str | None
    amount: Decimal | None
    stage: Stage
    stage_at: datetime
    reason: str
    owner: PersonOut | None
    assigned_at: datetime | None
    take_up_due_at: datetime | None = Field(description="Fifteen working minutes after the owner got it.")
    taken_up_at: datetime | None
    missed: int = Field(description="How many owners let it lie.")
    heard_at: datetime
    first_answer_at: datetime | None = Field(description="A person's; auto-replies never count.")
    created_at: datetime

    @classmethod
    def of(cls, listed: Listed) -> "LeadOut":
        """From the row with its parts."""
        lead = listed.lead
        source = SourceOut(
            channel_id=lead.channel_id, channel=lead.channel.name, post_id=lead.post_id,
            post=lead.post.text if lead.post is not None else None,
        )  # fmt: skip
        owner = PersonOut(id=lead.owner.id, name=lead.owner.name) if lead.owner is not None else None
        return cls(
            id=lead.id, workspace_id=lead.workspace_id, conversation_id=lead.conversation_id,
            contact=PersonOut(id=lead.contact_id, name=lead.contact.name), source=source, text=lead.text,
            phone=lead.phone, amount=lead.amount, stage=lead.stage, stage_at=lead.stage_at, reason=lead.reason,
            owner=owner, assigned_at=lead.assigned_at, take_up_due_at=lead.take_up_due_at,
            taken_up_at=lead.taken_up_at, missed=lead.missed, heard_at=lead.heard_at,
            first_answer_at=listed.first_answer_at, created_at=lead.created_at,
        )  # fmt: skip


class LeadIn(BaseModel):
    """Which conversation is a lead."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    conversation_id: Id


class LeadPatch(BaseModel):
    """What changes; what is left out stays. not_a_lead wants a reason."""

    model_config = ConfigDict(extra="forbid")

    stage: Annotated[Stage | None, NotNull] = None
    reason: Annotated[str | None, NotNull, Field(max_length=500)] = None
    amount: Amount | None = None
    phone: Annotated[str | None, Field(max_length=32)] = None
