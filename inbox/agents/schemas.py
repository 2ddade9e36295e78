"""Signing in and one's own state, over the API."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from inbox.agents.models import Agent, ShiftState
from inbox.agents.permissions import ALLOWED, Permission
from inbox.agents.service import MyChange
from inbox.organisations.colours import Colour, colour_of
from inbox.organisations.models import Role
from inbox.organisations.service import Place, minutes_of

Locale = Literal["ru", "en"]
Theme = Literal["system", "light", "dark"]


class TokenRequest(BaseModel):
    """Who wants a token."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=3, max_length=320)
    password: SecretStr = Field(min_length=1, max_length=1024)
    totp: SecretStr | None = Field(
        default=None, max_length=16, description="The authenticator app's code, if one is set."
    )
    name: str = Field(default="", max_length=100, description="What the token is for, in your own words.")


class TokenOut(BaseModel):
    """A token: shown once, valid until 90 days pass without its use."""

    token: str


class MyWorkspace(BaseModel):
    """A workspace of the person's."""

    id: int
    name: str
    colour: Colour
    time_zone: str
    idle_off_minutes: int = Field(description="After so long of doing nothing people are set off shift; 0: never.")
    role: Role
    permissions: list[Permission]

    @classmethod
    def of(cls, place: Place) -> "MyWorkspace":
        """From the row and the role."""
        workspace = place.workspace
        return cls(
            id=workspace.id, name=workspace.name, colour=colour_of(workspace.id, workspace.colour),
            time_zone=workspace.time_zone, idle_off_minutes=minutes_of(workspace.idle_off_after), role=place.role,
            permissions=sorted(ALLOWED[place.role]),
        )  # fmt: skip


class Me(BaseModel):
    """The signed-in person."""

    id: int
    organisation_id: int
    organisation: str
    name: str
    email: str
    locale: Locale
    theme: Theme
    shift_state: ShiftState
    shift_changed_at: datetime
    capacity: int
    team_ids: list[int]
    workspaces: list[MyWorkspace]

    @classmethod
    def of(cls, me: Agent, organisation: str, team_ids: frozenset[int], places: list[Place]) -> "Me":
        """From the rows."""
        return cls.model_validate(
            {
                "id": me.id, "organisation_id": me.organisation_id, "organisation": organisation, "name": me.name,
                "email": me.email, "locale": me.locale, "theme": me.theme, "shift_state": me.shift_state,
                "shift_changed_at": me.shift_changed_at, "capacity": me.capacity, "team_ids": sorted(team_ids),
                "workspaces": [MyWorkspace.of(place) for place in places],
            }
        )  # fmt: skip


class MePatch(BaseModel):
    """What a person changes about themselves; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    shift_state: ShiftState | None = None
    locale: Locale | None = None
    theme: Theme | None = None

    def to_change(self) -> MyChange:
        """For the service."""
        return MyChange(self.shift_state, self.locale, self.theme)
