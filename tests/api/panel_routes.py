"""What every panel route is sent by the sweep of the fence: `PANEL`, and where ids in paths come from: `SOURCES`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.company import NOWHERE


@dataclass(frozen=True, slots=True)
class Route:
    """What a route is sent so that nothing but the fence can refuse it: the form, or the query of a GET.

    `takes`: fields beside these that take a row's id → which. `is_silent`: it shows nothing (a file, a stream).
    """

    sent: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    is_silent: bool = False


TALK = "/w/{ws}/inbox/{conversation_id}"
FOLD = "/w/{ws}/posts/{post_id}/folded"
MESSAGE = "/w/{ws}/messages/{message_id}"
WELCOME = "/welcome"
PEOPLE = "/w/{ws}/settings/people"
TEAMS = "/w/{ws}/settings/teams"
RULES = "/w/{ws}/settings/rules"
SIGN_IN = ("POST", "/sign-in")
ARCHIVE = "/w/{ws}/settings/project/archive"
CONNECT = ("POST", "/w/{ws}/channels/new")
LIVE = ("GET", "/live")
AUTO_REPLIES = "/w/{ws}/settings/auto-replies"
ALERTS = "/w/{ws}/settings/alerts"
HOURS, PROMISES = "/w/{ws}/settings/hours", "/w/{ws}/settings/promises"
LEADS = "/w/{ws}/leads"
CONTACT = "/w/{ws}/contacts/{contact_id}"
WEBHOOKS = "/w/{ws}/settings/webhooks"
PANEL: Mapping[tuple[str, str], Route] = {
    LIVE: Route(is_silent=True),
    ("GET", "/"): Route(),
    ("GET", "/sign-in"): Route(),
    SIGN_IN: Route({"email": "owner@otklik.test", "password": "not the right one"}),
    ("POST", "/sign-out"): Route(),
    ("POST", "/me"): Route({"theme": "dark"}),
    ("POST", "/me/active"): Route(),
    ("POST", f"{PEOPLE}/idle"): Route({"minutes": "90"}),
    ("GET", "/attachments/{attachment_id}"): Route(is_silent=True),
    ("GET", "/w/{ws}/more"): Route(),
    ("GET", FOLD): Route(),
    ("GET", f"{FOLD}/count"): Route({"shown": "0"}),
    ("GET", "/w/{ws}/settings"): Route(),
    ("GET", "/w/{ws}/sla"): Route(),
    ("GET", "/w/{ws}/sla/burning"): Route(),
    ("GET", "/w/{ws}/sla/handover"): Route(),
    ("POST", "/w/{ws}/sla/handover"): Route({"steps": "1:none:1"}),
    ("GET", "/w/{ws}/sla/export.csv"): Route(),
    ("GET", "/w/{ws}/sla/late.csv"): Route(),
    ("GET", "/w/{ws}/sla/export.xlsx"): Route(is_silent=True),
    ("GET", HOURS): Route(),
    ("GET", f"{HOURS}/new"): Route(),
    ("GET", f"{HOURS}/{{calendar_id}}"): Route(),
    ("POST", f"{HOURS}/draft"): Route({"name": "Часы", "time_zone": "Europe/Moscow", "act": "add:0"}),
    ("POST", f"{HOURS}/new"): Route({"name": "Новые часы", "time_zone": "Europe/Moscow"}),
    ("POST", f"{HOURS}/{{calendar_id}}"): Route({"name": "Часы", "time_zone": "Europe/Moscow"}),
    ("POST", f"{HOURS}/{{calendar_id}}/remove"): Route(),
    ("GET", PROMISES): Route(),
    ("GET", f"{PROMISES}/new"): Route(),
    ("GET", f"{PROMISES}/{{policy_id}}"): Route(),
    ("POST", f"{PROMISES}/new"): Route({"name": "Новое", "first_normal": "5", "next_normal": "9", "after_closed": "1"}),
    ("POST", f"{PROMISES}/{{policy_id}}"): Route(
        {"name": "Иное", "first_normal": "5", "next_normal": "9", "after_closed": "1"}
    ),
    ("POST", f"{PROMISES}/{{policy_id}}/remove"): Route(),
    ("GET", WELCOME): Route(is_silent=True),
    ("POST", WELCOME): Route({"name": "Нина", "password": "a long enough password"}),
    ("GET", "/w/{ws}/settings/project"): Route(),
    ("POST", "/w/{ws}/settings/project"): Route({"colour": "violet"}),
    ("POST", "/w/{ws}/settings/project/about"): Route({"name": "Другое имя", "time_zone": "Asia/Omsk"}),
    ("POST", ARCHIVE): Route(),
    ("GET", "/w/{ws}/settings/projects"): Route(),
    ("POST", "/projects"): Route({"name": "Новый проект", "time_zone": "Europe/Moscow"}),
    ("POST", "/projects/{project_id}/resume"): Route(),
    ("GET", PEOPLE): Route(),
    ("POST", PEOPLE): Route({"email": "new@otklik.test", "role": "moderator"}),
    ("POST", f"{PEOPLE}/invitations/{{invitation_id}}/remove"): Route(),
    ("POST", f"{PEOPLE}/{{agent_id}}/role"): Route({"role": "owner"}),
    ("POST", f"{PEOPLE}/{{agent_id}}/reset"): Route(),
    ("POST", f"{PEOPLE}/{{agent_id}}/remove"): Route(),
    ("POST", f"{PEOPLE}/{{agent_id}}/account/remove"): Route(),
    ("GET", TEAMS): Route(),
    ("POST", TEAMS): Route({"name": "Ночь"}),
    ("POST", f"{TEAMS}/{{team_id}}"): Route({"name": "Ночная"}),
    ("GET", RULES): Route(),
    ("GET", f"{RULES}/part"): Route({"role": "c", "field": "channel"}),
    ("GET", f"{RULES}/new"): Route(),
    ("POST", f"{RULES}/new"): Route({"name": "Опт", "part": "a:1:hold"}),
    ("POST", f"{RULES}/dry-run"): Route({"part": "a:1:hold"}),
    ("GET", f"{RULES}/{{rule_id}}"): Route(),
    ("POST", f"{RULES}/{{rule_id}}"): Route({"name": "Опт и розница", "part": "a:1:hold"}),
    ("POST", f"{RULES}/{{rule_id}}/switch"): Route({"on": "1"}),
    ("POST", f"{RULES}/{{rule_id}}/move"): Route({"to": "0"}),
    ("POST", f"{RULES}/{{rule_id}}/remove"): Route(),
    ("GET", "/w/{ws}/settings/model"): Route(),
    **{("POST", f"/w/{{ws}}/settings/model/{deed}"): Route() for deed in ("train", "live")},
    ("POST", "/w/{ws}/settings/model/queue/{message_id}"): Route({"intent": "lead"}),
    ("GET", "/w/{ws}/channels"): Route(),
    ("GET", "/w/{ws}/channels/new"): Route(),
    CONNECT: Route({"token": f"700009:{'A' * 35}", "api_url": NOWHERE}, {"workspace_id": "workspace_id"}),
    ("POST", "/w/{ws}/channels/{channel_id}/check"): Route(),
    ("GET", "/w/{ws}/channels/{channel_id}/keys"): Route(),
    ("POST", "/w/{ws}/channels/{channel_id}/keys"): Route({"user_token": "1"}),
    ("POST", "/w/{ws}/channels/{channel_id}/remove"): Route(),
    ("POST", "/w/{ws}/dead-events/{dead_event_id}/replay"): Route(),
    ("GET", AUTO_REPLIES): Route(),
    ("GET", WEBHOOKS): Route(),
    ("POST", WEBHOOKS): Route({"name": "CRM", "url": "https://crm.example.org/hook", "events": "lead.created"}),
    ("POST", f"{WEBHOOKS}/{{webhook_id}}/test"): Route(),
    ("POST", f"{WEBHOOKS}/{{webhook_id}}/switch"): Route({"enabled": "true"}),
    ("POST", f"{WEBHOOKS}/{{webhook_id}}/remove"): Route(),
    ("POST", f"{WEBHOOKS}/deliveries/{{delivery_id}}/again"): Route(),
    ("GET", LEADS): Route({}, {"channel": "channel_id"}),
    ("GET", f"{LEADS}/export"): Route({}, {"channel": "channel_id"}, is_silent=True),
    ("GET", f"{LEADS}/new/{{conversation_id}}"): Route(),
    ("POST", f"{LEADS}/new/{{conversation_id}}"): Route(),
    ("GET", f"{LEADS}/of/{{conversation_id}}"): Route(),
    ("GET", CONTACT): Route(),
    ("GET", f"{CONTACT}/export"): Route(),
    ("POST", f"{CONTACT}/erase"): Route(),
    ("POST", f"{LEADS}/{{lead_id}}"): Route({"stage": "lost", "amount": "100"}),
    ("GET", ALERTS): Route(),
    ("POST", ALERTS): Route({"kinds": "negative", "cooldown": "3"}),
    ("POST", f"{ALERTS}/code"): Route(),
    ("POST", f"{ALERTS}/test"): Route(),
    ("POST", f"{ALERTS}/wake"): Route(),
    ("POST", f"{ALERTS}/forget"): Route(),
    ("POST", f"{ALERTS}/me/code"): Route(),
    ("POST", f"{ALERTS}/me/unlink"): Route(),
    ("POST", AUTO_REPLIES): Route({"name": "Ночь", "kind": "after_hours", "text": "Утром"}, {"channel": "channel_id"}),
    ("POST", f"{AUTO_REPLIES}/preview"): Route({"text": "Утром"}),
    ("POST", f"{AUTO_REPLIES}/{{auto_reply_id}}"): Route({"name": "Ночь", "text": "Утром"}),
    ("POST", f"{AUTO_REPLIES}/{{auto_reply_id}}/remove"): Route(),
    ("GET", "/w/{ws}/inbox"): Route({}, {"channel_id": "channel_id"}),
    ("GET", "/w/{ws}/rows"): Route({}, {"ids": "conversation_id", "channel_id": "channel_id"}),
    ("POST", "/w/{ws}/bulk"): Route(
        {"deed": "close", "ids": "1"}, {"ids": "conversation_id", "assignee": "assignee_id"}
    ),
    ("POST", "/w/{ws}/bulk/{bulk_change_id}/undo"): Route(),
    ("GET", "/w/{ws}/bulk/review"): Route({"messages": "1"}, {"messages": "message_id"}),
    ("POST", "/w/{ws}/bulk/review"): Route({"messages": "1", "action": "delete"}, {"messages": "message_id"}),
    ("GET", "/w/{ws}/bulk/reviews"): Route({"ids": "1", "action": "delete", "of": "1"}),
    ("GET", "/w/{ws}/bulk/people"): Route({"ids": "1"}, {"ids": "conversation_id"}),
    ("GET", "/w/{ws}/bulk/labels"): Route({"ids": "1"}, {"ids": "conversation_id"}),
    ("GET", "/w/{ws}/counts"): Route({}, {"channel_id": "channel_id"}),
    ("GET", TALK): Route(),
    ("GET", f"{TALK}/parts"): Route(),
    ("GET", f"{TALK}/earlier"): Route({}, {"before": "message_id"}),
    ("POST", f"{TALK}/close"): Route(),
    ("POST", f"{TALK}/no-answer"): Route(),
    ("POST", f"{TALK}/reopen"): Route(),
    ("POST", f"{TALK}/wait"): Route({"status": "waiting_client"}),
    ("POST", f"{TALK}/snooze"): Route({"until": "hour"}),
    ("POST", f"{TALK}/assign"): Route({}, {"assignee": "assignee_id"}),
    ("POST", f"{TALK}/team"): Route({}, {"team": "team_id"}),
    ("POST", f"{TALK}/take"): Route(),
    ("POST", f"{TALK}/priority"): Route({"priority": "high"}),
    ("POST", f"{TALK}/labels"): Route({"labels": "vip"}),
    ("POST", "/w/{ws}/undo/{bulk_change_id}"): Route(),
    ("POST", f"{TALK}/messages"): Route({"key": "key-of-the-test", "text": "Ответ"}),
    ("POST", f"{MESSAGE}/resend"): Route(),
    ("POST", f"{MESSAGE}/confirm"): Route(),
    ("POST", f"{MESSAGE}/edit"): Route({"text": "Правка"}),
    ("POST", f"{MESSAGE}/delete"): Route(),
    ("POST", f"{MESSAGE}/cancel-change"): Route(),
    ("POST", f"{MESSAGE}/tags"): Route({"intent": "lead"}),
    ("POST", f"{MESSAGE}/release"): Route(),
    ("GET", f"{MESSAGE}/alike"): Route(),
    ("POST", f"{TALK}/post"): Route({"mode": "draw"}),
    ("GET", f"{MESSAGE}/review"): Route(),
    ("POST", f"{MESSAGE}/send-now"): Route(),
    ("POST", f"{TALK}/typing"): Route(),
    ("GET", f"{TALK}/canned"): Route({"q": ""}),
    ("GET", f"{TALK}/mentions"): Route(),
    ("GET", "/messages/{message_id}/notice"): Route(),
    ("GET", "/w/{ws}/commands"): Route({"q": ""}),
    ("GET", "/w/{ws}/settings/canned"): Route(),
    ("POST", "/w/{ws}/settings/canned"): Route({"title": "Оплата", "text": "Картой"}),
    ("POST", "/w/{ws}/settings/canned/{canned_response_id}"): Route({"title": "Оплата", "text": "Наличными"}),
    ("POST", "/w/{ws}/settings/canned/{canned_response_id}/remove"): Route(),
    ("GET", "/w/{ws}/me/notifications"): Route(),
    ("GET", "/me/two-step"): Route(),
    ("GET", "/w/{ws}/me/two-step"): Route(),
    ("POST", "/w/{ws}/me/two-step/on"): Route({"secret": "A" * 32, "totp": "000000"}),
    ("POST", "/w/{ws}/me/two-step/off"): Route({"password": "nothing"}),
    ("POST", f"{MESSAGE}/review"): Route({"action": "delete", "reason": "Спам"}),
}
SOURCES = {
    "ws": "workspace_id", "project_id": "workspace_id",
    "conversation_id": "conversation_id", "message_id": "message_id", "channel_id": "channel_id",
    "dead_event_id": "dead_event_id", "attachment_id": "attachment_id", "auto_reply_id": "auto_reply_id",
    "calendar_id": "calendar_id", "policy_id": "policy_id",
    "lead_id": "lead_id", "contact_id": "contact_id", "webhook_id": "webhook_id", "delivery_id": "delivery_id",
    "canned_response_id": "canned_response_id", "bulk_change_id": "bulk_change_id",
    "rule_id": "rule_id", "agent_id": "colleague_id", "team_id": "team_id", "post_id": "post_id",
    "invitation_id": "invitation_id",
}  # fmt: skip
"""A path's field → the rows whose ids stand there."""
