"""What the verdict on an earlier text rests on, kept with it: its row, tags and files are the newest text's."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict

from inbox.channels.events import AttachmentKind
from inbox.conversations.tags import Intent, Sentiment, Tagged
from inbox.core.database import Json


class Basis(BaseModel):
    """Of the tags only what a verdict asks for."""

    model_config = ConfigDict(frozen=True)

    sentiment: Sentiment = Sentiment.NEUTRAL
    intent: Intent = Intent.OTHER
    unsure: frozenset[str] = frozenset()
    chances: dict[str, float] = {}
    """Of each intent; none where a person spoke."""
    media: tuple[AttachmentKind, ...] = ()
    addresses_us: bool = False

    @classmethod
    def of(cls, tagged: Tagged | None, media: Sequence[AttachmentKind], *, addresses_us: bool) -> Self:
        """`tagged` None: the text has no tags."""
        if tagged is None:
            return cls(media=tuple(media), addresses_us=addresses_us)
        return cls(
            sentiment=tagged.sentiment, intent=tagged.intent, unsure=tagged.unsure,
            chances=dict(tagged.probabilities.get("intent", {})), media=tuple(media), addresses_us=addresses_us,
        )  # fmt: skip

    @property
    def tagged(self) -> Tagged:
        """The tags as triage gives them."""
        return Tagged(
            sentiment=self.sentiment, intent=self.intent, toxic=False, profanity=False,
            probabilities={"intent": self.chances} if self.chances else {}, unsure=self.unsure, reasons={},
            model_version="",
        )  # fmt: skip

    def dump(self) -> Json:
        """As a column keeps it."""
        return self.model_dump(mode="json") | {"unsure": sorted(self.unsure)}
