"""The Telegram adapter: the inbox's words on one side, the Bot API on the other."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta

from aiogram.methods import DeleteWebhook, SetWebhook

from bots.telegram import actions, rings
from bots.telegram.addresses import url_of
from bots.telegram.calls import call_repeatable
from bots.telegram.check import check
from bots.telegram.fetch import fetch
from bots.telegram.parse import USED_UPDATES, parse
from bots.telegram.reasons import COMMENTS_STAY, NOT_RESTORED, PRIVATE_TALK
from bots.telegram.send import send
from bots.telegram.wire import CALL_SECONDS, FILE_SECONDS, Wires
from inbox.channels.adapter import UNSAID, Account, Act, BanNote, Checked, KeyKind, Outgoing, RawEvent, RemoteFile, Sent
from inbox.channels.events import Author, ConversationKind, InboundEvent, Me, Platform
from inbox.channels.ringing import Ring
from inbox.core.clock import Clock, utc_now
from inbox.core.errors import PermanentRefusalError
from inbox.core.pacing import Bucket

CALLS_PER_SECOND = 30.0
IN_PRIVATE = (1.0, 3.0)
IN_GROUP = (20.0 / 60.0, 20.0)
"""Telegram's limits of a bot and of a chat: calls a second, and how many may come at once."""
MOST_CALLS = 2
"""Of one send: with what is answered, and without."""
_CAPABILITIES = {
    Act.SEND: "reply",
    Act.ATTACH: "send_media",
    Act.EDIT: "edit_own",
    Act.DELETE: "delete_messages",
    Act.BAN: "ban",
    Act.RESTRICT: "restrict",
}

_NOTHING: tuple[RawEvent, ...] = ()


class TelegramAdapter:
    """Telegram for all its channels in a process; refusals are the PlatformError family. See inbox.channels.adapter."""

    def __init__(self, clock: Clock = utc_now, wires: Wires | None = None) -> None:
        self._clock = clock
        self.wires = wires or Wires()
        """The connection pools; receivers in the same process share them."""

    @property
    def platform(self) -> Platform:
        return Platform.TELEGRAM

    @property
    def repeats_safely(self) -> bool:
        return False

    def longest_send(self, *, with_files: bool) -> timedelta:
        return timedelta(seconds=MOST_CALLS * (FILE_SECONDS if with_files else CALL_SECONDS))

    def buckets(self, account: Account, act: Act, kind: ConversationKind, chat_external_id: str) -> list[Bucket]:
        key = f"{Platform.TELEGRAM}:{account.channel_id}"
        per_chat = IN_PRIVATE if kind is ConversationKind.DIRECT else IN_GROUP
        return [Bucket(key, CALLS_PER_SECOND, CALLS_PER_SECOND), Bucket(f"{key}:{chat_external_id}", *per_chat)]

    def key_for(self, act: Act, kind: ConversationKind) -> KeyKind:
        return KeyKind.OWN

    def impossible(self, act: Act, kind: ConversationKind, thread_external_id: str | None) -> str | None:
        if act is Act.RESTORE:
            return NOT_RESTORED
        if act is Act.OPEN_COMMENTS:
            return COMMENTS_STAY
        return PRIVATE_TALK if act in {Act.BAN, Act.RESTRICT} and kind is ConversationKind.DIRECT else None

    def capability_for(self, act: Act, kind: ConversationKind) -> str | None:
        return _CAPABILITIES.get(act)

    def url_of(self, account_external_id: str, external_id: str) -> str | None:
        return url_of(external_id)

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

    async def restore(self, account: Account, external_id: str) -> None:
        raise PermanentRefusalError(NOT_RESTORED)

    async def ban(
        self,
        account: Account,
        chat_external_id: str,
        author_external_id: str,
        until: datetime | None,
        why: BanNote = UNSAID,
    ) -> None:
        # Telegram asks for no reason.
        await actions.ban(self.wires, account, chat_external_id, author_external_id, until, self._clock())

    async def unban(self, account: Account, chat_external_id: str, author_external_id: str) -> None:
        await actions.unban(self.wires, account, chat_external_id, author_external_id)

    async def restrict(
        self, account: Account, chat_external_id: str, author_external_id: str, length: timedelta | None
    ) -> None:
        await actions.restrict(self.wires, account, chat_external_id, author_external_id, length, self._clock())

    async def set_comments_open(self, account: Account, post_external_id: str, *, is_open: bool) -> None:
        raise PermanentRefusalError(COMMENTS_STAY)

    async def fetch(self, account: Account, attachment_external_id: str) -> RemoteFile:
        return await fetch(self.wires, account, attachment_external_id)

    async def set_webhook(self, account: Account, url: str | None, secret: str) -> None:
        if url is None:
            await call_repeatable(self.wires, account, DeleteWebhook())
            return
        method = SetWebhook(url=url, secret_token=secret, allowed_updates=list(USED_UPDATES))
        await call_repeatable(self.wires, account, method)

    async def confirmation_code(self, account: Account) -> str:
        # Telegram never asks.
        return ""

    async def backfill(self, account: Account, since: datetime) -> AsyncIterator[RawEvent]:
        # Telegram has no history for bots; what is younger than a day it brings by itself.
        for nothing in _NOTHING:
            yield nothing

    async def name_people(self, account: Account, external_ids: Iterable[str]) -> dict[str, Author]:
        # Telegram's updates carry names.
        return {}

    async def ring(self, account: Account, ring: Ring) -> Sent:
        return await rings.ring(self.wires, account, ring)

    async def change_ring(self, account: Account, external_id: str, ring: Ring) -> None:
        await rings.change_ring(self.wires, account, external_id, ring)

    async def answer_press(self, account: Account, press_id: str, text: str, *, aloud: bool) -> None:
        await rings.answer_press(self.wires, account, press_id, text, aloud=aloud)

    async def close(self) -> None:
        await self.wires.close()
