"""Writing in a conversation, and what is done with single messages, from the thread."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile

from inbox.agents.permissions import Permission
from inbox.channels.adapter import Act, Offence, Upload
from inbox.conversations import corrections
from inbox.conversations.access import access_message
from inbox.conversations.alike import ask_why
from inbox.conversations.corrections import CorrectedTags, correct_tags
from inbox.conversations.models import Conversation, ReviewAction, ReviewState
from inbox.conversations.panel.answering import Toast, Undo, answer
from inbox.conversations.panel.opened import access_in
from inbox.conversations.panel.page import Page, PageDep
from inbox.conversations.panel.snoozing import Snooze, instant_of, wakes_at
from inbox.conversations.possible import find_obstacles
from inbox.conversations.review import ACTS, REASON_LENGTH, Review, find_standing, find_undo, review, take_back
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.errors import InvalidInputError, NotFoundError
from inbox.core.i18n import N_
from inbox.core.idempotency import KEY_LENGTH, repeatable
from inbox.core.live import announce
from inbox.core.web.dependencies import ContextDep
from inbox.core.web.fields import RowId
from inbox.replies import writing
from inbox.replies.service import MAX_UPLOADS, Draft
from inbox.replies.uploads import MAX_TOTAL, kind_of, safe_name

router = APIRouter(prefix="/w/{ws}")
_REVIEWED = {
    ReviewAction.DELETE: N_("The message is being deleted"),
    ReviewAction.BAN: N_("The author is being banned"),
    ReviewAction.MUTE: N_("The author is being muted"),
    ReviewAction.RESTORE: N_("The message is being restored"),
    ReviewAction.WARN: N_("The warning is being sent"),
    ReviewAction.UNBAN: N_("The ban is being lifted"),
    ReviewAction.UNMUTE: N_("The author may write again"),
}


@router.post("/inbox/{conversation_id}/messages")
async def write(
    page: PageDep,
    conversation_id: RowId,
    key: Annotated[str, Form(min_length=8, max_length=KEY_LENGTH)],
    text: Annotated[str, Form(max_length=20_000)] = "",
    note: Annotated[bool, Form()] = False,
    later: Annotated[Snooze | None, Form()] = None,
    later_at: Annotated[datetime | None, Form()] = None,
    canned_response_id: Annotated[int | None, Form(ge=1, le=2**63 - 1)] = None,
    files: Annotated[list[UploadFile] | None, File()] = None,
    seen: Annotated[int | None, Form(ge=0, le=2**63 - 1)] = None,
) -> Response:
    """A reply, now or later, or a note; the same form sent twice writes once. `later_at`: the project's wall clock.

    `seen`: the newest message that stood there when the writing began.
    """
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id)
    uploads = await _read(files or [])
    zone = page.frame.zone_of(conversation.workspace_id)
    send_at = None if note else _send_at(page.now, zone, later, later_at)
    draft = Draft(text.replace("\r\n", "\n").strip(), note, send_at, canned_response_id, uploads, seen)
    request = repeatable(key, f"panel:{conversation_id}", draft.text, str(note), *(one.content for one in uploads))
    message, conversation = await writing.write(
        page.session, page.adapters, page.caller, conversation_id, draft, page.now, request
    )
    toast = None
    if message.send_at is not None:
        said = page.words.gettext(
            "It will be sent %(moment)s", moment=page.words.moment(message.send_at, zone, page.now)
        )
        toast = Toast(said, undo=Undo(f"/w/{page.frame.ws}/messages/{message.id}/delete", ()))
    return await answer(page, conversation, toast, "sent")


@router.post("/messages/{message_id}/send-now")
async def send_now(page: PageDep, message_id: RowId) -> Response:
    """What was for later goes at once."""
    _, conversation = await writing.send_now(page.session, page.adapters, page.caller, message_id, page.now)
    return await _answer(page, conversation, N_("Sending"))


@router.post("/inbox/{conversation_id}/typing")
async def note_typing(page: PageDep, conversation_id: RowId) -> Response:
    """Colleagues who look at it see that an answer is being written."""
    conversation = await access_in(page.session, page.caller, page.frame.ws, conversation_id, Permission.ANSWER)
    announce(
        page.session, conversation.workspace_id, "typing", conversation_id=conversation.id,
        agent_id=page.caller.agent_id, name=page.caller.name, assignee_id=conversation.assignee_id,
        team_id=conversation.team_id,
    )  # fmt: skip
    return Response(status_code=204)


@router.post("/messages/{message_id}/resend")
async def resend(page: PageDep, message_id: RowId) -> Response:
    """What failed, or was looked for and not found."""
    _, conversation = await writing.resend(page.session, page.adapters, page.caller, message_id, page.now)
    return await _answer(page, conversation, N_("Sending again"))


@router.post("/messages/{message_id}/confirm")
async def confirm(page: PageDep, message_id: RowId) -> Response:
    """A person looked: it did arrive."""
    _, conversation = await writing.confirm(page.session, page.caller, message_id, page.now)
    return await _answer(page, conversation, N_("Marked as arrived"))


@router.post("/messages/{message_id}/edit")
async def edit(page: PageDep, message_id: RowId, text: Annotated[str, Form(max_length=20_000)]) -> Response:
    """Our own words, here and on the platform."""
    _, conversation = await writing.edit(page.session, page.adapters, page.caller, message_id, text.strip(), page.now)
    return await _answer(page, conversation, N_("Changed"))


@router.post("/messages/{message_id}/delete")
async def delete(page: PageDep, message_id: RowId) -> Response:
    """Our own message, cancelled or taken back."""
    _, conversation = await writing.delete(page.session, page.adapters, page.caller, message_id, page.now)
    return await _answer(page, conversation, N_("Deleted"))


@router.post("/messages/{message_id}/cancel-change")
async def cancel_change(page: PageDep, message_id: RowId) -> Response:
    """Our edit or deletion that has not arrived is not wanted any more."""
    message, conversation = await writing.cancel_change(page.session, page.caller, message_id, page.now)
    is_gone = message.deleted_at is not None
    return await _answer(page, conversation, N_("It is gone on the platform already") if is_gone else N_("Cancelled"))


@router.post("/messages/{message_id}/tags")
async def correct(
    page: PageDep,
    message_id: RowId,
    sentiment: Annotated[Sentiment | None, Form()] = None,
    intent: Annotated[Intent | None, Form()] = None,
    toxic: Annotated[bool | None, Form()] = None,
) -> Response:
    """A person's word on the tags; the same again confirms them."""
    message, conversation = await access_message(
        page.session, page.caller, message_id, Permission.CORRECT_TAGS, lock=True
    )
    said = CorrectedTags(sentiment, intent, toxic)
    await correct_tags(page.session, page.caller, message, conversation, said, page.now)
    return await _answer(page, conversation, N_("Thank you: the model will learn from this"))


@router.get("/messages/{message_id}/alike")
async def show_alike(page: PageDep, context: ContextDep, message_id: RowId) -> Response:
    """The examples that carried tags for which no word speaks; asked for when somebody wants to know why."""
    message, conversation = await access_message(page.session, page.caller, message_id)
    _check_place(page, conversation)
    asked = await ask_why(page.session, page.caller, message)
    await page.session.rollback()  # only read so far: the classifier keeps no connection waiting
    turns: asyncio.Semaphore = page.request.app.state.classifying
    async with turns:
        found = await asyncio.to_thread(asked.answer, context.tagger)
    return page.show("alike", found=found)


@router.post("/messages/{message_id}/release")
async def release(page: PageDep, message_id: RowId, back: Annotated[datetime | None, Form()] = None) -> Response:
    """What was flagged as suspicious is fine; `back` undoes what was released at that time."""
    message, conversation = await access_message(
        page.session, page.caller, message_id, Permission.CORRECT_TAGS, lock=True
    )
    if back is not None:
        await corrections.undo_release(page.session, page.caller, message, conversation, back, page.now)
        return await _answer(page, conversation, N_("Undone"))
    await corrections.release(page.session, page.caller, message, conversation, page.now)
    undo = Undo(f"/w/{page.frame.ws}/messages/{message_id}/release", (("back", page.now.isoformat()),))
    return await _answer(page, conversation, N_("Thank you: the model will learn from this"), undo)


@router.post("/messages/{message_id}/review")
async def moderate(
    page: PageDep,
    message_id: RowId,
    action: Annotated[ReviewAction, Form()],
    reason: Annotated[str, Form(max_length=REASON_LENGTH)] = "",
    minutes: Annotated[int | None, Form(ge=0, le=527_040)] = None,
    offence: Annotated[Offence, Form()] = Offence.OTHER,
    back: Annotated[bool, Form()] = False,
    undo: Annotated[bool, Form()] = False,
) -> Response:
    """Delete or restore a subscriber's message; warn, mute or ban its author.

    With `back` nothing new is asked for: what `action` undoes and still waits for a key is not done. `undo`: the
    toast's button, by which what the deed said of the tags is taken back, too.
    """
    message, conversation = await access_message(page.session, page.caller, message_id, Permission.MODERATE, lock=True)
    if back:
        await take_back(page.session, page.caller, message, conversation, action, page.now)
        return await _answer(page, conversation, N_("Taken back before it was done"))
    # Only a mute and a ban last; 0 minutes: without end.
    length = timedelta(minutes=minutes) if minutes and action in {ReviewAction.MUTE, ReviewAction.BAN} else None
    wanted = Review(action, reason.strip(), length, offence, is_undo=undo)
    row = await review(page.session, page.adapters, page.caller, message, conversation, wanted, page.now)
    if row.state is ReviewState.CANCELLED:
        return await _answer(page, conversation, N_("Taken back before it was done"))
    undoing = await find_undo(page.session, page.adapters, conversation, action)
    way_back = None
    if undoing is not None:
        fields = (("action", undoing.value), ("undo", "true"))
        way_back = Undo(f"/w/{page.frame.ws}/messages/{message_id}/review", fields)
    return await _answer(page, conversation, _REVIEWED[action], way_back)


@router.get("/messages/{message_id}/review")
async def show_review(page: PageDep, message_id: RowId) -> Response:
    """What can be done with a subscriber's message and its author; what cannot says why."""
    message, conversation = await access_message(page.session, page.caller, message_id, Permission.MODERATE)
    _check_place(page, conversation)
    obstacles = await find_obstacles(page.session, page.adapters, conversation, Act)
    author_id = message.author_identity_id or conversation.identity_id
    is_banned, is_muted = await find_standing(page.session, author_id, page.now)
    actions = (
        ReviewAction.DELETE if message.deleted_at is None else ReviewAction.RESTORE,
        ReviewAction.WARN,
        ReviewAction.UNMUTE if is_muted else ReviewAction.MUTE,
        ReviewAction.UNBAN if is_banned else ReviewAction.BAN,
    )
    deeds = [(action.value, obstacles.get(ACTS[action])) for action in actions]
    adapter = page.adapters.get(conversation.channel.platform)
    url = adapter.url_of(conversation.channel.external_id, message.external_id or "") if adapter else None
    return page.show(
        "review_dialog", message=message, conversation=conversation, deeds=deeds, url=url,
        first=next((name for name, obstacle in deeds if obstacle is None), None),
        can_restore=Act.RESTORE not in obstacles,
    )  # fmt: skip


async def _answer(page: Page, conversation: Conversation, said: str, undo: Undo | None = None) -> Response:
    _check_place(page, conversation)
    return await answer(page, conversation, Toast(page.words.gettext(said), undo=undo))


def _check_place(page: Page, conversation: Conversation) -> None:
    if page.frame.ws not in {"all", conversation.workspace_id}:
        raise NotFoundError("There is no such message.")


def _send_at(now: datetime, zone: str, later: Snooze | None, at: datetime | None) -> datetime | None:
    """The instant, by the project's clock."""
    if later is not None:
        return wakes_at(later, None, now, zone)
    return None if at is None else instant_of(at, zone)


async def _read(files: list[UploadFile]) -> tuple[Upload, ...]:
    """What the form carried; too much is refused before it is read."""
    chosen = [file for file in files if file.filename]
    if len(chosen) > MAX_UPLOADS:
        raise InvalidInputError("At most %(n)s files in one message.", field="attachments", values={"n": MAX_UPLOADS})
    if sum(file.size or 0 for file in chosen) > MAX_TOTAL:
        raise InvalidInputError("The files are too big together.", field="attachments")
    uploads: list[Upload] = []
    for file in chosen:
        mime_type = (file.content_type or "application/octet-stream").partition(";")[0].strip().lower()
        uploads.append(Upload(kind_of(mime_type), safe_name(file.filename or ""), mime_type, await file.read()))
    return tuple(uploads)
