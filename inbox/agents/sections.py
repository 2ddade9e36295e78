"""The sections of a project's settings: what the left list of every settings page names, and who sees which."""

from dataclasses import dataclass

from inbox.agents.caller import Caller
from inbox.agents.permissions import Permission
from inbox.core.errors import ForbiddenError
from inbox.core.i18n import N_


@dataclass(frozen=True, slots=True)
class Section:
    """A settings page at `/w/{ws}/{path}`; `name` is what the page calls itself in `settings_section`."""

    name: str
    icon: str
    title: str
    about: str
    path: str
    permission: Permission


SECTIONS: tuple[Section, ...] = (
    Section(
        "channels", "plug", N_("Channels"), N_("What is connected, and what each key can do."),
        "channels", Permission.READ_CHANNELS,
    ),
    Section(
        "project", "flag", N_("Project"), N_("Its name, and the colour by which it is told apart from others."),
        "settings/project", Permission.MANAGE_PEOPLE,
    ),
    Section(
        "hours", "clock", N_("Working hours"), N_("When the team answers: the week, holidays, closures."),
        "settings/hours", Permission.MANAGE_HOURS,
    ),
    Section(
        "promises", "timer", N_("Promises"), N_("How soon we answer, and who is told when we do not."),
        "settings/promises", Permission.MANAGE_HOURS,
    ),
    Section(
        "people", "users", N_("People"), N_("Who works in the project, with which role; invitations."),
        "settings/people", Permission.MANAGE_PEOPLE,
    ),
    Section(
        "teams", "messages-square", N_("Teams"), N_("Who gets the same kind of conversations."),
        "settings/teams", Permission.MANAGE_PEOPLE,
    ),
    Section(
        "rules", "list-filter", N_("Rules"), N_("Who gets a message and what is done with it by itself."),
        "settings/rules", Permission.MANAGE_RULES,
    ),
    Section(
        "auto-replies", "moon", N_("Auto-replies"),
        N_("What subscribers are told while nobody is here, and a greeting."),
        "settings/auto-replies", Permission.MANAGE_RULES,
    ),
    Section(
        "alerts", "bell", N_("Alerts"), N_("What rings in your team's Telegram chat, and your own link to it."),
        "settings/alerts", Permission.READ_CONVERSATIONS,
    ),
    Section(
        "webhooks", "link", N_("Webhooks"), N_("Leads go to your CRM or program by themselves."),
        "settings/webhooks", Permission.MANAGE_RULES,
    ),
    Section(
        "canned", "quote", N_("Canned responses"), N_("Ready words for questions that come every day."),
        "settings/canned", Permission.MODERATE,
    ),
    Section(
        "model", "gauge", N_("Model"), N_("How often tags are right, what to check next, and earlier versions."),
        "settings/model", Permission.MANAGE_RULES,
    ),
    Section(
        "projects", "layers", N_("All projects"), N_("Make a new one, or bring back one from the archive."),
        "settings/projects", Permission.MANAGE_PROJECTS,
    ),
)  # fmt: skip
"""In the order of the list."""


def list_sections(caller: Caller, workspace_id: int | None) -> tuple[Section, ...]:
    """What the person may open: in one project, or (None) in any of theirs."""
    return tuple(
        section
        for section in SECTIONS
        if (caller.workspaces_with(section.permission) if workspace_id is None
            else caller.may(workspace_id, section.permission))
    )  # fmt: skip


def settings_workspace(place: int | str, caller: Caller, permission: Permission) -> int:
    """The project whose settings an address means: at `all` the first one of which the person may change them."""
    if isinstance(place, int):
        caller.require(place, permission)
        return place
    allowed = caller.workspaces_with(permission)
    if not allowed:
        raise ForbiddenError("Ask an owner or an administrator of the project to change this.")
    return min(allowed)
