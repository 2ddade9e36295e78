"""wall.*: comments and posts; what the community's key cannot do, an administrator's can."""

from bots.simulator.vk.community import Comment, Community, Content, Post
from bots.simulator.vk.keys import Key
from bots.simulator.vk.params import Params
from bots.simulator.vk.refusals import Json, VkApiError, invalid, missing
from bots.simulator.vk.uploading import attached


def create_comment(community: Community, key: Key, params: Params) -> Json:
    """wall.createComment: one guid makes one comment."""
    guid = params.find_text("guid")
    if guid and guid in community.guids:
        return _made(community.guids[guid])
    names = (params.find_text("attachments") or "").split(",")
    text = params.find_text("message") or ""
    if not text.strip() and not any(names):
        raise VkApiError(100, "message is undefined")
    post = _post(community, params)
    if not post.is_open:
        raise VkApiError(213)
    found = [attached(community, name) for name in names if name]
    content = Content(text, tuple(one.attachment for one in found), tuple(one.media for one in found))
    author_id = key.user_id if key.user_id and not params.find_int("from_group") else community.owner_id
    comment = community.add_comment(post, author_id, content, _answered(community, post, params))
    if guid:
        community.guids[guid] = comment
    return _made(comment)


def _made(comment: Comment) -> Json:
    return {"comment_id": comment.comment_id, "parents_stack": comment.parents_stack()}


def _post(community: Community, params: Params) -> Post:
    if params.find_int("owner_id") != community.owner_id:
        raise VkApiError(210)
    post = community.posts.get(params.get_int("post_id"))
    if post is None:
        raise VkApiError(100, "post_id is invalid")
    return post


def _answered(community: Community, post: Post, params: Params) -> Comment | None:
    number = params.find_int("reply_to_comment")
    if not number:
        return None
    answered = community.comments.get(number)
    if answered is None or answered.is_deleted or answered.post_id != post.post_id:
        raise invalid("reply_to_comment")
    return answered


def _comment(community: Community, params: Params) -> Comment:
    number = params.get_int("comment_id")
    owner_id = params.find_int("owner_id")
    comment = community.comments.get(number)
    if owner_id != community.owner_id or comment is None:
        raise VkApiError(211)
    return comment


def delete_comment(community: Community, key: Key, params: Params) -> int:
    """wall.deleteComment."""
    comment = _comment(community, params)
    if comment.is_deleted:
        raise VkApiError(211)
    remove(community, comment, key.user_id or 0)
    return 1


def remove(community: Community, comment: Comment, deleter_id: int) -> None:
    """Delete a comment and tell it."""
    comment.is_deleted = True
    deletion: Json = {"owner_id": community.owner_id, "id": comment.comment_id, "post_id": comment.post_id}
    community.log.put("wall_reply_delete", {**deletion, "deleter_id": deleter_id, "user_id": comment.from_id})


def restore_comment(community: Community, _: Key, params: Params) -> int:
    """wall.restoreComment."""
    comment = _comment(community, params)
    if not comment.is_deleted:
        raise VkApiError(243)
    comment.is_deleted = False
    community.log.put("wall_reply_restore", comment.shown(community.owner_id))
    return 1


def edit_comment(community: Community, key: Key, params: Params) -> int:
    """wall.editComment: the community's own, or the key owner's."""
    comment = _comment(community, params)
    text = params.find_text("message") or ""
    if not text.strip():
        raise VkApiError(100, "message is undefined")
    if comment.is_deleted or comment.from_id not in {community.owner_id, key.user_id}:
        raise VkApiError(211)
    change_words(community, comment, text)
    return 1


def change_words(community: Community, comment: Comment, text: str) -> None:
    """Edit a comment and tell it."""
    comment.content = Content(text, comment.content.attachments, comment.content.media)
    comment.edited_at = community.clock()
    community.log.put("wall_reply_edit", comment.shown(community.owner_id))


def open_comments(community: Community, _: Key, params: Params) -> int:
    """wall.openComments."""
    _post(community, params).is_open = True
    return 1


def close_comments(community: Community, _: Key, params: Params) -> int:
    """wall.closeComments."""
    _post(community, params).is_open = False
    return 1


def get(community: Community, _: Key, params: Params) -> Json:
    """wall.get: newest first."""
    domain, owner_id = params.find_text("domain"), params.find_int("owner_id")
    known = {f"club{community.group_id}", f"public{community.group_id}", community.username}
    if owner_id != community.owner_id and domain not in known:
        raise VkApiError(100, "domain is invalid")
    return _page([post.shown(community.owner_id) for post in reversed(community.posts.values())], params)


def get_comments(community: Community, _: Key, params: Params) -> Json:
    """wall.getComments: of the first level, with the thread of each."""
    post = _post(community, params)
    there = [one for one in community.comments.values() if one.post_id == post.post_id and not one.is_deleted]
    roots = [one for one in there if not one.parents_stack()]
    if params.find_text("sort") == "desc":
        roots.reverse()
    most = params.find_int("thread_items_count") or 0
    items: list[Json] = []
    for root in roots:
        inside = [one.shown(community.owner_id) for one in there if one.parents_stack()[:1] == [root.comment_id]]
        items.append({**root.shown(community.owner_id), "thread": {"count": len(inside), "items": inside[:most]}})
    return {**_page(items, params), "current_level_count": len(roots)}


def _page(items: list[Json], params: Params) -> Json:
    offset, count = params.find_int("offset") or 0, params.find_int("count")
    if count is not None and not 0 <= count <= 100:
        raise missing("count")
    return {"count": len(items), "items": items[offset : offset + (20 if count is None else count)]}
