"""Who may hear of a live event: the same people who may see what it is about (inbox.conversations.access)."""

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.conversations.access import sees
from inbox.core.models import LiveEvent

NEEDS = {
    "channel": Permission.READ_CHANNELS,
    "dead_event": Permission.MANAGE_CHANNELS,
    "post": Permission.READ_CONVERSATIONS,
}
"""Events that are not of one conversation."""
FOR_EVERYBODY = frozenset({"agent"})
"""Colleagues' shifts, for every member."""


def may_hear(caller: Caller, event: LiveEvent) -> bool:
    """Whether the caller is told of it; kinds that nobody listed here are for those who read conversations."""
    if "conversation_id" in event.ref:
        return sees(caller, event.workspace_id, _id(event, "assignee_id"), _id(event, "team_id"))
    if event.kind in FOR_EVERYBODY:
        return event.workspace_id in caller.roles
    return caller.may(event.workspace_id, NEEDS.get(event.kind, Permission.READ_CONVERSATIONS))


def _id(event: LiveEvent, name: str) -> int | None:
    value = event.ref.get(name)
    return value if isinstance(value, int) else None
