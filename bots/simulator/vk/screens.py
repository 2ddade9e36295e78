"""What phones show: what a subscriber heard from a community, one place's screen, people, posts and communities."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal
from urllib.parse import quote

from bots.simulator.schemas import Place
from bots.simulator.shown import Heard, Seen, ShownBot, ShownChat, ShownMedia, ShownPerson, ShownPost
from bots.simulator.vk.callback import CallbackServers
from bots.simulator.vk.community import Comment, Community, Message, Post
from inbox.channels.events import Platform
from inbox.core.errors import NotFoundError

POSTS_SHOWN = 50


def heard(community: Community, author_id: int) -> list[Heard]:
    """The community's messages to a subscriber, and its comments under posts that they commented; oldest first."""
    posts = {one.post_id for one in community.comments.values() if one.from_id == author_id}
    ours: list[Message | Comment] = [one for one in community.talks.get(author_id, []) if one.is_ours]
    ours += [one for one in community.comments.values() if one.is_ours and one.post_id in posts]
    return [show(community, one) for one in sorted(ours, key=lambda one: one.at)]


def show(community: Community, written: Message | Comment) -> Heard:
    """A message or comment as phones show it."""
    answered = written.reply_to
    return Heard(
        message_id=_number(written),
        bot=community.group_id,
        chat=_chat(community, written),
        text=written.content.text,
        media=[_media(community, media) for media in written.content.media],
        reply_to=None if answered is None else _number(answered),
        at=written.at,
        edited_at=written.edited_at,
        deleted=written.is_deleted,
    )


def _number(written: Message | Comment) -> int:
    return written.message_id if isinstance(written, Message) else written.comment_id


def _chat(community: Community, written: Message | Comment) -> ShownChat:
    if isinstance(written, Message):
        return ShownChat(id=written.peer_id, kind=Place.DIRECT, title=community.name)
    return ShownChat(id=community.owner_id, kind=Place.COMMENT, title=community.name, post_id=written.post_id)


def _media(community: Community, media: ShownMedia) -> ShownMedia:
    """With an address of the phone's own."""
    if media.url is None:
        return media
    return media.model_copy(update={"url": f"/sim/file/{Platform.VK}/{community.group_id}/{quote(media.url)}"})


def view(community: Community, author_id: int, place: Place, post_id: int | None, limit: int) -> list[Seen]:
    """The newest messages of a place, oldest first; those under a post begin with the post."""
    if place is Place.DIRECT:
        newest: Iterable[Message | Comment] = reversed(community.talks.get(author_id, []))
        return [_seen(community, one, author_id) for one in reversed(list(islice(newest, limit)))]
    if place is Place.GROUP:
        return []
    post = _post(community, post_id)
    if post is None:
        return []
    under = [one for one in reversed(community.comments.values()) if one.post_id == post.post_id]
    comments = [_seen(community, one, author_id) for one in reversed(under[: limit - 1])]
    return [_seen_post(community, post), *comments]


def _post(community: Community, post_id: int | None) -> Post | None:
    if post_id is None:
        return next(reversed(community.posts.values()), None)
    post = community.posts.get(post_id)
    if post is None:
        raise NotFoundError("The community has no such post.", field="post_id")
    return post


def _seen(community: Community, written: Message | Comment, author_id: int) -> Seen:
    shown = show(community, written).model_dump()
    if written.is_ours:
        return Seen(**shown, who="bot", author=community.name)
    person = community.people.get(written.from_id)
    who: Literal["me", "other"] = "me" if written.from_id == author_id else "other"
    return Seen(**shown, who=who, author="" if person is None else person.name)


def _seen_post(community: Community, post: Post) -> Seen:
    return Seen(
        message_id=post.post_id,
        bot=community.group_id,
        chat=ShownChat(id=community.owner_id, kind=Place.COMMENT, title=community.name, post_id=post.post_id),
        text=post.content.text,
        media=[_media(community, media) for media in post.content.media],
        reply_to=None,
        at=post.at,
        who="channel",
        author=community.name,
    )


def people(communities: Sequence[Community]) -> list[ShownPerson]:
    """Everybody who did something, and which communities may not write to them."""
    shown: dict[int, ShownPerson] = {}
    for community in communities:
        for person in community.people.values():
            entry = shown.setdefault(
                person.person_id,
                ShownPerson(id=person.person_id, name=person.name, username=person.username, blocked=[]),
            )
            if person.person_id in community.denied:
                entry.blocked.append(community.group_id)
    return list(shown.values())


def show_community(community: Community, servers: CallbackServers) -> ShownBot:
    """A community and its newest posts; it has no groups."""
    posts = [
        ShownPost(
            post_id=post.post_id,
            text=post.content.text,
            at=post.at,
            comments=sum(one.post_id == post.post_id and not one.is_deleted for one in community.comments.values()),
        )
        for post in islice(reversed(community.posts.values()), POSTS_SHOWN)
    ]
    return ShownBot(
        id=community.group_id,
        name=community.name,
        username=community.username or f"club{community.group_id}",
        channel=community.name,
        discussion=community.name,
        group="",
        chats={"channel": community.owner_id, "discussion": community.owner_id},
        receives="webhook" if servers.is_any else "poll",
        pending=servers.pending,
        posts=posts,
    )
