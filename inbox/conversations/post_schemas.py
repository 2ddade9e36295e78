"""Posts over the API: what a row shows, and what may be changed."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from inbox.conversations.changes import UNSET
from inbox.conversations.models import PostMode
from inbox.conversations.post_settings import PostChange, PostRow
from inbox.core.web.fields import Instant, refuse_null


class PostOut(BaseModel):
    """A post of a community, with how many conversations stand under it."""

    id: int
    workspace_id: int
    channel_id: int
    external_id: str | None = Field(description="Null while only comments under it were seen.")
    text: str
    url: str | None
    chat_title: str | None
    attachment_kinds: list[str]
    mode: PostMode
    comments_open: bool
    published_at: Instant
    edited_at: Instant | None
    conversations: int = Field(description="How many stand under it; this and the next two are counted up to 1000.")
    needs_answer: int = Field(description="How many of them need an answer.")
    folded: int = Field(
        description="How many a draw folds into one row; who wrote: `GET /conversations?post_id=…&folded=true`."
    )

    @classmethod
    def of(cls, row: PostRow) -> "PostOut":
        """From the row and its numbers."""
        post = row.post
        return cls(
            id=post.id, workspace_id=post.workspace_id, channel_id=post.channel_id, external_id=post.external_id,
            text=post.text, url=post.url, chat_title=post.chat_title, attachment_kinds=list(post.attachment_kinds),
            mode=post.mode, comments_open=post.comments_open, published_at=post.published_at, edited_at=post.edited_at,
            conversations=row.conversations, needs_answer=row.needs_answer,
            folded=row.folded,
        )  # fmt: skip


class PostPatch(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    mode: PostMode | None = None
    comments_open: bool | None = None

    _refuse_null = field_validator("mode", "comments_open", mode="before")(refuse_null)

    def to_change(self) -> PostChange:
        """For the service."""
        return PostChange(
            mode=self.mode if self.mode is not None else UNSET,
            comments_open=self.comments_open if self.comments_open is not None else UNSET,
        )
