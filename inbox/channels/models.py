"""Channel (a connected account), the chats it serves, and the journal of gaps."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from inbox.channels.events import Platform
from inbox.core.database import Base, HasId, Json, OfWorkspace, text_enum


class ChannelStatus(StrEnum):
    """new: never received · active · attention: a person must act (dead key, conflict) · down: the platform is away."""

    NEW = "new"
    ACTIVE = "active"
    ATTENTION = "attention"
    DOWN = "down"


class ReceiveMode(StrEnum):
    """How updates come."""

    POLL = "poll"
    WEBHOOK = "webhook"


SERVER = text("coalesce(api_url, '')")
"""Where an account is known; empty for the platform's own servers."""


class Channel(HasId, OfWorkspace, Base):
    """A connected account. One account serves one workspace; its keys are encrypted with OTKLIK_SECRET_KEY.

    Whose a key is says the server that was asked: an account is one of that server's.
    """

    __tablename__ = "channels"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        Index(
            "uq_channels_account", "platform", "external_id", SERVER, unique=True,
            postgresql_where=text("removed_at is null"),
        ),
        CheckConstraint("epoch >= 0", name="epoch"),
    )  # fmt: skip

    platform: Mapped[Platform] = mapped_column(text_enum(Platform, "platform"))
    external_id: Mapped[str]
    name: Mapped[str]
    username: Mapped[str | None]
    credentials_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    """Fernet over JSON {token, user_token?, webhook_secret}."""
    key_fingerprint: Mapped[str]
    """Last four characters of the key, for people to tell keys apart."""
    api_url: Mapped[str | None]
    proxy_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    mode: Mapped[ReceiveMode] = mapped_column(text_enum(ReceiveMode, "mode"), default=ReceiveMode.POLL)
    alert_chat_external_id: Mapped[str | None]
    status: Mapped[ChannelStatus] = mapped_column(text_enum(ChannelStatus, "status"), default=ChannelStatus.NEW)
    status_reason: Mapped[str | None]
    status_at: Mapped[datetime] = mapped_column(server_default=func.now())
    user_key_reason: Mapped[str | None]
    """What the owner of the second key must do before acts by it go on; the channel itself works."""
    user_key_reason_at: Mapped[datetime | None]
    capabilities: Mapped[list[Json]] = mapped_column(JSONB, default=list)
    """[{name, allowed, reason}], as the last check found them."""
    checked_at: Mapped[datetime | None]
    cursor: Mapped[str | None]
    """The place in the platform's events from which receiving goes on, where it has one (VK's `ts`)."""
    received_until_at: Mapped[datetime | None]
    """Until when everything was received, as the last holder of the lease said."""
    epoch: Mapped[int] = mapped_column(default=0)
    last_event_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_at: Mapped[datetime | None]


class ChannelChat(OfWorkspace, Base):
    """A chat that a channel serves: its name, what we may do there, and the channel whose posts it discusses."""

    __tablename__ = "channel_chats"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
    )

    channel_id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    linked_external_id: Mapped[str | None]
    can_act: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    is_member: Mapped[bool] = mapped_column(default=True)
    migrated_to_external_id: Mapped[str | None]
    """The supergroup that this group became: what still comes from the old id belongs there."""
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Gap(HasId, OfWorkspace, Base):
    """A time in which a channel's events may have been lost, left out of the response-time figures."""

    __tablename__ = "gaps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
        Index("uq_gaps_open", "channel_id", unique=True, postgresql_where=text("ended_at is null")),
    )

    channel_id: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str]
    is_lost: Mapped[bool] = mapped_column(default=False)
    """True when the platform no longer keeps what came then."""
