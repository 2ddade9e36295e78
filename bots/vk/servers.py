"""How VK brings events: Long Poll switched on, a Callback server of ours made, kept or removed."""

from bots.fields import as_object, find_objects, get_int, get_text
from bots.vk import reasons
from bots.vk.calls import call, group_id_of, reading_answers
from bots.vk.check import own_community
from bots.vk.parse import USED_EVENTS
from bots.vk.wire import API_VERSION, Params, Wires
from inbox.channels.adapter import Account
from inbox.core.errors import KeyRefusedError

TITLE = "Otklik"
"""By it we know our server among others; at most 14 characters."""
_EVENTS = dict.fromkeys(USED_EVENTS, 1)


async def switch_on_long_poll(wires: Wires, account: Account) -> None:
    """Have Long Poll bring what the inbox reads; other switches stay as they are."""
    params: Params = {"group_id": group_id_of(account), "enabled": 1, "api_version": API_VERSION, **_EVENTS}
    await call(wires, account, "groups.setLongPollSettings", params)


async def set_server(wires: Wires, account: Account, url: str, secret: str) -> None:
    """Have VK call `url` with `secret`; it asks there for the confirmation string at once."""
    group_id = await _group_id(wires, account)
    server_id = await _find_server(wires, account, group_id)
    wanted: dict[str, str | int] = {"group_id": group_id, "url": url, "title": TITLE, "secret_key": secret}
    with reading_answers():
        if server_id is None:
            made = as_object(await call(wires, account, "groups.addCallbackServer", wanted), "response")
            server_id = get_int(made, "server_id")
        else:
            await call(wires, account, "groups.editCallbackServer", {**wanted, "server_id": server_id})
    params: Params = {"group_id": group_id, "server_id": server_id, "api_version": API_VERSION, **_EVENTS}
    await call(wires, account, "groups.setCallbackSettings", params)


async def remove_server(wires: Wires, account: Account) -> None:
    """VK calls us no more. A key that may not look at servers has made none."""
    group_id = await _group_id(wires, account)
    try:
        server_id = await _find_server(wires, account, group_id)
    except KeyRefusedError as refusal:
        if refusal.reason not in {reasons.KEY_LACKS_RIGHT, reasons.WRONG_KEY_KIND}:
            raise
        return
    if server_id is not None:
        place: Params = {"group_id": group_id, "server_id": server_id}
        await call(wires, account, "groups.deleteCallbackServer", place)


async def confirmation_code(wires: Wires, account: Account) -> str:
    """The string that VK wants to hear; it changes, so it is read each time."""
    place = {"group_id": group_id_of(account)}
    with reading_answers():
        answer = await call(wires, account, "groups.getCallbackConfirmationCode", place)
        return get_text(as_object(answer, "response"), "code")


async def _group_id(wires: Wires, account: Account) -> int:
    """The channel's community; while it is being connected, the key's own."""
    if account.external_id:
        return group_id_of(account)
    with reading_answers():
        return get_int(await own_community(wires, account), "id")


async def _find_server(wires: Wires, account: Account, group_id: int) -> int | None:
    with reading_answers():
        place = {"group_id": group_id}
        found = as_object(await call(wires, account, "groups.getCallbackServers", place), "response")
        ours = (server for server in find_objects(found, "items") if server.get("title") == TITLE)
        return next((get_int(server, "id") for server in ours), None)
