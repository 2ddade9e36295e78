"""Members of chats: who is there, who may not write, who is banned."""

from bots.simulator.telegram.bot import Bot
from bots.simulator.telegram.chats import PERMISSIONS, Chat, Member, Person
from bots.simulator.telegram.params import Params
from bots.simulator.telegram.people import membership
from bots.simulator.telegram.places import chat_of, is_administrator, is_in
from bots.simulator.telegram.refusals import Json, bad_request

_SHORTEST, _LONGEST = 30, 366 * 86_400
"""seconds; an end nearer or farther is for ever"""
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_me(bot: Bot, params: Params) -> Json:
    """getMe."""
    return {
        **bot.world.me.user(),
        "can_join_groups": True,
        "can_read_all_group_messages": not bot.world.is_private_mode,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(bot: Bot, params: Params) -> Json:
    """getChat."""
    chat = chat_of(bot, params)
    gifts: Json = dict.fromkeys(_GIFTS, False)
    shown: Json = {**chat.shown(), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
    if chat.linked_id is not None:
        shown["linked_chat_id"] = chat.linked_id
    if chat.kind in {"group", "supergroup"}:
        permissions: Json = {name: name not in {"can_change_info", "can_pin_messages"} for name in PERMISSIONS}
        shown["permissions"] = permissions
    return shown


def get_chat_member(bot: Bot, params: Params) -> Json:
    """getChatMember."""
    chat = chat_of(bot, params)
    person = _person(bot, params)
    if chat.kind == "private":
        return Member("member").shown(person.user(), in_channel=False)
    return chat.standing(person.person_id, bot.world.timestamp).shown(person.user(), in_channel=chat.kind == "channel")


def get_chat_member_count(bot: Bot, params: Params) -> int:
    """getChatMemberCount."""
    chat = chat_of(bot, params)
    return 2 if chat.kind == "private" else len(_present(bot, chat))


def get_chat_administrators(bot: Bot, params: Params) -> list[Json]:
    """getChatAdministrators: everybody with rights, this bot included."""
    chat = chat_of(bot, params)
    if chat.kind == "private":
        raise bad_request("there are no administrators in the private chat")
    in_channel = chat.kind == "channel"
    return [
        member.shown(bot.world.user(person_id), in_channel=in_channel)
        for person_id, member in chat.members.items()
        if member.status in {"creator", "administrator"}
    ]


def leave_chat(bot: Bot, params: Params) -> bool:
    """leaveChat."""
    chat = chat_of(bot, params)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.members[bot.bot_id] = Member("left")
    return True


def ban_chat_member(bot: Bot, params: Params) -> bool:
    """banChatMember."""
    chat, person = _moderated(bot, params)
    _change(bot, chat, person, Member("kicked", _end(bot, params)))
    return True


def unban_chat_member(bot: Bot, params: Params) -> bool:
    """unbanChatMember: without only_if_banned somebody who is there is shown out, free to return."""
    chat, person = _moderated(bot, params)
    if chat.kind == "group":
        raise bad_request("method is available for supergroup and channel chats only")
    is_banned = chat.standing(person.person_id, bot.world.timestamp).status == "kicked"
    if is_banned or not params.is_set("only_if_banned"):
        _change(bot, chat, person, Member("left"))
    return True


def restrict_chat_member(bot: Bot, params: Params) -> bool:
    """restrictChatMember."""
    chat, person = _moderated(bot, params)
    if chat.kind != "supergroup":
        raise bad_request("method is available only for supergroups")
    wanted = params.find_object("permissions")
    if wanted is None:
        raise bad_request("permissions are not specified")
    allowed = tuple(name for name in PERMISSIONS if wanted.get(name) is True)
    is_free = len(allowed) == len(PERMISSIONS)
    _change(bot, chat, person, Member("member") if is_free else Member("restricted", _end(bot, params), allowed))
    return True


def ban_chat_sender_chat(bot: Bot, params: Params) -> bool:
    """banChatSenderChat: who writes as a channel."""
    chat, sender_chat_id = _moderated_sender(bot, params)
    chat.members[sender_chat_id] = Member("kicked")
    return True


def unban_chat_sender_chat(bot: Bot, params: Params) -> bool:
    """unbanChatSenderChat."""
    chat, sender_chat_id = _moderated_sender(bot, params)
    chat.members.pop(sender_chat_id, None)
    return True


def _moderated_sender(bot: Bot, params: Params) -> tuple[Chat, int]:
    chat = chat_of(bot, params)
    sender_chat_id = params.get_int("sender_chat_id", "sender_chat_id is not specified")
    if chat.kind not in {"supergroup", "channel"}:
        raise bad_request("method is available for supergroup and channel chats only")
    if not is_administrator(bot, chat):
        raise bad_request("not enough rights to ban/unban sender chat")
    if sender_chat_id >= 0 or sender_chat_id in {chat.chat_id, chat.linked_id}:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return chat, sender_chat_id


def _moderated(bot: Bot, params: Params) -> tuple[Chat, Person]:
    chat = chat_of(bot, params)
    person = _person(bot, params)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    if not is_administrator(bot, chat):
        raise bad_request("not enough rights to restrict/unrestrict chat member")
    if person is bot.world.me:
        raise bad_request("can't restrict self")
    status = chat.standing(person.person_id, bot.world.timestamp).status
    if status == "creator":
        raise bad_request("can't remove chat owner")
    if status == "administrator":
        raise bad_request("user is an administrator of the chat")
    return chat, person


def _person(bot: Bot, params: Params) -> Person:
    person = bot.world.find_person(params.get_int("user_id", "invalid user_id specified"))
    if person is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return person


def _end(bot: Bot, params: Params) -> int:
    """Until when, in seconds of Unix time; 0 for ever."""
    until = params.find_int("until_date") or 0
    return until if _SHORTEST <= until - bot.world.timestamp <= _LONGEST else 0


def _change(bot: Bot, chat: Chat, person: Person, after: Member) -> None:
    world = bot.world
    before = chat.standing(person.person_id, world.timestamp)
    chat.members[person.person_id] = after
    if before != after:
        world.queue.put("chat_member", membership(world, chat, world.me, person, before, after))


def _present(bot: Bot, chat: Chat) -> list[int]:
    now = bot.world.timestamp
    return [one for one in chat.members if chat.standing(one, now).status not in {"left", "kicked"}]


def set_standing(bot: Bot, *, is_member: bool | None, is_administrator: bool | None) -> None:
    """The owner changes what the bot is in group and discussion, and the bot is told."""
    world = bot.world
    for chat in (world.discussion, world.group):
        before = chat.standing(bot.bot_id, world.timestamp)
        stays = is_in(bot, chat) if is_member is None else is_member
        rights = before.status == "administrator" if is_administrator is None else is_administrator
        after = Member("administrator" if rights else "member") if stays else Member("kicked")
        if before != after:
            chat.members[bot.bot_id] = after
            world.queue.put("my_chat_member", membership(world, chat, world.owner, world.me, before, after))
