"""Rules as a settings page: sentences in order, an editor to add conditions and actions, and a dry run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import randbelow
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import Frame, load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.channels.models import Channel
from inbox.conversations.models import Label, Post
from inbox.core.database import Json, enter_scope
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError
from inbox.core.i18n import Words
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render, words_of
from inbox.organisations.models import Team
from inbox.sla.service import load_policy_names
from routing.autoreplies.models import AutoReply
from routing.rules.dry_run import Draft, dry_run, since
from routing.rules.editing import Wanted, access_rule, change_rule, count_runs, create_rule, delete_rule
from routing.rules.forms import Parts, read_parts
from routing.rules.listing import list_all
from routing.rules.models import Rule
from routing.rules.people import load_people
from routing.rules.reading import read_rule
from routing.rules.wording import ACTION_TITLES, CHOICES, CONDITION_TITLES, Names, action_in_words, condition_in_words
from routing.webhooks.models import Webhook

panel = APIRouter(prefix="/w/{ws}/settings/rules")
SHOWN = 50
POSTS = 50


@dataclass(frozen=True, slots=True)
class Sentence:
    """A rule in words; `broken`: this version does not understand it, and it does not act."""

    rule: Rule
    when: Sequence[str]
    then: Sequence[str]
    broken: bool
    runs: int


@dataclass(frozen=True, slots=True)
class Page:
    """What every route here needs; the session is fenced to the project."""

    request: Request
    session: AsyncSession
    caller: Caller
    frame: Frame
    workspace_id: int
    now: datetime

    @property
    def words(self) -> Words:
        """In the reader's language."""
        return words_of(self.request)

    @property
    def address(self) -> str:
        """Of the list."""
        return f"/w/{self.frame.ws}/settings/rules"

    def show(self, template: str, **values: object) -> Response:
        """The template with what all of them use."""
        page: dict[str, object] = {
            "frame": self.frame, "settings_section": "rules", "section": "settings", "tab": "settings",
            "address": self.address, "now": self.now, "zone": self.frame.zone_of(self.workspace_id),
        }  # fmt: skip
        return render(self.request, f"rules/{template}.html", 200, **(page | values))


async def open_page(request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str) -> Page:
    """For those who may change rules here."""
    place = read_place(ws, caller)
    workspace_id = settings_workspace(place, caller, Permission.MANAGE_RULES)
    frame = await load_frame(session, caller, workspace_id, context.clock())
    enter_scope(session, scope_at(workspace_id, caller))
    return Page(request, session, caller, frame, workspace_id, context.clock())


async def open_rule(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str, rule_id: RowId
) -> Page:
    """The page at a rule: one of another project is not there, whoever asks; one of this needs the right."""
    scope = scope_at(read_place(ws, caller), caller)
    found = await session.scalar(select(Rule.workspace_id).where(Rule.id == rule_id, Rule.workspace_id.in_(scope)))
    if found is None:
        raise NotFoundError("There is no such rule.")
    return await open_page(request, session, context, caller, str(found))


PageDep = Annotated[Page, Depends(open_page)]
RuleDep = Annotated[Page, Depends(open_rule)]


@panel.get("")
async def show_rules(page: PageDep) -> Response:
    """All rules as sentences, in order."""
    names = await _load_names(page)
    runs = await count_runs(page.session, page.workspace_id, since(page.now))
    rules = await list_all(page.session, page.workspace_id)
    return page.show("rules", sentences=[_say(rule, names, page.words, runs.get(rule.id, 0)) for rule in rules])


@panel.get("/part")
async def show_part(
    page: PageDep,
    role: Literal["c", "a"],
    field: Annotated[str, Query(max_length=40)],
) -> Response:
    """One more condition or action, to be filled in."""
    if field not in (CONDITION_TITLES if role == "c" else ACTION_TITLES):
        raise NotFoundError("There is no such condition or action.")
    part: Json = {"field": field} if role == "c" else {"do": field}
    return page.show("added", part=part, role=role, number=randbelow(10**9) + 1000, **await _options(page))


@panel.get("/new")
async def show_new(page: PageDep) -> Response:
    """An empty editor."""
    parts = Parts([{"field": "needs_answer", "value": True}], [{"do": "team"}])
    return await _editor(page, None, parts, "", stops=True, error=None)


@panel.post("/new")
async def create(page: PageDep) -> Response:
    """A new rule, tried first; or the editor again with what is wrong."""
    return await _save(page, None)


@panel.post("/dry-run")
async def try_draft(page: PageDep, rule: Annotated[str, Query(pattern=r"^\d{0,18}$")] = "") -> Response:
    """What the rule, as it stands in the editor, would have done."""
    parts = read_parts(await page.request.form())
    try:
        conditions, actions = parts.checked(page.words)
        draft = Draft(conditions, actions, int(rule) if rule else None)
        run = await dry_run(page.session, page.caller, page.workspace_id, draft, since(page.now))
    except InvalidInputError as error:
        return page.show("dry_run", run=None, error=page.words.gettext(error.detail), shown=SHOWN)
    names = await _load_names(page)
    said = [action_in_words(action, names, page.words) for action in actions]
    return page.show("dry_run", run=run, error=None, said=said, shown=SHOWN)


@panel.get("/{rule_id}")
async def show_rule(page: RuleDep, rule_id: RowId) -> Response:
    """The editor."""
    rule = await access_rule(page.session, page.caller, rule_id, Permission.MANAGE_RULES)
    return await _editor(page, rule, Parts(rule.conditions, rule.actions), rule.name, stops=rule.stops, error=None)


@panel.post("/{rule_id}")
async def save(page: RuleDep, rule_id: RowId) -> Response:
    """Change it; or the editor again with what is wrong."""
    return await _save(page, rule_id)


@panel.post("/{rule_id}/switch")
async def switch(page: RuleDep, rule_id: RowId, on: Annotated[str, Form(max_length=1)] = "") -> Response:
    """On or off."""
    await change_rule(page.session, page.caller, rule_id, Wanted(is_enabled=on == "1"), page.now)
    return RedirectResponse(page.address, status_code=303)


@panel.post("/{rule_id}/move")
async def move(page: RuleDep, rule_id: RowId, to: Annotated[int, Form(ge=0, le=10_000)]) -> Response:
    """To another place in the order."""
    await change_rule(page.session, page.caller, rule_id, Wanted(position=to), page.now)
    return RedirectResponse(page.address, status_code=303)


@panel.post("/{rule_id}/remove")
async def delete(page: RuleDep, rule_id: RowId) -> Response:
    """It acts no more."""
    await delete_rule(page.session, page.caller, rule_id, page.now)
    return RedirectResponse(page.address, status_code=303)


async def _save(page: Page, rule_id: int | None) -> Response:
    form = await page.request.form()
    parts, name, stops = read_parts(form), str(form.get("name", ""))[:120], form.get("stops") == "1"
    rule = None
    if rule_id is not None:
        rule = await access_rule(page.session, page.caller, rule_id, Permission.MANAGE_RULES)
    try:
        conditions, actions = parts.checked(page.words)
        wanted = Wanted(name=name, stops=stops, conditions=conditions, actions=actions)
        if rule is None:
            await create_rule(page.session, page.caller, page.workspace_id, wanted, page.now)
        else:
            await change_rule(page.session, page.caller, rule.id, wanted, page.now)
    except (InvalidInputError, ConflictError) as error:
        page.session.expunge_all()
        return await _editor(page, rule, parts, name, stops=stops, error=page.words.gettext(error.detail))
    return RedirectResponse(page.address, status_code=303)


async def _editor(
    page: Page, rule: Rule | None, parts: Parts, name: str, *, stops: bool, error: str | None
) -> Response:
    return page.show(
        "rule", rule=rule, parts=parts, name=name, stops=stops, error=error, condition_titles=CONDITION_TITLES,
        action_titles=ACTION_TITLES, **await _options(page),
    )  # fmt: skip


def _say(rule: Rule, names: Names, words: Words, runs: int) -> Sentence:
    try:
        ready = read_rule(rule)
    except ValidationError:
        return Sentence(rule, (), (), broken=True, runs=runs)
    when = [condition_in_words(one, names, words) for one in ready.conditions]
    then = [action_in_words(one, names, words) for one in ready.actions]
    return Sentence(rule, when, then, broken=False, runs=runs)


async def _load_names(page: Page) -> Names:
    session, workspace_id = page.session, page.workspace_id
    teams = await session.execute(
        select(Team.id, Team.name).where(Team.workspace_id == workspace_id).order_by(Team.name)
    )
    channels = await session.execute(
        select(Channel.id, Channel.name).where(Channel.workspace_id == workspace_id, Channel.removed_at.is_(None))
    )
    posts = await session.execute(
        select(Post.id, Post.text)
        .where(Post.workspace_id == workspace_id)
        .order_by(Post.published_at.desc())
        .limit(POSTS)
    )
    people = await load_people(session, {workspace_id})
    auto_replies = await page.session.execute(
        select(AutoReply.id, AutoReply.name).where(AutoReply.workspace_id == page.workspace_id).order_by(AutoReply.id)
    )
    webhooks = await page.session.execute(
        select(Webhook.id, Webhook.name).where(Webhook.workspace_id == page.workspace_id).order_by(Webhook.id)
    )
    policies = await load_policy_names(session, {workspace_id})
    return Names(
        policies={policy_id: name for (_, policy_id), name in policies.items()},
        auto_replies=dict(auto_replies.all()),
        webhooks=dict(webhooks.all()),
        teams=dict(teams.all()),
        people={one.agent_id: one.name for one in people.values()},
        channels=dict(channels.all()),
        posts={post_id: " ".join(text.split())[:60] or f"№ {post_id}" for post_id, text in posts},
    )


async def _options(page: Page) -> dict[str, object]:
    """What the editor offers."""
    labels = await page.session.scalars(
        select(Label.name).where(Label.workspace_id == page.workspace_id).order_by(Label.name).limit(200)
    )
    return {
        "names": await _load_names(page),
        "labels": list(labels),
        "choices": CHOICES,
        "titles": {"c": CONDITION_TITLES, "a": ACTION_TITLES},
    }
