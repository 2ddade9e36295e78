"""What subscribers and the community itself do on the other side: write, publish, edit, delete, allow and deny."""

from bots.simulator.schemas import DeleteBody, EditBody, Place, PostBody, SayBody, Under
from bots.simulator.shown import Posted, Said
from bots.simulator.vk.attaching import content_of
from bots.simulator.vk.community import Comment, Community, Content, Message, Person, Post
from bots.simulator.vk.refusals import Json
from bots.simulator.vk.walls import change_words, remove
from inbox.core.errors import ConflictError, InvalidInputError, NotFoundError

CLIENT: Json = {
    "button_actions": ["text", "callback", "open_link"],
    "keyboard": True,
    "inline_keyboard": True,
    "carousel": True,
    "lang_id": 0,
}
"""What the subscriber's application can show."""
_ELSEWHERE = {
    Under.PHOTO: ("photo_comment_new", "photo_owner_id", "photo_id"),
    Under.VIDEO: ("video_comment_new", "video_owner_id", "video_id"),
    Under.PRODUCT: ("market_comment_new", "market_owner_id", "item_id"),
    Under.TOPIC: ("board_post_new", "topic_owner_id", "topic_id"),
}
"""The event of a comment, and how it names the owner and the thing."""
_THING = 31
"""The number of the community's only photo, video, product and discussion."""


def say(community: Community, body: SayBody) -> Said:
    """A subscriber writes to the community, or under a post."""
    if body.kind is Place.GROUP:
        raise InvalidInputError("VK has direct messages and comments here, no groups.", field="kind")
    author = community.person(body.author)
    if community.is_banned(author.person_id):
        raise ConflictError("This subscriber is banned from the community.")
    content = content_of(community, body.text, body.media, author.person_id)
    if body.kind is Place.DIRECT:
        return _write(community, author, content, body.reply_to)
    if body.under is not None:
        return _comment_elsewhere(community, author, content, body.under)
    return _comment(community, author, content, body)


def _write(community: Community, author: Person, content: Content, reply_to: int | None) -> Said:
    """Who writes lets the community answer."""
    answered = _answered(community, author.person_id, reply_to)
    if author.person_id in community.denied:
        deny(community, author.person_id, is_denied=False)
    message = community.add_message(author.person_id, author.person_id, content, answered)
    community.log.put("message_new", {"message": message.shown(), "client_info": CLIENT})
    said = _said(community, message.message_id, author.person_id, None)
    return said.model_copy(update={"number": message.number})


def _answered(community: Community, peer_id: int, reply_to: int | None) -> Message | None:
    if reply_to is None:
        return None
    talk = community.talks.get(peer_id, [])
    found = next((one for one in talk if one.message_id == reply_to and not one.is_deleted), None)
    if found is None:
        raise NotFoundError("There is no such message to reply to.", field="reply_to")
    return found


def _comment(community: Community, author: Person, content: Content, body: SayBody) -> Said:
    post = find_post(community, body.post_id)
    if not post.is_open:
        raise ConflictError("The comments of this post are closed.")
    answered = None if body.reply_to is None else community.comments.get(body.reply_to)
    if body.reply_to is not None and (answered is None or answered.is_deleted):
        raise NotFoundError("There is no such comment to reply to.", field="reply_to")
    if answered is not None and answered.post_id != post.post_id:
        raise InvalidInputError("The comment to reply to stands under another post.", field="reply_to")
    comment = community.add_comment(post, author.person_id, content, answered)
    return _said(community, comment.comment_id, community.owner_id, post.post_id)


def _comment_elsewhere(community: Community, author: Person, content: Content, under: Under) -> Said:
    """VK tells of it, and lets no program answer; nobody sees it on the phone."""
    event, owner_field, thing_field = _ELSEWHERE[under]
    comment = Comment(community.next_id(), _THING, author.person_id, content, community.clock(), None)
    shown = comment.shown(community.owner_id)
    del shown["post_id"], shown["owner_id"]
    community.log.put(event, {**shown, owner_field: community.owner_id, thing_field: _THING})
    return _said(community, comment.comment_id, community.owner_id, None)


def _said(community: Community, number: int, chat_id: int, post_id: int | None) -> Said:
    return Said(message_id=number, post_id=post_id, chat_id=chat_id, message_ids=[number], bot=community.group_id)


def find_post(community: Community, post_id: int | None) -> Post:
    """A post by its number, else the newest; the first comment makes a post to stand under."""
    if post_id is not None:
        post = community.posts.get(post_id)
        if post is None:
            raise NotFoundError("The community has no such post.", field="post_id")
        return post
    newest = next(reversed(community.posts.values()), None)
    return newest or community.add_post(Content("Новое поступление: спрашивайте в комментариях"))


def publish(community: Community, body: PostBody) -> Posted:
    """The community publishes a post."""
    content = content_of(community, body.text, body.media, community.owner_id)
    post = community.add_post(content)
    return Posted(post_id=post.post_id, chat_id=community.owner_id, thread_id=post.post_id, bot=community.group_id)


def find_own(community: Community, body: EditBody | DeleteBody) -> Message | Comment | None:
    """A subscriber's message or comment by its number; no two share one."""
    written: list[Message | Comment] = [*community.messages(), *community.comments.values()]
    return next((one for one in written if _number(one) == body.message_id and not one.is_ours | one.is_deleted), None)


def _number(one: Message | Comment) -> int:
    return one.message_id if isinstance(one, Message) else one.comment_id


def edit(community: Community, written: Message | Comment, text: str) -> None:
    """A subscriber edits what they wrote."""
    if isinstance(written, Comment):
        change_words(community, written, text)
        return
    content = written.content
    written.content = Content(text, content.attachments, content.media, content.geo)
    written.edited_at = community.clock()
    community.log.put("message_edit", written.shown())


def delete(community: Community, written: Message | Comment) -> None:
    """A subscriber deletes what they wrote; VK tells it of comments only."""
    if isinstance(written, Comment):
        remove(community, written, written.from_id)
    else:
        written.is_deleted = True


def deny(community: Community, author_id: int, *, is_denied: bool) -> None:
    """A subscriber forbids the community to write, or allows it."""
    if author_id not in community.people:
        raise NotFoundError("This subscriber has never written to the community.", field="author_id")
    if (author_id in community.denied) == is_denied:
        return
    if is_denied:
        community.denied.add(author_id)
        community.log.put("message_deny", {"user_id": author_id})
    else:
        community.denied.discard(author_id)
        community.log.put("message_allow", {"user_id": author_id, "key": ""})
