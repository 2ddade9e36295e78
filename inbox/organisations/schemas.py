"""Projects, teams and people over the API."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from inbox.agents.models import ShiftState
from inbox.core.web.fields import Id, refuse_null
from inbox.organisations.colours import Colour, colour_of
from inbox.organisations.models import Role
from inbox.organisations.open_links import Invitation
from inbox.organisations.people import PersonRow, TeamRow
from inbox.organisations.service import Place


class ProjectOut(BaseModel):
    """A project of yours."""

    id: int
    name: str
    colour: Colour
    time_zone: str
    role: Role
    archived_at: datetime | None = Field(description="Since when it rests in the archive; null: it is at work.")

    @classmethod
    def of(cls, place: Place) -> "ProjectOut":
        """From the row and the role."""
        workspace = place.workspace
        return cls(
            id=workspace.id, name=workspace.name, colour=colour_of(workspace.id, workspace.colour),
            time_zone=workspace.time_zone, role=place.role, archived_at=workspace.archived_at,
        )  # fmt: skip


class TeamOut(BaseModel):
    """People of a workspace who get the same kind of conversations."""

    id: int
    workspace_id: int
    name: str
    purpose: str | None = Field(description="sales, support or moderators, for the teams that the ready rules name.")
    agent_ids: list[int]

    @classmethod
    def of(cls, row: TeamRow) -> "TeamOut":
        """From the row."""
        team = row.team
        return cls(
            id=team.id, workspace_id=team.workspace_id, name=team.name, purpose=team.purpose,
            agent_ids=list(row.agent_ids),
        )  # fmt: skip


class AgentOut(BaseModel):
    """A person's place in one workspace."""

    id: int
    workspace_id: int
    name: str
    email: str
    role: Role
    team_ids: list[int]
    shift_state: ShiftState

    @classmethod
    def of(cls, row: PersonRow) -> "AgentOut":
        """From the row."""
        agent = row.agent
        return cls(
            id=agent.id, workspace_id=row.workspace_id, name=agent.name, email=agent.email, role=row.role,
            team_ids=list(row.team_ids), shift_state=agent.shift_state,
        )  # fmt: skip


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


AgentIds = Annotated[list[Id], Field(max_length=500, description="People of the project whose roles answer.")]


class TeamIn(_In):
    """A new team."""

    workspace_id: Id
    name: str = Field(min_length=1, max_length=60)
    agent_ids: AgentIds = Field(default_factory=list)


class TeamPatch(_In):
    """What is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=60)
    agent_ids: AgentIds | None = None


class InvitationIn(_In):
    """Who is to join, and as what."""

    workspace_id: Id
    email: str = Field(min_length=3, max_length=320)
    role: Role


class InvitationOut(BaseModel):
    """An invitation that nobody has used yet; its link was shown once."""

    id: int
    workspace_id: int
    email: str
    role: Role
    invited_by: str = Field(description="The name of who made it.")
    expires_at: datetime

    @classmethod
    def of(cls, row: Invitation) -> "InvitationOut":
        """From the row."""
        return cls(
            id=row.id, workspace_id=row.workspace_id, email=row.email, role=row.role, invited_by=row.invited_by,
            expires_at=row.expires_at,
        )  # fmt: skip


ProjectName = Annotated[str, Field(min_length=1, max_length=60)]
ZoneName = Annotated[str, Field(max_length=100, description="As the IANA database names it.")]


class ProjectIn(_In):
    """A new project."""

    name: ProjectName
    time_zone: ZoneName = "Europe/Moscow"


class ProjectPatch(_In):
    """What is left out stays."""

    name: Annotated[ProjectName | None, BeforeValidator(refuse_null)] = None
    time_zone: Annotated[ZoneName | None, BeforeValidator(refuse_null)] = None
    archived: Annotated[bool | None, BeforeValidator(refuse_null)] = Field(
        default=None, description="true: nothing is received or rings there, and it leaves every list; false: back."
    )


class PlacePatch(_In):
    """Another role."""

    role: Role


class LinkOut(BaseModel):
    """A one-time link; null: none is needed."""

    url: str | None

    @classmethod
    def of(cls, base_url: str, secret: str | None) -> "LinkOut":
        """The secret as an address."""
        return cls(url=None if secret is None else f"{base_url.rstrip('/')}/welcome?key={secret}")
