"""Labels over the API."""

from pydantic import BaseModel, ConfigDict, Field

from inbox.conversations.models import Label
from inbox.core.web.fields import Id


class LabelOut(BaseModel):
    """A word that a workspace files conversations under."""

    id: int
    workspace_id: int
    name: str

    @classmethod
    def of(cls, label: Label) -> "LabelOut":
        """From the row."""
        return cls(id=label.id, workspace_id=label.workspace_id, name=label.name)


class LabelIn(BaseModel):
    """A new label."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    name: str = Field(min_length=1, max_length=200)
