"""Teams and people over the API."""

from pydantic import BaseModel, Field

from inbox.agents.models import ShiftState
from inbox.organisations.models import Role
from inbox.organisations.people import PersonRow, TeamRow


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
