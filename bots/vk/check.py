"""Who the community is and what its keys can do; asks only, changes nothing.

A permission mask is no proof, so each class of method is tried: reading ones as they are, acting ones on what does not
exist (a comment without words, a comment with the highest number, a person with number 0), which VK refuses for that
only if the key may call the method at all.
"""

from dataclasses import dataclass

from bots.fields import RawObject, as_object, find_objects, find_text, get_int
from bots.vk import reasons
from bots.vk.calls import ask, call, group_id_of, reading_answers
from bots.vk.refusals import refusal_of
from bots.vk.wire import Params, Wires
from inbox.channels.adapter import Account, Capability, Checked, KeyKind, KnownChat
from inbox.core.errors import KeyRefusedError, PermanentRefusalError, PlatformError, TemporaryRefusalError

_NOWHERE = 2_147_483_647
"""The number of no post and no comment."""

_OF_KEY = frozenset(
    {
        reasons.KEY_LACKS_RIGHT,
        reasons.WRONG_KEY_KIND,
        reasons.USER_KEY_LACKS_RIGHT,
        reasons.USER_KEY_REVOKED,
        reasons.USER_KEY_CAPTCHA,
    }
)
"""Refusals that are the key's; any other refusal of a question about nothing shows that the key may ask."""

_RIGHTS = {"delete_messages": "delete", "ban": "ban", "restrict": "restrict"}
"""Capabilities that are rights in the community's comments."""


@dataclass(frozen=True, slots=True)
class _Probe:
    """A question that shows what a class of methods answers to a key, and the capabilities that hang on it."""

    names: tuple[str, ...]
    method: str
    params: Params
    key: KeyKind = KeyKind.OWN


async def check(wires: Wires, account: Account) -> Checked:
    """Asks whose key it is, then tries each class of method. KeyRefusedError when the community key is dead or another
    community's."""
    with reading_answers():
        us = await own_community(wires, account)
        group_id = get_int(us, "id")
        if account.external_id and group_id_of(account) != group_id:
            raise KeyRefusedError(reasons.OTHER_COMMUNITY)
        user_flaw = await _user_key_flaw(wires, account, group_id)
        capabilities: list[Capability] = []
        for probe in _probes(group_id):
            flaw = user_flaw if probe.key is KeyKind.USER else None
            reason = flaw or await _reason(wires, account, probe)
            capabilities += [_capability(name, reason, probe.key) for name in probe.names]
        title = find_text(us, "name") or f"club{group_id}"
        managers = await _managers(wires, account, group_id)
        can_act = tuple(_RIGHTS[one.name] for one in capabilities if one.allowed and one.name in _RIGHTS)
        chat = KnownChat(str(-group_id), "community", title, our_people=managers, can_act=can_act)
        return Checked(
            external_id=str(group_id),
            name=title,
            username=find_text(us, "screen_name"),
            capabilities=(*capabilities, _comment_media(account, user_flaw)),
            chats=(chat,),
        )


def _capability(name: str, reason: str | None, key: KeyKind) -> Capability:
    """What waits for the key's owner can be asked for all the same."""
    return Capability(name, reason in {None, reasons.USER_KEY_CAPTCHA}, reason, key)


async def own_community(wires: Wires, account: Account) -> RawObject:
    """Without a number VK names the key's own community."""
    try:
        found = as_object(await call(wires, account, "groups.getById", {}), "response")
    except PermanentRefusalError:
        raise KeyRefusedError(reasons.NOT_A_COMMUNITY_KEY) from None
    groups = find_objects(found, "groups")
    if not groups:
        raise KeyRefusedError(reasons.NOT_A_COMMUNITY_KEY)
    return groups[0]


def _probes(group_id: int) -> tuple[_Probe, ...]:
    owner: Params = {"owner_id": -group_id}
    group: Params = {"group_id": group_id}
    unread: Params = {"count": 1, "filter": "unanswered"}
    talks = ("direct_messages", "reply", "edit_own", "send_media")
    nothing: Params = {**owner, "comment_id": _NOWHERE}
    return (
        _Probe(talks, "messages.getConversations", unread),
        _Probe(("receive",), "groups.getLongPollServer", group),
        _Probe(("comments",), "wall.createComment", {**owner, "post_id": _NOWHERE, "message": ""}),
        _Probe(("open_comments",), "wall.openComments", {**owner, "post_id": _NOWHERE}),
        _Probe(("delete_messages",), "wall.deleteComment", nothing, KeyKind.USER),
        _Probe(("restore_messages",), "wall.restoreComment", nothing, KeyKind.USER),
        _Probe(("edit_comments",), "wall.editComment", {**nothing, "message": ""}, KeyKind.USER),
        _Probe(("ban", "restrict"), "groups.ban", {**group, "owner_id": 0}, KeyKind.USER),
        _Probe(("read_comments",), "wall.get", {"domain": f"club{group_id}", "count": 1}, KeyKind.USER),
    )


async def _reason(wires: Wires, account: Account, probe: _Probe) -> str | None:
    """Why the key cannot; None when it can. What passes by itself ends the check: half a table would mislead."""
    answer = await ask(wires, account, probe.method, probe.params, probe.key)
    if answer.ok:
        return None
    refusal = refusal_of(answer, probe.method, probe.key)
    if isinstance(refusal, TemporaryRefusalError):
        raise refusal
    return _reason_of(refusal)


def _reason_of(refusal: PlatformError) -> str | None:
    if isinstance(refusal, KeyRefusedError) and refusal.reason not in _OF_KEY:
        raise refusal
    return refusal.reason if refusal.reason in _OF_KEY else None


async def _user_key_flaw(wires: Wires, account: Account, group_id: int) -> str | None:
    """Why no act by the administrator's key can be: there is none, it is dead, or its owner is nobody here."""
    if not account.user_token:
        return reasons.NEEDS_USER_KEY
    params: Params = {"group_ids": str(group_id), "fields": "is_admin"}
    try:
        found = as_object(await call(wires, account, "groups.getById", params, KeyKind.USER), "response")
    except PermanentRefusalError as refusal:
        return refusal.reason
    groups = find_objects(found, "groups")
    return reasons.USER_KEY_LACKS_RIGHT if groups and groups[0].get("is_admin") == 0 else None


async def _managers(wires: Wires, account: Account, group_id: int) -> tuple[str, ...]:
    """Our people, where the key may know them."""
    params: Params = {"group_id": group_id, "filter": "managers", "count": 1000}
    try:
        found = as_object(await call(wires, account, "groups.getMembers", params), "response")
    except (PermanentRefusalError, KeyRefusedError):
        return ()
    return tuple(str(get_int(entry, "id")) for entry in find_objects(found, "items"))


def _comment_media(account: Account, user_flaw: str | None) -> Capability:
    """Photos under a comment: nothing to try without uploading one."""
    reason = user_flaw if account.user_token else reasons.ATTACHMENTS_NEED_USER_KEY
    return _capability("comment_media", reason, KeyKind.USER)
