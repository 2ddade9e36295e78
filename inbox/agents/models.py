"""Agent (a person who answers), access tokens (cookie and API), and the journal of sign-in attempts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, text_enum


class ShiftState(StrEnum):
    """Only people on shift are handed new conversations."""

    ON = "on"
    BREAK = "break"
    OFF = "off"


class TokenKind(StrEnum):
    """cookie: a browser's session · api: a bearer token."""

    COOKIE = "cookie"
    API = "api"


class Agent(HasId, Base):
    """A person of an organisation; workspaces come by Membership. `capacity` counts open conversations at once."""

    __tablename__ = "agents"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        CheckConstraint("email = lower(email)", name="email_is_lower"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("locale in ('ru', 'en')", name="locale"),
        CheckConstraint("theme in ('system', 'light', 'dark')", name="theme"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    totp_secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int | None]
    """The time step of the newest code that was used: neither it nor an older one works again."""
    shift_state: Mapped[ShiftState] = mapped_column(text_enum(ShiftState, "shift_state"), default=ShiftState.OFF)
    shift_changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_active_at: Mapped[datetime | None]
    """When the person last did something: in the panel, over the API or in Telegram (`shifts.NOTE_EVERY`)."""
    idled_at: Mapped[datetime | None]
    """When they were set off shift after idle; None: they went by themselves, or have been told."""
    capacity: Mapped[int] = mapped_column(default=30)
    locale: Mapped[str] = mapped_column(default="ru")
    theme: Mapped[str] = mapped_column(default="system")
    deactivated_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AccessToken(HasId, Base):
    """A way in; only the SHA-256 of the secret is kept."""

    __tablename__ = "access_tokens"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    kind: Mapped[TokenKind] = mapped_column(text_enum(TokenKind, "kind"))
    secret_hash: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class SignInAttempt(HasId, Base):
    """A failed sign-in, for the rate limit; old ones are swept."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index(None, "email", "attempted_at"), Index(None, "address", "attempted_at"))

    email: Mapped[str]
    address: Mapped[str]
    attempted_at: Mapped[datetime]
