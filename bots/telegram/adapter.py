"""The Telegram adapter: the inbox's words on one side, the Bot API on the other."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from aiogram.methods import DeleteWebhook, SetWebhook

from bots.telegram import actions
from bots.telegram.calls import call_repeatable
from bots.telegram.check import check
from bots.telegram.fetch import fetch
from bots.telegram.parse import USED_UPDATES, parse
from bots.telegram.send import send
from bots.telegram.wire import Wires
from inbox.channels.adapter import Account, Checked, Outgoing, RawEvent, RemoteFile, Sent
from inbox.channels.events import InboundEvent, Me, Platform
from inbox.core.clock import Clock, utc_now


class TelegramAdapter:
    """Telegram for all its channels in a process; refusals are the PlatformError family. See inbox.channels.adapter."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self.wires = Wires()
        """The connection pools; receivers in the same process share them."""

    @property
    def platform(self) -> Platform:
        return Platform.TELEGRAM

    def parse(self, raw: RawEvent, me: Me) -> tuple[InboundEvent, ...]:
        return parse(raw, me)

    async def check(self, account: Account, known_chats: Sequence[str] = ()) -> Checked:
        return await check(self.wires, account, known_chats)

    async def send(self, account: Account, outgoing: Outgoing) -> Sent:
        return await send(self.wires, account, outgoing)

    async def edit(self, account: Account, chat_external_id: str, external_id: str, text: str) -> None:
        # The message's id names its chat already.
        await actions.edit(self.wires, account, external_id, text)

    async def delete(self, account: Account, external_id: str) -> None:
        await actions.delete(self.wires, account, external_id)

    async def ban(
        self, account: Account, chat_external_id: str, author_external_id: str, until: datetime | None
    ) -> None:
        await actions.ban(self.wires, account, chat_external_id, author_external_id, until, self._clock())

    async def unban(self, account: Account, chat_external_id: str, author_external_id: str) -> None:
        await actions.unban(self.wires, account, chat_external_id, author_external_id)

    async def restrict(
        self, account: Account, chat_external_id: str, author_external_id: str, length: timedelta | None
    ) -> None:
        await actions.restrict(self.wires, account, chat_external_id, author_external_id, length, self._clock())

    async def fetch(self, account: Account, attachment_external_id: str) -> RemoteFile:
        return await fetch(self.wires, account, attachment_external_id)

    async def set_webhook(self, account: Account, url: str | None, secret: str) -> None:
        if url is None:
            await call_repeatable(self.wires, account, DeleteWebhook())
            return
        method = SetWebhook(url=url, secret_token=secret, allowed_updates=list(USED_UPDATES))
        await call_repeatable(self.wires, account, method)

    async def close(self) -> None:
        await self.wires.close()
