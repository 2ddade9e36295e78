"""Why a message has a tag for which no word speaks: the nearest example, asked for when somebody wants to know."""

import pytest
from sqlalchemy import update

from inbox.conversations.models import Conversation, Tags
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers, Wrote
from tests.company import Company

pytestmark = pytest.mark.outside


def alike(company: Company, wrote: Wrote) -> str:
    return f"/w/{company.workspace_id}/messages/{wrote.message_id}/alike"


async def test_a_tag_without_words_is_explained_by_an_example(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("а вы по выходным открыты")
    browser = await company.browser_of("moderator")
    thread = (await browser.get(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}")).text
    assert alike(company, wrote) in thread
    said = (await browser.get(alike(company, wrote))).text
    assert "like the example" in said
    assert "Toxicity" not in said, "that it is not toxic needs no reason"


async def test_a_sure_tag_with_words_needs_no_example(company: Company, subscribers: Subscribers) -> None:
    wrote = await subscribers.write("сколько стоит")
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        reasons = {"intent": ["сколько"], "sentiment": ["стоит"]}
        await session.execute(update(Tags).where(Tags.message_id == wrote.message_id).values(reasons=reasons))
    browser = await company.browser_of("moderator")
    thread = (await browser.get(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}")).text
    assert alike(company, wrote) not in thread
    assert (await browser.get(alike(company, wrote))).text.strip() == ""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Tags).where(Tags.message_id == wrote.message_id).values(unsure=["intent"]))
    thread = (await browser.get(f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}")).text
    assert alike(company, wrote) in thread, "unsure: its words carry little"
    said = (await browser.get(alike(company, wrote))).text
    assert ("Intent" in said, "Sentiment" in said) == (True, False)


async def test_what_colleagues_corrected_is_an_example_too(company: Company, subscribers: Subscribers) -> None:
    taught = await subscribers.write("кисель опять у костра", "601", intent=Intent.OTHER)
    moderator = await company.client_of("moderator")
    await moderator.put(f"/api/v1/messages/{taught.message_id}/tags", json={"intent": "complaint"})
    wrote = await subscribers.write("Кисель опять у костра!", "602", intent=Intent.COMPLAINT)
    browser = await company.browser_of("moderator")
    said = (await browser.get(alike(company, wrote))).text
    assert "like the corrected" in said
    assert "кисель опять у костра" in said
    assert (await browser.get(alike(company, taught))).text.strip() == "", "a colleague set these tags"


async def test_words_of_a_talk_that_the_reader_may_not_see_are_no_example(
    company: Company, subscribers: Subscribers
) -> None:
    taught = await subscribers.write("кисель опять у костра", "601", intent=Intent.OTHER)
    owner = await company.client_of("owner")
    await owner.put(f"/api/v1/messages/{taught.message_id}/tags", json={"intent": "complaint"})
    wrote = await subscribers.write("Кисель опять у костра!", "602", intent=Intent.COMPLAINT)
    people = {name: company.people[name].agent_id for name in ("moderator", "sales")}
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        for one, assignee_id in ((taught, people["moderator"]), (wrote, people["sales"])):
            this = Conversation.id == one.conversation_id
            await session.execute(update(Conversation).where(this).values(assignee_id=assignee_id))
    for name, is_told in (("sales", False), ("owner", True)):
        said = (await (await company.browser_of(name)).get(alike(company, wrote))).text
        assert ("кисель опять у костра" in said) is is_told
