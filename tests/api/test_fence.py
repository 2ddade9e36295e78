"""The fence between clients: every API route × every role × every foreign row is 404, and lists show none of them.

`ROUTES` says for each route where its ids come from. A route that it does not name fails a test.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import httpx
import pytest

from inbox.core.web.headers import API
from tests.api.furnished import Fields, Ids, furnish_all, routes_of
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside


class Reach(Enum):
    """What a route's answer is about."""

    ROW = "one row, named in the path"
    LIST = "rows of the caller's workspaces; `workspace_id` narrows it"
    CREATE = "a new row of the workspace that the body names"
    PERSON = "the caller, or no stored row at all"


@dataclass(frozen=True, slots=True)
class Route:
    """How to call a route so that nothing but the fence can refuse it. `filters`: query fields that take a row's id."""

    reach: Reach
    body: Mapping[str, object] | None = None
    filters: tuple[str, ...] = field(default=())


PLACE = "/workspaces/{workspace_id}/agents/{agent_id}"
ROUTES: Mapping[tuple[str, str], Route] = {
    ("POST", "/auth/token"): Route(Reach.PERSON),
    ("DELETE", "/auth/token"): Route(Reach.PERSON),
    ("GET", "/me"): Route(Reach.PERSON),
    ("PATCH", "/me"): Route(Reach.PERSON),
    ("POST", "/classify"): Route(Reach.PERSON),
    ("GET", "/live"): Route(Reach.PERSON),
    ("GET", "/workspaces"): Route(Reach.PERSON),
    ("POST", "/workspaces"): Route(Reach.PERSON, {"name": "Новый проект"}),
    ("PATCH", "/workspaces/{workspace_id}"): Route(Reach.ROW, {"name": "Другое имя"}),
    ("GET", "/teams"): Route(Reach.LIST),
    ("GET", "/agents"): Route(Reach.LIST),
    ("POST", "/teams"): Route(Reach.CREATE, {"name": "Ночь"}),
    ("PATCH", "/teams/{team_id}"): Route(Reach.ROW, {"name": "Ночная"}),
    ("POST", "/agents/invitations"): Route(Reach.CREATE, {"email": "new@otklik.test", "role": "moderator"}),
    ("GET", "/agents/invitations"): Route(Reach.LIST),
    ("DELETE", "/agents/invitations/{invitation_id}"): Route(Reach.ROW),
    ("PATCH", PLACE): Route(Reach.ROW, {"role": "admin"}),
    ("DELETE", PLACE): Route(Reach.ROW),
    ("POST", f"{PLACE}/reset"): Route(Reach.ROW),
    ("POST", f"{PLACE}/deactivate"): Route(Reach.ROW),
    ("GET", "/rules"): Route(Reach.LIST),
    ("GET", "/auto-replies"): Route(Reach.LIST),
    ("GET", "/leads"): Route(Reach.LIST, filters=("channel_id", "post_id")),
    ("POST", "/leads"): Route(Reach.CREATE, {"conversation_id": 1}),
    ("GET", "/leads/{lead_id}"): Route(Reach.ROW),
    ("PATCH", "/leads/{lead_id}"): Route(Reach.ROW, {"amount": "100"}),
    ("GET", "/contacts/{contact_id}/export"): Route(Reach.ROW),
    ("DELETE", "/contacts/{contact_id}"): Route(Reach.ROW),
    ("GET", "/webhooks"): Route(Reach.LIST),
    ("POST", "/webhooks"): Route(Reach.CREATE, {"name": "CRM", "url": "https://crm.example.org/hook"}),
    ("GET", "/webhooks/{webhook_id}"): Route(Reach.ROW),
    ("PATCH", "/webhooks/{webhook_id}"): Route(Reach.ROW, {"name": "CRM 2"}),
    ("DELETE", "/webhooks/{webhook_id}"): Route(Reach.ROW),
    ("POST", "/webhooks/{webhook_id}/test"): Route(Reach.ROW),
    ("GET", "/webhooks/{webhook_id}/deliveries"): Route(Reach.ROW),
    ("POST", "/webhook-deliveries/{delivery_id}/send-again"): Route(Reach.ROW),
    ("GET", "/alerts"): Route(Reach.LIST),
    ("POST", "/alerts/test"): Route(Reach.CREATE, {}),
    ("GET", "/alerts/settings/{workspace_id}"): Route(Reach.ROW),
    ("PATCH", "/alerts/settings/{workspace_id}"): Route(Reach.ROW, {"hides_text": True}),
    ("GET", "/alerts/{alert_id}"): Route(Reach.ROW),
    ("POST", "/auto-replies"): Route(Reach.CREATE, {"name": "Ночь", "kind": "after_hours", "text": "Утром"}),
    ("POST", "/auto-replies/preview"): Route(Reach.CREATE, {"text": "Утром"}),
    ("GET", "/auto-replies/{auto_reply_id}"): Route(Reach.ROW),
    ("PATCH", "/auto-replies/{auto_reply_id}"): Route(Reach.ROW, {"enabled": False}),
    ("DELETE", "/auto-replies/{auto_reply_id}"): Route(Reach.ROW),
    ("POST", "/rules"): Route(Reach.CREATE, {"name": "Опт", "actions": [{"do": "hold"}]}),
    ("POST", "/rules/dry-run"): Route(Reach.CREATE, {"conditions": []}),
    ("GET", "/rules/{rule_id}"): Route(Reach.ROW),
    ("PATCH", "/rules/{rule_id}"): Route(Reach.ROW, {"enabled": False}),
    ("DELETE", "/rules/{rule_id}"): Route(Reach.ROW),
    ("GET", "/dead-events"): Route(Reach.LIST),
    ("POST", "/dead-events/{dead_event_id}/replay"): Route(Reach.ROW),
    ("GET", "/canned-responses"): Route(Reach.LIST),
    ("POST", "/canned-responses"): Route(Reach.CREATE, {"title": "Доставка", "text": "Два дня"}),
    ("GET", "/canned-responses/{canned_response_id}"): Route(Reach.ROW),
    ("PATCH", "/canned-responses/{canned_response_id}"): Route(Reach.ROW, {"text": "Три дня"}),
    ("DELETE", "/canned-responses/{canned_response_id}"): Route(Reach.ROW),
    ("GET", "/labels"): Route(Reach.LIST),
    ("POST", "/labels"): Route(Reach.CREATE, {"name": "vip"}),
    ("GET", "/channels"): Route(Reach.LIST),
    ("POST", "/channels"): Route(
        Reach.CREATE,
        {"platform": "telegram", "name": "Бот", "credentials": {"token": f"700009:{'A' * 35}"}, "settings": {}},
    ),
    ("GET", "/channels/{channel_id}"): Route(Reach.ROW),
    ("PATCH", "/channels/{channel_id}"): Route(Reach.ROW, {"name": "Другой"}),
    ("DELETE", "/channels/{channel_id}"): Route(Reach.ROW),
    ("POST", "/channels/{channel_id}/check"): Route(Reach.ROW),
    ("GET", "/conversations"): Route(Reach.LIST, filters=("channel_id", "team_id", "post_id", "assignee_id")),
    ("GET", "/conversations/{conversation_id}"): Route(Reach.ROW),
    ("PATCH", "/conversations/{conversation_id}"): Route(Reach.ROW, {"priority": "high"}),
    ("GET", "/handover"): Route(Reach.LIST),
    ("POST", "/handover"): Route(
        Reach.PERSON, {"steps": [{"conversation_id": 1, "from_id": None, "to_id": 1}]}
    ),  # it takes ids of rows only in its body: tests/api/test_handover.py
    ("POST", "/conversations/bulk"): Route(
        Reach.PERSON, {"conversation_ids": [1], "change": {"priority": "high"}}
    ),  # it takes ids of rows only in its body: tests/api/test_bulk.py
    ("POST", "/conversations/bulk/{bulk_change_id}/undo"): Route(Reach.ROW),
    ("POST", "/conversations/{conversation_id}/claim"): Route(Reach.ROW),
    ("GET", "/conversations/{conversation_id}/messages"): Route(Reach.ROW),
    ("POST", "/conversations/{conversation_id}/messages"): Route(Reach.ROW, {"text": "Ответ"}),
    ("GET", "/messages/{message_id}"): Route(Reach.ROW),
    ("PATCH", "/messages/{message_id}"): Route(Reach.ROW, {"text": "Правка"}),
    ("DELETE", "/messages/{message_id}"): Route(Reach.ROW),
    ("POST", "/messages/{message_id}/resend"): Route(Reach.ROW),
    ("POST", "/messages/{message_id}/confirm"): Route(Reach.ROW),
    ("POST", "/messages/{message_id}/cancel-change"): Route(Reach.ROW),
    ("PUT", "/messages/{message_id}/tags"): Route(Reach.ROW, {"intent": "lead"}),
    ("POST", "/messages/{message_id}/release"): Route(Reach.ROW),
    ("POST", "/messages/{message_id}/moderate"): Route(Reach.ROW, {"action": "delete", "reason": "Спам"}),
    ("GET", "/posts"): Route(Reach.LIST, filters=("channel_id",)),
    ("GET", "/posts/{post_id}"): Route(Reach.ROW),
    ("PATCH", "/posts/{post_id}"): Route(Reach.ROW, {"mode": "promo"}),
    ("GET", "/attachments/{attachment_id}/content"): Route(Reach.ROW),
    ("GET", "/reports/sla"): Route(Reach.LIST),
    ("GET", "/calendars"): Route(Reach.LIST),
    ("POST", "/calendars"): Route(Reach.CREATE, {"name": "Часы", "time_zone": "Europe/Moscow"}),
    ("GET", "/calendars/{calendar_id}"): Route(Reach.ROW),
    ("PATCH", "/calendars/{calendar_id}"): Route(Reach.ROW, {"name": "Другие часы"}),
    ("DELETE", "/calendars/{calendar_id}"): Route(Reach.ROW),
    ("GET", "/sla-policies"): Route(Reach.LIST),
    ("POST", "/sla-policies"): Route(Reach.CREATE, {"name": "Обещание"}),
    ("GET", "/sla-policies/{policy_id}"): Route(Reach.ROW),
    ("PATCH", "/sla-policies/{policy_id}"): Route(Reach.ROW, {"name": "Другое обещание"}),
    ("DELETE", "/sla-policies/{policy_id}"): Route(Reach.ROW),
}
ROLES = ("owner", "admin", "moderator", "sales", "viewer")


@pytest.fixture
async def rows(company: Company, subscribers: Subscribers) -> Fields:
    """A row of every kind in each of three workspaces."""
    return await furnish_all(company, subscribers)


def api_routes(company: Company) -> set[tuple[str, str]]:
    """The app's own table, without the prefix that all of them have."""
    described = {
        (method.upper(), path)
        for path, operations in company.app.openapi()["paths"].items()
        if path.startswith(API)
        for method in operations
    }
    walked = {(method, path) for method, path in routes_of(company.app.routes) if path.startswith(API)}
    assert described == walked, "the two ways to list the routes differ"
    return {(method, path.removeprefix(API)) for method, path in described}


def targets(path: str, ids: Ids) -> list[str]:
    """The path with every row's id in its place; where it names two, each with the first of the other."""
    first, *further = re.findall(r"\{(\w+)\}", path)
    for name in further:
        path = path.replace(f"{{{name}}}", str(ids[name][0]))
    return [f"{API}{path.replace(f'{{{first}}}', str(value))}" for value in ids[first]]


async def test_every_api_route_says_where_its_ids_come_from(company: Company) -> None:
    assert api_routes(company) - set(ROUTES) == set(), "name new routes in ROUTES, so that the sweep calls them"


async def test_every_role_meets_404_at_every_foreign_row(company: Company, rows: Fields) -> None:
    calls = 0
    for name in (*ROLES, "neighbour", "outsider"):
        client = await company.client_of(name)
        beyond = {"neighbour": (rows.own, rows.foreign), "outsider": (rows.own, rows.second)}
        for ids in beyond.get(name, (rows.second, rows.foreign)):
            for method, path in sorted(api_routes(company)):
                route = ROUTES[method, path]
                if route.reach is not Reach.ROW:
                    continue
                for target in targets(path, ids):
                    answer = await client.request(method, target, json=route.body)
                    assert answer.status_code == 404, f"{name} {method} {target}: {answer.status_code} {answer.text}"
                    calls += 1
    assert calls > 300


async def test_the_same_calls_reach_ones_own_rows(company: Company, rows: Fields) -> None:
    owner = await company.client_of("owner")
    for method, path in sorted(api_routes(company), key=lambda route: (route[0] == "DELETE", route)):
        route = ROUTES[method, path]
        if route.reach is Reach.ROW:
            for target in targets(path, rows.own):
                answer = await owner.request(method, target, json=route.body)
                assert answer.status_code != 404, f"{method} {target}"


async def test_lists_show_no_foreign_rows_whatever_the_filter(company: Company, rows: Fields) -> None:
    for name in ROLES:
        client = await company.client_of(name)
        for method, path in sorted(api_routes(company)):
            route = ROUTES[method, path]
            if route.reach is not Reach.LIST:
                continue
            assert await seen_workspaces(client, path) <= {company.workspace_id}, path
            for ids in (rows.second, rows.foreign):
                params = {"workspace_id": ids["workspace_id"][0]}
                answer = await client.get(API + path, params=params)
                assert answer.status_code == 404, f"{name} {path}: {answer.text}"
                for query in route.filters:
                    assert await seen_workspaces(client, path, **{query: ids[query][0]}) == set(), f"{path} {query}"


async def seen_workspaces(client: httpx.AsyncClient, path: str, **params: int) -> set[int]:
    """Whose rows a list shows."""
    answer = await client.get(API + path, params={"limit": 200, **params})
    if answer.status_code == 403:
        return set()
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return {item["workspace_id"] for item in answer.json()["items"]}


async def test_nobody_creates_in_a_foreign_workspace(company: Company, rows: Fields) -> None:
    for name in ROLES:
        client = await company.client_of(name)
        for method, path in sorted(api_routes(company)):
            route = ROUTES[method, path]
            if route.reach is not Reach.CREATE:
                continue
            for ids in (rows.second, rows.foreign):
                body = {**(route.body or {}), "workspace_id": ids["workspace_id"][0]}
                answer = await client.request(method, API + path, json=body)
                assert answer.status_code == 404, f"{name} {method} {path}: {answer.status_code} {answer.text}"


async def test_a_foreign_rows_id_in_a_body_is_as_unknown_as_any_other(company: Company, rows: Fields) -> None:
    owner = await company.client_of("owner")
    target = f"{API}/conversations/{rows.own['conversation_id'][0]}"
    for query, name in (("assignee_id", "assignee_id"), ("team_id", "team_id")):
        unknown = await owner.patch(target, json={name: 10**9})
        for ids in (rows.second, rows.foreign):
            answer = await owner.patch(target, json={name: ids[query][0]})
            assert answer.status_code == unknown.status_code == 422
            assert answer.json()["detail"] == unknown.json()["detail"]


async def test_without_a_token_every_route_but_sign_in_is_401(company: Company, rows: Fields) -> None:
    guest = await company.guest()
    for method, path in sorted(api_routes(company)):
        route = ROUTES[method, path]
        if (method, path) == ("POST", "/auth/token"):
            continue
        target = targets(path, rows.own)[0] if route.reach is Reach.ROW else API + path
        body = {"workspace_id": company.workspace_id, **route.body} if route.reach is Reach.CREATE and route.body else (
            route.body or ({} if method in {"PATCH", "POST"} else None)
        )  # fmt: skip
        answer = await guest.request(method, target, json=body)
        assert answer.status_code == 401, f"{method} {target}: {answer.status_code} {answer.text}"
