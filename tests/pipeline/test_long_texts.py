"""One long message freezes nobody: each step takes time linear in its length, and intake cuts what is no message.

A step that reads such a text anew from each of its places is not over before the time limit.
"""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bots.telegram.adapter import TelegramAdapter
from bots.telegram.texts import names_us
from bots.vk.adapter import VkAdapter
from bots.vk.texts import names_community, plain_text
from inbox.canned.variables import Filling as FillingOfCanned
from inbox.canned.variables import fill as fill_canned
from inbox.channels.adapter import Adapters
from inbox.channels.events import ConversationKind, Me, MessageReceived, Platform, PostSeen
from inbox.channels.lengths import LONGEST_NAME, LONGEST_TEXT, MOST_ATTACHMENTS, cut
from inbox.contacts.models import Identity
from inbox.conversations.addressee import Whom
from inbox.conversations.arrivals import OnChannel
from inbox.conversations.models import Conversation
from inbox.conversations.needs_answer import judge
from inbox.conversations.reading import Reading, parse_entry
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.log import hide_secrets
from inbox.core.stream import Entry
from inbox.core.web.linkify import linkify
from moderation.triage.normalise import HEAD, TAIL, fold, normalise
from moderation.triage.profanity import has_profanity
from moderation.triage.terms import find_terms
from routing.autoreplies.wording import Filling as FillingOfReply
from routing.autoreplies.wording import fill as fill_reply
from routing.leads.phones import find_phone
from routing.rules.language import language_of
from tests.desk import Desk, open_desk, tag
from tests.servers import TestServers
from tests.telegram.updates import CHANNEL, direct
from tests.vk.events import GROUP, comment, event, message

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PIECES = (
    "a", "я", "7", "?", "? ", ")", "(", "[id1:", "[id1|", "[club1|", "[https://a", "[https://a|", "https://a)", "@",
    "@a", "я_", "a_", "я a", "д у ", "8-", "+7 ", "нас ", "ау ", "админ ", "спасибо ", "«хорош ", "п**", "*", "'",
    "/a ", "1.", "\u3316",
)  # fmt: skip
"""What a text is made of that a careless expression reads again from each place."""


def long(piece: str, length: int) -> str:
    """It begins with a Cyrillic word and ends with what none of them expects."""
    return "я " + (piece * length)[:length] + "x"


def judge_comment(text: str) -> object:
    return judge(ConversationKind.COMMENT, text, (), tag(""), whom=Whom.NOBODY)


@pytest.mark.parametrize(
    ("step", "length"),
    [
        (plain_text, 1_000_000),
        (lambda text: names_community(text, GROUP), 1_000_000),
        (judge_comment, 1_000_000),
        (linkify, 1_000_000),
        (hide_secrets, 1_000_000),
        (find_phone, 300_000),
        (language_of, 300_000),
        (fold, 100_000),
        (find_terms, 100_000),
        (has_profanity, 100_000),
    ],
    ids=["plain", "names", "judge", "linkify", "log", "phone", "language", "fold", "terms", "profanity"],
)
@pytest.mark.timeout(60)
def test_a_long_text_is_over_at_once(step: Callable[[str], object], length: int) -> None:
    for piece in PIECES:
        step(long(piece, length))


@pytest.mark.timeout(20)
def test_what_grows_while_it_is_folded_is_over_at_once() -> None:
    for _ in range(20):
        assert normalise(long("\u3316", HEAD + TAIL - 3)).folded.startswith("я ")


@pytest.mark.timeout(20)
def test_closing_punctuation_without_end_is_left_out_of_a_link_at_once() -> None:
    opened, closed = "https://a.ru/" + "(" * 200_000 + "b" + ")" * 200_000, ")" * 300_000
    assert f'">{opened}</a>{closed}' in linkify(opened + closed)


@pytest.mark.timeout(20)
def test_blanks_without_end_in_a_template_are_over_at_once() -> None:
    blanks = " " * 300_000
    assert fill_canned(blanks + "x {name}!", FillingOfCanned("", "", "", "")) == blanks + "x!"
    assert fill_reply("x" + blanks + "y, {name}!", FillingOfReply("", None)) == "x" + blanks + "y!"


@pytest.mark.timeout(20)
def test_many_entities_of_a_long_text_are_over_at_once() -> None:
    entities = [{"type": "mention", "offset": 0, "length": 4}] * 100_000
    assert not names_us({"text": "@you" * 500_000, "entities": entities}, Me("1", "us"))


@pytest.mark.parametrize(
    ("text", "plain", "addresses_us"),
    [
        ("[club1234|[TOP] Магазин], да", "[TOP Магазин], да", True),
        ("[id1|Анна] и [club1234|", "Анна и [club1234|", False),
        ("[id1:[club1234|Магазин] тут", "[id1:Магазин тут", True),
        ("[id1|a][https://a.ru|b]]", "ab (https://a.ru)]", False),
        ("[club" + "1" * 5000 + "|x]", "[club" + "1" * 5000 + "|x]", False),
    ],
)
def test_brackets_within_brackets_are_read_as_ever(text: str, plain: str, addresses_us: bool) -> None:
    assert (plain_text(text), names_community(text, GROUP)) == (plain, addresses_us)


def test_a_text_is_cut_where_an_ellipsis_says_so() -> None:
    assert cut("a" * 10, 10) == "a" * 10
    assert cut("a" * 11, 10) == "a" * 9 + "…"


def update(kind: str = "message", /, **fields: object) -> dict[str, object]:
    """As Telegram sends it."""
    return {"update_id": 1, kind: direct(**fields)}


def read(platform: Platform, raw: dict[str, object]) -> MessageReceived | PostSeen:
    adapters: Adapters = {Platform.TELEGRAM: TelegramAdapter(), Platform.VK: VkAdapter()}
    channel = OnChannel(1, 1, str(GROUP))
    entry = Entry("1-0", 1, AT, "test", json.dumps(raw))
    arrived = parse_entry(entry, Reading(channel, platform, "shop_bot", None, AT), adapters)
    assert not isinstance(arrived, str), arrived
    (found,) = arrived
    assert isinstance(found.event, MessageReceived | PostSeen)
    return found.event


MUCH = LONGEST_TEXT + 5


@pytest.mark.parametrize(
    ("platform", "raw"),
    [
        (Platform.TELEGRAM, update(text="ы" * MUCH)),
        (Platform.TELEGRAM, update(caption="ы" * MUCH, photo=[])),
        (Platform.TELEGRAM, update("edited_message", text="ы" * MUCH)),
        (Platform.TELEGRAM, update(rich_message={"blocks": [{"text": "ы" * 20_000}] * 4})),
        (Platform.TELEGRAM, update("channel_post", text="ы" * MUCH, chat=CHANNEL)),
        (Platform.VK, event("message_new", message(text="ы" * MUCH))),
        (Platform.VK, event("message_edit", message(text="ы" * MUCH))),
        (Platform.VK, event("wall_reply_new", comment(text="ы" * MUCH))),
    ],
    ids=["text", "caption", "edit", "rich", "post", "vk", "vk edit", "vk comment"],
)
def test_a_text_longer_than_any_platforms_is_cut_and_kept(platform: Platform, raw: dict[str, object]) -> None:
    text = read(platform, raw).text
    assert len(text) == LONGEST_TEXT
    assert text.replace("\n", "").strip("ы") == "…"


def test_what_a_platform_can_send_is_kept_whole() -> None:
    text = "ы" * 32_767 + "!"
    assert read(Platform.TELEGRAM, update(text=text)).text == text
    assert read(Platform.VK, event("message_new", message(text=text))).text == text


def test_names_titles_and_quotations_are_cut_too() -> None:
    name = "И" * 5000
    file = {"file_id": "f", "file_name": name}
    answered = {
        "message_id": 9, "date": 1, "chat": {"id": 42, "type": "private"}, "text": "ы" * MUCH,
        "from": {"id": 7, "is_bot": False, "first_name": name},
    }  # fmt: skip
    author = {"from": {"id": 42, "is_bot": False, "first_name": name, "last_name": name, "username": name}}
    found = read(Platform.TELEGRAM, update(text="да", document=file, reply_to_message=answered, **author))
    assert isinstance(found, MessageReceived)
    assert found.parent is not None
    assert found.parent.author is not None
    shown = "И" * (LONGEST_NAME - 1) + "…"
    assert (found.author.name, found.author.username, found.parent.author.name) == (shown, shown, shown)
    assert found.attachments[0].file_name == shown
    assert (len(found.parent.text), found.parent.text[-1]) == (LONGEST_TEXT, "…")
    poll = read(Platform.TELEGRAM, update(poll={"question": "ы" * MUCH}))
    assert isinstance(poll, MessageReceived)
    assert poll.attachments[0].title == "ы" * (LONGEST_TEXT - 1) + "…"
    forwards = [{"date": 1, "from_id": 7, "text": "ы" * 20_000} for _ in range(5)]
    forwarded = read(Platform.VK, event("message_new", message(text="", fwd_messages=forwards)))
    assert isinstance(forwarded, MessageReceived)
    assert forwarded.parent is not None
    assert (len(forwarded.parent.text), forwarded.parent.text[-1]) == (LONGEST_TEXT, "…")


@pytest.mark.parametrize("count", [MOST_ATTACHMENTS, MOST_ATTACHMENTS + 1, 20_000])
def test_attachments_beyond_their_number_are_left_out_logged_and_take_no_words_with_them(count: int) -> None:
    links = [{"type": "text_link", "offset": 0, "length": 1, "url": f"https://a.ru/{n}"} for n in range(count)]
    photo = {"type": "photo", "photo": {"text": "Шкаф"}}
    events = (
        (Platform.TELEGRAM, update(text="сколько стоит", entities=links)),
        (Platform.VK, event("message_new", message(text="сколько стоит", attachments=[photo] * count))),
    )
    for platform, raw in events:
        with capture_logs() as logs:
            found = read(platform, raw)
        assert found.text == "сколько стоит"
        assert len(found.attachments) == MOST_ATTACHMENTS
        assert [one["left_out"] for one in logs] == [count - MOST_ATTACHMENTS][: count - MOST_ATTACHMENTS]


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers) as opened:
        yield opened


@pytest.mark.outside
@pytest.mark.timeout(120)
async def test_a_long_message_of_a_nameless_one_is_stored_cut_and_waits(desk: Desk) -> None:
    raw = desk.message("[id1|" * 60_000)
    body = raw["message"]
    assert isinstance(body, dict)
    body["from"] = {"id": 501, "is_bot": False, "first_name": "И" * 5000}
    await desk.put(raw, desk.message("привет", person=502))
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.dead() == []
    texts = await desk.texts()
    assert [len(text) for text in texts] == [LONGEST_TEXT, 6]
    async with desk.context.database.session(EVERY_WORKSPACE) as session:
        name = await session.scalar(select(Identity.name).where(Identity.external_id == "501"))
        waits = await session.scalar(select(Conversation.needs_answer).where(Conversation.key.endswith("501")))
    assert name == "И" * (LONGEST_NAME - 1) + "…"
    assert waits is True
