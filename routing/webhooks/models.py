"""Webhook (an address that hears of events) and WebhookDelivery (one event on its way there)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace, text_enum


class Shape(StrEnum):
    """How the body looks: our own · what Bitrix24's crm.lead.add takes · what amoCRM's leads/complex takes."""

    OTKLIK = "otklik"
    BITRIX24 = "bitrix24"
    AMOCRM = "amocrm"


class HookEvent(StrEnum):
    """What is told."""

    LEAD_CREATED = "lead.created"
    LEAD_CHANGED = "lead.changed"
    RULE_MATCHED = "rule.matched"
    TEST = "test"


class DeliveryState(StrEnum):
    """queued: it is, or will be, tried · sent · failed: tried often enough."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Webhook(HasId, OfWorkspace, Base):
    """An address of another program. Its secret signs; both are encrypted where they are secret."""

    __tablename__ = "webhooks"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        CheckConstraint("url like 'http%'", name="url"),
    )

    name: Mapped[str]
    url: Mapped[str]
    shape: Mapped[Shape] = mapped_column(text_enum(Shape, "shape"), default=Shape.OTKLIK)
    events: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    secret_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    authorization_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sent as the header Authorization: amoCRM wants a bearer token."""
    is_enabled: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    """Deliveries given up in a row."""
    stopped_at: Mapped[datetime | None]
    """Switched off by itself after too many failures."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


EMPTIED = "erased"
"""Stands in a body of which the subscriber's data were erased: it is not sent again."""


class WebhookDelivery(HasId, OfWorkspace, Base):
    """One event for one webhook, with what became of it: the log."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "webhook_id"], ["webhooks.workspace_id", "webhooks.id"], ondelete="CASCADE"
        ),
        Index("ix_webhook_deliveries_due", "next_at", postgresql_where=text("state = 'queued'")),
        Index("ix_webhook_deliveries_log", "webhook_id", text("id desc")),
        Index(
            "ix_webhook_deliveries_lead",
            "webhook_id",
            text("(body #>> '{lead,id}')"),
            postgresql_where=text("event = 'lead.created'"),
        ),
    )

    webhook_id: Mapped[int]
    event: Mapped[HookEvent] = mapped_column(text_enum(HookEvent, "event"))
    body: Mapped[Json] = mapped_column(JSONB)
    """In our own shape; others are made of it when it is sent."""
    made: Mapped[Json | None] = mapped_column(JSONB)
    """A CRM's numbers of what it made of a new lead, `lead` and `contact`."""
    state: Mapped[DeliveryState] = mapped_column(text_enum(DeliveryState, "state"), default=DeliveryState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
