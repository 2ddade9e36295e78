"""Organisation (an agency or a company), Workspace (a project: one brand), and who belongs where."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Interval,
    UniqueConstraint,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from inbox.core.database import Base, HasId, OfWorkspace, text_enum
from inbox.organisations.colours import Colour


class Role(StrEnum):
    """What a person may do in a workspace (design.md, Roles)."""

    OWNER = "owner"
    ADMIN = "admin"
    MODERATOR = "moderator"
    SALES = "sales"
    VIEWER = "viewer"


class Organisation(HasId, Base):
    """An agency, or a company that answers for itself."""

    __tablename__ = "organisations"

    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Workspace(HasId, Base):
    """A project: one brand with its channels, people, rules and hours."""

    __tablename__ = "workspaces"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "name"),
        CheckConstraint("unsure_below between 0 and 1", name="unsure_below"),
        CheckConstraint(
            "idle_off_after = interval '0' or idle_off_after between interval '10 minutes' and interval '1 day'",
            name="idle_off_after",
        ),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    name: Mapped[str]
    colour: Mapped[Colour | None] = mapped_column(text_enum(Colour, "colour"))
    """None: one by its number (`colour_of`)."""
    time_zone: Mapped[str] = mapped_column(default="Europe/Moscow")
    unsure_below: Mapped[float] = mapped_column(default=0.0)
    """A tag whose probability lies under this goes to a person, besides the model's own band."""
    sees_all: Mapped[bool] = mapped_column(default=False)
    """Whether moderators see colleagues' conversations, too."""
    idle_off_after: Mapped[timedelta] = mapped_column(
        Interval(), default=timedelta(minutes=60), server_default=text("interval '60 minutes'")
    )
    """How long somebody on shift may do nothing before they are set off, ten minutes at least; zero: for ever."""
    archived_at: Mapped[datetime | None]
    """Since when nothing is received and nothing rings here; None: it is at work."""
    rests: Mapped[list[datetime]] = mapped_column(
        ARRAY(DateTime(timezone=True)), default=list, server_default=text("'{}'")
    )
    """Begin, end, begin, end … of the times in which it was archived before: no clock runs in them."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Membership(Base):
    """A person's place in a workspace; both belong to the same organisation."""

    __tablename__ = "memberships"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "workspace_id"], ["workspaces.organisation_id", "workspaces.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["organisation_id", "agent_id"], ["agents.organisation_id", "agents.id"], ondelete="CASCADE"
        ),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True, index=True)
    organisation_id: Mapped[int]
    role: Mapped[Role] = mapped_column(text_enum(Role, "role"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Team(HasId, OfWorkspace, Base):
    """People of a workspace who get the same kind of conversations."""

    __tablename__ = "teams"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        UniqueConstraint("workspace_id", "name"),
        ForeignKeyConstraint(
            ["workspace_id", "calendar_id"], ["calendars.workspace_id", "calendars.id"],
            ondelete="SET NULL (calendar_id)", name="fk_teams_calendar",
        ),
    )  # fmt: skip

    name: Mapped[str]
    calendar_id: Mapped[int | None]
    """Hours of its own; None: the workspace's."""
    purpose: Mapped[str | None]
    """`sales`, `support` or `moderators` for the teams that the ready rules name."""


class TeamMember(OfWorkspace, Base):
    """A person in a team; `last_assigned_at` turns the round robin."""

    __tablename__ = "team_members"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "team_id"], ["teams.workspace_id", "teams.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["workspace_id", "agent_id"], ["memberships.workspace_id", "memberships.agent_id"], ondelete="CASCADE"
        ),
    )

    team_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True)
    last_assigned_at: Mapped[datetime | None]


class LinkKind(StrEnum):
    """invitation: makes an account · reset: sets a new password of an account."""

    INVITATION = "invitation"
    RESET = "reset"


class OneTimeLink(HasId, Base):
    """A way to choose a password, shown once to copy and good for one use; only the SHA-256 of its secret is kept."""

    __tablename__ = "one_time_links"
    __table_args__ = (
        CheckConstraint("(kind = 'invitation') = (agent_id is null)", name="agent_of_reset"),
        CheckConstraint("(kind = 'invitation') = (place_id is not null and role is not null)", name="invited_where"),
    )

    kind: Mapped[LinkKind] = mapped_column(text_enum(LinkKind, "kind"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    """The workspace that an invitation leads to."""
    role: Mapped[Role | None] = mapped_column(text_enum(Role, "role"))
    email: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    created_by_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When it was used or ended: withdrawn, replaced by a newer one, or its maker lost the right to make it."""
