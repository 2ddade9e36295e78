"""What a person does with a conversation from its header: each answers with the changed parts and a toast to undo."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Response

from inbox.agents.permissions import Permission
from inbox.conversations.access import access_claimable, access_post
from inbox.conversations.bulk import access_steps, change_one, count_steps, undo_many
from inbox.conversations.changes import UNSET, Change
from inbox.conversations.models import Conversation, PostMode, Priority, Status
from inbox.conversations.panel.answering import Toast, Undo, answer
from inbox.conversations.panel.bulk import ID_OR_NONE, NOBODY
from inbox.conversations.panel.opened import access_in
from inbox.conversations.panel.page import Page, PageDep
from inbox.conversations.panel.snoozing import Snooze, wakes_at
from inbox.conversations.post_settings import PostChange, change_post
from inbox.conversations.service import access_free
from inbox.core.errors import ConflictError, NotFoundError
from inbox.core.i18n import N_
from inbox.core.web.fields import RowId

router = APIRouter(prefix="/w/{ws}/inbox/{conversation_id}")
undoing = APIRouter(prefix="/w/{ws}/undo")
LEAVES = "settled"
"""The event after which the page opens the next conversation."""

IdOrNone = Annotated[str, Form(pattern=ID_OR_NONE)]


@router.post("/close")
async def close(page: PageDep, conversation_id: RowId) -> Response:
    """Settled; what comes later opens it again."""
    return await _settle(page, conversation_id, Change(status=Status.CLOSED), N_("Closed"))


@router.post("/no-answer")
async def need_no_answer(page: PageDep, conversation_id: RowId) -> Response:
    """Settled without words."""
    return await _settle(page, conversation_id, Change(needs_answer=False), N_("Closed: no answer needed"))


@router.post("/reopen")
async def reopen(page: PageDep, conversation_id: RowId) -> Response:
    """Back among the open ones."""
    conversation = await _access(page, conversation_id)
    is_settled = conversation.status is Status.CLOSED and not conversation.needs_answer
    wanted = Change(needs_answer=True) if is_settled else Change(status=Status.OPEN)
    return await _apply(page, conversation, wanted, N_("Open again"))


@router.post("/wait")
async def wait(page: PageDep, conversation_id: RowId, status: Annotated[Status, Form()]) -> Response:
    """The next word is the subscriber's, or the client company's."""
    conversation = await _access(page, conversation_id)
    return await _apply(page, conversation, Change(status=status), N_("Set aside until they answer"))


@router.post("/snooze")
async def snooze(
    page: PageDep,
    conversation_id: RowId,
    until: Annotated[Snooze | None, Form()] = None,
    own: Annotated[datetime | None, Form(alias="at")] = None,
) -> Response:
    """Comes back by itself, at one of the menu's times or at one of the person's own, by the project's wall clock."""
    conversation = await _access(page, conversation_id)
    zone = page.frame.zone_of(conversation.workspace_id)
    at = wakes_at(until, own, page.now, zone)
    said = page.words.gettext("Snoozed until %(moment)s", moment=page.words.moment(at, zone, page.now))
    return await _apply(page, conversation, Change(snoozed_until=at), said, event=LEAVES)


@router.post("/assign")
async def assign(page: PageDep, conversation_id: RowId, assignee: IdOrNone) -> Response:
    """To a colleague, or to nobody."""
    conversation = await _access(page, conversation_id)
    wanted = Change(assignee_id=None if assignee == NOBODY else int(assignee))
    return await _apply(page, conversation, wanted, N_("Assigned"))


@router.post("/team")
async def hand_to_team(page: PageDep, conversation_id: RowId, team: IdOrNone) -> Response:
    """To a team, whoever of it takes it."""
    conversation = await _access(page, conversation_id)
    wanted = Change(team_id=None if team == NOBODY else int(team))
    return await _apply(page, conversation, wanted, N_("Handed to the team"))


@router.post("/take")
async def take(page: PageDep, conversation_id: RowId) -> Response:
    """Mine now, unless somebody was quicker."""
    await access_in(page.session, page.caller, page.frame.ws, conversation_id)
    conversation = await access_free(page.session, page.caller, conversation_id)
    return await _apply(page, conversation, Change(assignee_id=page.caller.agent_id), N_("It is yours now"))


@router.post("/priority")
async def set_priority(page: PageDep, conversation_id: RowId, priority: Annotated[Priority, Form()]) -> Response:
    """How urgent it is."""
    conversation = await _access(page, conversation_id)
    return await _apply(page, conversation, Change(priority=priority), N_("Priority changed"))


@router.post("/labels")
async def set_labels(
    page: PageDep, conversation_id: RowId, labels: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Exactly these, apart by commas."""
    conversation = await _access(page, conversation_id)
    names = tuple(name.strip() for name in labels.split(",") if name.strip())
    return await _apply(page, conversation, Change(labels=names), N_("Labels saved"))


@router.post("/post")
async def change_post_of(
    page: PageDep,
    conversation_id: RowId,
    mode: Annotated[PostMode | None, Form()] = None,
    comments_open: Annotated[bool | None, Form()] = None,
) -> Response:
    """How the comments of its post are treated, and whether it takes any."""
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id, Permission.MODERATE)
    if conversation.post_id is None:
        raise ConflictError("This conversation stands under no post.")
    post = await access_post(page.session, page.caller, conversation.post_id, Permission.MODERATE)
    wanted = PostChange(
        mode=UNSET if mode is None else mode, comments_open=UNSET if comments_open is None else comments_open
    )
    await change_post(page.session, page.adapters, page.caller, post, wanted, page.now)
    said = N_("Saved") if comments_open is None else N_("Comments open") if comments_open else N_("Comments closed")
    return await answer(page, conversation, Toast(page.words.gettext(said)))


@undoing.post("/{bulk_change_id}")
async def undo(page: PageDep, bulk_change_id: RowId) -> Response:
    """As it was before the deed on one conversation, if nobody has changed it since."""
    steps = await access_steps(page.session, page.caller, bulk_change_id)
    if await count_steps(page.session, bulk_change_id) != 1:
        raise NotFoundError("There is no such deed.")
    done = await undo_many(page.session, page.caller, bulk_change_id, page.now)
    for refusal in done.refused.values():
        raise refusal
    (conversation_id,) = steps
    conversation = await access_claimable(page.session, page.caller, conversation_id)
    return await answer(page, conversation, Toast(page.words.gettext("Undone")), "undone")


async def _access(page: Page, conversation_id: int) -> Conversation:
    return await access_in(page.session, page.caller, page.frame.ws, conversation_id, Permission.ANSWER, lock=True)


async def _settle(page: Page, conversation_id: int, wanted: Change, said: str) -> Response:
    conversation = await _access(page, conversation_id)
    return await _apply(page, conversation, wanted, said, event=LEAVES)


async def _apply(
    page: Page, conversation: Conversation, wanted: Change, said: str, event: str | None = None
) -> Response:
    """Change it, and offer to put back what that changed."""
    deed = await change_one(page.session, page.caller, conversation, wanted, page.now)
    way_back = Undo(f"/w/{page.frame.ws}/undo/{deed}{page.choice.query()}", ()) if deed is not None else None
    return await answer(page, conversation, Toast(page.words.gettext(said), undo=way_back), event)
