"""What subscribers and the channel do: write, publish, edit, delete, block, and the updates a bot gets of it."""

from collections.abc import Sequence

from bots.simulator.schemas import DeleteBody, EditBody, MediaBody, MediaKind, Place, PostBody, SayBody
from bots.simulator.shown import Migrated, Posted, Said
from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.chats import TELEGRAM, Chat, Member, Message, Person
from bots.simulator.telegram.content import Content, said, words
from bots.simulator.telegram.refusals import Json
from bots.simulator.telegram.world import Post, World
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError

WORDLESS = frozenset({MediaKind.STICKER, MediaKind.VIDEO_NOTE, MediaKind.LOCATION, MediaKind.CONTACT, MediaKind.POLL})
"""Media that carries no caption."""
ALBUM_KINDS = frozenset({MediaKind.PHOTO, MediaKind.VIDEO, MediaKind.DOCUMENT, MediaKind.AUDIO})
FIRST_POST = "Добро пожаловать! Спрашивайте обо всём в комментариях."


def say(bot: Bot, body: SayBody) -> Said:
    """A subscriber writes to the bot, under a post or in the group."""
    world = bot.world
    author = world.meet(body.author.id, body.author.name, body.author.username)
    post = _post_for(bot, body) if body.kind is Place.COMMENT else None
    chat = _chat_for(world, body.kind, author)
    _check_may_write(world, chat, author)
    frame: Json = {"from": author.user(), "chat": chat.shown()}
    answered = _answered(chat, body.reply_to, post)
    if post is not None:
        frame["message_thread_id"] = post.thread_id
    if answered is not None:
        frame["reply_to_message"] = answered.quoted()
    messages = [
        _write(world, chat, author.person_id, {**frame, **content.fields}, content, post, body.reply_to)
        for content in contents_of(bot, body.text, body.media)
    ]
    for message in messages:
        if _is_seen_by_bot(world, chat, message):
            world.queue.put("message", message.raw)
    return Said(
        message_id=messages[0].message_id,
        post_id=None if post is None else post.post_id,
        chat_id=chat.chat_id,
        message_ids=[message.message_id for message in messages],
        bot=bot.bot_id,
    )


def _post_for(bot: Bot, body: SayBody) -> Post:
    world = bot.world
    if body.post_id is not None:
        post = world.find_post(body.post_id)
        if post is None:
            raise NotFoundError("The channel has no such post.", field="post_id")
        return post
    if body.reply_to is not None:
        answered = world.discussion.find(body.reply_to)
        post = None if answered is None or answered.thread_id is None else world.threads.get(answered.thread_id)
        if post is not None:
            return post
    newest = world.newest_post()
    return newest or publish(bot, Content(words(FIRST_POST)), world.owner.person_id)


def _chat_for(world: World, kind: Place, author: Person) -> Chat:
    if kind is Place.DIRECT:
        return world.private_chat(author)
    chat = world.discussion if kind is Place.COMMENT else world.group
    chat.members.setdefault(author.person_id, Member("member"))
    return chat


def _check_may_write(world: World, chat: Chat, author: Person) -> None:
    if chat.kind == "private":
        if author.person_id in world.blocked_by:
            raise ConflictError("This subscriber has blocked the bot; unblock it first.")
        return
    standing = chat.standing(author.person_id, world.timestamp)
    if standing.status == "kicked":
        raise ConflictError("This subscriber is banned from the chat.")
    if standing.status == "restricted" and "can_send_messages" not in standing.permissions:
        raise ConflictError("This subscriber may not write in the chat for now.")
    if standing.status == "left":
        chat.members[author.person_id] = Member("member")


def _answered(chat: Chat, reply_to: int | None, post: Post | None) -> Message | None:
    if reply_to is None:
        return None if post is None else chat.messages.get(post.thread_id)
    answered = chat.find(reply_to)
    if answered is None:
        raise NotFoundError("There is no such message to reply to.", field="reply_to")
    if post is not None and post.thread_id not in {answered.thread_id, answered.message_id}:
        raise InvalidInputError("The message to reply to stands under another post.", field="reply_to")
    return answered


def _is_seen_by_bot(world: World, chat: Chat, message: Message) -> bool:
    """In privacy mode a bot without rights sees commands and answers to itself only."""
    if chat.kind == "private" or not world.is_private_mode:
        return True
    status = chat.standing(world.me.person_id, world.timestamp).status
    if status == "administrator":
        return True
    answered = None if message.reply_to is None else chat.messages.get(message.reply_to)
    return status == "member" and (message.text.startswith("/") or (answered is not None and answered.is_ours))


def contents_of(bot: Bot, text: str, media: Sequence[MediaBody]) -> list[Content]:
    """One content a message: an album shares its group's id, and the words stand with the first thing that has any."""
    if not media:
        return [Content(words(text))]
    kinds = {one.kind for one in media}
    if len(media) > 1 and not kinds <= ALBUM_KINDS:
        raise InvalidInputError("An album holds photos, videos, documents or audio only.", field="media")
    if text and kinds & WORDLESS:
        raise InvalidInputError("This kind of media carries no text.", field="text")
    contents = [said(one, bot.files, bot.chance) for one in media]
    album: Json = {"media_group_id": str(bot.chance.randrange(10**16, 10**17))} if len(media) > 1 else {}
    caption = words(text, "caption")
    return [
        Content({**content.fields, **album, **(caption if place == 0 else {})}, content.media)
        for place, content in enumerate(contents)
    ]


def _write(
    world: World, chat: Chat, sender_id: int, fields: Json, content: Content, post: Post | None, reply_to: int | None
) -> Message:
    number = chat.counter.next()
    if post is not None:
        post.commenters[sender_id] = None
        post.comments += 1
    message = Message(
        chat_id=chat.chat_id,
        message_id=number,
        sender_id=sender_id,
        raw={"message_id": number, "date": world.timestamp, **fields},
        sent_at=world.now,
        thread_id=None if post is None else post.thread_id,
        reply_to=reply_to,
        media=content.media,
    )
    return world.add(chat, message)


def post(bot: Bot, body: PostBody) -> Posted:
    """The channel publishes; an album's post is its first message."""
    contents = contents_of(bot, body.text, body.media)
    posts = [publish(bot, content, bot.world.owner.person_id) for content in contents]
    return Posted(
        post_id=posts[0].post_id,
        chat_id=bot.world.channel.chat_id,
        thread_id=posts[0].thread_id,
        bot=bot.bot_id,
    )


def publish(bot: Bot, content: Content, by: int) -> Post:
    """A post in the channel, told to the bot unless it is its own, then its automatic forward in the discussion."""
    world = bot.world
    channel, discussion = world.channel, world.discussion
    frame: Json = {"chat": channel.shown(), "sender_chat": channel.shown()}
    published = _write(world, channel, by, {**frame, **content.fields}, content, None, None)
    published.is_ours = by == bot.bot_id
    if not published.is_ours:
        world.queue.put("channel_post", published.raw)
    forward_frame: Json = {
        "from": TELEGRAM,
        "sender_chat": channel.shown(),
        "chat": discussion.shown(),
        "forward_origin": {
            "type": "channel",
            "chat": channel.shown(),
            "message_id": published.message_id,
            "date": published.raw["date"],
        },
        "is_automatic_forward": True,
    }
    forward = _write(world, discussion, channel.chat_id, {**forward_frame, **content.fields}, content, None, None)
    made = Post(published.message_id, forward.message_id)
    world.posts[made.post_id] = made
    world.threads[made.thread_id] = made
    world.queue.put("message", forward.raw)
    return made


def find_own(bot: Bot, body: EditBody | DeleteBody) -> tuple[Chat, Message] | None:
    """The subscriber's message, or channel's post, that a body names, if this bot's world has it."""
    world = bot.world
    found = [
        (chat, message)
        for chat in world.chats.values()
        if body.chat in {None, chat.chat_id}
        and (message := chat.find(body.message_id)) is not None
        and not message.is_ours
        and "is_automatic_forward" not in message.raw
    ]
    if len(found) > 1:
        raise ConflictError("The number fits messages of several chats; name the chat.")
    return found[0] if found else None


def edit(bot: Bot, chat: Chat, message: Message, text: str) -> None:
    """A subscriber, or the channel, edits a message."""
    _change_words(bot, message, text)
    if chat is not bot.world.channel:
        if _is_seen_by_bot(bot.world, chat, message):
            bot.world.queue.put("edited_message", message.raw)
        return
    bot.world.queue.put("edited_channel_post", message.raw)
    made = bot.world.find_post(message.message_id)
    forward = None if made is None else bot.world.discussion.find(made.thread_id)
    if forward is not None:
        _change_words(bot, forward, text)
        bot.world.queue.put("edited_message", forward.raw)


def _change_words(bot: Bot, message: Message, text: str) -> None:
    has_text = "text" in message.raw
    if not has_text and {one.kind for one in message.media} & WORDLESS:
        raise ConflictError("This message carries no text that could be edited.")
    kept = {name: value for name, value in message.raw.items() if name not in {"entities", "caption_entities"}}
    new_words = words(text, "text" if has_text else "caption")
    message.raw = {**kept, **new_words, "edit_date": bot.world.timestamp}
    message.edited_at = bot.world.now


def delete(bot: Bot, chat: Chat, message: Message) -> None:
    """A subscriber deletes a message; Telegram tells bots nothing of it."""
    message.is_deleted = True
    made = bot.world.posts.pop(message.message_id, None) if chat is bot.world.channel else None
    if made is not None:
        # The forward stays in the group, with its comments.
        bot.world.threads.pop(made.thread_id, None)


def block(bot: Bot, author_id: int, *, is_blocked: bool) -> None:
    """A subscriber blocks the bot, or takes it back."""
    world = bot.world
    person = world.people.get(author_id)
    if person is None or author_id not in world.chats:
        raise NotFoundError("This subscriber has never written to the bot.", field="author_id")
    if (author_id in world.blocked_by) == is_blocked:
        return
    (world.blocked_by.add if is_blocked else world.blocked_by.discard)(author_id)
    before, after = (Member("member"), Member("kicked")) if is_blocked else (Member("kicked"), Member("member"))
    world.queue.put("my_chat_member", membership(world, world.chats[author_id], person, world.me, before, after))


def membership(world: World, chat: Chat, by: Person, whose: Person, before: Member, after: Member) -> Json:
    """A ChatMemberUpdated object."""
    in_channel = chat.kind == "channel"
    return {
        "chat": chat.shown(),
        "from": by.user(),
        "date": world.timestamp,
        "old_chat_member": before.shown(whose.user(), in_channel=in_channel),
        "new_chat_member": after.shown(whose.user(), in_channel=in_channel),
    }


def migrate(bot: Bot) -> Migrated:
    """The group becomes a supergroup: a service message in each."""
    world = bot.world
    if world.group.kind == "supergroup":
        raise ConflictError("The group is a supergroup already.")
    old, new = world.migrate_group()
    sender = world.owner.user()
    nothing = Content({})
    for chat, service in ((old, {"migrate_to_chat_id": new.chat_id}), (new, {"migrate_from_chat_id": old.chat_id})):
        frame: Json = {"from": sender, "sender_chat": chat.shown(), "chat": chat.shown(), **service}
        message = _write(world, chat, world.owner.person_id, frame, nothing, None, None)
        world.queue.put("message", message.raw)
    return Migrated(old_chat_id=old.chat_id, new_chat_id=new.chat_id)
