"""«Передать тем, кто на смене» on the page of response times: a dialog that shows who would get what, and the deed."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Form, Response

from inbox.conversations.bulk import MOST
from inbox.conversations.panel.bulk import answer_bulk
from inbox.conversations.panel.page import Page, PageDep
from inbox.core.errors import InvalidInputError
from inbox.core.i18n import N_
from inbox.core.web.templates import render
from routing.assignment.handover import Step, hand_over, handing_places, plan_handover

panel = APIRouter(prefix="/w/{ws}/sla/handover")
NOBODY = "none"
Steps = Annotated[list[Annotated[str, Form(pattern=rf"^\d{{1,18}}:(\d{{1,18}}|{NOBODY}):\d{{1,18}}$")]], Form()]


@panel.get("")
async def show_handover(page: PageDep) -> Response:
    """Who would get what, and what nobody would take and why."""
    handover = await plan_handover(page.session, page.caller, _places(page), page.now)
    shares = Counter(one.seat.name for one in handover.planned if one.seat is not None)
    return render(
        page.request, "assignment/handover.html", frame=page.frame, now=page.now, pill_of=page.pill,
        handover=handover, shares=shares.most_common(),
    )  # fmt: skip


@panel.post("")
async def act(page: PageDep, steps: Steps) -> Response:
    """Exactly what was shown, `conversation:from:to` each; what changed since is left and told."""
    _places(page)
    if len(steps) > MOST:
        raise InvalidInputError("At most 200 at once.", field="steps")
    done = await hand_over(page.session, page.caller, [_read(one) for one in steps], page.now)
    return answer_bulk(page, done, N_("Handed to those on shift: %(n)s"))


def _places(page: Page) -> frozenset[int]:
    ws = page.frame.ws
    return handing_places(page.caller, ws if isinstance(ws, int) else None)


def _read(step: str) -> Step:
    conversation_id, from_id, to_id = step.split(":")
    return Step(int(conversation_id), None if from_id == NOBODY else int(from_id), int(to_id))
