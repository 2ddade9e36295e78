"""Conversation: one contact's talk with us, with its state, clocks and what the list shows of it."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    false,
    func,
    text,
)  # fmt: skip
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.channels.events import AttachmentKind, ConversationKind
from inbox.channels.models import Channel
from inbox.contacts.models import Contact, Identity
from inbox.conversations.models.posts import Post
from inbox.conversations.models.states import Delivery, Outcome, Priority, Status
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.database import Base, HasId, OfWorkspace, text_enum

ERASED = "erased:"
"""Begins keys and external ids that named a person whose data were erased."""


class Conversation(HasId, OfWorkspace, Base):
    """One contact's talk with us on one channel (direct), under one post (comment) or in one chat and topic (group)."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("channel_id", "key"),
        ForeignKeyConstraint(
            ["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "contact_id"], ["contacts.workspace_id", "contacts.id"]),
        ForeignKeyConstraint(["workspace_id", "identity_id"], ["identities.workspace_id", "identities.id"]),
        ForeignKeyConstraint(["workspace_id", "post_id"], ["posts.workspace_id", "posts.id"]),
        ForeignKeyConstraint(
            ["workspace_id", "assignee_id"], ["memberships.workspace_id", "memberships.agent_id"],
            ondelete="SET NULL (assignee_id)", name="fk_conversations_assignee",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "team_id"], ["teams.workspace_id", "teams.id"],
            ondelete="SET NULL (team_id)", name="fk_conversations_team",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "sla_policy_id"], ["sla_policies.workspace_id", "sla_policies.id"],
            ondelete="SET NULL (sla_policy_id)", name="fk_conversations_sla_policy",
        ),
        CheckConstraint("(status = 'snoozed') = (snoozed_until is not null)", name="snoozed_until"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed_at"),
        CheckConstraint("status = 'closed' or outcome is null", name="outcome_when_closed"),
        Index("ix_conversations_list", "workspace_id", "status", "needs_answer", text("last_message_at desc"), "id"),
        Index("ix_conversations_contact", "workspace_id", "contact_id"),
        Index("ix_conversations_post", "workspace_id", "post_id", "assignee_id", "team_id"),
        Index("ix_conversations_waiting_under", "workspace_id", "post_id", postgresql_where=text("needs_answer")),
        Index(
            "ix_conversations_foldable", "workspace_id", "post_id", "last_message_at", "id",
            postgresql_where=text("foldable"),
        ),
        Index(
            "ix_conversations_fold_key", "post_id", "fold_key", "foldable",
            postgresql_where=text("fold_key is not null"),
        ),
        Index("ix_conversations_held", "workspace_id", postgresql_where=text("held")),
        Index("ix_conversations_undelivered", "workspace_id", postgresql_where=text("undelivered is not null")),
        Index(
            "ix_conversations_automatic", "workspace_id",
            postgresql_where=text(
                "outcome = 'no_answer_needed_automatic' and (not foldable or held or assignee_id is not null)"
            ),
        ),
        Index("ix_conversations_assignee", "assignee_id", postgresql_where=text("status <> 'closed'")),
        Index(
            "ix_conversations_first_due", "first_response_due_at",
            postgresql_where=text("first_response_met_at is null and first_response_breached_at is null"),
        ),
        Index(
            "ix_conversations_next_due", "next_response_due_at",
            postgresql_where=text("next_response_met_at is null and next_response_breached_at is null"),
        ),
        Index(
            "ix_conversations_resolution_due", "resolution_due_at",
            postgresql_where=text("resolution_met_at is null and resolution_breached_at is null"),
        ),
        Index("ix_conversations_warn", "warn_at", postgresql_where=text("warn_at is not null")),
        Index("ix_conversations_snoozed", "snoozed_until", postgresql_where=text("status = 'snoozed'")),
        Index(
            "ix_conversations_unassigned", "workspace_id", "team_id", "waiting_since_at",
            postgresql_where=text("assignee_id is null and needs_answer and status = 'open'"),
        ),
    )  # fmt: skip

    channel_id: Mapped[int]
    contact_id: Mapped[int]
    identity_id: Mapped[int]
    post_id: Mapped[int | None]
    kind: Mapped[ConversationKind] = mapped_column(text_enum(ConversationKind, "kind"))
    key: Mapped[str]
    """What makes it this one on its channel: `direct:…`, `thread:{root}:{author}`, `group:{chat}:{topic}:{author}`; and
    `erased:{id}` once the contact's data are erased: what they write then is another's."""
    chat_external_id: Mapped[str]
    thread_external_id: Mapped[str | None]
    topic_external_id: Mapped[str | None]
    chat_title: Mapped[str | None]

    status: Mapped[Status] = mapped_column(text_enum(Status, "status"), default=Status.OPEN)
    outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome, "outcome"))
    needs_answer: Mapped[bool] = mapped_column(default=False)
    needs_answer_why: Mapped[str] = mapped_column(default="")
    """A reason's code (`needs_answer.Why`), for people by gettext."""
    judged_at: Mapped[datetime | None]
    """When a person last said whether an answer is needed; what was seen then does not overrule it."""
    judged_needed: Mapped[bool] = mapped_column(default=False, server_default=false())
    judged_seen_at: Mapped[datetime | None]
    judged_seen_external_id: Mapped[str] = mapped_column(default="", server_default="")
    """Platform time and number of the newest message that was there; so for the other two."""
    status_at: Mapped[datetime | None]
    """When a person last set the status; what was seen then does not reopen."""
    decided_status: Mapped[Status | None] = mapped_column(text_enum(Status, "decided_status"))
    """What it was set to; `status` is what follows from that and from the messages."""
    decided_outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome, "decided_outcome"))
    decided_until: Mapped[datetime | None]
    status_seen_at: Mapped[datetime | None]
    status_seen_external_id: Mapped[str] = mapped_column(default="", server_default="")
    settled_at: Mapped[datetime | None]
    """When a person last said that nothing waits any more, by closing or by judging; reopening by itself keeps it."""
    settled_seen_at: Mapped[datetime | None]
    settled_seen_external_id: Mapped[str] = mapped_column(default="", server_default="")
    assignee_id: Mapped[int | None]
    team_id: Mapped[int | None]
    routed_at: Mapped[datetime | None]
    """When a rule last chose team or agent for the present turn of the talk."""
    priority: Mapped[Priority] = mapped_column(text_enum(Priority, "priority"), default=Priority.NORMAL)
    sentiment: Mapped[Sentiment | None] = mapped_column(text_enum(Sentiment, "sentiment"))
    intent: Mapped[Intent | None] = mapped_column(text_enum(Intent, "intent"))
    toxic: Mapped[bool] = mapped_column(default=False)
    unsure: Mapped[bool] = mapped_column(default=False)
    held: Mapped[bool] = mapped_column(default=False)
    """Something in it is suspicious and nobody has settled that; everybody still sees it: no platform can hide."""
    undelivered: Mapped[Delivery | None] = mapped_column(text_enum(Delivery, "undelivered"))
    """failed, or else uncertain: an answer did not arrive, or may not have, and nobody has seen to that."""

    foldable: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Under a draw it says what everybody says (`folding.folded` tells when it is folded away)."""
    fold_key: Mapped[str | None]
    """Equal for long comments of equal words (`folding.key_of`); None for what is short or stands apart anyway."""

    first_response_since_at: Mapped[datetime | None]
    """Since when the wait lasts (or lasted) that the clock measures."""
    first_response_due_at: Mapped[datetime | None]
    first_response_met_at: Mapped[datetime | None]
    first_response_breached_at: Mapped[datetime | None]
    next_response_since_at: Mapped[datetime | None]
    next_response_due_at: Mapped[datetime | None]
    next_response_met_at: Mapped[datetime | None]
    next_response_breached_at: Mapped[datetime | None]
    resolution_started_at: Mapped[datetime | None]
    """When the present case began: the first wait since the conversation was last closed."""
    resolution_due_at: Mapped[datetime | None]
    resolution_met_at: Mapped[datetime | None]
    resolution_breached_at: Mapped[datetime | None]
    sla_policy_id: Mapped[int | None]
    """The promise that a rule or a person chose; None: the workspace's default."""
    pauses: Mapped[list[datetime]] = mapped_column(
        ARRAY(DateTime(timezone=True)), default=list, server_default=text("'{}'")
    )
    """Begin, end, begin, end … of the times in which it was put aside; an odd number: it is aside now, clocks rest."""
    silences: Mapped[list[datetime]] = mapped_column(
        ARRAY(DateTime(timezone=True)), default=list, server_default=text("'{}'")
    )
    """The same of the times in which the contact could not be written to (of private talks)."""
    warn_at: Mapped[datetime | None]
    """When the running clock is to be warned of; None: never, or it was."""
    warned_due_at: Mapped[datetime | None]
    """The due time of which a warning was given."""

    started_at: Mapped[datetime]
    last_message_at: Mapped[datetime]
    last_inbound_at: Mapped[datetime | None]
    last_answer_at: Mapped[datetime | None]
    """Platform time of the last answer of a person of ours, here or outside the panel."""
    waiting_since_at: Mapped[datetime | None]
    """Platform time of the oldest message that still needs an answer."""
    preview: Mapped[str] = mapped_column(default="")
    preview_is_ours: Mapped[bool] = mapped_column(default=False)
    preview_attachment: Mapped[AttachmentKind | None] = mapped_column(text_enum(AttachmentKind, "preview_attachment"))
    quoted: Mapped[str | None]
    """What the last message of the subscriber answers, shortened, for the list."""
    snoozed_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    channel: Mapped[Channel] = relationship(lazy="raise", viewonly=True)
    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
    identity: Mapped[Identity] = relationship(lazy="raise", viewonly=True)
    post: Mapped[Post | None] = relationship(lazy="raise", viewonly=True)

    @property
    def is_erased(self) -> bool:
        """Whether the contact's data were erased: nobody is there to be written to."""
        return self.key.startswith(ERASED)

    @property
    def is_silenced(self) -> bool:
        """Whether the contact cannot be written to now: the clocks rest."""
        return len(self.silences or ()) % 2 == 1
