"""Lead: a conversation that may become a sale, with its owner, stage, sum and the clock of being taken up."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    UniqueConstraint,
    func,
    select,
    text,
    update,
)  # fmt: skip
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.dml import ReturningUpdate

from inbox.agents.models import Agent
from inbox.channels.models import Channel
from inbox.contacts.models import Contact
from inbox.conversations.models import Post
from inbox.core.database import Base, HasId, OfWorkspace, text_enum
from inbox.core.events import TellLead
from inbox.core.i18n import N_

ONE_TALK = N_("The same talk has a lead already.")


class Stage(StrEnum):
    """new: nobody of Sales took it up · taken_up · won · lost · not_a_lead (with a reason)."""

    NEW = "new"
    TAKEN_UP = "taken_up"
    WON = "won"
    LOST = "lost"
    NOT_A_LEAD = "not_a_lead"


OPEN = (Stage.NEW, Stage.TAKEN_UP)


class Lead(HasId, OfWorkspace, Base):
    """One open lead a conversation; `message_id` is what it began with."""

    __tablename__ = "leads"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "conversation_id"], ["conversations.workspace_id", "conversations.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "contact_id"], ["contacts.workspace_id", "contacts.id"]),
        ForeignKeyConstraint(["workspace_id", "post_id"], ["posts.workspace_id", "posts.id"]),
        CheckConstraint("amount >= 0", name="amount"),
        Index("uq_leads_open", "conversation_id", unique=True, postgresql_where=text("stage in ('new', 'taken_up')")),
        Index("ix_leads_list", "workspace_id", text("id desc")),
        Index("ix_leads_due", "take_up_due_at", postgresql_where=text("stage = 'new'")),
    )

    conversation_id: Mapped[int] = mapped_column(index=True)
    channel_id: Mapped[int]
    contact_id: Mapped[int]
    post_id: Mapped[int | None]
    message_id: Mapped[int | None]
    """No key: a message may be merged or moved."""
    text: Mapped[str] = mapped_column(default="")
    """The words it began with, shortened."""
    phone: Mapped[str | None]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """In the project's own currency."""
    stage: Mapped[Stage] = mapped_column(text_enum(Stage, "stage"), default=Stage.NEW)
    stage_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")
    """Why it was lost, or is no lead."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    assigned_at: Mapped[datetime | None]
    take_up_due_at: Mapped[datetime | None]
    """Fifteen working minutes after the owner got it; None while nobody owns it, and once nobody is left to ask."""
    taken_up_at: Mapped[datetime | None]
    taken_up_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    missed: Mapped[int] = mapped_column(default=0)
    """How many owners let it lie."""
    heard_at: Mapped[datetime]
    """Platform time of what it began with."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    """None: a rule."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
    channel: Mapped[Channel] = relationship(lazy="raise", viewonly=True)
    post: Mapped[Post | None] = relationship(lazy="raise", viewonly=True)
    owner: Mapped[Agent | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[owner_id])

    @classmethod
    def give_way(cls, conversation_id: int, heir_id: int) -> ReturningUpdate[int]:
        """Of the open leads of two talks that are one, the one that is taken up stays, else the heir's."""
        stays = (
            select(cls.id)
            .where(cls.conversation_id.in_([conversation_id, heir_id]), cls.stage.in_(OPEN))
            .order_by((cls.stage == Stage.TAKEN_UP).desc(), (cls.conversation_id == heir_id).desc())
            .limit(1)
            .scalar_subquery()
        )
        return (
            update(cls)
            .where(cls.conversation_id.in_([conversation_id, heir_id]), cls.stage.in_(OPEN), cls.id != stays)
            .values(stage=Stage.NOT_A_LEAD, stage_at=func.now(), reason=ONE_TALK, take_up_due_at=None)
            .returning(cls.id)
        )

    @classmethod
    def tell_of(cls, row_id: int) -> TellLead:
        """Webhooks and panels hear of the lead that was closed."""
        return TellLead(lead_id=row_id)
