"""The VK adapter: the inbox's words on one side, VK's API on the other."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta

from bots.vk import actions, possible, servers
from bots.vk.actions import BanReason
from bots.vk.addresses import url_of
from bots.vk.backfill import backfill
from bots.vk.check import check
from bots.vk.fetch import fetch
from bots.vk.pace import bucket_of, key_for, longest_send
from bots.vk.parse import parse
from bots.vk.people import People
from bots.vk.send import send
from bots.vk.wire import Wires
from inbox.channels.adapter import UNSAID, Account, Act, BanNote, Checked, KeyKind, Outgoing, RawEvent, RemoteFile, Sent
from inbox.channels.events import Author, ConversationKind, InboundEvent, Me, Platform
from inbox.core.clock import Clock, utc_now
from inbox.core.errors import PermanentRefusalError
from inbox.core.pacing import Bucket


class VkAdapter:
    """VK for all its communities in a process; refusals are the PlatformError family. See inbox.channels.adapter."""

    def __init__(self, clock: Clock = utc_now, wires: Wires | None = None) -> None:
        self._clock = clock
        self._people = People()
        self.wires = wires or Wires()
        """The lines and connections; receivers in the same process share them."""

    @property
    def platform(self) -> Platform:
        return Platform.VK

    @property
    def repeats_safely(self) -> bool:
        return True

    def longest_send(self, *, with_files: bool) -> timedelta:
        return longest_send(self.wires, with_files=with_files)

    def buckets(self, account: Account, act: Act, kind: ConversationKind, chat_external_id: str) -> list[Bucket]:
        return [bucket_of(account, key_for(act, kind))]

    def key_for(self, act: Act, kind: ConversationKind) -> KeyKind:
        return key_for(act, kind)

    def impossible(self, act: Act, kind: ConversationKind, thread_external_id: str | None) -> str | None:
        return possible.impossible(act, kind, thread_external_id)

    def capability_for(self, act: Act, kind: ConversationKind) -> str | None:
        return possible.capability_for(act, kind)

    def url_of(self, account_external_id: str, external_id: str) -> str | None:
        try:
            return url_of(external_id, abs(int(account_external_id)))
        except (ValueError, PermanentRefusalError):
            return None

    def parse(self, raw: RawEvent, me: Me) -> tuple[InboundEvent, ...]:
        return parse(raw, me)

    async def check(self, account: Account, known_chats: Sequence[str] = ()) -> Checked:
        # A community is its only chat.
        return await check(self.wires, account)

    async def send(self, account: Account, outgoing: Outgoing) -> Sent:
        return await send(self.wires, account, outgoing, self._clock())

    async def edit(self, account: Account, chat_external_id: str, external_id: str, text: str) -> None:
        # The message's id names its conversation already.
        await actions.edit(self.wires, account, external_id, text)

    async def delete(self, account: Account, external_id: str) -> None:
        await actions.delete(self.wires, account, external_id)

    async def restore(self, account: Account, external_id: str) -> None:
        """Bring a deleted comment back."""
        await actions.restore(self.wires, account, external_id)

    async def ban(
        self,
        account: Account,
        chat_external_id: str,
        author_external_id: str,
        until: datetime | None,
        why: BanNote = UNSAID,
    ) -> None:
        await actions.ban(self.wires, account, author_external_id, until, BanReason[why.offence.name], why.comment)

    async def unban(self, account: Account, chat_external_id: str, author_external_id: str) -> None:
        await actions.unban(self.wires, account, author_external_id)

    async def restrict(
        self, account: Account, chat_external_id: str, author_external_id: str, length: timedelta | None
    ) -> None:
        # VK's only way to silence somebody is a ban with an end.
        if length is None:
            await self.unban(account, chat_external_id, author_external_id)
        else:
            await self.ban(account, chat_external_id, author_external_id, self._clock() + length)

    async def set_comments_open(self, account: Account, post_external_id: str, *, is_open: bool) -> None:
        """Open or close the comments of a post."""
        await actions.set_comments_open(self.wires, account, post_external_id, is_open=is_open)

    async def fetch(self, account: Account, attachment_external_id: str) -> RemoteFile:
        return await fetch(self.wires, account, attachment_external_id)

    async def name_people(self, account: Account, external_ids: Iterable[str]) -> dict[str, Author]:
        """Names of authors, which VK's events do not carry; those whom VK does not know are absent."""
        return await self._people.name(self.wires, account, external_ids, self._clock())

    def backfill(self, account: Account, since: datetime) -> AsyncIterator[RawEvent]:
        """What came since an instant and waits for an answer, as raw events for the stream."""
        return backfill(self.wires, account, since)

    async def set_webhook(self, account: Account, url: str | None, secret: str) -> None:
        if url is None:
            # The receiver switches Long Poll on by itself.
            await servers.remove_server(self.wires, account)
        else:
            await servers.set_server(self.wires, account, url, secret)

    async def confirmation_code(self, account: Account) -> str:
        """What the Callback route answers to VK's confirmation."""
        return await servers.confirmation_code(self.wires, account)

    async def close(self) -> None:
        await self.wires.close()
