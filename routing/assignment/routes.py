"""What burns is handed to those on shift, over the API: first shown, then done."""

from typing import Annotated

from fastapi import APIRouter, Query

from inbox.conversations.bulk_schemas import BulkOut
from inbox.core.web.dependencies import ApiCaller, ContextDep, SessionDep
from inbox.core.web.fields import Id
from routing.assignment.handover import hand_over, handing_places, plan_handover
from routing.assignment.schemas import HandoverIn, HandoverOut

api = APIRouter(tags=["conversations"])


@api.get("/handover")
async def read_handover(
    session: SessionDep,
    context: ContextDep,
    caller: ApiCaller,
    workspace_id: Annotated[Id | None, Query(description="One workspace; none: all of yours.")] = None,
) -> HandoverOut:
    """What is late or due within ten minutes and with nobody on shift, and whose turn it is by team, shift and room."""
    places = handing_places(caller, workspace_id)
    return HandoverOut.of(await plan_handover(session, caller, places, context.clock()))


@api.post("/handover")
async def post_handover(session: SessionDep, context: ContextDep, caller: ApiCaller, wanted: HandoverIn) -> BulkOut:
    """Hand over what was shown. What changed since is told and stays; `/conversations/bulk/{id}/undo` takes it back."""
    steps = [step.to_step() for step in wanted.steps]
    return BulkOut.of(await hand_over(session, caller, steps, context.clock()))
