"""Jobs by name, with typed payloads: how a package asks for what must happen outside or in another package.

A job is written in the transaction that makes it necessary (`inbox.core.jobs.defer`); the worker's composition root
registers one task for each of JOBS, a test checks that none is missing.
"""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class Job(BaseModel):
    """A payload with the name of the task that takes it. `lock` keeps jobs of one lock in order, one at a time."""

    model_config = ConfigDict(frozen=True)

    name: ClassVar[str]

    @property
    def lock(self) -> str | None:
        """No order by default."""
        return None


class _OfConversation(Job):
    """A job in the order of its conversation."""

    conversation_id: int

    @property
    @override
    def lock(self) -> str | None:
        """One conversation at a time."""
        return f"conversation:{self.conversation_id}"


class DeliverMessage(_OfConversation):
    """Send an outbound message."""

    name = "inbox.replies.deliver"
    message_id: int


class EditDelivered(_OfConversation):
    """Bring a message of ours, which was edited here, to the platform."""

    name = "inbox.replies.edit"
    message_id: int


class DeleteDelivered(_OfConversation):
    """Delete a message of ours on the platform."""

    name = "inbox.replies.delete"
    message_id: int


class ReviewMessage(_OfConversation):
    """Carry out a ModerationAction: a subscriber's message is deleted or restored, its author banned or muted."""

    name = "inbox.conversations.review"
    review_id: int

    @property
    @override
    def lock(self) -> str | None:
        """In order among themselves; replies that wait do not hold them up."""
        return f"review:{self.conversation_id}"


class OpenComments(Job):
    """Bring to the platform whether a post takes comments."""

    name = "inbox.conversations.open_comments"
    post_id: int

    @property
    @override
    def lock(self) -> str | None:
        """The newest word comes last."""
        return f"post:{self.post_id}"


class DrainQueue(Job):
    """Hand out what waits for somebody, oldest first."""

    name = "routing.assignment.drain"
    workspace_id: int


class CheckChannel(Job):
    """Look again at what a channel's key can do."""

    name = "inbox.channels.check"
    channel_id: int


class CatchUp(Job):
    """Ask the platform for what came since an instant and waits for an answer."""

    name = "inbox.channels.catch_up"
    channel_id: int
    since: datetime

    @property
    @override
    def lock(self) -> str | None:
        """A channel's history is read by one at a time."""
        return f"catch_up:{self.channel_id}"


class RingAlert(Job):
    """Ring an alert in the workspace's alert chat."""

    name = "routing.alerts.ring"
    workspace_id: int
    alert_id: int

    @property
    @override
    def lock(self) -> str | None:
        """One at a time: what follows too soon is counted instead."""
        return f"alerts:{self.workspace_id}"


class RingDigest(Job):
    """Tell in one message what was held back."""

    name = "routing.alerts.digest"
    workspace_id: int

    @property
    @override
    def lock(self) -> str | None:
        """In order with what rings at once."""
        return f"alerts:{self.workspace_id}"


class RingBreach(Job):
    """A promise is about to be broken (`is_warning`), or was. `clock`: first, next, resolution, lead."""

    name = "routing.alerts.breach"
    conversation_id: int
    clock: str
    due_at: datetime
    is_warning: bool = False


class RingLead(Job):
    """Ring a lead at its owner's."""

    name = "routing.leads.ring"
    lead_id: int
    owner_id: int


class RingMention(Job):
    """Ring a note at the colleague whom it calls."""

    name = "routing.alerts.mention"
    message_id: int
    agent_id: int


class TellLead(Job):
    """Webhooks and panels hear of a lead that was changed by no person's word."""

    name = "routing.leads.tell"
    lead_id: int


class CallWebhook(Job):
    """Bring a delivery to the webhook that it is for."""

    name = "routing.webhooks.call"
    delivery_id: int


class PressButton(Job):
    """A button under a message of the bot was pressed."""

    name = "routing.alerts.press"
    channel_id: int
    press_id: str
    chat_external_id: str
    message_external_id: str
    author_external_id: str
    value: str


class AnswerPress(Job):
    """Say to who pressed a button what came of it; `aloud`: until they close it."""

    name = "routing.alerts.answer_press"
    channel_id: int
    press_id: str
    text: str
    aloud: bool
    pressed_at: datetime


class ShowPress(Job):
    """Show the message with the button as it is after the press; `buttons` in rows, each (text, value)."""

    name = "routing.alerts.show_press"
    channel_id: int
    chat_external_id: str
    message_external_id: str
    text: str
    buttons: tuple[tuple[tuple[str, str], ...], ...]
    pressed_at: datetime

    @property
    @override
    def lock(self) -> str | None:
        """Of several presses under one message the last one is shown last."""
        return f"ring:{self.channel_id}:{self.message_external_id}"


class AnswerAlert(Job):
    """Somebody answered an alert in the alert chat: it is for the subscriber, once confirmed."""

    name = "routing.alerts.answer"
    channel_id: int
    chat_external_id: str
    message_external_id: str
    parent_external_id: str
    author_external_id: str
    text: str


class LinkByCode(Job):
    """A one-time code was said to the bot."""

    name = "routing.alerts.link"
    channel_id: int
    code: str
    chat_external_id: str
    chat_title: str
    is_private: bool
    author_external_id: str
    author_name: str


class EscalateBreach(Job):
    """A promise was broken: the head hears of it, if it is still so. `clock`: first, next, resolution."""

    name = "inbox.sla.escalate"
    conversation_id: int
    clock: str
    due_at: datetime


class RecomputeClocks(Job):
    """Due times of a workspace's open conversations follow its hours and promises anew."""

    name = "inbox.sla.recompute"
    workspace_id: int

    @property
    @override
    def lock(self) -> str | None:
        """One after the other: the last one knows the last change."""
        return f"clocks:{self.workspace_id}"


class FurnishProject(Job):
    """A new project gets its teams and ready rules."""

    name = "routing.rules.furnish"
    workspace_id: int

    @property
    @override
    def lock(self) -> str | None:
        """One at a time: the second finds them there."""
        return f"furnish:{self.workspace_id}"


class RetimeLeads(Job):
    """A project is back from the archive: the time there is none of what its leads' owners have."""

    name = "routing.leads.retime"
    workspace_id: int


class NamePeople(Job):
    """Ask the platform for the names of a channel's people whom its events did not name."""

    name = "inbox.contacts.name"
    channel_id: int

    @property
    @override
    def lock(self) -> str | None:
        """One at a time: the second finds nobody left."""
        return f"name:{self.channel_id}"


class TrainModel(Job):
    """Make the model of a project from its people's corrections; `model_id` is its LearnedModel, state training."""

    name = "moderation.learning.train"
    workspace_id: int
    model_id: int

    @property
    @override
    def lock(self) -> str | None:
        """One training a project."""
        return f"learning:{self.workspace_id}"


JOBS: tuple[type[Job], ...] = (
    DeliverMessage, EditDelivered, DeleteDelivered, ReviewMessage, OpenComments, DrainQueue, CheckChannel, CatchUp,
    TrainModel,
    RingAlert, RingDigest, RingBreach, PressButton, AnswerPress, ShowPress, AnswerAlert, LinkByCode,
    EscalateBreach, RecomputeClocks, RetimeLeads, FurnishProject,
    RingLead, TellLead, RingMention, CallWebhook, NamePeople,
)  # fmt: skip
