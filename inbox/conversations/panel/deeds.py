"""What a person does with a conversation from its header: each answers with the changed parts and a toast to undo."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Response

from inbox.agents.permissions import Permission
from inbox.conversations.access import access_post
from inbox.conversations.changes import UNSET, Change, Unset
from inbox.conversations.models import Conversation, PostMode, Priority, Status
from inbox.conversations.panel.answering import Toast, Undo, answer
from inbox.conversations.panel.opened import access_in
from inbox.conversations.panel.page import Page, PageDep
from inbox.conversations.panel.snoozing import Snooze, wakes_at
from inbox.conversations.post_settings import PostChange, change_post
from inbox.conversations.service import change, claim
from inbox.core.errors import ConflictError
from inbox.core.i18n import N_
from inbox.core.web.fields import RowId

router = APIRouter(prefix="/w/{ws}/inbox/{conversation_id}")
NOBODY = "none"
LEAVES = "settled"
"""The event after which the page opens the next conversation."""

ID_OR_NONE = r"^(none|\d{1,18})$"
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
    return await _apply(page, conversation, wanted, N_("Open again"), ("status",))


@router.post("/wait")
async def wait(page: PageDep, conversation_id: RowId, status: Annotated[Status, Form()]) -> Response:
    """The next word is the subscriber's, or the client company's."""
    conversation = await _access(page, conversation_id)
    return await _apply(page, conversation, Change(status=status), N_("Set aside until they answer"), ("status",))


@router.post("/snooze")
async def snooze(page: PageDep, conversation_id: RowId, until: Annotated[Snooze, Form()]) -> Response:
    """Comes back by itself."""
    conversation = await _access(page, conversation_id)
    zone = page.frame.zone_of(conversation.workspace_id)
    at = wakes_at(until, page.now, zone)
    said = page.words.gettext("Snoozed until %(moment)s", moment=page.words.moment(at, zone, page.now))
    return await _apply(page, conversation, Change(snoozed_until=at), said, ("status",), event=LEAVES)


@router.post("/assign")
async def assign(page: PageDep, conversation_id: RowId, assignee: IdOrNone) -> Response:
    """To a colleague, or to nobody."""
    conversation = await _access(page, conversation_id)
    wanted = Change(assignee_id=None if assignee == NOBODY else int(assignee))
    return await _apply(page, conversation, wanted, N_("Assigned"), ("assignee",))


@router.post("/team")
async def hand_to_team(page: PageDep, conversation_id: RowId, team: IdOrNone) -> Response:
    """To a team, whoever of it takes it."""
    conversation = await _access(page, conversation_id)
    wanted = Change(team_id=None if team == NOBODY else int(team))
    return await _apply(page, conversation, wanted, N_("Handed to the team"), ("team",))


@router.post("/take")
async def take(page: PageDep, conversation_id: RowId) -> Response:
    """Mine now, unless somebody was quicker."""
    await access_in(page.session, page.caller, page.frame.ws, conversation_id)
    await claim(page.session, page.caller, conversation_id, page.now)
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id)
    undoing = Undo(_address(page, conversation_id), (("assignee", NOBODY),))
    return await answer(page, conversation, Toast(page.words.gettext("It is yours now"), undo=undoing))


@router.post("/priority")
async def set_priority(page: PageDep, conversation_id: RowId, priority: Annotated[Priority, Form()]) -> Response:
    """How urgent it is."""
    conversation = await _access(page, conversation_id)
    return await _apply(page, conversation, Change(priority=priority), N_("Priority changed"), ("priority",))


@router.post("/labels")
async def set_labels(
    page: PageDep, conversation_id: RowId, labels: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Exactly these, apart by commas."""
    conversation = await _access(page, conversation_id)
    names = tuple(name.strip() for name in labels.split(",") if name.strip())
    return await _apply(page, conversation, Change(labels=names), N_("Labels saved"), ())


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


@router.post("/undo")
async def undo(
    page: PageDep,
    conversation_id: RowId,
    status: Annotated[Status | None, Form()] = None,
    snoozed_until: Annotated[datetime | None, Form()] = None,
    assignee: Annotated[str | None, Form(pattern=ID_OR_NONE)] = None,
    team: Annotated[str | None, Form(pattern=ID_OR_NONE)] = None,
    priority: Annotated[Priority | None, Form()] = None,
) -> Response:
    """As it was before the last deed."""
    conversation = await _access(page, conversation_id)
    wanted = Change(
        status=UNSET if status is None else status,
        snoozed_until=UNSET if snoozed_until is None else snoozed_until,
        assignee_id=_id_or_unset(assignee),
        team_id=_id_or_unset(team),
        priority=UNSET if priority is None else priority,
    )
    return await _apply(page, conversation, wanted, N_("Undone"), (), event="undone")


async def _access(page: Page, conversation_id: int) -> Conversation:
    return await access_in(page.session, page.caller, page.frame.ws, conversation_id, Permission.ANSWER, lock=True)


async def _settle(page: Page, conversation_id: int, wanted: Change, said: str) -> Response:
    conversation = await _access(page, conversation_id)
    return await _apply(page, conversation, wanted, said, ("status",), event=LEAVES)


async def _apply(
    page: Page, conversation: Conversation, wanted: Change, said: str, undoes: tuple[str, ...], event: str | None = None
) -> Response:
    """Change it, and offer to put back what `undoes` names."""
    before = _before(conversation)
    await change(page.session, page.caller, conversation, wanted, page.now)
    fields = tuple(field for name in undoes for field in before[name])
    undoing = Undo(_address(page, conversation.id), fields) if fields else None
    return await answer(page, conversation, Toast(page.words.gettext(said), undo=undoing), event)


def _before(conversation: Conversation) -> dict[str, tuple[tuple[str, str], ...]]:
    """The fields of `undo` that lead back to the present state, by what may change."""
    until = conversation.snoozed_until
    status = [("status", conversation.status.value)]
    return {
        "status": tuple([*status, ("snoozed_until", until.isoformat())] if until else status),
        "assignee": (("assignee", str(conversation.assignee_id or NOBODY)),),
        "team": (("team", str(conversation.team_id or NOBODY)),),
        "priority": (("priority", conversation.priority.value),),
    }


def _address(page: Page, conversation_id: int) -> str:
    return f"/w/{page.frame.ws}/inbox/{conversation_id}/undo{page.choice.query()}"


def _id_or_unset(field: str | None) -> int | Unset | None:
    if field is None:
        return UNSET
    return None if field == NOBODY else int(field)
