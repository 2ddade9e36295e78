"""What is removed, restored or released says something of its tags: corrections, from which the model learns."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox.channels.events import ConversationKind
from inbox.conversations.models import Correction, Message, Tags
from inbox.conversations.tags import Intent
from inbox.core.database import EVERY_WORKSPACE
from inbox.learning.service import count_corrections
from moderation.learning.teaching import load_lessons
from tests.api.subscribers import Subscribers, Wrote
from tests.api.test_review import rights
from tests.company import Company

pytestmark = pytest.mark.outside


async def hold(company: Company, wrote: Wrote) -> None:
    """As a rule does; the tags were made by the test, with chances by which lead is the next best."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Message).where(Message.id == wrote.message_id).values(held=True))
        chances = {"intent": {"spam": 0.6, "lead": 0.3, "other": 0.1}}
        await session.execute(update(Tags).where(Tags.message_id == wrote.message_id).values(probabilities=chances))


async def corrections(company: Company) -> list[Correction]:
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        return list(await session.scalars(select(Correction).order_by(Correction.id)))


async def suspect(company: Company, subscribers: Subscribers, intent: Intent = Intent.SPAM) -> Wrote:
    await subscribers.see_post("Пост")
    wrote = await subscribers.write("Продам свой шкаф", kind=ConversationKind.COMMENT, intent=intent)
    await hold(company, wrote)
    await rights(company, ["delete", "ban"])
    return wrote


async def test_what_is_released_is_no_spam_and_not_held_any_more(company: Company, subscribers: Subscribers) -> None:
    wrote = await suspect(company, subscribers)
    moderator = await company.client_of("moderator")
    path = f"/api/v1/messages/{wrote.message_id}/release"
    answer = await moderator.post(path)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["tags"]["intent"], answer.json()["tags"]["toxic"]) == ("lead", False)
    (made,) = await corrections(company)
    assert (made.before["intent"], made.after["intent"]) == ("spam", "lead")
    assert made.agent_id == company.people["moderator"].agent_id
    assert not (await subscribers.conversation(wrote.conversation_id)).held
    assert (await moderator.post(path)).status_code == 409


async def test_the_thread_shows_what_is_held_and_a_button_releases_it(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await suspect(company, subscribers, Intent.QUESTION)
    browser = await company.browser_of("moderator")
    thread = f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}"
    button = f"/w/{company.workspace_id}/messages/{wrote.message_id}/release"
    assert button in (await browser.get(thread)).text
    assert (await browser.post(button)).status_code == 200
    assert button not in (await browser.get(thread)).text
    (made,) = await corrections(company)
    assert (made.after["intent"], made.after["toxic"]) == ("question", False), "a word that confirms the tags"


async def test_a_release_says_who_and_is_undone_from_its_notice(company: Company, subscribers: Subscribers) -> None:
    wrote = await suspect(company, subscribers)
    browser, other = await company.browser_of("moderator"), await company.browser_of("owner")
    path = f"/w/{company.workspace_id}/messages/{wrote.message_id}/release"
    thread = f"/w/{company.workspace_id}/inbox/{wrote.conversation_id}"
    notice = (await browser.post(path)).text
    name = company.people["moderator"].name
    assert f"{name}: a message of Person 501 is fine" in (await browser.get(thread)).text
    (at,) = re.findall(r'name="back" value="([^"]+)"', notice)
    assert (await other.post(path, data={"back": at})).status_code == 409, "somebody else's deed"
    assert (await browser.post(path, data={"back": at})).status_code == 200
    assert await corrections(company) == []
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        tags = (await session.scalars(select(Tags).where(Tags.message_id == wrote.message_id))).one()
    assert (tags.intent, tags.corrected_at, tags.corrected_by_id) == (Intent.SPAM, None, None)
    assert (await subscribers.conversation(wrote.conversation_id)).held
    assert path in (await browser.get(thread)).text
    assert (await browser.post(path, data={"back": at})).status_code == 409, "undone already"


async def test_what_a_colleague_said_after_a_release_is_not_undone(company: Company, subscribers: Subscribers) -> None:
    wrote = await suspect(company, subscribers)
    browser, other = await company.browser_of("moderator"), await company.client_of("owner")
    path = f"/w/{company.workspace_id}/messages/{wrote.message_id}/release"
    (at,) = re.findall(r'name="back" value="([^"]+)"', (await browser.post(path)).text)
    company.clock.advance(timedelta(seconds=1))
    await other.put(f"/api/v1/messages/{wrote.message_id}/tags", json={"intent": "question"})
    assert (await browser.post(path, data={"back": at})).status_code == 409
    assert [one.after["intent"] for one in await corrections(company)] == ["lead", "question"]


@pytest.mark.parametrize(
    ("action", "offence", "intent", "said"),
    [
        ("delete", "spam", Intent.QUESTION, ("spam", False)),
        ("ban", "insults", Intent.QUESTION, ("question", True)),
        ("delete", "other", Intent.SPAM, ("spam", False)),
        ("delete", "other", Intent.QUESTION, None),
        ("delete", "flood", Intent.QUESTION, None),
    ],
)
async def test_what_is_removed_teaches_what_it_was(
    company: Company,
    subscribers: Subscribers,
    action: str,
    offence: str,
    intent: Intent,
    said: tuple[str, bool] | None,
) -> None:
    wrote = await suspect(company, subscribers, intent)
    moderator = await company.client_of("moderator")
    body = {"action": action, "reason": offence}
    answer = await moderator.post(f"/api/v1/messages/{wrote.message_id}/moderate", json=body)
    assert answer.status_code == 200, answer.text
    made = await corrections(company)
    assert [(one.after["intent"], one.after["toxic"]) for one in made] == ([said] if said else [])
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        lessons = await load_lessons(session, company.workspace_id)
        assert await count_corrections(session, company.workspace_id, None) == len(lessons) == len(made)
