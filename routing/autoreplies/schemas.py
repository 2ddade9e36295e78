"""Auto-replies over the API."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from inbox.core.web.fields import Id, Instant, refuse_null
from routing.autoreplies.models import PUBLIC_CAP, AutoReply, AutoReplyKind

Locale = Literal["ru", "en"]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=2000, description="May hold {name} and {opening}.")]
Cap = Annotated[int, Field(ge=1, le=60, description="Public auto-replies under one post within an hour.")]
NotNull = BeforeValidator(refuse_null)


class AutoReplyOut(BaseModel):
    """A text with its occasion. Direct messages are answered; comments only when `public`."""

    id: int
    workspace_id: int
    name: str
    kind: AutoReplyKind
    channel_id: int | None = Field(description="null: every channel without an auto-reply of this kind of its own.")
    text: str
    locale: str
    enabled: bool
    public: bool
    public_cap: int
    created_at: datetime

    @classmethod
    def of(cls, row: AutoReply) -> "AutoReplyOut":
        """From the row."""
        return cls(
            id=row.id, workspace_id=row.workspace_id, name=row.name, kind=row.kind, channel_id=row.channel_id,
            text=row.text, locale=row.locale, enabled=row.is_enabled, public=row.is_public, public_cap=row.public_cap,
            created_at=row.created_at,
        )  # fmt: skip


class AutoReplyIn(BaseModel):
    """A new auto-reply."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    name: Name
    kind: AutoReplyKind
    text: Words
    channel_id: Id | None = None
    locale: Locale = "ru"
    enabled: bool = True
    public: bool = False
    public_cap: Cap = PUBLIC_CAP


class AutoReplyPatch(BaseModel):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name | None, NotNull] = None
    text: Annotated[Words | None, NotNull] = None
    channel_id: Id | None = None
    locale: Annotated[Locale | None, NotNull] = None
    enabled: Annotated[bool | None, NotNull] = None
    public: Annotated[bool | None, NotNull] = None
    public_cap: Annotated[Cap | None, NotNull] = None


class PreviewIn(BaseModel):
    """Which text at which moment; `at` null: now."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    text: Words
    locale: Locale = "ru"
    at: Instant | None = None
    name: str = Field(default="Анна", max_length=200)


class PreviewOut(BaseModel):
    """What a subscriber who writes then would read."""

    text: str | None = Field(description="null: the text promises an opening, and the project is open or never opens.")
    open: bool
    opens_at: datetime | None
