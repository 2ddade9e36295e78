"""What is promised of one conversation: the goals of its policy and priority, in the hours of its team."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.calendars.hours import WorkingHours
from inbox.conversations.models import Conversation
from inbox.conversations.models.states import Priority

FIRST_RESPONSE = timedelta(minutes=15)
NEXT_RESPONSE = timedelta(minutes=30)
AFTER_CLOSED = timedelta(hours=2)
WARN_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Promise:
    """Goals in working time of `hours`; `resolution` None: closing is not promised; `warn_before` zero: no warning.

    `rests`: when the project was archived.
    """

    hours: WorkingHours
    first_response: timedelta = FIRST_RESPONSE
    next_response: timedelta = NEXT_RESPONSE
    after_closed: timedelta = AFTER_CLOSED
    resolution: timedelta | None = None
    warn_before: timedelta = WARN_BEFORE
    rests: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Goals:
    """What a policy promises for one priority."""

    first_response: timedelta
    next_response: timedelta
    resolution: timedelta | None


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy: `goals` for every priority, `head_id` is told of breaches (None: the owners)."""

    goals: Mapping[Priority, Goals]
    after_closed: timedelta = AFTER_CLOSED
    warn_before: timedelta = WARN_BEFORE
    head_id: int | None = None


DEFAULT = Terms(dict.fromkeys(Priority, Goals(FIRST_RESPONSE, NEXT_RESPONSE, None)))
"""Of a workspace that has no policy."""


@dataclass(frozen=True, slots=True)
class Promises:
    """Hours by workspace and by team, policies by id and by workspace (its default one)."""

    hours: Mapping[int, WorkingHours]
    team_hours: Mapping[int, WorkingHours]
    terms: Mapping[int, Terms]
    default_terms: Mapping[int, Terms]

    def of(self, conversation: Conversation) -> Promise:
        """All that its clocks need."""
        return self.of_terms(
            conversation.workspace_id, conversation.team_id, conversation.priority, conversation.sla_policy_id
        )

    def of_terms(
        self, workspace_id: int, team_id: int | None, priority: Priority | None, policy_id: int | None
    ) -> Promise:
        """The same for a conversation with this team, priority and policy."""
        own = self.team_hours.get(team_id) if team_id is not None else None
        terms = self.terms_of(workspace_id, policy_id)
        goals = terms.goals[priority or Priority.NORMAL]
        return Promise(
            own or self.hours[workspace_id], goals.first_response, goals.next_response, terms.after_closed,
            goals.resolution, terms.warn_before,
        )  # fmt: skip

    def terms_of(self, workspace_id: int, policy_id: int | None) -> Terms:
        """The chosen policy, else the workspace's default one."""
        chosen = self.terms.get(policy_id) if policy_id is not None else None
        return chosen or self.default_terms.get(workspace_id, DEFAULT)
