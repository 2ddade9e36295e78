"""The model as a page of the settings: how often it is right, what to label next, versions and the way back."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.agents.caller import Caller
from inbox.agents.frame import Frame, load_frame, read_place, scope_at
from inbox.agents.permissions import Permission
from inbox.agents.sections import settings_workspace
from inbox.conversations.access import access_message
from inbox.conversations.corrections import CorrectedTags, correct_tags
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.context import Context
from inbox.core.database import enter_scope
from inbox.core.errors import NotFoundError
from inbox.core.web.dependencies import ContextDep, PanelCaller, SessionDep
from inbox.core.web.fields import RowId
from inbox.core.web.templates import render
from inbox.learning.models import LearnedModel, ModelState
from inbox.learning.puzzles import list_puzzles
from inbox.learning.service import GATHERED, begin_training, count_corrections, list_trainings, put_back
from inbox.learning.standing import TASKS, load_standing
from inbox.organisations.models import Workspace

panel = APIRouter(prefix="/w/{ws}/settings/model")


def _workspace_at(ws: str, caller: Caller, session: AsyncSession) -> int:
    place = read_place(ws, caller)
    enter_scope(session, scope_at(place, caller))
    return settings_workspace(place, caller, Permission.MANAGE_RULES)


@panel.get("")
async def show_model(
    request: Request, session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str
) -> Response:
    """Everything about the model that tags this project's messages."""
    frame = await load_frame(session, caller, read_place(ws, caller), context.clock())
    return await _page(request, session, context, caller, frame, _workspace_at(ws, caller, session))


async def _page(
    request: Request, session: AsyncSession, context: Context, caller: Caller, frame: Frame, workspace_id: int
) -> Response:
    now = context.clock()
    workspace = await session.get_one(Workspace, workspace_id)
    trainings = await list_trainings(session, workspace_id)
    since = trainings[0].started_at if trainings else None
    live = next((one for one in trainings if one.is_live), None)
    return render(
        request, "learning/model.html", frame=frame, section="settings", tab="more", settings_section="model",
        workspace=workspace, now=now, tasks=TASKS, states=ModelState,
        standing=await load_standing(session, workspace_id, workspace.time_zone, now),
        trainings=trainings, live=live, training=next((one for one in trainings if one.state == "training"), None),
        before=next((one for one in trainings if one.state == "ready" and not one.is_live), None),
        fresh=await count_corrections(session, workspace_id, since), gathered=GATHERED,
        puzzles=await list_puzzles(session, caller, workspace_id, now),
        figures=_specialists(live, context), shipped=context.tagger.model_version,
    )  # fmt: skip


def _specialists(live: LearnedModel | None, context: Context) -> Mapping[str, object]:
    """Figures of the live model on the project's corrections; without one, the shipped classifier's own."""
    return live.figures if live is not None else context.tagger.figures


@panel.post("/train")
async def train(session: SessionDep, context: ContextDep, caller: PanelCaller, ws: str) -> Response:
    """Now, whatever has gathered."""
    workspace_id = _workspace_at(ws, caller, session)
    await begin_training(session, workspace_id, caller.agent_id, context.clock())
    return RedirectResponse(f"/w/{ws}/settings/model#training", status_code=303)


@panel.post("/live")
async def choose_live(
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    model_id: Annotated[int | None, Form(ge=1, le=2**63 - 1)] = None,
) -> Response:
    """Another version tags from the next message on; none: the shipped classifier."""
    workspace_id = _workspace_at(ws, caller, session)
    await put_back(session, workspace_id, model_id, caller.agent_id, context.clock())
    return RedirectResponse(f"/w/{ws}/settings/model#versions", status_code=303)


@panel.post("/queue/{message_id}")
async def label(
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: PanelCaller,
    ws: str,
    message_id: RowId,
    intent: Annotated[Intent | None, Form()] = None,
    sentiment: Annotated[Sentiment | None, Form()] = None,
) -> Response:
    """A person's word on a message of the queue; the row says thanks."""
    place = read_place(ws, caller)
    enter_scope(session, scope_at(place, caller))
    # The row first: a foreign one is not there, whatever one may do in one's own project.
    message, conversation = await access_message(session, caller, message_id, Permission.CORRECT_TAGS, lock=True)
    if message.workspace_id != settings_workspace(place, caller, Permission.MANAGE_RULES):
        raise NotFoundError("There is no such message.")
    said = CorrectedTags(sentiment=sentiment, intent=intent)
    await correct_tags(session, caller, message, conversation, said, context.clock())
    return render(request, "learning/thanks.html")
