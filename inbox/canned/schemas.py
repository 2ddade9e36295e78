"""Canned responses over the API."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from inbox.canned.models import CannedResponse
from inbox.canned.service import Wording
from inbox.core.web.fields import Id, Instant, refuse_null


class CannedOut(BaseModel):
    """`text` with its variables in braces: {name}, {full_name}, {agent}, {project}, {channel}."""

    id: int
    workspace_id: int
    title: str
    text: str
    uses: int = Field(description="How often it was sent.")
    updated_at: Instant

    @classmethod
    def of(cls, one: CannedResponse) -> "CannedOut":
        """From the row."""
        return cls(
            id=one.id, workspace_id=one.workspace_id, title=one.title, text=one.text, uses=one.uses,
            updated_at=one.updated_at,
        )  # fmt: skip


class CannedIn(BaseModel):
    """A new one."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    title: str = Field(max_length=500)
    text: str = Field(max_length=20_000)


class CannedPatch(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(default=None, max_length=500)
    text: str | None = Field(default=None, max_length=20_000)

    _refuse_null = field_validator("title", "text", mode="before")(refuse_null)

    def to_wording(self) -> Wording:
        """For the service."""
        return Wording(self.title, self.text)
