"""groups.* and users.get: who the community is, whom it bans, how it hears of events."""

from bots.simulator.vk.callback import CallbackServers
from bots.simulator.vk.community import OWNER_ID, Community
from bots.simulator.vk.keys import Key
from bots.simulator.vk.params import Params
from bots.simulator.vk.refusals import Json, VkApiError, invalid, missing

MAX_REASON = 4


def get_by_id(community: Community, key: Key, params: Params) -> Json:
    """groups.getById: without a number, the key's own community."""
    named = [one for one in (params.find_text("group_ids") or params.find_text("group_id") or "").split(",") if one]
    if not named:
        if not key.is_community:
            raise VkApiError(100, "group_ids is undefined")
        named = [str(community.group_id)]
    return {"groups": [_group(community, key, one) for one in named], "profiles": []}


def _group(community: Community, key: Key, named: str) -> Json:
    own = {str(community.group_id), f"club{community.group_id}", community.username}
    if named not in own:
        digits = named.removeprefix("club")
        if not digits.isascii() or not digits.isdigit():
            raise invalid("group_ids")
        return {"id": int(digits), "name": f"Сообщество {digits}", "screen_name": f"club{digits}", "is_closed": 0}
    shown: Json = {
        "id": community.group_id,
        "name": community.name,
        "screen_name": community.username or f"club{community.group_id}",
        "is_closed": 0,
        "type": "group",
    }
    if not key.is_community:
        is_admin = int(community.is_administrator)
        shown |= {"is_admin": is_admin, "is_member": 1, **({"admin_level": 3} if is_admin else {})}
    return shown


def get_users(community: Community, key: Key, params: Params) -> list[Json]:
    """users.get: without a number, the key's owner."""
    wanted = [one for one in (params.find_text("user_ids") or "").split(",") if one]
    if not wanted and key.user_id is not None:
        wanted = [str(key.user_id)]
    numbers = [int(one.removeprefix("id")) for one in wanted if one.removeprefix("id").isdigit()]
    found = [community.people[number].user() for number in numbers if number in community.people]
    if key.user_id in numbers and key.user_id not in community.people:
        found.append({"id": key.user_id, "first_name": "Ольга", "last_name": "Администратор"})
    return found


def get_members(community: Community, _: Key, params: Params) -> Json:
    """groups.getMembers; of managers only the owner is known."""
    _check_group(community, params)
    if params.find_text("filter") == "managers":
        return {"count": 1, "items": [{"id": OWNER_ID, "role": "creator"}]}
    return {"count": len(community.people), "items": list(community.people)}


def get_permissions(_: Community, __: Key, ___: Params) -> Json:
    """groups.getTokenPermissions."""
    names = ("photos", "docs", "messages", "manage", "wall")
    settings = [{"name": name, "setting": 1 << place} for place, name in enumerate(names)]
    return {"mask": 0b11111, "permissions": settings}


def ban(community: Community, key: Key, params: Params) -> int:
    """groups.ban, told as user_block."""
    _check_group(community, params)
    owner_id, until = params.find_int("owner_id"), params.find_int("end_date") or 0
    reason = params.find_int("reason") or 0
    if not owner_id:
        raise invalid("owner_id")
    if not 0 <= reason <= MAX_REASON:
        raise invalid("reason")
    if owner_id == OWNER_ID:
        raise VkApiError(15, "user is a group manager")
    community.banned[owner_id] = until
    who: Json = {"admin_id": key.user_id, "user_id": owner_id, "unblock_date": until, "reason": reason}
    community.log.put("user_block", {**who, "comment": params.find_text("comment") or ""})
    return 1


def unban(community: Community, key: Key, params: Params) -> int:
    """groups.unban, told as user_unblock."""
    _check_group(community, params)
    owner_id = params.find_int("owner_id") or 0
    if owner_id not in community.banned:
        raise VkApiError(104)
    del community.banned[owner_id]
    community.log.put("user_unblock", {"admin_id": key.user_id, "user_id": owner_id, "by_end_date": 0})
    return 1


def get_banned(community: Community, _: Key, params: Params) -> Json:
    """groups.getBanned."""
    _check_group(community, params)
    items = [
        {"type": "profile", "profile": {"id": person}, "ban_info": {"end_date": until}}
        for person, until in community.banned.items()
    ]
    return {"count": len(items), "items": items}


def get_long_poll_server(community: Community, _: Key, params: Params) -> Json:
    """groups.getLongPollServer."""
    _check_group(community, params)
    address = f"{community.base_url}/longpoll/{community.group_id}"
    return {"key": community.log.new_key(), "server": address, "ts": str(community.log.last)}


def get_long_poll_settings(community: Community, _: Key, params: Params) -> Json:
    """groups.getLongPollSettings: here all events are always on."""
    _check_group(community, params)
    return {"is_enabled": True, "api_version": "5.199", "events": {}}


def accept_settings(community: Community, _: Key, params: Params) -> int:
    """groups.setLongPollSettings and setCallbackSettings: here all events are always on."""
    _check_group(community, params)
    return 1


class CallbackMethods:
    """groups.*Callback*: the servers of each community."""

    def __init__(self, servers: dict[int, CallbackServers]) -> None:
        self._servers = servers

    def code(self, community: Community, _: Key, params: Params) -> Json:
        """groups.getCallbackConfirmationCode."""
        return {"code": self._of(community, params).code}

    def list_all(self, community: Community, _: Key, params: Params) -> Json:
        """groups.getCallbackServers."""
        wanted = params.list_ints("server_ids")
        items = [one for one in self._of(community, params).shown() if not wanted or one["id"] in wanted]
        return {"count": len(items), "items": items}

    def add(self, community: Community, _: Key, params: Params) -> Json:
        """groups.addCallbackServer."""
        url, title = params.find_text("url"), params.find_text("title")
        if not url or not title:
            raise missing("url" if not url else "title")
        return {"server_id": self._of(community, params).add(url, title, params.find_text("secret_key") or "")}

    def edit(self, community: Community, _: Key, params: Params) -> int:
        """groups.editCallbackServer."""
        url, title = params.find_text("url"), params.find_text("title")
        if not url or not title:
            raise missing("url" if not url else "title")
        secret = params.find_text("secret_key") or ""
        self._of(community, params).edit(params.get_int("server_id"), url, title, secret)
        return 1

    def delete(self, community: Community, _: Key, params: Params) -> int:
        """groups.deleteCallbackServer."""
        self._of(community, params).delete(params.get_int("server_id"))
        return 1

    def _of(self, community: Community, params: Params) -> CallbackServers:
        _check_group(community, params)
        return self._servers[community.group_id]


def _check_group(community: Community, params: Params) -> None:
    if params.get_int("group_id") != community.group_id:
        raise VkApiError(15, "you should be group admin")
