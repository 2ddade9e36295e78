"""Deleting many suspicious messages, or banning their authors: one dialog, and one toast that tells how it goes."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from inbox.agents.frame import scope_at
from inbox.channels.adapter import Offence
from inbox.channels.events import Platform
from inbox.conversations.models import ReviewAction, ReviewState
from inbox.conversations.panel.answering import Going, Toast, Undo
from inbox.conversations.panel.page import Page, PageDep
from inbox.conversations.review import REASON_LENGTH, Review
from inbox.conversations.reviewing import MOST, Progress, Reviewed, find_platforms, load_progress, review_many
from inbox.conversations.waiting import UNDONE_BY
from inbox.core.errors import InvalidInputError, NotFoundError
from inbox.core.i18n import N_, Words
from inbox.core.web.dependencies import ContextDep

router = APIRouter(prefix="/w/{ws}/bulk")
IDS = r"^\d{1,18}(,\d{1,18})*$"
Ids = Annotated[str, Query(pattern=IDS, max_length=19 * MOST)]
FormIds = Annotated[str, Form(pattern=IDS, max_length=19 * MOST)]
_BEGUN: Mapping[ReviewAction, str] = {
    ReviewAction.DELETE: N_("Being deleted: %(n)s"),
    ReviewAction.BAN: N_("Authors being banned: %(n)s"),
    ReviewAction.RESTORE: N_("Being restored: %(n)s"),
    ReviewAction.UNBAN: N_("Bans being lifted: %(n)s"),
}
"""What can be done with many: deleting and banning, and what undoes them."""
_DONE: Mapping[ReviewAction, str] = {
    ReviewAction.DELETE: N_("Deleted: %(n)s of %(all)s"),
    ReviewAction.BAN: N_("Authors banned: %(n)s of %(all)s"),
    ReviewAction.RESTORE: N_("Restored: %(n)s of %(all)s"),
    ReviewAction.UNBAN: N_("Bans lifted: %(n)s of %(all)s"),
}


@router.get("/review")
async def show_review(page: PageDep, messages: Ids) -> Response:
    """What can be done with all of them; what cannot be done with one is told of that one once it was tried."""
    message_ids = _read(messages)
    platforms = await find_platforms(page.session, page.caller, message_ids)
    if not platforms:
        raise NotFoundError("There is no such message.")
    return page.show(
        "bulk_review", message_ids=message_ids, is_vk=platforms == {Platform.VK},
        is_telegram=Platform.TELEGRAM in platforms,
    )  # fmt: skip


@router.post("/review")
async def review(
    page: PageDep,
    context: ContextDep,
    messages: FormIds,
    action: Annotated[ReviewAction, Form()],
    reason: Annotated[str, Form(max_length=REASON_LENGTH)] = "",
    minutes: Annotated[int, Form(ge=0, le=527_040)] = 0,
    offence: Annotated[Offence, Form()] = Offence.OTHER,
    undo: Annotated[bool, Form()] = False,
) -> Response:
    """On each message as if it were reviewed alone. `undo`: the toast's button; `minutes` of a ban, 0: without end."""
    if action not in _BEGUN:
        raise InvalidInputError("This is done with one message at a time.", field="action")
    page.session.expunge_all()
    await page.session.rollback()  # only read so far: the deed's own transactions need the connection
    length = timedelta(minutes=minutes) if minutes and action is ReviewAction.BAN else None
    wanted = Review(action, reason.strip(), length, offence, is_undo=undo)
    scope = scope_at(page.frame.ws, page.caller)
    done = await review_many(context, page.caller, scope, _read(messages), wanted)
    response = page.show("left", toast=_toast(page, done, action, is_undo=undo))
    event = {"bulk-undone" if undo else "bulk": {"ids": list(done.conversation_ids)}}
    response.headers["HX-Trigger"] = json.dumps(event)
    return response


@router.get("/reviews")
async def show_progress(
    page: PageDep, ids: Ids, action: ReviewAction, of: Annotated[int, Query(ge=1, le=MOST)]
) -> Response:
    """How far the platform has come with these reviews, of so many that were wanted; asks again while it is at work."""
    if action not in _DONE:
        raise NotFoundError("There is no such deed.")
    review_ids = _read(ids)
    progress = await load_progress(page.session, page.caller, review_ids, page.now)
    said = _tell(page.words, progress, action, of)
    return page.show("bulk_progress", going=_going(page, review_ids, action, of, said, progress.is_at_work))


def _read(ids: str) -> list[int]:
    return [int(one) for one in ids.split(",")][:MOST]


def _going(
    page: Page, review_ids: list[int], action: ReviewAction, of: int, said: str, is_at_work: bool = True
) -> Going:
    ids = ",".join(map(str, review_ids))
    address = f"/w/{page.frame.ws}/bulk/reviews?action={action.value}&of={of}&ids={ids}"
    return Going(said, address if is_at_work else None)


def _toast(page: Page, done: Reviewed, action: ReviewAction, *, is_undo: bool) -> Toast:
    """What was begun, with its way back, and beside it what could not be and why."""
    words, going, way_back = page.words, None, None
    wanted = len(done.asked) + len(done.taken_back) + len(done.refused)
    if done.asked:
        said = words.gettext(_BEGUN[action], n=words.number(len(done.asked)))
        going = _going(page, list(done.asked.values()), action, wanted, said)
    undoing = UNDONE_BY.get(action)
    parts: list[str] = []
    if undoing is not None and done.undoable and not is_undo:
        ids = ",".join(map(str, done.undoable))
        way_back = Undo(
            f"/w/{page.frame.ws}/bulk/review", (("messages", ids), ("action", undoing.value), ("undo", "true"))
        )
        if len(done.undoable) < len(done.asked):
            parts.append(words.gettext("Of these %(n)s can be undone", n=words.number(len(done.undoable))))
    if done.taken_back:
        parts.append(words.gettext("Taken back before it was done: %(n)s", n=words.number(len(done.taken_back))))
    if done.refused:
        why = _why(words.refusal(one) for one in done.refused.values())
        parts.append(words.gettext("Could not: %(n)s (%(why)s)", n=words.number(len(done.refused)), why=why))
    kind = "done" if done.asked or done.taken_back else "error"
    return Toast(". ".join(parts), kind, way_back, going)


def _tell(words: Words, progress: Progress, action: ReviewAction, of: int) -> str:
    """«Удалено: 18 из 20. Площадка отказала: 2 (почему)»."""
    counts = progress.counts
    parts = [words.gettext(_DONE[action], n=words.number(counts.get(ReviewState.DONE, 0)), all=words.number(of))]
    if refused := counts.get(ReviewState.REFUSED, 0):
        why = _why(words.gettext(one) for one in progress.failures)
        parts.append(words.gettext("The platform refused: %(n)s (%(why)s)", n=words.number(refused), why=why))
    if waiting := counts.get(ReviewState.WAITING, 0):
        parts.append(words.gettext("Waiting for a key: %(n)s", n=words.number(waiting)))
    if undone := counts.get(ReviewState.CANCELLED, 0):
        parts.append(words.gettext("Taken back before it was done: %(n)s", n=words.number(undone)))
    left = counts.get(ReviewState.ASKED, 0)
    if left and not progress.is_at_work:
        parts.append(words.gettext("Takes long, and goes on by itself: %(n)s", n=words.number(left)))
    return ". ".join(parts)


def _why(reasons: Iterable[str]) -> str:
    """Each once."""
    return "; ".join(dict.fromkeys(one.rstrip(".") for one in reasons))
