"""Under a post with thousands of comments the numbers are counted as far as they are shown, for whoever looks."""

import pytest
from sqlalchemy import text

from inbox.channels.events import ConversationKind
from inbox.conversations.tags import Intent
from tests.api.plans import copied, visited
from tests.api.subscribers import Subscribers
from tests.company import Company

pytestmark = pytest.mark.outside
COPIES = 1500
"""Of each of the two comments."""
MOST = 1000


async def test_a_large_post_is_counted_up_to_999_and_no_row_more_is_visited(
    company: Company, subscribers: Subscribers
) -> None:
    post_id = await subscribers.see_post("Розыгрыш")
    asks = (await subscribers.write("Когда итоги?", "501", kind=ConversationKind.COMMENT)).conversation_id
    await subscribers.write("+", "502", kind=ConversationKind.COMMENT, intent=Intent.OTHER)
    owner, sales = await company.client_of("owner"), await company.client_of("sales")
    exact = (await owner.patch(f"/api/v1/posts/{post_id}", json={"mode": "draw"})).json()
    assert (exact["conversations"], exact["needs_answer"], exact["folded"]) == (2, 1, 1)
    await _copy(company)
    async with visited(company, "count(*)", "FROM posts") as rows:
        post = (await owner.get(f"/api/v1/posts/{post_id}")).json()
    assert (post["conversations"], post["needs_answer"], post["folded"]) == (MOST, MOST, MOST)
    assert rows == [3 * MOST]
    page = await company.browser_of("owner")
    card = (await page.get(f"/w/{company.workspace_id}/inbox/{asks}")).text
    for words in ("999+ conversations · 999+ without an answer", "999+ folded comments"):
        assert words in card
    give = {"assignee_id": company.people["sales"].agent_id}
    await owner.patch(f"/api/v1/conversations/{asks}", json=give)
    async with visited(company, "count(*)", "FROM posts") as rows:
        own = (await sales.get(f"/api/v1/posts/{post_id}")).json()
    assert (own["conversations"], own["needs_answer"], own["folded"]) == (1, 1, 0)
    assert rows[0] <= 3, "what the reader does not see is not visited for them"


async def _copy(company: Company) -> None:
    """Both comments, many times."""
    talks = copied("conversations", key="'copy:' || t.id || ':' || n")
    async with company.context.database.engine.begin() as connection:
        await connection.execute(text(f"{talks} from conversations t, generate_series(1, {COPIES}) n"))
        for table in ("posts", "conversations"):
            await connection.execute(text(f"analyze {table}"))
