"""What phones show: what a subscriber heard from a bot, one place's screen, people, posts and bots."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal
from urllib.parse import quote

from bots.simulator.schemas import Place
from bots.simulator.shown import Heard, Seen, ShownBot, ShownChat, ShownMedia, ShownPerson, ShownPost
from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.buttons import shown_buttons
from bots.simulator.telegram.chats import Message
from bots.simulator.telegram.world import World
from inbox.channels.events import Platform
from inbox.core.errors import NotFoundError

POSTS_SHOWN = 50


def heard(bot: Bot, author_id: int) -> list[Heard]:
    """The bot's messages that a subscriber sees, oldest first."""
    return [show_message(bot, message) for message in bot.world.heard.get(author_id, ())]


def show_message(bot: Bot, message: Message) -> Heard:
    """A message as phones show it."""
    return Heard(
        message_id=message.message_id,
        bot=bot.bot_id,
        chat=_chat(bot.world, message),
        text=message.text,
        media=[_media(bot, media) for media in message.media],
        reply_to=message.reply_to,
        at=message.sent_at,
        edited_at=message.edited_at,
        deleted=message.is_deleted,
        buttons=shown_buttons(message),
    )


def _chat(world: World, message: Message) -> ShownChat:
    chat = world.chats[message.chat_id]
    if chat.kind == "private":
        return ShownChat(id=chat.chat_id, kind=Place.DIRECT, title=world.me.name)
    if chat is not world.discussion:
        return ShownChat(id=chat.chat_id, kind=Place.GROUP, title=chat.title)
    post = None if message.thread_id is None else world.threads.get(message.thread_id)
    return ShownChat(
        id=chat.chat_id, kind=Place.COMMENT, title=chat.title, post_id=None if post is None else post.post_id
    )


def _media(bot: Bot, media: ShownMedia) -> ShownMedia:
    """With an address instead of a file id."""
    if media.url is None:
        return media
    return media.model_copy(update={"url": f"/sim/file/{Platform.TELEGRAM}/{bot.bot_id}/{quote(media.url)}"})


def view(bot: Bot, author_id: int, place: Place, post_id: int | None, limit: int) -> list[Seen]:
    """The newest messages of a place, oldest first; those under a post begin with the post."""
    newest = list(islice(_newest(bot.world, author_id, place, post_id), limit))
    return [_seen(bot, message, author_id) for message in reversed(newest)]


def _newest(world: World, author_id: int, place: Place, post_id: int | None) -> Iterable[Message]:
    if place is Place.DIRECT:
        chat = world.chats.get(author_id)
        return () if chat is None else reversed(chat.messages.values())
    if place is Place.GROUP:
        return reversed(world.group.messages.values())
    post = world.newest_post() if post_id is None else world.find_post(post_id)
    if post is None:
        if post_id is None:
            return ()
        raise NotFoundError("The channel has no such post.", field="post_id")
    places = {post.thread_id}
    return (
        message
        for message in reversed(world.discussion.messages.values())
        if message.thread_id in places or message.message_id in places
    )


def _seen(bot: Bot, message: Message, author_id: int) -> Seen:
    return Seen(
        **show_message(bot, message).model_dump(),
        who=_who(bot, message, author_id),
        author=_name(bot, message),
    )


def _who(bot: Bot, message: Message, author_id: int) -> Literal["me", "bot", "channel", "other"]:
    if "is_automatic_forward" in message.raw:
        return "channel"
    if message.is_ours:
        return "bot"
    return "me" if message.sender_id == author_id else "other"


def _name(bot: Bot, message: Message) -> str:
    world = bot.world
    if message.sender_id == world.channel.chat_id:
        return world.channel.title
    person = world.find_person(message.sender_id)
    return "" if person is None else person.name


def people(bots: Sequence[Bot]) -> list[ShownPerson]:
    """Everybody who did something, and whom they blocked."""
    shown: dict[int, ShownPerson] = {}
    for bot in bots:
        for person in bot.world.people.values():
            entry = shown.setdefault(
                person.person_id,
                ShownPerson(id=person.person_id, name=person.name, username=person.username, blocked=[]),
            )
            if person.person_id in bot.world.blocked_by:
                entry.blocked.append(bot.bot_id)
    return list(shown.values())


def show_bot(bot: Bot) -> ShownBot:
    """A bot, its places and its newest posts."""
    world = bot.world
    posts = [
        ShownPost(post_id=post.post_id, text=message.text, at=message.sent_at, comments=post.comments)
        for post in islice(reversed(world.posts.values()), POSTS_SHOWN)
        if (message := world.channel.find(post.post_id)) is not None
    ]
    return ShownBot(
        id=bot.bot_id,
        name=world.me.name,
        username=world.me.username or "",
        channel=world.channel.title,
        discussion=world.discussion.title,
        group=world.group.title,
        chats={
            "channel": world.channel.chat_id,
            "discussion": world.discussion.chat_id,
            "group": world.group.chat_id,
        },
        receives="poll" if bot.webhook.setting is None else "webhook",
        pending=bot.pending,
        posts=posts,
    )
