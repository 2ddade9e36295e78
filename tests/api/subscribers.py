"""Subscribers of tests: what they write goes the way of intake, with tags that the test chooses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import select

from inbox.channels.events import Attachment, Author, ConversationKind, MessageReceived, PostSeen
from inbox.conversations.arrivals import Arrived, OnChannel
from inbox.conversations.intake import store, texts_to_tag
from inbox.conversations.models import Conversation, Message, Post
from inbox.conversations.refresh import refresh
from inbox.conversations.tags import Intent, Sentiment, Tagged
from inbox.core.database import EVERY_WORKSPACE
from tests.company import Company

GROUP = "-1009"
ROOT = f"{GROUP}:100"


@dataclass(frozen=True, slots=True)
class Wrote:
    """A subscriber's message, stored."""

    conversation_id: int
    message_id: int


@dataclass(slots=True)
class Subscribers:
    """They write to the company's own channel, unless told otherwise."""

    company: Company
    numbers: "count[int]" = field(default_factory=lambda: count(1000))

    async def write(
        self,
        text: str,
        who: str = "501",
        *,
        ago: timedelta = timedelta(minutes=1),
        intent: Intent = Intent.QUESTION,
        sentiment: Sentiment = Sentiment.NEUTRAL,
        toxic: bool = False,
        unsure: Sequence[str] = (),
        attachments: tuple[Attachment, ...] = (),
        kind: ConversationKind = ConversationKind.DIRECT,
        channel: OnChannel | None = None,
    ) -> Wrote:
        """A message: in private, or as a comment under the post, or in the group."""
        tagged = Tagged(sentiment, intent, toxic, False, {}, frozenset(unsure), {}, "of the test")
        event = self._message(text, who, self.company.clock() - ago, kind, attachments)
        return await self._store(event, tagged, channel or self.own)

    async def see_post(self, text: str, channel: OnChannel | None = None) -> int:
        """The community published something; returns the post's id."""
        channel = channel or self.own
        event = PostSeen(f":{GROUP}:1", self.company.clock(), text, thread_external_id=ROOT)
        async with self.company.context.transaction(EVERY_WORKSPACE) as session:
            await store(session, [Arrived("0-1", channel, event)], {})
        async with self.company.context.database.session(EVERY_WORKSPACE) as session:
            return (await session.scalars(select(Post.id).where(Post.channel_id == channel.channel_id))).one()

    @property
    def own(self) -> OnChannel:
        """The channel of the company's first project."""
        return OnChannel(self.company.workspace_id, self.company.channel_id, "700001")

    @property
    def second(self) -> OnChannel:
        """The channel of the other project of the same organisation."""
        return OnChannel(self.company.second_id, self.company.second_channel_id, "700002")

    @property
    def foreign(self) -> OnChannel:
        """The channel of another organisation."""
        return OnChannel(self.company.foreign_id, self.company.foreign_channel_id, "700003")

    def _message(
        self, text: str, who: str, sent_at: datetime, kind: ConversationKind, attachments: tuple[Attachment, ...]
    ) -> MessageReceived:
        number = next(self.numbers)
        in_private = kind is ConversationKind.DIRECT
        return MessageReceived(
            external_id=f":{who if in_private else GROUP}:{number}",
            kind=kind,
            chat_external_id=who if in_private else GROUP,
            author=Author(who, f"Person {who}", f"person{who}"),
            sent_at=sent_at,
            text=text,
            attachments=attachments,
            thread_external_id=ROOT if kind is ConversationKind.COMMENT else None,
            thread_is_post=kind is ConversationKind.COMMENT,
        )

    async def _store(self, event: MessageReceived, tagged: Tagged, channel: OnChannel) -> Wrote:
        arrived = [Arrived(f"1-{event.external_id}", channel, event)]
        async with self.company.context.transaction(EVERY_WORKSPACE) as session:
            stored = await store(session, arrived, dict.fromkeys(texts_to_tag(arrived), tagged))
            await refresh(session, stored.touched)
            row = (
                await session.execute(
                    select(Message.conversation_id, Message.id).where(
                        Message.channel_id == channel.channel_id, Message.external_id == event.external_id
                    )
                )
            ).one()
        return Wrote(*row)

    async def conversation(self, conversation_id: int) -> Conversation:
        """The row as it is now."""
        async with self.company.context.database.session(EVERY_WORKSPACE) as session:
            return await session.get_one(Conversation, conversation_id)
