"""Who the bot is, which chats it serves and what it may do there; asks only, changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiogram.methods import GetChat, GetChatAdministrators, GetChatMember, GetMe

from bots.fields import RawObject, as_object, find_int, find_text, get_int, get_object, get_text, is_set
from bots.telegram import reasons
from bots.telegram.addresses import read_chat
from bots.telegram.authors import is_private, title_of_chat
from bots.telegram.calls import call_repeatable, reading_answers
from bots.telegram.members import is_administrator, is_member, rights_of
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account, Capability, Checked, KnownChat
from inbox.core.errors import ChatMigratedError, PermanentRefusalError

_GROUPS = frozenset({"group", "supergroup"})


@dataclass(frozen=True, slots=True)
class _Standing:
    """A chat, and whether we are an administrator there."""

    chat: KnownChat
    is_administrator: bool


async def check(wires: Wires, account: Account, known_chats: Sequence[str]) -> Checked:
    """Asks getMe and, chat by chat, for our rights; a chat that no longer knows the bot is left out."""
    with reading_answers():
        us = as_object(await call_repeatable(wires, account, GetMe()), "result")
        our_id = get_int(us, "id")
        standings = [
            standing
            for external_id in known_chats
            if (standing := await _find_standing(wires, account, read_chat(external_id).chat_id, our_id)) is not None
        ]
        return Checked(
            external_id=str(our_id),
            name=find_text(us, "first_name") or str(our_id),
            username=find_text(us, "username"),
            capabilities=_capabilities(us, standings),
            chats=tuple(standing.chat for standing in standings),
        )


async def _find_standing(wires: Wires, account: Account, chat_id: int, our_id: int) -> _Standing | None:
    try:
        return await _standing(wires, account, chat_id, our_id)
    except ChatMigratedError as migrated:
        new_chat_id = int(migrated.new_chat_external_id)
    except PermanentRefusalError:
        return None
    return await _find_standing(wires, account, new_chat_id, our_id)


async def _standing(wires: Wires, account: Account, chat_id: int, our_id: int) -> _Standing | None:
    raw_chat = as_object(await call_repeatable(wires, account, GetChat(chat_id=chat_id)), "result")
    if is_private(raw_chat):
        return None
    membership = GetChatMember(chat_id=chat_id, user_id=our_id)
    us = as_object(await call_repeatable(wires, account, membership), "result")
    if not is_member(us):
        return None
    found = await call_repeatable(wires, account, GetChatAdministrators(chat_id=chat_id))
    people = [get_int(get_object(as_object(entry, "result"), "user"), "id") for entry in _entries(found)]
    linked_id = find_int(raw_chat, "linked_chat_id")
    chat = KnownChat(
        external_id=str(get_int(raw_chat, "id")),
        kind=get_text(raw_chat, "type"),
        title=title_of_chat(raw_chat) or "",
        linked_external_id=None if linked_id is None else str(linked_id),
        our_people=tuple(str(person) for person in people if person != our_id),
        can_act=rights_of(us),
    )
    return _Standing(chat, is_administrator(us))


def _entries(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _capabilities(us: RawObject, standings: list[_Standing]) -> tuple[Capability, ...]:
    groups = [standing for standing in standings if standing.chat.kind in _GROUPS]
    reads_groups = is_set(us, "can_read_all_group_messages") or any(group.is_administrator for group in groups)
    has_comments = any(group.chat.linked_external_id is not None for group in groups)
    return (
        Capability("direct_messages", True),
        _capability("read_groups", reads_groups, reasons.PRIVACY_MODE),
        _capability("comments", has_comments, reasons.NO_DISCUSSION_GROUP),
        Capability("reply", True),
        Capability("send_media", True),
        Capability("edit_own", True),
        _right("delete_messages", "delete", groups),
        _right("ban", "ban", groups),
        _right("restrict", "restrict", groups),
    )


def _capability(name: str, is_allowed: bool, reason: str) -> Capability:
    return Capability(name, is_allowed, None if is_allowed else reason)


def _right(name: str, act: str, groups: list[_Standing]) -> Capability:
    is_allowed = any(act in group.chat.can_act for group in groups)
    return _capability(name, is_allowed, reasons.NO_RIGHT if groups else reasons.NO_CHAT)
