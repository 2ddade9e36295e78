"""Contact (a person who writes to a workspace), Identity (the person on one channel), Erasure (who is forgotten)."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, Json, OfWorkspace

MOST_REACH_WORDS = 100


class Contact(HasId, OfWorkspace, Base):
    """A subscriber as the workspace knows them."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        Index("ix_contacts_name", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
        Index("ix_contacts_words", text("to_tsvector('russian'::regconfig, name)"), postgresql_using="gin"),
    )

    name: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    erased_at: Mapped[datetime | None]
    """Since when nothing is kept of what they wrote and were told."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Identity(HasId, OfWorkspace, Base):
    """A contact's account on one channel. `is_ours`: one of our people, whose words are answers, never requests."""

    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("channel_id", "external_id"),
        ForeignKeyConstraint(["workspace_id", "contact_id"], ["contacts.workspace_id", "contacts.id"]),
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
        Index(
            "ix_identities_username",
            "username",
            postgresql_using="gin",
            postgresql_ops={"username": "gin_trgm_ops"},
            postgresql_where=text("username is not null"),
        ),
    )

    channel_id: Mapped[int]
    contact_id: Mapped[int] = mapped_column(index=True)
    external_id: Mapped[str]
    name: Mapped[str]
    username: Mapped[str | None]
    is_bot: Mapped[bool] = mapped_column(default=False)
    is_ours: Mapped[bool] = mapped_column(default=False)
    ours_changed_at: Mapped[datetime | None]
    """Platform time of the newest word on `is_ours`; an older one does not overrule it."""
    ours_words: Mapped[list[Json]] = mapped_column(JSONB, default=list, server_default="[]")
    """All words on `is_ours`, [{"at": platform time, "is_ours": bool}] by time: a message counts as of its own time."""
    unreachable_at: Mapped[datetime | None]
    reachability_at: Mapped[datetime | None]
    """Platform time of the newest word on reachability."""
    reach_words: Mapped[list[Json]] = mapped_column(JSONB, default=list, server_default="[]")
    """The words on reachability, [{"at": platform time, "reachable": bool}] by time, the newest MOST_REACH_WORDS."""
    banned_at: Mapped[datetime | None]
    """Platform time of the newest ban, by whomever and wherever; what was waiting then is settled."""
    unbanned_at: Mapped[datetime | None]
    banned_until: Mapped[datetime | None]
    """The newest ban's end; None: it has none."""
    ban_reason: Mapped[str | None]
    """A language key."""
    ban_comment: Mapped[str] = mapped_column(default="", server_default="")
    named_at: Mapped[datetime | None]
    """Platform time of the message that told the name; older ones do not rename."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    def is_banned(self, now: datetime) -> bool:
        """Whether a ban is in force."""
        is_lifted = self.unbanned_at is not None and self.banned_at is not None and self.unbanned_at >= self.banned_at
        is_over = self.banned_until is not None and self.banned_until <= now
        return self.banned_at is not None and not is_lifted and not is_over


class Erasure(OfWorkspace, Base):
    """A person whose data were erased, known by no more than a fingerprint (`Cipher.hide`): what they wrote on the
    channel before comes again from a platform's history, and is not to be kept."""

    __tablename__ = "erasures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
    )

    channel_id: Mapped[int] = mapped_column(primary_key=True)
    person_hash: Mapped[str] = mapped_column(primary_key=True)
    until_at: Mapped[datetime]
    """Platform time of the newest message that was erased: what is newer is a new contact's."""
