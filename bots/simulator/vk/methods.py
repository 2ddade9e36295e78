"""Which methods there are, whose keys may call each, and what does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bots.simulator.vk import managing, talking, uploading, walls
from bots.simulator.vk.callback import CallbackServers
from bots.simulator.vk.community import Community
from bots.simulator.vk.keys import Key
from bots.simulator.vk.managing import CallbackMethods
from bots.simulator.vk.params import Params

Do = Callable[[Community, Key, Params], object]


@dataclass(frozen=True, slots=True)
class Method:
    """What a method does, for which kinds of keys; `needs_administrator`: a user's key alone is not enough."""

    do: Do
    for_community: bool = True
    for_user: bool = True
    needs_administrator: bool = False


def methods_of(servers: dict[int, CallbackServers]) -> Mapping[str, Method]:
    """All methods by name. Key types as the schema of version 5.199 states them."""
    callback = CallbackMethods(servers)
    both: dict[str, Do] = {
        "users.get": managing.get_users,
        "groups.getById": managing.get_by_id,
        "wall.createComment": walls.create_comment,
    }
    of_community: dict[str, Do] = {
        "messages.send": talking.send,
        "messages.edit": talking.edit,
        "messages.delete": talking.delete,
        "messages.getById": talking.get_by_id,
        "messages.getByConversationMessageId": talking.get_by_number,
        "messages.getHistory": talking.get_history,
        "messages.getConversations": talking.get_conversations,
        "messages.isMessagesFromGroupAllowed": talking.is_allowed,
        "photos.getMessagesUploadServer": uploading.photo_server,
        "photos.saveMessagesPhoto": uploading.save_photo,
        "docs.getMessagesUploadServer": uploading.document_server,
        "docs.save": uploading.save_document,
        "groups.getTokenPermissions": managing.get_permissions,
    }
    of_administrators: dict[str, Do] = {
        "wall.openComments": walls.open_comments,
        "wall.closeComments": walls.close_comments,
        "groups.getMembers": managing.get_members,
        "groups.getBanned": managing.get_banned,
        "groups.getLongPollServer": managing.get_long_poll_server,
        "groups.getLongPollSettings": managing.get_long_poll_settings,
        "groups.setLongPollSettings": managing.accept_settings,
        "groups.getCallbackConfirmationCode": callback.code,
        "groups.getCallbackServers": callback.list_all,
        "groups.addCallbackServer": callback.add,
        "groups.editCallbackServer": callback.edit,
        "groups.deleteCallbackServer": callback.delete,
        "groups.setCallbackSettings": managing.accept_settings,
    }
    of_users: dict[str, Do] = {
        "wall.deleteComment": walls.delete_comment,
        "wall.restoreComment": walls.restore_comment,
        "wall.editComment": walls.edit_comment,
        "wall.get": walls.get,
        "wall.getComments": walls.get_comments,
        "groups.ban": managing.ban,
        "groups.unban": managing.unban,
        "photos.getWallUploadServer": uploading.photo_server,
        "photos.saveWallPhoto": uploading.save_photo,
    }
    return {
        **{name: Method(do) for name, do in both.items()},
        **{name: Method(do, for_user=False) for name, do in of_community.items()},
        **{name: Method(do, needs_administrator=True) for name, do in of_administrators.items()},
        **{name: Method(do, for_community=False, needs_administrator=True) for name, do in of_users.items()},
    }
