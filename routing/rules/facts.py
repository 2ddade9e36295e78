"""What conditions ask of a message: known from the batch, or read in bulk, and only if some rule asks for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.calendars.hours import WorkingHours
from inbox.calendars.service import load_hours
from inbox.channels.events import ConversationKind, Platform
from inbox.channels.models import Channel
from inbox.contacts.models import Contact, Identity
from inbox.conversations.models import (
    Conversation,
    ConversationLabel,
    Direction,
    Label,
    Message,
    Post,
    PostMode,
    Priority,
)
from inbox.conversations.tags import Tagged
from inbox.core.bulk import among
from routing.rules.conditions import ContactField, PreviousState


@dataclass(frozen=True, slots=True)
class Subject:
    """A message of a subscriber with the rows it belongs to."""

    message_id: int
    workspace_id: int
    channel_id: int
    conversation_id: int
    contact_id: int
    identity_id: int
    post_id: int | None
    kind: ConversationKind
    text: str
    sent_at: datetime
    tags: Tagged | None
    needs_answer: bool
    previous: PreviousState
    priority: Priority


@dataclass(frozen=True, slots=True)
class Facts:
    """A message as conditions see it."""

    subject: Subject
    platform: Platform = Platform.TELEGRAM
    post_mode: PostMode | None = None
    labels: frozenset[str] = frozenset()
    contact: Mapping[ContactField, str] = field(default_factory=dict)
    contact_labels: frozenset[str] = frozenset()
    is_first: bool = False
    is_open: bool = True

    def after(self, priority: Priority, labels: Collection[str]) -> "Facts":
        """As the next rule sees the message, once a rule has acted."""
        return replace(self, subject=replace(self.subject, priority=priority), labels=self.labels | set(labels))


@dataclass(slots=True)
class Surroundings:
    """What was read for a number of messages; what no rule asked for is empty."""

    platforms: Mapping[int, Platform] = field(default_factory=dict)
    modes: Mapping[int, PostMode] = field(default_factory=dict)
    labels: dict[int, set[str]] = field(default_factory=dict)
    contacts: Mapping[int, Mapping[ContactField, str]] = field(default_factory=dict)
    contact_labels: Mapping[int, frozenset[str]] = field(default_factory=dict)
    first_ids: Mapping[int, int] = field(default_factory=dict)
    hours: Mapping[int, WorkingHours] = field(default_factory=dict)

    def facts_of(self, subject: Subject) -> Facts:
        """The message among them."""
        hours = self.hours.get(subject.workspace_id)
        return Facts(
            subject=subject,
            platform=self.platforms.get(subject.channel_id, Platform.TELEGRAM),
            post_mode=self.modes.get(subject.post_id) if subject.post_id is not None else None,
            labels=frozenset(self.labels.get(subject.conversation_id, ())),
            contact=self.contacts.get(subject.identity_id, {}),
            contact_labels=self.contact_labels.get(subject.contact_id, frozenset()),
            is_first=self.first_ids.get(subject.contact_id) == subject.message_id,
            is_open=hours is None or hours.is_open(subject.sent_at),
        )


async def load_surroundings(session: AsyncSession, subjects: Sequence[Subject], asked: set[str]) -> Surroundings:
    """Read what `asked` (fields of conditions) needs: at most one query a field, whatever the number of messages."""
    found = Surroundings()
    if "hours" in asked:
        found.hours = await load_hours(session, {one.workspace_id for one in subjects})
    if "platform" in asked:
        found.platforms = await _load_platforms(session, {one.channel_id for one in subjects})
    if "post_mode" in asked:
        found.modes = await _load_modes(session, {one.post_id for one in subjects if one.post_id is not None})
    if "label" in asked:
        found.labels = await _load_labels(session, {one.conversation_id for one in subjects})
    if "contact" in asked:
        found.contacts = await _load_contacts(session, {one.identity_id for one in subjects})
    if "contact_label" in asked:
        found.contact_labels = await _load_contact_labels(session, {one.contact_id for one in subjects})
    if "first_message" in asked:
        found.first_ids = await _load_first(session, {one.contact_id for one in subjects})
    return found


async def _load_platforms(session: AsyncSession, channel_ids: Collection[int]) -> dict[int, Platform]:
    rows = await session.execute(select(Channel.id, Channel.platform).where(among(Channel.id, channel_ids)))
    return {channel_id: Platform(platform) for channel_id, platform in rows}


async def _load_modes(session: AsyncSession, post_ids: Collection[int]) -> dict[int, PostMode]:
    rows = await session.execute(select(Post.id, Post.mode).where(among(Post.id, post_ids)))
    return dict(rows.all())


async def _load_labels(session: AsyncSession, conversation_ids: Collection[int]) -> dict[int, set[str]]:
    rows = await session.execute(
        select(ConversationLabel.conversation_id, Label.name)
        .join(Label, Label.id == ConversationLabel.label_id)
        .where(among(ConversationLabel.conversation_id, conversation_ids))
    )
    labels: dict[int, set[str]] = {}
    for conversation_id, name in rows:
        labels.setdefault(conversation_id, set()).add(name)
    return labels


async def _load_contacts(session: AsyncSession, identity_ids: Collection[int]) -> dict[int, dict[ContactField, str]]:
    rows = await session.execute(
        select(Identity.id, Contact.name, Identity.username, Contact.note)
        .join(Contact, Contact.id == Identity.contact_id)
        .where(among(Identity.id, identity_ids))
    )
    return {
        identity_id: {ContactField.NAME: name, ContactField.USERNAME: username or "", ContactField.NOTE: note}
        for identity_id, name, username, note in rows
    }


async def _load_contact_labels(session: AsyncSession, contact_ids: Collection[int]) -> dict[int, frozenset[str]]:
    rows = await session.execute(
        select(Conversation.contact_id, Label.name)
        .join(ConversationLabel, ConversationLabel.conversation_id == Conversation.id)
        .join(Label, Label.id == ConversationLabel.label_id)
        .where(among(Conversation.contact_id, contact_ids))
    )
    labels: dict[int, set[str]] = {}
    for contact_id, name in rows:
        labels.setdefault(contact_id, set()).add(name)
    return {contact_id: frozenset(names) for contact_id, names in labels.items()}


async def _load_first(session: AsyncSession, contact_ids: Collection[int]) -> dict[int, int]:
    """Contact → their first message ever."""
    rows = await session.execute(
        select(Identity.contact_id, Message.id)
        .join(Message, Message.author_identity_id == Identity.id)
        .where(among(Identity.contact_id, contact_ids), Message.direction == Direction.INBOUND)
        .order_by(Identity.contact_id, Message.sent_at, Message.id)
        .ext(distinct_on(Identity.contact_id))
    )
    return dict(rows.all())
