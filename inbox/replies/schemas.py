"""Messages over the API: what was said, by whom, how it was tagged and delivered; and what may be written."""

import mimetypes
from datetime import timedelta

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from inbox.channels.adapter import Offence, Upload
from inbox.channels.events import AttachmentKind
from inbox.conversations.corrections import CorrectedTags
from inbox.conversations.models import Attachment, Delivery, Direction, MessageKind, ReviewAction, Tags
from inbox.conversations.review import REASON_LENGTH, Review
from inbox.conversations.tags import Intent, Sentiment
from inbox.conversations.thread import Said
from inbox.core.web.fields import Id, Instant
from inbox.replies.service import MAX_UPLOADS, Draft
from inbox.replies.uploads import kind_of, safe_name


class AttachmentOut(BaseModel):
    """A file or thing of a message. `url`: its bytes through us, with the same token; null when it has none."""

    id: int
    kind: AttachmentKind
    file_name: str | None
    mime_type: str | None
    size: int | None = Field(description="Bytes.")
    width: int | None
    height: int | None
    duration_seconds: float | None
    title: str | None
    url: str | None

    @classmethod
    def of(cls, one: Attachment) -> "AttachmentOut":
        """Only files that are kept here have no external id."""
        has_file = one.external_id is not None or one.size is not None
        return cls(
            id=one.id, kind=one.kind, file_name=one.file_name, mime_type=one.mime_type, size=one.size,
            width=one.width, height=one.height, title=one.title,
            duration_seconds=one.duration.total_seconds() if one.duration is not None else None,
            url=f"/api/v1/attachments/{one.id}/content" if has_file else None,
        )  # fmt: skip


class TagsOut(BaseModel):
    """What triage said, or a person who corrected it."""

    sentiment: Sentiment
    intent: Intent
    toxic: bool
    profanity: bool
    unsure: list[str] = Field(description="Tasks in which triage is not sure: sentiment, intent, toxic.")
    probabilities: dict[str, object]
    reasons: dict[str, object]
    model_version: str
    corrected_by_id: int | None
    corrected_at: Instant | None

    @classmethod
    def of(cls, tags: Tags) -> "TagsOut":
        """From the row."""
        return cls(
            sentiment=tags.sentiment, intent=tags.intent, toxic=tags.toxic, profanity=tags.profanity,
            unsure=list(tags.unsure), probabilities=tags.probabilities, reasons=tags.reasons,
            model_version=tags.model_version, corrected_by_id=tags.corrected_by_id, corrected_at=tags.corrected_at,
        )  # fmt: skip


class AuthorOut(BaseModel):
    """`agent_id`: who wrote it in the panel or by the API; `identity_id`: an account on the platform."""

    name: str | None
    agent_id: int | None
    identity_id: int | None


class ParentOut(BaseModel):
    """The message that this one answers."""

    external_id: str
    author: str | None
    text: str | None


class EditOut(BaseModel):
    """An earlier text, and since when it was so."""

    text: str
    edited_at: Instant


class MessageOut(BaseModel):
    """A message of the subscriber or of ours, or a note. Removed ones keep their text, with `deleted_at`."""

    id: int
    workspace_id: int
    conversation_id: int
    channel_id: int
    direction: Direction
    kind: MessageKind
    note: bool
    external_id: str | None
    text: str
    author: AuthorOut
    outside: bool = Field(description="Our side wrote it, but outside the panel.")
    parent: ParentOut | None
    attachments: list[AttachmentOut]
    edits: list[EditOut]
    tags: TagsOut | None
    needs_answer: bool
    needs_answer_why: str
    delivery: Delivery | None = Field(description="Null for notes and for what subscribers write.")
    failure: str | None = Field(description="Why it failed, in words.")
    send_at: Instant | None
    sent_at: Instant
    edited_at: Instant | None
    deleted_at: Instant | None

    @classmethod
    def of(cls, said: Said) -> "MessageOut":
        """From a line of the thread."""
        one = said.message
        return cls(
            id=one.id, workspace_id=one.workspace_id, conversation_id=one.conversation_id, channel_id=one.channel_id,
            direction=one.direction, kind=one.kind, note=one.kind is MessageKind.NOTE, external_id=one.external_id,
            text=one.text, outside=one.outside, parent=_parent(said),
            author=AuthorOut(name=said.author, agent_id=one.author_agent_id, identity_id=one.author_identity_id),
            attachments=[AttachmentOut.of(part) for part in one.attachments],
            edits=[EditOut(text=edit.text, edited_at=edit.edited_at) for edit in said.edits],
            tags=TagsOut.of(one.tags) if one.tags else None,
            needs_answer=one.needs_answer, needs_answer_why=one.needs_answer_why, delivery=one.delivery,
            failure=one.failure, send_at=one.send_at, sent_at=one.sent_at, edited_at=one.edited_at,
            deleted_at=one.deleted_at,
        )  # fmt: skip


def _parent(said: Said) -> ParentOut | None:
    one = said.message
    if one.parent_external_id is None:
        return None
    return ParentOut(external_id=one.parent_external_id, author=said.parent_author, text=one.parent_text)


class AttachmentIn(BaseModel):
    """A file to send."""

    model_config = ConfigDict(extra="forbid")

    file_name: str = Field(min_length=1, max_length=500)
    content: Base64Bytes = Field(description="Base64.")
    mime_type: str | None = Field(default=None, max_length=200, description="None: by the file's name.")
    kind: AttachmentKind | None = Field(default=None, description="None: by the type.")

    def to_upload(self) -> Upload:
        """With a harmless name and a known type."""
        name = safe_name(self.file_name)
        guessed = self.mime_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        mime_type = guessed.partition(";")[0].strip().lower()
        return Upload(self.kind or kind_of(mime_type), name, mime_type, self.content)


class MessageIn(BaseModel):
    """A reply, or with `note` a note that only colleagues see."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=20_000)
    note: bool = False
    send_at: Instant | None = Field(
        default=None,
        description="When to send; none: now. It is held back when the contact writes or a colleague answers before.",
    )
    canned_response_id: Id | None = Field(
        default=None, description="The canned response that the text came from; without a text it is the text."
    )
    attachments: list[AttachmentIn] = Field(default_factory=list, max_length=MAX_UPLOADS)
    seen_message_id: Id | None = Field(
        default=None,
        description="The newest message here that you have seen. When a colleague has answered after it, a reply is "
        "refused: 409 with `code` `answered_since`, the `message_id`, `author` and beginning (`answer`) of theirs. "
        "Sent again with that `message_id` here, yours is written all the same. None: nothing is checked.",
    )

    def to_draft(self) -> Draft:
        """For the service."""
        uploads = tuple(one.to_upload() for one in self.attachments)
        return Draft(self.text, self.note, self.send_at, self.canned_response_id, uploads, self.seen_message_id)


class MessagePatch(BaseModel):
    """The new text of a reply of ours."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=20_000)


class TagsPut(BaseModel):
    """What a person says of a message; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    sentiment: Sentiment | None = None
    intent: Intent | None = None
    toxic: bool | None = None

    def to_correction(self) -> CorrectedTags:
        """For the service."""
        return CorrectedTags(self.sentiment, self.intent, self.toxic)


class ReviewIn(BaseModel):
    """What to do with a subscriber's message, and why. `minutes`: of a mute or ban; none: without end.

    Of a warning `reason` is what is sent. Of a ban in VK it may be one of VK's words: spam, insults, strong_language,
    flood.
    """

    model_config = ConfigDict(extra="forbid")

    action: ReviewAction
    reason: str = Field(default="", max_length=REASON_LENGTH)
    minutes: int | None = Field(default=None, ge=1, le=366 * 24 * 60)

    def to_review(self) -> Review:
        """For the service."""
        length = None if self.minutes is None else timedelta(minutes=self.minutes)
        reason = self.reason.strip()
        offence = Offence(reason) if reason in {one.value for one in Offence} else Offence.OTHER
        return Review(self.action, reason, length, offence)
