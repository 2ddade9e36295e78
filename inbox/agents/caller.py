"""Caller: who asks, with what they may do, as a token told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from inbox.agents.models import ShiftState
from inbox.agents.permissions import ALLOWED, Permission
from inbox.core.errors import ForbiddenError, NotFoundError
from inbox.organisations.models import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person. `roles`: workspace → role; `team_ids` of all workspaces.

    `sees_all` holds the workspaces whose moderators see everything; `token_id` is the way in that was used. `archived`:
    their roles in workspaces that are archived, where they do nothing but bring them back. All is as it was when they
    asked, also `shift_state`.
    """

    agent_id: int
    organisation_id: int
    name: str
    email: str
    locale: str
    theme: str
    token_id: int
    roles: Mapping[int, Role]
    team_ids: frozenset[int]
    sees_all: frozenset[int]
    last_active_at: datetime | None = None
    shift_state: ShiftState = ShiftState.OFF
    archived: Mapping[int, Role] = field(default_factory=dict)

    @property
    def scope(self) -> frozenset[int]:
        """Workspaces whose rows a session of theirs may touch."""
        return frozenset(self.roles)

    def role_in(self, workspace_id: int) -> Role:
        """The role there; NotFoundError for who is not a member."""
        role = self.roles.get(workspace_id)
        if role is None:
            raise NotFoundError("There is no such project.")
        return role

    def may(self, workspace_id: int, permission: Permission) -> bool:
        """Whether the role there allows it; False for who is not a member."""
        role = self.roles.get(workspace_id)
        return role is not None and permission in ALLOWED[role]

    def require(self, workspace_id: int, permission: Permission) -> None:
        """NotFoundError for who is not a member, ForbiddenError for a role that may not."""
        role = self.role_in(workspace_id)
        if permission not in ALLOWED[role]:
            raise ForbiddenError("The role %(role)s may not do this.", values={"role": role.value})

    @property
    def makes_projects(self) -> bool:
        """Whether they own a project of the organisation, be it archived: whoever does may make another one."""
        return any(
            Permission.MANAGE_PROJECTS in ALLOWED[role] for role in (*self.roles.values(), *self.archived.values())
        )

    def workspaces_with(self, permission: Permission) -> frozenset[int]:
        """Where the person may do it."""
        return frozenset(one for one, role in self.roles.items() if permission in ALLOWED[role])
