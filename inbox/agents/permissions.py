"""What each role may do (design.md, Roles). Which conversations it may do it with: inbox.conversations.access."""

from collections.abc import Mapping
from enum import StrEnum

from inbox.organisations.models import Role


class Permission(StrEnum):
    """A kind of deed in a workspace."""

    READ_CONVERSATIONS = "read_conversations"
    ANSWER = "answer"
    ASSIGN = "assign"
    MODERATE = "moderate"
    CORRECT_TAGS = "correct_tags"
    READ_CHANNELS = "read_channels"
    MANAGE_CHANNELS = "manage_channels"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_RULES = "manage_rules"
    MANAGE_HOURS = "manage_hours"
    READ_REPORTS = "read_reports"
    MANAGE_CONTACTS = "manage_contacts"
    """Give a subscriber's data out, and erase them."""
    MANAGE_PROJECTS = "manage_projects"


_DESK = frozenset(
    {
        Permission.READ_CONVERSATIONS,
        Permission.ANSWER,
        Permission.ASSIGN,
        Permission.CORRECT_TAGS,
        Permission.READ_CHANNELS,
    }
)

ALLOWED: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {Permission.MANAGE_PROJECTS},
    Role.MODERATOR: _DESK | {Permission.MODERATE},
    Role.SALES: _DESK,
    Role.VIEWER: frozenset({Permission.READ_REPORTS}),
}
