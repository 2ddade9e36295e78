"""Alerts and their settings over the API."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from inbox.core.database import Json
from inbox.core.web.fields import Id, refuse_null
from routing.alerts.models import Alert, AlertKind, AlertState

NotNull = BeforeValidator(refuse_null)
Minute = Annotated[int, Field(ge=0, le=1439, description="Minutes after midnight in the workspace's time zone.")]


class AlertOut(BaseModel):
    """Something that rang, or is to. held: it is told later, with others; told: in such a digest."""

    id: int
    workspace_id: int
    kind: AlertKind
    conversation_id: int | None
    message_id: int | None
    details: Json
    occurred_at: datetime
    state: AlertState
    sent_at: datetime | None
    failure: str | None
    handled_as: str | None = Field(description="taken, corrected or answered; null: nobody did anything there.")
    handled_by_id: int | None
    handled_at: datetime | None

    @classmethod
    def of(cls, row: Alert) -> "AlertOut":
        """From the row."""
        return cls(
            id=row.id, workspace_id=row.workspace_id, kind=row.kind, conversation_id=row.conversation_id,
            message_id=row.message_id, details=row.details, occurred_at=row.occurred_at, state=row.state,
            sent_at=row.sent_at, failure=row.failure, handled_as=row.handled_as, handled_by_id=row.handled_by_id,
            handled_at=row.handled_at,
        )  # fmt: skip


class AlertSettingsOut(BaseModel):
    """How a workspace is rung. The chat is a setting of a Telegram channel, `alert_chat_id`."""

    workspace_id: int
    channel_id: int | None
    alert_chat_id: str | None
    kinds: list[AlertKind]
    cooldown_seconds: int
    quiet_from: int | None
    quiet_to: int | None
    hides_text: bool
    locale: str
    spike_at_least: int
    muted_until: datetime | None


class AlertSettingsPatch(BaseModel):
    """What changes; what is left out stays. Quiet hours come as a pair, or as two nulls."""

    model_config = ConfigDict(extra="forbid")

    kinds: Annotated[list[AlertKind] | None, NotNull] = None
    cooldown_seconds: Annotated[int | None, NotNull, Field(ge=0, le=3600)] = None
    quiet_from: Minute | None = None
    quiet_to: Minute | None = None
    hides_text: Annotated[bool | None, NotNull] = None
    locale: Annotated[Literal["ru", "en"] | None, NotNull] = None
    spike_at_least: Annotated[int | None, NotNull, Field(ge=3, le=1000)] = None
    muted: Annotated[bool | None, NotNull, Field(description="false: ring again at once.")] = None


class TestIn(BaseModel):
    """Which workspace is to be rung."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
