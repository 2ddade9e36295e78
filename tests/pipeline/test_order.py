"""Whatever the order and however often events come, the rows are the same."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from inbox.channels.events import (
    Attachment,
    AttachmentKind,
    Author,
    ConversationKind,
    MessageDeleted,
    MessageReceived,
    Platform,
    PostSeen,
    Quoted,
    ReachabilityChanged,
    StaffChanged,
)  # fmt: skip
from inbox.channels.models import Channel
from inbox.contacts.models import Identity
from inbox.conversations.arrivals import Arrived, OnChannel
from inbox.conversations.deciding import Wanted, load_seen, set_judgement, set_status
from inbox.conversations.intake import store, texts_to_tag
from inbox.conversations.models import Conversation, Message, MessageEdit, Outcome, Post, Status, Tags
from inbox.conversations.refresh import refresh
from inbox.conversations.staff import texts_of_staff
from inbox.conversations.tags import Intent, Sentiment, Tagged
from inbox.core.database import EVERY_WORKSPACE, Database
from inbox.organisations.models import Organisation, Workspace
from tests.servers import TestServers

pytestmark = pytest.mark.outside
START = datetime(2026, 11, 20, 9, tzinfo=UTC)
BOT = Author("77", "Bot", is_bot=True)
GROUP = "-1009"
ROOT = f"{GROUP}:100"
numbers = count(1)


def tag(text: str) -> Tagged:
    """Tags by plain words: what the classifier says is not the matter here."""
    intent = Intent.LEAD if "цена" in text else Intent.COMPLAINT if "плохо" in text else Intent.OTHER
    return Tagged(Sentiment.NEUTRAL, intent, False, False, {}, frozenset(), {}, "words")


def direct(number: int, who: str, text: str, *, edited: int | None = None) -> MessageReceived:
    return MessageReceived(
        external_id=f":{who}:{number}", kind=ConversationKind.DIRECT, chat_external_id=who, author=Author(who, who),
        sent_at=START + timedelta(minutes=number), text=text,
        edited_at=START + timedelta(minutes=number, seconds=edited) if edited else None,
    )  # fmt: skip


def comment(number: int, who: str, text: str, *, first_level: bool = True) -> MessageReceived:
    return MessageReceived(
        external_id=f":{GROUP}:{number}", kind=ConversationKind.COMMENT if first_level else ConversationKind.GROUP,
        chat_external_id=GROUP, author=Author(who, who), sent_at=START + timedelta(minutes=number), text=text,
        thread_external_id=ROOT, thread_is_post=first_level,
    )  # fmt: skip


def answer(number: int, to: MessageReceived) -> MessageReceived:
    """An anonymous administrator answers in the group."""
    return MessageReceived(
        external_id=f":{GROUP}:{number}", kind=ConversationKind.GROUP, chat_external_id=GROUP,
        author=Author(GROUP, "Лад", is_ours=True), sent_at=START + timedelta(minutes=number), text="Здравствуйте!",
        thread_external_id=ROOT, is_outbound=True, parent=Quoted(to.external_id, to.author, to.text),
    )  # fmt: skip


def photo(number: int, who: str, caption: str = "") -> MessageReceived:
    """A part of an album."""
    return replace(
        direct(number, who, caption),
        attachments=(Attachment(AttachmentKind.PHOTO, f"file{number}"),),
        album_external_id="album",
        sent_at=START + timedelta(minutes=120),
    )


def our_answer_to(number: int, to: MessageReceived, text: str) -> MessageReceived:
    """The anonymous administrator goes on under what our side, or somebody, wrote."""
    return replace(answer(number, to), text=text, parent=Quoted(to.external_id, None, to.text))


def reworded(message: MessageReceived, text: str, minute: float) -> MessageReceived:
    """The message after an edit."""
    return replace(message, text=text, edited_at=START + timedelta(minutes=minute))


POST = PostSeen(f":{GROUP}:1", START, "Новая кухня", thread_external_id=ROOT)
ASKED = comment(110, "anna", "цена?")
ANSWERED = answer(113, ASKED)
RAISED = comment(160, "fedor", "+")
TOLD = comment(162, "ira", "+")
TOLD_COLLEAGUE = replace(
    comment(163, "jana", "а у меня", first_level=False),
    parent=Quoted(f":{GROUP}:142", Author("staff", "staff"), "Вера, всё поправим"),
)
LEFT = comment(171, "lev", "цена у вас хорошая", first_level=False)
HISTORY = (
    POST,
    PostSeen(
        f":{GROUP}:1", START, "Новая кухня, правка", edited_at=START + timedelta(minutes=3), thread_external_id=ROOT
    ),
    direct(101, "kirill", "какая цена"),
    direct(101, "kirill", "какая цена у шкафа", edited=20),
    direct(101, "kirill", "какая цена у стола", edited=40),
    direct(103, "kirill", "ау"),
    ASKED,
    comment(111, "boris", "+"),
    comment(112, "anna", "и плохо видно фото", first_level=False),
    ANSWERED,
    comment(114, "vera", "плохо", first_level=False),
    our_answer_to(115, ANSWERED, "Напишите нам в личку"),
    photo(121, "anton"),
    photo(122, "anton", "какая цена у этого"),
    photo(123, "anton"),
    direct(130, "dina", "уберите это"),
    MessageDeleted((":dina:130",), START + timedelta(minutes=131)),
    direct(132, "dina", "спасибо"),
    comment(140, "staff", "я пока не с вами, плохо", first_level=False),
    StaffChanged(GROUP, Author("staff", "staff"), is_ours=True, occurred_at=START + timedelta(minutes=141)),
    replace(
        comment(142, "staff", "Вера, всё поправим", first_level=False),
        parent=Quoted(f":{GROUP}:114", Author("vera", "vera"), "плохо"),
    ),
    replace(
        comment(143, "gleb", "а у меня", first_level=False),
        parent=Quoted(f":{GROUP}:142", Author("staff", "staff"), "Вера, всё поправим"),
    ),
    ReachabilityChanged(Author("anton", "anton"), reachable=False, occurred_at=START + timedelta(minutes=150)),
    ReachabilityChanged(Author("anton", "anton"), reachable=True, occurred_at=START + timedelta(minutes=151)),
    ReachabilityChanged(Author("dina", "dina"), reachable=False, occurred_at=START + timedelta(minutes=152)),
    RAISED,
    answer(161, RAISED),
    reworded(RAISED, "+ а какая цена", 165),
    reworded(RAISED, "+ а кокая цена", 166),
    TOLD,
    reworded(TOLD, "плохо видно", 167),
    TOLD_COLLEAGUE,
    answer(164, TOLD_COLLEAGUE),
    reworded(TOLD_COLLEAGUE, "+", 168),
    StaffChanged(GROUP, Author("lev", "lev"), is_ours=True, occurred_at=START + timedelta(minutes=169)),
    StaffChanged(GROUP, Author("lev", "lev"), is_ours=False, occurred_at=START + timedelta(minutes=170)),
    LEFT,
    reworded(LEFT, "и цена у вас хорошая, и плохо не делаете", 172),
)


@pytest.fixture(scope="module")
def url(servers: TestServers) -> Iterator[str]:
    address = servers.clone()
    yield address
    servers.drop(address)


async def new_channel(database: Database, platform: Platform = Platform.TELEGRAM, external_id: str = "77") -> OnChannel:
    number = next(numbers)
    async with database.transaction(EVERY_WORKSPACE) as session:
        organisation = Organisation(name=f"o{number}")
        session.add(organisation)
        await session.flush()
        workspace = Workspace(organisation_id=organisation.id, name="w")
        session.add(workspace)
        await session.flush()
        channel = Channel(
            workspace_id=workspace.id, platform=platform, external_id=f"{external_id}-{number}", name="b",
            credentials_encrypted=b"-", key_fingerprint="----",
        )  # fmt: skip
        session.add(channel)
        await session.flush()
        return OnChannel(workspace.id, channel.id, external_id)


async def play(
    database: Database, batches: Sequence[Sequence[int]], then: Sequence[Sequence[int]] = ()
) -> list[tuple[object, ...]]:
    """Store the history in these batches on a channel of its own; returns what the rows then say.

    With `then` a person decides between the two.
    """
    channel = await new_channel(database)
    await bring(database, channel, batches)
    if then:
        await decide(database, channel)
        await bring(database, channel, then)
    return await snapshot(database, channel.channel_id)


async def decide(database: Database, channel: OnChannel) -> None:
    """Everything is closed, but Boris, who only raised a hand, is to be answered."""
    now = START + timedelta(minutes=112, seconds=0.5)
    async with database.transaction(EVERY_WORKSPACE) as session:
        there = list(await session.scalars(select(Conversation).where(Conversation.channel_id == channel.channel_id)))
        for one in there:
            seen = await load_seen(session, one, now)
            if one.key.endswith(":boris"):
                set_status(one, Wanted(Status.OPEN), seen)
                set_judgement(one, seen, needed=True)
            else:
                set_status(one, Wanted(Status.CLOSED, Outcome.ANSWERED), seen)
        await session.flush()
        await refresh(session, [one.id for one in there])


async def bring(database: Database, channel: OnChannel, batches: Sequence[Sequence[int]]) -> None:
    for batch in batches:
        arrived = [Arrived(str(place), channel, HISTORY[place]) for place in batch]
        async with database.transaction(EVERY_WORKSPACE) as session:
            turned = await texts_of_staff(
                session, [(one, x) for one in arrived if isinstance(x := one.event, StaffChanged)]
            )
            tags = {key: tag(key[1]) for key in [*texts_to_tag(arrived), *turned]}
            stored = await store(session, arrived, tags)
            await refresh(session, stored.touched)


async def snapshot(database: Database, channel_id: int) -> list[tuple[object, ...]]:
    async with database.session(EVERY_WORKSPACE) as session:
        said: list[tuple[object, ...]] = [
            tuple(row)
            for row in await session.execute(
                select(
                    Conversation.key, Conversation.kind, Conversation.status, Conversation.outcome,
                    Conversation.needs_answer, Conversation.needs_answer_why, Conversation.intent,
                    Conversation.waiting_since_at, Conversation.last_message_at, Conversation.preview,
                    Conversation.first_response_due_at, Conversation.first_response_met_at,
                    Conversation.next_response_due_at, Conversation.started_at, Post.external_id,
                )
                .outerjoin(Post, Post.id == Conversation.post_id)
                .where(Conversation.channel_id == channel_id)
                .order_by(Conversation.key)
            )
        ]  # fmt: skip
        said += [
            tuple(row)
            for row in await session.execute(
                select(
                    Message.external_id, Message.text, Message.direction, Message.needs_answer, Message.edited_at,
                    Conversation.key, Identity.external_id, Message.deleted_at, Message.needs_answer_why, Tags.intent,
                )
                .outerjoin(Tags, Tags.message_id == Message.id)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .join(Identity, Identity.id == Message.author_identity_id)
                .where(Message.channel_id == channel_id)
                .order_by(Message.external_id)
            )
        ]  # fmt: skip
        said += [
            tuple(row)
            for row in await session.execute(
                select(Message.external_id, MessageEdit.edited_at, MessageEdit.text, MessageEdit.needs_answer)
                .join(Message, Message.id == MessageEdit.message_id)
                .where(Message.channel_id == channel_id)
                .order_by(Message.external_id, MessageEdit.edited_at)
            )
        ]
        said += [
            tuple(row)
            for row in await session.execute(
                select(Post.external_id, Post.thread_external_id, Post.text)
                .where(Post.channel_id == channel_id)
                .order_by(Post.thread_external_id, Post.external_id)
            )
        ]
        said += [
            tuple(row)
            for row in await session.execute(
                select(Identity.external_id, Identity.is_ours, Identity.unreachable_at)
                .where(Identity.channel_id == channel_id)
                .order_by(Identity.external_id)
            )
        ]
    return said


@st.composite
def arrivals(draw: st.DrawFn, first: int = 0, end: int = len(HISTORY)) -> list[list[int]]:
    """The history, or a part of it, in some order, some of it again, cut into batches."""
    places = list(range(first, end))
    again = draw(st.lists(st.sampled_from(places), max_size=5))
    order = draw(st.permutations(places + again))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=4)))
    return [list(order[start:end]) for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@pytest.fixture(scope="module")
def expected(url: str) -> list[tuple[object, ...]]:
    async def run() -> list[tuple[object, ...]]:
        database = Database(url)
        try:
            return await play(database, [list(range(len(HISTORY)))])
        finally:
            await database.close()

    return asyncio.run(run())


def test_a_history_in_order_reads_as_a_person_would_expect(expected: list[tuple[object, ...]]) -> None:
    conversations = {row[0]: row for row in expected if len(row) == 15}
    anna, boris, vera = (conversations[f"thread:{ROOT}:{who}"] for who in ("anna", "boris", "vera"))
    assert set(conversations) == {
        "direct:kirill", "direct:anton", "direct:dina",
        *(f"thread:{ROOT}:{who}" for who in ("anna", "boris", "vera", "staff", "gleb", "fedor", "ira", "jana", "lev")),
    }  # fmt: skip
    assert anna[4] is False, "the anonymous administrator's answer settles her question"
    assert boris[3] == "no_answer_needed_automatic"
    assert vera[4] is False, "the new colleague's answer settles hers"
    assert conversations[f"thread:{ROOT}:gleb"][5] == "addresses_us", "the new colleague is one of us"
    assert conversations["direct:kirill"][9] == "ау"
    assert conversations["direct:anton"][6] is Intent.LEAD, "of an album the caption speaks"
    assert conversations["direct:dina"][7] == START + timedelta(minutes=132), "what was deleted is not waited for"
    fedor, ira, jana, lev = (conversations[f"thread:{ROOT}:{who}"] for who in ("fedor", "ira", "jana", "lev"))
    assert (fedor[7], fedor[9]) == (START + timedelta(minutes=165), "+ а кокая цена"), "since the edit that asks"
    assert ira[7] == START + timedelta(minutes=167), "not since the raised hand"
    assert (jana[4], jana[11]) == (False, START + timedelta(minutes=164)), "what was answered stays answered"
    assert lev[7] == START + timedelta(minutes=171), "a question that waits goes on waiting"
    assert all(row[14] == f":{GROUP}:1" for key, row in conversations.items() if str(key).startswith("thread"))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals())
def test_any_order_and_repetition_gives_the_same_rows(
    url: str, expected: list[tuple[object, ...]], batches: list[list[int]]
) -> None:
    async def run() -> list[tuple[object, ...]]:
        database = Database(url)
        try:
            return await play(database, batches)
        finally:
            await database.close()

    assert asyncio.run(run()) == expected


DECIDED_BEFORE = HISTORY.index(ANSWERED) - 1
"""Anna's second question and the answer to it come after the decision."""


@pytest.fixture(scope="module")
def decided(url: str) -> list[tuple[object, ...]]:
    async def run() -> list[tuple[object, ...]]:
        database = Database(url)
        try:
            return await play(database, [range(DECIDED_BEFORE)], [range(DECIDED_BEFORE, len(HISTORY))])
        finally:
            await database.close()

    return asyncio.run(run())


def test_what_was_not_seen_opens_again_and_the_rest_stays_decided(decided: list[tuple[object, ...]]) -> None:
    conversations = {row[0]: row for row in decided if len(row) == 15}
    anna, boris = (conversations[f"thread:{ROOT}:{who}"] for who in ("anna", "boris"))
    assert (anna[2], anna[4]) == (Status.OPEN, False), "she asked again in the very second, and was answered"
    assert (boris[2], boris[4], boris[5]) == (Status.OPEN, True, "person")
    assert boris[10] is not None, "a person's word starts the clock"
    assert conversations["direct:kirill"][2] is Status.CLOSED


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals(0, DECIDED_BEFORE), arrivals(DECIDED_BEFORE))
def test_a_decision_at_a_moment_leaves_order_without_meaning(
    url: str, decided: list[tuple[object, ...]], before: list[list[int]], after: list[list[int]]
) -> None:
    async def run() -> list[tuple[object, ...]]:
        database = Database(url)
        try:
            return await play(database, before, after)
        finally:
            await database.close()

    assert asyncio.run(run()) == decided
