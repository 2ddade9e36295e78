"""What lists are asked with over the API: filters, order, cursor and size of a page."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from inbox.channels.events import ConversationKind, Platform
from inbox.conversations.filters import Filters, Order, SlaView
from inbox.conversations.models import PostMode, Status
from inbox.conversations.post_settings import PostFilters
from inbox.conversations.tags import Intent, Sentiment
from inbox.core.web.fields import Id
from inbox.core.web.paging import DEFAULT_LIMIT, MAX_LIMIT


class PageQuery(BaseModel):
    """Which page, and how long."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(default=None, description="`next_cursor` of the page before; none: the first page.")
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Items in a page.")


class ConversationQuery(PageQuery):
    """Filters of the list; all that are given must hold."""

    workspace_id: Id | None = None
    needs_answer: bool | None = None
    status: Status | None = None
    kind: ConversationKind | None = None
    channel_id: Id | None = None
    platform: Platform | None = None
    assignee_id: Literal["me", "none"] | Id | None = Field(default=None, description="An agent's id, me, or none.")
    team_id: Id | None = None
    intent: Intent | None = None
    sentiment: Sentiment | None = None
    label: str | None = Field(default=None, max_length=200, description="A label's name.")
    sla: SlaView | None = Field(default=None, description="due_soon: within 10 minutes · breached: late now.")
    post_id: Id | None = None
    q: str | None = Field(
        default=None,
        max_length=200,
        description="Words in any order and form, or parts of them (3 letters and more), in one message, in the "
        "contact's name or handle, or in the post; numbers and handles as they are typed, slips in names.",
    )
    unsure: bool | None = None
    held: bool | None = Field(default=None, description="Something in it is suspicious, and nobody has settled that.")
    aside: bool | None = Field(
        default=None,
        description="Put aside: snoozed, or waiting for a word of the subscriber or of the client company.",
    )
    undelivered: bool | None = Field(
        default=None, description="An answer of ours did not arrive, or may not have, and nobody has seen to that."
    )
    mentioned: bool | None = Field(default=None, description="A note there calls you by name.")
    folded: bool | None = Field(
        default=None,
        description="Comments of a draw that are folded into one row of their post: true gives only them, false leaves "
        "them out. When nothing is said they are left out, and a search (`q`) finds them.",
    )
    order: Order = Field(
        default=Order.URGENT,
        description="urgent: the earliest running due time first, then who waits longest · newest · oldest · "
        "waking: what comes back soonest first · called: where a note called you last first.",
    )

    def to_filters(self) -> Filters:
        """For the service."""
        folded = False if self.folded is None and self.q is None else self.folded
        return Filters(
            workspace_id=self.workspace_id, needs_answer=self.needs_answer, status=self.status, kind=self.kind,
            channel_id=self.channel_id, platform=self.platform, assignee=self.assignee_id, team_id=self.team_id,
            intent=self.intent, sentiment=self.sentiment, label=self.label, sla=self.sla, post_id=self.post_id,
            q=self.q, unsure=self.unsure, held=self.held, aside=self.aside, undelivered=self.undelivered,
            mentioned=self.mentioned, folded=folded, order=self.order,
        )  # fmt: skip


class PostQuery(PageQuery):
    """Filters of posts."""

    workspace_id: Id | None = None
    channel_id: Id | None = None
    mode: PostMode | None = None

    def to_filters(self) -> PostFilters:
        """For the service."""
        return PostFilters(self.workspace_id, self.channel_id, self.mode)


class LabelQuery(PageQuery):
    """Whose labels."""

    workspace_id: Id | None = None
