"""What a person does with several chosen conversations at once: one request, one toast, one undoing."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.models import Agent
from inbox.agents.permissions import Permission
from inbox.conversations.access import visible
from inbox.conversations.assigning import ANSWERING
from inbox.conversations.bulk import MOST, Bulk, access_steps, change_many, undo_many
from inbox.conversations.changes import Change
from inbox.conversations.labelling import NAME_LENGTH
from inbox.conversations.listing import Named
from inbox.conversations.models import Conversation, Label, Status
from inbox.conversations.panel.answering import Toast, Undo
from inbox.conversations.panel.page import Page, PageDep
from inbox.conversations.panel.snoozing import Snooze, wakes_at
from inbox.core.bulk import among
from inbox.core.database import enter_scope
from inbox.core.errors import InvalidInputError
from inbox.core.i18n import N_
from inbox.core.web.fields import RowId
from inbox.organisations.models import Membership, Team

router = APIRouter(prefix="/w/{ws}/bulk")
SHOWN_LABELS = 30
NOBODY = "none"
ID_OR_NONE = r"^(none|\d{1,18})$"
Ids = Annotated[str, Query(pattern=r"^\d{1,18}(,\d{1,18})*$", max_length=19 * MOST)]
FormIds = Annotated[str, Form(pattern=r"^\d{1,18}(,\d{1,18})*$", max_length=19 * MOST)]


class Deed(StrEnum):
    """What the bar offers."""

    CLOSE = "close"
    NO_ANSWER = "no_answer"
    REOPEN = "reopen"
    SNOOZE = "snooze"
    ASSIGN = "assign"
    TEAM = "team"
    LABEL = "label"


_SAID: Mapping[Deed, str] = {
    Deed.CLOSE: N_("Closed: %(n)s"),
    Deed.NO_ANSWER: N_("No answer needed: %(n)s"),
    Deed.REOPEN: N_("Open again: %(n)s"),
    Deed.SNOOZE: N_("Snoozed: %(n)s"),
    Deed.ASSIGN: N_("Handed over: %(n)s"),
    Deed.TEAM: N_("Handed to the team: %(n)s"),
    Deed.LABEL: N_("Labelled: %(n)s"),
}


@router.post("")
async def act(
    page: PageDep,
    ids: FormIds,
    deed: Annotated[Deed, Form()],
    until: Annotated[Snooze | None, Form()] = None,
    at: Annotated[datetime | None, Form()] = None,
    assignee: Annotated[str, Form(pattern=ID_OR_NONE)] = NOBODY,
    team: Annotated[str, Form(pattern=ID_OR_NONE)] = NOBODY,
    label: Annotated[str, Form(max_length=NAME_LENGTH)] = "",
) -> Response:
    """The deed on each of the conversations `ids` that it can be done with."""
    if deed is Deed.LABEL and not label.strip():
        raise InvalidInputError("A label needs a name.", field="label")
    plain: Mapping[Deed, Change] = {
        Deed.CLOSE: Change(status=Status.CLOSED),
        Deed.NO_ANSWER: Change(needs_answer=False),
        Deed.REOPEN: Change(status=Status.OPEN),
        Deed.ASSIGN: Change(assignee_id=_id_of(assignee)),
        Deed.TEAM: Change(team_id=_id_of(team)),
        Deed.LABEL: Change(added_labels=(label,)),
    }

    def snoozed(one: Conversation) -> Change:
        zone = page.frame.zone_of(one.workspace_id)
        return Change(snoozed_until=wakes_at(until, at, page.now, zone))

    wanted: Callable[[Conversation], Change] = snoozed if deed is Deed.SNOOZE else lambda _one: plain[deed]
    done = await change_many(page.session, page.caller, _read(ids), wanted, page.now)
    return answer_bulk(page, done, _SAID[deed])


@router.post("/{bulk_change_id}/undo")
async def undo(page: PageDep, bulk_change_id: RowId) -> Response:
    """Each as it was, but for what somebody changed since."""
    done = await undo_whole(page, bulk_change_id)
    return _answer(page, done, Toast(_tell(page, N_("Undone: %(n)s"), done), _kind(done)), "bulk-undone")


async def undo_whole(page: Page, bulk_change_id: int) -> Bulk:
    """All of a deed that touched the page's project, also what it did in the caller's other ones."""
    await access_steps(page.session, page.caller, bulk_change_id)
    enter_scope(page.session, page.caller.scope)
    return await undo_many(page.session, page.caller, bulk_change_id, page.now)


def answer_bulk(page: Page, done: Bulk, said: str) -> Response:
    """What `said` counts, what could not be done and why, and the way back."""
    undo = Undo(f"/w/{page.frame.ws}/bulk/{done.id}/undo", ()) if done.id is not None else None
    return _answer(page, done, Toast(_tell(page, said, done), _kind(done), undo), "bulk")


@router.get("/people")
async def show_people(page: PageDep, ids: Ids) -> Response:
    """To whom all of them can be given: colleagues of all their projects, teams when it is one project."""
    places = await _places_of(page, ids)
    teams = await _load_teams(page.session, places[0]) if len(places) == 1 else []
    return page.show("bulk_people", colleagues=await _load_colleagues(page.session, places), teams=teams)


@router.get("/labels")
async def show_labels(page: PageDep, ids: Ids) -> Response:
    """The labels that their projects know."""
    places = await _places_of(page, ids)
    names = await page.session.scalars(
        select(Label.name).where(Label.workspace_id.in_(places)).distinct().order_by(Label.name).limit(SHOWN_LABELS)
    )
    return page.show("bulk_labels", labels=list(names))


def _read(ids: str) -> list[int]:
    return [int(one) for one in ids.split(",")][:MOST]


def _id_of(field: str) -> int | None:
    return None if field == NOBODY else int(field)


def _tell(page: Page, said: str, done: Bulk) -> str:
    """«Закрыто: 18. Не вышло: 2 (почему)»."""
    words = page.words
    parts = [words.gettext(said, n=words.number(len(done.changed)))] if done.changed else []
    if done.unchanged:
        parts.append(words.gettext("So already: %(n)s", n=words.number(len(done.unchanged))))
    if failed := len(done.refused) + len(done.not_found) + done.beyond:
        whys = [words.refusal(why) for why in done.refused.values()]
        whys += [words.gettext("no longer yours to see")] if done.not_found else []
        whys += [words.gettext("in projects that you have left")] if done.beyond else []
        why = "; ".join(one.rstrip(".") for one in dict.fromkeys(whys))
        parts.append(words.gettext("Could not: %(n)s (%(why)s)", n=words.number(failed), why=why))
    return ". ".join(parts)


def _kind(done: Bulk) -> str:
    return "done" if done.changed or not (done.refused or done.not_found or done.beyond) else "error"


def _answer(page: Page, done: Bulk, toast: Toast, event: str) -> Response:
    response = page.show("left", toast=toast)
    touched = [*done.changed, *done.unchanged, *done.refused]
    response.headers["HX-Trigger"] = json.dumps({event: {"ids": touched}})
    return response


async def _places_of(page: Page, ids: str) -> list[int]:
    """The projects of these conversations, as far as the caller may answer there."""
    found = await page.session.scalars(
        select(Conversation.workspace_id)
        .where(
            among(Conversation.id, _read(ids)),
            visible(page.caller),
            Conversation.workspace_id.in_(sorted(page.caller.workspaces_with(Permission.ANSWER))),
        )
        .distinct()
    )
    return sorted(found)


async def _load_colleagues(session: AsyncSession, places: list[int]) -> list[Agent]:
    """Who answers in every one of these projects."""
    everywhere = (
        select(Membership.agent_id)
        .where(Membership.workspace_id.in_(places), Membership.role.in_(ANSWERING))
        .group_by(Membership.agent_id)
        .having(func.count() == len(places))
    )
    found = await session.scalars(
        select(Agent).where(Agent.id.in_(everywhere), Agent.deactivated_at.is_(None)).order_by(Agent.name)
    )
    return list(found)


async def _load_teams(session: AsyncSession, workspace_id: int) -> list[Named]:
    rows = await session.execute(
        select(Team.id, Team.name).where(Team.workspace_id == workspace_id).order_by(Team.name)
    )
    return [Named(team_id, name) for team_id, name in rows]
