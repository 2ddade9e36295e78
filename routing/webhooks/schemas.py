"""Outgoing webhooks over the API."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from inbox.core.database import Json
from inbox.core.web.fields import Id, refuse_null
from routing.webhooks.models import DeliveryState, HookEvent, Shape, Webhook, WebhookDelivery

NotNull = BeforeValidator(refuse_null)
Name = Annotated[str, Field(min_length=1, max_length=200)]
Url = Annotated[str, Field(min_length=1, max_length=500)]
Events = Annotated[list[HookEvent], Field(min_length=1, max_length=10)]
Authorization = Annotated[SecretStr, Field(max_length=4000, description="Sent as the header Authorization.")]


class WebhookOut(BaseModel):
    """An address that hears of events; its secret is shown once, when it is made."""

    id: int
    workspace_id: int
    name: str
    url: str
    shape: Shape
    events: list[HookEvent]
    enabled: bool
    has_authorization: bool
    failures: int = Field(description="Deliveries given up in a row.")
    stopped_at: datetime | None = Field(description="Switched off by itself after too many failures.")
    created_at: datetime
    secret: str | None = Field(default=None, description="Only in the answer that makes it.")

    @classmethod
    def of(cls, row: Webhook, secret: str | None = None) -> "WebhookOut":
        """From the row."""
        return cls(
            id=row.id, workspace_id=row.workspace_id, name=row.name, url=row.url, shape=row.shape,
            events=[HookEvent(one) for one in row.events], enabled=row.is_enabled,
            has_authorization=row.authorization_encrypted is not None, failures=row.failures,
            stopped_at=row.stopped_at, created_at=row.created_at, secret=secret,
        )  # fmt: skip


class WebhookIn(BaseModel):
    """A new webhook; its secret is made here."""

    model_config = ConfigDict(extra="forbid")

    workspace_id: Id
    name: Name
    url: Url
    shape: Shape = Shape.OTKLIK
    events: Events = Field(default_factory=lambda: [HookEvent.LEAD_CREATED])
    authorization: Authorization | None = None


class WebhookPatch(BaseModel):
    """What changes; what is left out stays. Switching on again forgets past failures.

    A `url` of another scheme, host or port forgets the authorization, unless it is given anew.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name | None, NotNull] = None
    url: Annotated[Url | None, NotNull] = None
    events: Annotated[Events | None, NotNull] = None
    enabled: Annotated[bool | None, NotNull] = None
    authorization: Authorization | None = None


class DeliveryOut(BaseModel):
    """One event on its way: the log."""

    id: int
    workspace_id: int
    webhook_id: int
    event: HookEvent
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    last_status: int | None
    last_error: str | None
    sent_at: datetime | None
    created_at: datetime
    body: Json

    @classmethod
    def of(cls, row: WebhookDelivery) -> "DeliveryOut":
        """From the row."""
        return cls(
            id=row.id, workspace_id=row.workspace_id, webhook_id=row.webhook_id, event=row.event, state=row.state,
            attempts=row.attempts, next_at=row.next_at if row.state is DeliveryState.QUEUED else None,
            last_status=row.last_status, last_error=row.last_error, sent_at=row.sent_at, created_at=row.created_at,
            body=row.body,
        )  # fmt: skip
