"""The folded row of a draw, opened: who wrote, newest first, each leading to their thread."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from inbox.conversations.access import access_post
from inbox.conversations.filters import Filters, Order
from inbox.conversations.listing import count_folded, list_conversations
from inbox.conversations.models import Post
from inbox.conversations.panel.page import Page, PageDep
from inbox.conversations.panel.pages import around
from inbox.core.errors import NotFoundError
from inbox.core.web.fields import RowId

router = APIRouter(prefix="/w/{ws}/posts/{post_id}/folded")
PAGE = 50

Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("")
async def show_fold(page: PageDep, post_id: RowId, cursor: Cursor = None) -> Response:
    """In the place of a conversation when htmx asks for it, else within the whole inbox; with `cursor` what follows."""
    post = await _access(page, post_id)
    filters = Filters(workspace_id=post.workspace_id, post_id=post.id, folded=True, order=Order.NEWEST)
    listing = await list_conversations(page.session, page.caller, filters, cursor, PAGE, page.now)
    if cursor is not None:
        return page.show("fold_rows", post=post, writers=listing)
    count = await count_folded(page.session, page.caller, post)
    if page.request.headers.get("hx-target") == "conversation":
        return page.show("fold", post=post, folded_count=count, writers=listing)
    return page.show("inbox", **await around(page), opened=None, post=post, folded_count=count, writers=listing)


@router.get("/count")
async def show_count(page: PageDep, post_id: RowId, shown: Annotated[int, Query(ge=0, le=2**31)]) -> Response:
    """The number as it is now, beside the `shown` one of the page."""
    post = await _access(page, post_id)
    count = await count_folded(page.session, page.caller, post)
    return page.show("fold_count", post=post, folded_count=count, shown=shown)


async def _access(page: Page, post_id: int) -> Post:
    post = await access_post(page.session, page.caller, post_id)
    if page.frame.ws not in {"all", post.workspace_id}:
        raise NotFoundError("There is no such post.")
    return post
